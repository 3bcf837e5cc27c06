"""A review that somebody asked for, written on the version of the case that was seen or not at all."""

from __future__ import annotations

from datetime import datetime

from discharge.casework.intake.in_force import Now
from discharge.casework.intake.review_cases import ByHand, review_cases
from discharge.casework.intake.seen import patients_of
from discharge.casework.ledger import require_version
from discharge.casework.library import Library
from discharge.casework.storage.engine import Store


def review_by_hand(store: Store, library: Library, asked: ByHand, *, as_of: datetime, now: Now) -> bool:
    """Review one case that somebody asked for; tell whether there was anything to review.

    Raises:
        ConflictError: the case is at another version, now or when the review is written. Nothing was written.
        NotFoundError, UsageError, StoreError: as of :func:`review_cases`.
    """
    with store.read() as connection:  # before the costly review; compared again where it is written
        if asked.case_id in patients_of(connection, [asked.case_id]):
            require_version(connection, asked.case_id, asked.version)
    done = review_cases(store, library, [asked.case_id], as_of=as_of, now=now, reason="asked", by_hand=asked)
    return done > 0
