"""The clock of a demonstration: it begins at the feed's moment and goes on from there, never back."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import ACCESS_LOG, EVENTS


class DemoClock:
    """Called, it returns ``start`` plus the time that has passed since it was made."""

    def __init__(self, start: datetime) -> None:
        self.start = start.astimezone(UTC)
        self._began = time.monotonic()

    def __call__(self) -> datetime:
        """Return the present of the demonstration (UTC)."""
        return self.start + timedelta(seconds=time.monotonic() - self._began)


def last_written(store: Store) -> datetime | None:
    """Return when the store was last written to, or a case read; None where nothing is in it.

    What is done to the file by the clock of the machine (a migration, a backup) does not move the clock.
    """
    with store.read() as connection:
        found: list[datetime | None] = [
            connection.scalar(
                sa.select(sa.func.max(EVENTS.c.recorded_at)).where(EVENTS.c.kind != "store_kept")
            ),
            connection.scalar(sa.select(sa.func.max(ACCESS_LOG.c.at))),
        ]
    return max((one for one in found if one is not None), default=None)
