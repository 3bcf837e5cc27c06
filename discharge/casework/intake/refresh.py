"""Cases that want another review though no feed brought anything of them."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework.intake.in_force import Now, put_in_force, scope_of
from discharge.casework.intake.review_cases import Round, check_moment, run_all
from discharge.casework.intake.reviewer import Reviewer
from discharge.casework.intake.seen import last_editions
from discharge.casework.library import Library
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import CASES


def refresh(
    store: Store,
    library: Library,
    *,
    as_of: datetime,
    now: Now,
    limit: int | None = None,
    reviewer: Reviewer | None = None,
) -> int:
    """Review the cases that people changed, whose next review is due, or whose edition no longer holds.

    ``limit`` bounds how many patients are done, the longest waiting first; ``reviewer`` is one of the library that the
    caller keeps. Returns how many reviews were written.

    Raises:
        UsageError: ``as_of`` is earlier than what the store knows already.
    """
    check_moment(store, as_of)
    put_in_force(store, library, as_of=as_of, now=now)
    with store.read() as connection:
        waiting = stale_or_due(connection, library, as_of)
    patients = list(dict.fromkeys(waiting.values()))[:limit]
    this = Round(store, reviewer or Reviewer(library), as_of, now, uuid.uuid4().hex, scope_of(store))
    return run_all(this, dict.fromkeys(patients)).reasons.total()


def stale_or_due(connection: Connection, library: Library, as_of: datetime) -> dict[str, str]:
    """Return the cases that want a review as of ``as_of``, with their patients; the longest waiting first."""
    table = CASES.c
    is_due = sa.and_(
        table.next_review_at <= as_of,
        sa.or_(table.review_as_of.is_(None), table.review_as_of < table.next_review_at),
    )
    asked = sa.select(table.case_id, table.patient_id, table.is_stale, is_due.label("is_due"), table.in_house)
    asked = asked.where(sa.or_(table.is_stale, is_due, table.in_house)).order_by(
        table.review_as_of, table.case_id
    )
    rows = connection.execute(asked).all()
    settled = [row.case_id for row in rows if not row.is_stale and not row.is_due]
    editions = last_editions(connection, settled)
    current = library.edition.edition
    return {
        row.case_id: row.patient_id
        for row in rows
        if row.is_stale or row.is_due or editions.get(row.case_id) != current
    }
