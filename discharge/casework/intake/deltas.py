"""What the store knows of patients: their deltas, in order of arrival, and the last feed's digest of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework.intake.merge import Delta, merged
from discharge.casework.intake.rows import PLACE, Rows
from discharge.casework.storage import blobs
from discharge.casework.storage.tables import BLOBS, CHART_DELTAS, STAYS
from discharge.errors import StoreError
from discharge.feeds import Known

AT_ONCE = 400
_T = TypeVar("_T")


class Head(NamedTuple):
    """The last delta of a patient: its number (0: none), and the digest of the feed that brought it."""

    number: int = 0
    feed_digest: str | None = None
    ingest_id: str | None = None
    digest: str | None = None
    rows: int = 0


@dataclass(frozen=True)
class Until:
    """Where history is cut: at ``seq``, a place in the ledger, where that is given; else after the moment ``at``."""

    at: datetime
    seq: int | None = None


def portions(items: Collection[_T]) -> Iterator[list[_T]]:
    """Give items in portions small enough for one question to the database."""
    every = list(items)
    for start in range(0, len(every), AT_ONCE):
        yield every[start : start + AT_ONCE]


def heads(connection: Connection, patients: Collection[str]) -> dict[str, Head]:
    """Return the last delta of each patient that has one."""
    table = CHART_DELTAS.c
    found: dict[str, Head] = {}
    for some in portions(patients):
        asked = sa.select(CHART_DELTAS).where(table.patient_id.in_(some)).order_by(table.number)
        for row in connection.execute(asked):
            found[row.patient_id] = Head(row.number, row.feed_digest, row.ingest_id, row.digest, row.rows)
    return found


def stored_rows(
    connection: Connection, patients: Collection[str], until: Until | None = None
) -> dict[str, Rows]:
    """Return what is known of each patient, all of it or up to where history is cut.

    Raises:
        StoreError: a delta is missing or was altered.
    """
    table = CHART_DELTAS.c
    found: dict[str, list[Delta]] = {patient: [] for patient in patients}
    for some in portions(patients):
        asked = sa.select(table.patient_id, table.digest, BLOBS.c.size, BLOBS.c.content)
        asked = asked.select_from(CHART_DELTAS.outerjoin(BLOBS, BLOBS.c.digest == table.digest))
        asked = asked.where(table.patient_id.in_(some)).order_by(table.patient_id, table.number)
        if until is not None and until.seq is not None:
            asked = asked.where(table.after_seq < until.seq)
        elif until is not None:
            asked = asked.where(table.known_from <= until.at)
        for row in connection.execute(asked):
            content = blobs.unpacked(row.content, row.size) if row.content is not None else None
            if content is None or blobs.digest_of(content) != row.digest:
                raise StoreError(f"blob {row.digest} is missing or was altered; run `discharge audit verify`")
            found[row.patient_id].append(Delta.from_bytes(content))
    return {patient: merged(deltas) for patient, deltas in found.items()}


def known_of(connection: Connection, patients: Set[str], encounters: Set[str]) -> Known:
    """Return which of the patients and encounters that a feed refers to the store knows.

    An encounter that is no stay is found through its patient alone.
    """
    named: dict[str, str] = {}
    for some in portions(encounters):
        asked = sa.select(STAYS.c.encounter_id, STAYS.c.patient_id).where(STAYS.c.encounter_id.in_(some))
        named |= {row.encounter_id: row.patient_id for row in connection.execute(asked)}
    there = heads(connection, patients | set(named.values()))
    found: dict[str, str] = {}
    wanted = encounters - named.keys()
    for some in portions(sorted(there)) if wanted else ():
        for patient, rows in stored_rows(connection, some).items():
            found |= {
                row[PLACE["encounters"]["encounter_id"]]: patient
                for row in rows.get("encounters", {}).values()
            }
    return Known(frozenset(there), named | {name: found[name] for name in wanted & found.keys()})
