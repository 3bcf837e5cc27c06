"""Rows for reading: what lists show of a case, written whenever its state changes, and never read to write them.

Everything follows from the state, its last review and the library, at the moment of the case's last event: projecting
again gives the same rows. What changes by the hour alone is worked out ahead (:mod:`discharge.casework.agenda`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.engine import Connection

from discharge.casework.agenda import Slot, slots
from discharge.casework.derived import Derived, derived, stages
from discharge.casework.library import Library
from discharge.casework.state.model import CaseState
from discharge.casework.storage.tables import (
    AGENDA,
    AUTHORIZATIONS,
    CASES,
    CLOCKS,
    PROJECTED,
    STATES,
    TASKS,
)
from discharge.payers import PayerProfile
from discharge.review.model import Review
from discharge.worklist import row_of
from discharge.worklist.steps import URGENCIES

Rows = dict[sa.Table, list[dict[str, Any]]]
_CODEC = pa.Codec("zstd", compression_level=3)
_SIZE_BYTES = 4


class Case(NamedTuple):
    """What is projected: a state with its last review, None where it was never reviewed."""

    state: CaseState
    review: Review | None


def project(connection: Connection, state: CaseState, review: Review | None, library: Library) -> None:
    """Write the rows of one case, in place of those that it had."""
    project_many(connection, [Case(state, review)], library)


def project_many(connection: Connection, cases: Iterable[Case], library: Library) -> None:
    """Write the rows of some cases (a few hundred at a time), in place of those that they had."""
    projected = [rows_of(case.state, case.review, library) for case in cases]
    ids = [row["case_id"] for rows in projected for row in rows[CASES]]
    for table in PROJECTED:
        connection.execute(sa.delete(table).where(table.c.case_id.in_(ids)))
    write(connection, projected)


def write(connection: Connection, projected: Sequence[Rows]) -> None:
    """Write the rows of some cases that have none."""
    for table in PROJECTED:
        rows = [row for one in projected for row in one[table]]
        if rows:
            connection.execute(table.insert(), rows)


def rows_of(state: CaseState, review: Review | None, library: Library) -> Rows:
    """Return the rows of one case, by table.

    Raises:
        ValueError: the case holds no event.
    """
    if state.last_event_at is None:
        raise ValueError("a case without events is not projected")
    profile = profile_of(state, library)
    work = derived(state, review, profile, state.last_event_at)
    agenda = slots(stages(state, review, profile, work), work.zone)
    key = {"case_id": state.case_id}
    return {
        CASES: [key | _case(state, review, work, agenda[0])],
        AGENDA: [key | _slot(one) for one in agenda[1:]],
        STATES: [key | {"version": state.version, "state": packed(state)}],
        TASKS: [key | _columns(TASKS, one) for one in work.tasks],
        CLOCKS: [key | _columns(CLOCKS, one) for one in work.clocks],
        AUTHORIZATIONS: [key | _columns(AUTHORIZATIONS, one) for one in work.authorizations],
    }


def profile_of(state: CaseState, library: Library) -> PayerProfile | None:
    """Return the profile of the stay's payer as the last review matched it."""
    name = state.reviews[-1].payer_profile if state.reviews else None
    return library.payers.profiles.get(name) if name else None


def packed(state: CaseState) -> bytes:
    """Return the state as it is kept: the size, and its JSON compressed."""
    said = state.model_dump_json(exclude_defaults=True).encode()
    content: bytes = _CODEC.compress(said, asbytes=True)
    return len(said).to_bytes(_SIZE_BYTES, "big") + content


def unpacked(content: bytes) -> CaseState:
    """Return the state of bytes that :func:`packed` gave."""
    kept = bytes(content)
    size = int.from_bytes(kept[:_SIZE_BYTES], "big")
    return CaseState.model_validate_json(_CODEC.decompress(kept[_SIZE_BYTES:], size, asbytes=True))


def _columns(table: sa.Table, one: BaseModel) -> dict[str, Any]:
    return {column.name: getattr(one, column.name) for column in table.c if column.name != "case_id"}


def _slot(slot: Slot) -> dict[str, Any]:
    return {"from_at": slot.from_at, "until_at": slot.until_at} | _step(slot)


def _step(slot: Slot) -> dict[str, Any]:
    return {
        "urgency": URGENCIES.index(slot.step.urgency),
        "next_step": slot.step.text,
        "next_why": slot.step.why,
        "due_at": slot.step.due_at,
    }


def _case(state: CaseState, review: Review | None, work: Derived, now: Slot) -> dict[str, Any]:
    causes = open_causes(state, review)
    return {
        "encounter_id": state.encounter_id or "",
        "patient_id": state.patient_id or "",
        "version": state.version,
        "last_event_at": state.last_event_at,
        "is_stale": state.is_stale,
        "next_review_at": work.next_review.due_at if work.next_review else None,
        "changes_at": now.until_at,
        "assignee": state.assignee,
        "advisor_queue": bool(work.queue),
        "open_tasks": sum(one.state == "open" for one in work.tasks),
        "open_barriers": len(causes),
        "barrier_causes": orjson.dumps(sorted({cause for cause in causes.values() if cause})).decode(),
        **_step(now),
        **_of_review(state, review),
        "search": _search(state, review),
    }


def open_causes(state: CaseState, review: Review | None) -> dict[str, str | None]:
    """Return the barriers that are open, with their cause: the planned place's and those that people opened."""
    found: dict[str, str | None] = {}
    if review is not None:
        option = review.plan.recommended
        found = {f"{option}/{one.barrier.cause}": one.barrier.cause for one in review.plan.barriers}
    for barrier_id, one in state.barriers.items():
        if one.cleared is not None:
            found.pop(barrier_id, None)
        else:
            found[barrier_id] = one.cause
    return found


_FROM_REVIEW = (
    "review_digest", "review_as_of", "review_type", "in_house", "mrn", "name", "unit", "bed", "service", "facility",
    "attending", "payer_profile", "payer_title", "payer_class", "member_id", "admitted_at", "discharged_at", "status",
    "condition", "expected_discharge_at", "gmlos_days", "risk_band", "risk_probability", "exposure_usd",
    "expected_loss_usd", "admission", "continued_stay", "discharge_ready", "recommended", "missing_first", "top_cause",
)  # fmt: skip


def _of_review(state: CaseState, review: Review | None) -> dict[str, Any]:
    if review is None:
        return dict.fromkeys(_FROM_REVIEW)
    seen, row, stay, payer = state.reviews[-1], row_of(review), review.stay, review.payer
    found = {name: row[name] for name in _FROM_REVIEW if name in row}
    return (
        dict.fromkeys(_FROM_REVIEW)
        | found
        | {
            "review_digest": seen.digest,
            "review_as_of": seen.as_of,
            "in_house": stay.is_in_house,
            "service": stay.service,
            "payer_profile": payer.profile,
            "payer_title": payer.title,
            "payer_class": payer.payer_class,
            "member_id": payer.member_id,
            "admitted_at": stay.admitted or stay.arrival,
            "discharged_at": stay.discharged,
            "expected_discharge_at": stay.expected_discharge.at,
            "recommended": review.recommended,
        }
    )


def _search(state: CaseState, review: Review | None) -> str:
    words: Sequence[str | None] = [state.encounter_id]
    if review is not None:
        stay, patient = review.stay, review.patient
        words = [patient.name, patient.mrn, stay.unit, stay.bed, state.encounter_id]
    return " ".join(word for word in words if word).lower()
