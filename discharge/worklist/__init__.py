"""The worklist: one slim row per reviewed stay, most urgent first.

Order (total, so that it never depends on input order): urgency (now, today, soon, watch, clear), then the time by
which the next step is due (none comes last), then expected loss, exposure and probability (larger first), then
``encounter_id``. What makes a stay urgent is told in :mod:`discharge.worklist.steps`.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from discharge.denial import DenialRisk
from discharge.review.model import Review
from discharge.worklist.steps import URGENCIES, next_steps

__all__ = ["COLUMNS", "URGENCIES", "next_steps", "ranked", "row_of", "table_of", "write_csv", "write_parquet"]

_TEXT, _TIME, _NUMBER, _MONEY = pa.string(), pa.timestamp("us", "UTC"), pa.float64(), pa.decimal128(16, 2)

COLUMNS: dict[str, pa.DataType] = {
    "rank": pa.int64(),
    "encounter_id": _TEXT,
    "patient_id": _TEXT,
    "mrn": _TEXT,
    "name": _TEXT,
    "unit": _TEXT,
    "bed": _TEXT,
    "payer": _TEXT,
    "day": pa.int64(),
    "status": _TEXT,
    "review_type": _TEXT,
    "urgency": _TEXT,
    "next_step": _TEXT,
    "due_at": _TIME,
    "risk_band": _TEXT,
    "risk_probability": _NUMBER,
    "exposure_usd": _MONEY,
    "expected_loss_usd": _MONEY,
    "admission": _TEXT,
    "continued_stay": _TEXT,
    "discharge_ready": _TEXT,
    "two_midnight_benchmark": _TEXT,
    "condition": _TEXT,
    "recommended_destination": _TEXT,
    "likely_destination": _TEXT,
    "expected_discharge": _TIME,
    "gmlos_days": _NUMBER,
    "missing_first": _TEXT,
    "top_cause": _TEXT,
    "carc": _TEXT,
}
_ORDER = {"_urgency": pa.int8(), "_zone": _TEXT, "_why": _TEXT}
_SCHEMA = pa.schema(list((COLUMNS | _ORDER).items()))


def table_of(reviews: Sequence[Review]) -> pa.Table:
    """Return the unranked rows of ``reviews``: :data:`COLUMNS` and what ranking needs."""
    return pa.Table.from_pylist([row_of(review) for review in reviews], schema=_SCHEMA)


def ranked(pieces: Sequence[pa.Table]) -> pa.Table:
    """Return all rows, most urgent first, with ``rank`` from 1."""
    rows = pa.concat_tables(pieces) if pieces else _SCHEMA.empty_table()
    ordered = rows.sort_by(
        [
            ("_urgency", "ascending"),
            ("due_at", "ascending"),
            ("expected_loss_usd", "descending"),
            ("exposure_usd", "descending"),
            ("risk_probability", "descending"),
            ("encounter_id", "ascending"),
        ]
    )
    return ordered.set_column(0, "rank", pa.array(range(1, ordered.num_rows + 1), pa.int64()))


def write_parquet(worklist: pa.Table, target: Path) -> None:
    """Write the ranked worklist as Parquet; times are UTC."""
    pq.write_table(worklist.drop_columns(list(_ORDER)), target)


def write_csv(worklist: pa.Table, target: Path) -> None:
    """Write the ranked worklist as CSV; times are the facility's, with their offset."""
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for batch in worklist.to_batches(max_chunksize=10_000):
            for row in batch.to_pylist():
                writer.writerow([_text(row[name], row["_zone"]) for name in COLUMNS])


def _text(value: object, zone: str) -> object:
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")
    return "" if value is None else value


def row_of(review: Review) -> dict[str, object]:
    """Return the row of one review: the columns, and what ranking needs (names with an underscore)."""
    step = next_steps(review)[0]
    stay, care, denial = review.stay, review.level_of_care, review.denial.summary
    top = review.denial.risks[0] if review.denial.risks else None
    sets = [
        one
        for name in ("admission", "continued_stay", "discharge_ready")
        for one in care.missing.get(name, [])
    ]
    return {
        "encounter_id": review.encounter_id,
        "patient_id": review.patient.patient_id,
        "mrn": review.patient.mrn,
        "name": review.patient.name,
        "unit": stay.unit,
        "bed": stay.bed,
        "payer": review.payer.title,
        "day": None if stay.days is None else int(stay.days) + 1,
        "status": stay.status,
        "review_type": review.review_type,
        "urgency": step.urgency,
        "next_step": step.text,
        "due_at": step.due_at,
        "risk_band": denial.band,
        "risk_probability": denial.probability.expected,
        "exposure_usd": _cents(denial.exposure_usd),
        "expected_loss_usd": _cents(denial.expected_loss_usd),
        "admission": care.admission,
        "continued_stay": care.continued_stay,
        "discharge_ready": care.discharge_ready,
        "two_midnight_benchmark": care.two_midnight_benchmark,
        "condition": "; ".join(one.title for one in review.conditions) or None,
        "recommended_destination": review.recommended,
        "likely_destination": review.plan.likely,
        "expected_discharge": stay.expected_discharge.at,
        "gmlos_days": stay.gmlos_days,
        "missing_first": ", ".join(sets[0]) if sets else None,
        "top_cause": _danger(top) if top else None,
        "carc": " ".join(top.carc) if top else None,
        "_urgency": URGENCIES.index(step.urgency),
        "_zone": review.provenance.zone,
        "_why": step.why,
    }


def _cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(Decimal("0.01"))


def _danger(risk: DenialRisk) -> str:
    """A danger that is only not ruled out must not read as a fact."""
    return risk.title if risk.state == "present" else f"{risk.title} (not ruled out)"
