"""Whom a released paper is about: what the paper itself prints of the member, and not more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import orjson
from sqlalchemy.engine import Connection

from discharge.api.pages.kept import Kept
from discharge.casework.storage import blobs


@dataclass(frozen=True)
class Member:
    """The member as the papers for payers name them; None: the paper says that it is not known."""

    name: str | None
    born: date | None
    number: str | None


_MEMBERS: Kept[Member] = Kept(5000)
"""What was read before: it depends on the review's digest alone, and reading a review takes some milliseconds."""


def member_of(connection: Connection, review_digest: str) -> Member:
    """Return the member of the review that a paper was printed from."""
    return _MEMBERS.once(review_digest, lambda: _read(connection, review_digest))


def _read(connection: Connection, digest: str) -> Member:
    review = orjson.loads(blobs.get(connection, digest))
    patient, born = review["patient"], review["patient"]["birth_date"]
    return Member(
        patient["name"], None if born is None else date.fromisoformat(born), review["payer"]["member_id"]
    )
