"""Patients as the store has them at one moment: their rows, their cases, and what people did in those."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework.events import OF_THE_ENGINE
from discharge.casework.intake.deltas import Head, heads, portions
from discharge.casework.intake.rows import Rows
from discharge.casework.ledger import events_of
from discharge.casework.state import CaseState, fold
from discharge.casework.storage.tables import CASES, EVENTS, STAYS

_LAST = ("facts_received", "review_run")


@dataclass
class CaseSeen:
    """A case as it stands: its version, and what its last review was made of."""

    case_id: str
    encounter_id: str
    patient_id: str
    opened_at: datetime
    version: int = 0
    is_stale: bool = False
    is_in_house: bool = False
    next_review_at: datetime | None = None
    reviewed_as_of: datetime | None = None
    visible_digest: str | None = None
    edition: str | None = None
    has_casework: bool = False


@dataclass
class PatientSeen:
    """A patient: the last delta, the rows known, the cases by encounter, and the folded state of those worked on."""

    patient_id: str
    head: Head
    cases: dict[str, CaseSeen] = field(default_factory=dict)
    rows: Rows = field(default_factory=dict)
    states: list[CaseState] = field(default_factory=list)

    @property
    def versions(self) -> dict[str, int]:
        """Return the version of each case."""
        return {case.case_id: case.version for case in self.cases.values()}


def see(connection: Connection, patients: Collection[str]) -> dict[str, PatientSeen]:
    """Return the patients without their rows."""
    known = heads(connection, patients)
    found = {patient: PatientSeen(patient, known.get(patient, Head())) for patient in patients}
    for case in _cases(connection, STAYS.c.patient_id, patients).values():
        found[case.patient_id].cases[case.encounter_id] = case
    return found


def patients_of(connection: Connection, case_ids: Collection[str]) -> dict[str, str]:
    """Return the patient of each case."""
    found: dict[str, str] = {}
    for some in portions(case_ids):
        asked = sa.select(STAYS.c.case_id, STAYS.c.patient_id).where(STAYS.c.case_id.in_(some))
        found |= {row.case_id: row.patient_id for row in connection.execute(asked)}
    return found


def last_editions(connection: Connection, case_ids: Collection[str]) -> dict[str, str]:
    """Return the edition of each case's last review."""
    found: dict[str, str] = {}
    for some in portions(case_ids):
        asked = sa.select(EVENTS.c.stream, EVENTS.c.body).order_by(EVENTS.c.seq)
        asked = asked.where(EVENTS.c.stream.in_(some), EVENTS.c.kind == "review_run")
        for row in connection.execute(asked):
            found[row.stream] = orjson.loads(row.body)["payload"]["edition"]
    return found


def states_of(connection: Connection, patient: PatientSeen) -> list[CaseState]:
    """Return the states of those cases of a patient in which people did something."""
    worked = sorted(case.case_id for case in patient.cases.values() if case.has_casework)
    return [fold(events_of(connection, case_id)) for case_id in worked]


def versions(connection: Connection, case_ids: Collection[str]) -> dict[str, int]:
    """Return the version of each case that has an event."""
    found: dict[str, int] = {}
    for some in portions(case_ids):
        asked = sa.select(EVENTS.c.stream, sa.func.max(EVENTS.c.version).label("version"))
        asked = asked.where(EVENTS.c.stream.in_(some)).group_by(EVENTS.c.stream)
        found |= {row.stream: row.version for row in connection.execute(asked)}
    return found


def _cases(connection: Connection, column: sa.Column[Any], keys: Collection[str]) -> dict[str, CaseSeen]:
    found: dict[str, CaseSeen] = {}
    for some in portions(keys):
        asked = sa.select(
            STAYS, CASES.c.is_stale, CASES.c.in_house, CASES.c.next_review_at, CASES.c.review_as_of
        ).select_from(STAYS.outerjoin(CASES, CASES.c.case_id == STAYS.c.case_id))
        for row in connection.execute(
            asked.where(column.in_(some)).order_by(STAYS.c.opened_at, STAYS.c.case_id)
        ):
            found[row.case_id] = CaseSeen(
                case_id=row.case_id,
                encounter_id=row.encounter_id,
                patient_id=row.patient_id,
                opened_at=row.opened_at,
                is_stale=bool(row.is_stale),
                is_in_house=bool(row.in_house),
                next_review_at=row.next_review_at,
                reviewed_as_of=row.review_as_of,
            )
    for case_id, version in versions(connection, found).items():
        found[case_id].version = version
    _add_last(connection, found)
    return found


def _add_last(connection: Connection, cases: Mapping[str, CaseSeen]) -> None:
    """Fill in what the last review saw, and whether people did anything."""
    for some in portions(cases):
        asked = sa.select(EVENTS.c.stream, EVENTS.c.kind, EVENTS.c.body)
        asked = asked.where(EVENTS.c.stream.in_(some), EVENTS.c.kind.in_(_LAST)).order_by(EVENTS.c.seq)
        for row in connection.execute(asked):
            payload = orjson.loads(row.body)["payload"]
            if row.kind == "facts_received":
                cases[row.stream].visible_digest = payload["visible_digest"]
            else:
                cases[row.stream].edition = payload["edition"]
        others = sa.select(EVENTS.c.stream).distinct()
        others = others.where(EVENTS.c.stream.in_(some), EVENTS.c.kind.not_in(OF_THE_ENGINE))
        for stream in connection.scalars(others):
            cases[stream].has_casework = True
