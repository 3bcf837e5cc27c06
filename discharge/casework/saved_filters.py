"""Filters of the worklist that people keep under a name, each account its own; never what was searched for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework.storage.tables import SAVED_FILTERS
from discharge.errors import Fault, NotAllowedError

MOST = 20
_LONGEST_NAME = 60
_LONGEST_QUERY = 1000


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A filter with its name; ``query`` is the part of the worklist's address behind the question mark."""

    id: str
    name: str
    query: str


def listed(connection: Connection, account_id: str) -> list[SavedFilter]:
    """Return the account's filters, by name."""
    own = SAVED_FILTERS.c
    asked = sa.select(own.id, own.name, own.query).where(own.account_id == account_id)
    found = [SavedFilter(*row) for row in connection.execute(asked)]
    return sorted(found, key=lambda one: one.name.lower())


def save(connection: Connection, account_id: str, name: str, query: str, *, now: datetime) -> SavedFilter:
    """Keep a filter; one of the same name is replaced.

    Raises:
        NotAllowedError: no name, a name or a filter that is too long, or too many filters.
    """
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME:
        raise NotAllowedError([Fault("name", "a filter needs a name", f"1 to {_LONGEST_NAME} characters")])
    if len(query) > _LONGEST_QUERY:
        raise NotAllowedError([Fault("query", "the filter is too long to keep", "fewer choices")])
    own = SAVED_FILTERS.c
    before = {one.name: one for one in listed(connection, account_id)}
    if name not in before and len(before) >= MOST:
        expected = f"at most {MOST}; take away one that is no longer used"
        raise NotAllowedError([Fault("name", "there are too many filters", expected)])
    kept = SavedFilter(before[name].id if name in before else uuid.uuid4().hex, name, query)
    connection.execute(sa.delete(SAVED_FILTERS).where(own.id == kept.id))
    values = {"id": kept.id, "account_id": account_id, "name": name, "query": query, "created_at": now}
    connection.execute(sa.insert(SAVED_FILTERS).values(values))
    return kept


def drop(connection: Connection, account_id: str, filter_id: str) -> bool:
    """Take away a filter of the account; False where it has none of this id."""
    own = SAVED_FILTERS.c
    gone = sa.delete(SAVED_FILTERS).where(own.account_id == account_id, own.id == filter_id)
    return bool(connection.execute(gone).rowcount)
