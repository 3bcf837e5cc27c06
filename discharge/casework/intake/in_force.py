"""What holds for a store as a whole: the edition of rules and payers in force, and what feeds bring."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework.events import ENGINE, SYSTEM, Draft, EditionInForce, Event
from discharge.casework.events.record import FeedKeeps
from discharge.casework.ledger import append_many, events_of
from discharge.casework.library import Library
from discharge.casework.storage import blobs
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import HEAD
from discharge.chart import Scope
from discharge.errors import StoreError

Now: TypeAlias = Callable[[], datetime]


def edition_in_force(connection: Connection, at: datetime | None = None) -> EditionInForce | None:
    """Return the edition that was switched on last, or last by ``at``."""
    editions = [
        event
        for event in events_of(connection, SYSTEM)
        if event.kind == "edition_in_force" and (at is None or event.known_at <= at)
    ]
    payload = editions[-1].payload if editions else None
    return payload if isinstance(payload, EditionInForce) else None


def scope_by(events: Iterable[Event]) -> Scope:
    """Return what feeds had brought by the last of some events of the system's stream."""
    found = [event.payload for event in events if isinstance(event.payload, FeedKeeps)]
    return Scope(frozenset(found[-1].tables), found[-1].runs) if found else Scope()


def scope_of(store: Store) -> Scope:
    """Return what feeds have brought so far."""
    with store.read() as connection:
        return scope_by(events_of(connection, SYSTEM))


def require_scope(connection: Connection, scope: Scope) -> None:
    """Raise StoreError where a feed has brought more than was known when reviews were begun with ``scope``.

    A review run again sees what its place in the ledger says; it must have been made with the same.
    """
    if scope_by(events_of(connection, SYSTEM)) != scope:
        raise StoreError("another ingest has begun meanwhile; nothing is lost, try again")


def widen_scope(store: Store, brought: Scope, *, ingest_id: str, as_of: datetime, now: Now) -> Scope:
    """Write that feeds bring what a new one does, unless that is known; return all that they bring."""
    scope = scope_of(store)
    if scope.joined(brought) == scope:
        return scope
    with store.write() as connection:
        connection.execute(sa.select(HEAD.c.seq).where(HEAD.c.id == 1).with_for_update())
        scope = scope_by(events_of(connection, SYSTEM)).joined(brought)
        payload = FeedKeeps(ingest_id=ingest_id, tables=tuple(sorted(scope.tables)), runs=scope.runs)
        append_many(
            connection, [(SYSTEM, [Draft(payload=payload, actor=ENGINE, occurred_at=as_of)])], now=now()
        )
    return scope


def put_in_force(store: Store, library: Library, *, as_of: datetime, now: Now) -> None:
    """Write that the library's edition holds from ``as_of`` on, unless it is in force already."""
    with store.read() as connection:
        if _is_in_force(connection, library):
            return
    with store.write() as connection:
        connection.execute(sa.select(HEAD.c.seq).where(HEAD.c.id == 1).with_for_update())
        if not _is_in_force(connection, library):
            blobs.put(connection, "edition", library.archive)
            draft = Draft(payload=library.edition, actor=ENGINE, occurred_at=as_of)
            append_many(connection, [(SYSTEM, [draft])], now=now())


def _is_in_force(connection: Connection, library: Library) -> bool:
    current = edition_in_force(connection)
    return current is not None and current.edition == library.edition.edition
