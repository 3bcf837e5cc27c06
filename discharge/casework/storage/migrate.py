"""Brings a store that an older version of the program made to this one's schema."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from discharge.casework import ledger
from discharge.casework.events import ENGINE, SYSTEM, Actor, Draft
from discharge.casework.events.record import StoreKept
from discharge.casework.storage import schema
from discharge.casework.storage.engine import connect_store
from discharge.errors import StoreError


def migrate_store(database: str | Path | None, *, now: datetime, actor: Actor = ENGINE) -> tuple[str, str]:
    """Migrate in one transaction and say so in the ledger; return the revisions before and after.

    Raises:
        StoreError: there is no store, or it is newer than this program. Nothing was changed.
    """
    with connect_store(database) as store, store.write() as connection:
        if schema.revision(connection) is None:
            raise StoreError("this database holds no store; `discharge ingest` or `serve` makes one")
        before, after = schema.migrate(connection)
        if before != after:
            said = StoreKept(what="migration", detail=f"{before} to {after}")
            draft = Draft(payload=said, actor=actor, occurred_at=now)
            ledger.append(connection, SYSTEM, [draft], now=now)
    return str(before), after
