"""Small charts for tests: one or a few stays, given as rows."""

from __future__ import annotations

from typing import Any

import pandas as pd

from discharge.chart import Chart
from discharge.facts import FactTable, extract
from discharge.feeds import chart_from_tables

NEW_YORK = "America/New_York"


def stay(**columns: Any) -> dict[str, Any]:
    """Return an inpatient encounter s1 of patient p1 from 2026-04-09 08:00 New York time, changed by ``columns``."""
    return {
        "encounter_id": "s1",
        "patient_id": "p1",
        "class_code": "IMP",
        "status": "in-progress",
        "start": "2026-04-09T12:00:00Z",
    } | columns


def chart(encounters: list[dict[str, Any]] | None = None, **tables: list[dict[str, Any]]) -> Chart:
    """Return a chart of the encounters (:func:`stay` alone if None) and other tables' rows."""
    rows = {"encounters": encounters or [stay()], **tables}
    patients = {row["patient_id"] for row in rows["encounters"]}
    rows.setdefault("patients", [{"patient_id": patient} for patient in sorted(patients)])
    return chart_from_tables({name: pd.DataFrame(table) for name, table in rows.items()})


def facts(
    as_of: str, encounters: list[dict[str, Any]] | None = None, **tables: list[dict[str, Any]]
) -> FactTable:
    """Return the facts of :func:`chart` at ``as_of`` in New York."""
    return extract(chart(encounters, **tables), as_of=pd.Timestamp(as_of), zone=NEW_YORK)


def side_by_side(as_of: str, *charts: dict[str, list[dict[str, Any]]]) -> tuple[FactTable, list[str]]:
    """Return the facts of charts of s1 and p1 that stand in one feed as stays of patients of their own, and their ids.

    One feed takes a fraction of the time of a feed for each.
    """
    encounters, rows = list[dict[str, Any]](), dict[str, list[dict[str, Any]]]()
    for place, one in enumerate(charts):
        given = {"encounters": [stay()], **one}
        for name, table in given.items():
            apart = [
                row | {key: f"{row[key]}.{place}" for key in _IDS if row.get(key) is not None}
                for row in table
            ]
            (encounters if name == "encounters" else rows.setdefault(name, [])).extend(apart)
    return facts(as_of, encounters, **rows), [f"s1.{place}" for place in range(len(charts))]


_IDS = ("encounter_id", "patient_id", "part_of", "row_id")


def value(table: FactTable, name: str, stay_id: str = "s1") -> Any:
    """Return one value; None for unknown."""
    found = table.values.at[stay_id, name]
    return None if not isinstance(found, tuple) and pd.isna(found) else found


def reading(concept: str, number: float, at: str, **columns: Any) -> dict[str, Any]:
    """Return an observation of s1."""
    return {"encounter_id": "s1", "concept": concept, "value": number, "effective_at": at} | columns


def dose(name: str, at: str, route: str | None = "iv", **columns: Any) -> dict[str, Any]:
    """Return a drug administered in s1, by its canonical name."""
    return {
        "encounter_id": "s1",
        "kind": "administration",
        "name": name,
        "route": route,
        "status": "completed",
        "start": at,
    } | columns
