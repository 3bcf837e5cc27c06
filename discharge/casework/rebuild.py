"""Rebuilding: the projections thrown away and written again from the ledger, with memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework import ledger
from discharge.casework.events import SYSTEM
from discharge.casework.library import Library
from discharge.casework.projection import Rows, rows_of, write
from discharge.casework.state import fold
from discharge.casework.storage import blobs
from discharge.casework.storage.tables import EVENTS, PROJECTED
from discharge.review.model import Review

_CASES_AT_ONCE = 200


class Rebuilt(NamedTuple):
    """What was done: cases written, and events folded."""

    cases: int
    events: int


def rebuild(
    connection: Connection, library: Library, progress: Callable[[int, int], None] | None = None
) -> Rebuilt:
    """Write all projections again, in the caller's transaction. ``progress`` hears of cases and events done."""
    for table in PROJECTED:
        connection.execute(sa.delete(table))
    cases = events = 0
    batch: list[Rows] = []
    for case_id in _case_ids(connection):
        state = fold(ledger.events_of(connection, case_id))
        review = None
        if state.reviews:
            review = Review.model_validate_json(blobs.get(connection, state.reviews[-1].digest))
        batch.append(rows_of(state, review, library))
        cases, events = cases + 1, events + state.version
        if len(batch) == _CASES_AT_ONCE:
            write(connection, batch)
            batch = []
            if progress is not None:
                progress(cases, events)
    write(connection, batch)
    return Rebuilt(cases, events)


def _case_ids(connection: Connection) -> Iterator[str]:
    """Give the ids of all cases, some hundreds in memory at a time."""
    last = ""
    while True:
        behind = sa.select(EVENTS.c.stream).where(EVENTS.c.stream > last, EVENTS.c.stream != SYSTEM)
        found = connection.scalars(behind.distinct().order_by(EVENTS.c.stream).limit(_CASES_AT_ONCE)).all()
        if not found:
            return
        yield from found
        last = found[-1]
