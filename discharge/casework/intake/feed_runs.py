"""The log of feeds: one line for each that came, in numbers and codes, so that their health can be seen later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework.intake.account import IngestAccount
from discharge.casework.intake.in_force import Now
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import FEED_RUNS
from discharge.errors import DischargeError

TAKEN_IN = "taken_in"


@dataclass(frozen=True)
class FeedRun:
    """A feed that came. ``outcome`` is ``taken_in`` or the kind of problem; then there is no account."""

    ingest_id: str
    began_at: datetime
    ended_at: datetime
    as_of: datetime
    outcome: str
    account: IngestAccount | None

    @property
    def is_taken_in(self) -> bool:
        """Tell whether the feed was read to its end."""
        return self.outcome == TAKEN_IN


def log_run(
    store: Store, ingest_id: str, began_at: datetime, as_of: datetime, account: IngestAccount, *, now: Now
) -> None:
    """Write that a feed was taken in, and what became of its records and stays."""
    _write(store, ingest_id, began_at, as_of, TAKEN_IN, account, now)


@contextmanager
def refusals_kept(
    store: Store, ingest_id: str, began_at: datetime, as_of: datetime, *, now: Now
) -> Iterator[None]:
    """Write a line for a feed that was refused, with the kind of problem; its words are the sender's to read."""
    try:
        yield
    except DischargeError as error:
        with suppress(DischargeError):  # a store that fails is told of by the error itself
            _write(store, ingest_id, began_at, as_of, error.problem, None, now)
        raise


def feed_runs(connection: Connection, most: int = 50) -> list[FeedRun]:
    """Return the last feeds that came, the newest first."""
    asked = sa.select(FEED_RUNS).order_by(FEED_RUNS.c.ended_at.desc(), FEED_RUNS.c.ingest_id).limit(most)
    return [
        FeedRun(
            row.ingest_id,
            row.began_at,
            row.ended_at,
            row.as_of,
            row.outcome,
            None if row.account is None else IngestAccount.model_validate_json(row.account),
        )
        for row in connection.execute(asked)
    ]


def _write(
    store: Store,
    ingest_id: str,
    began_at: datetime,
    as_of: datetime,
    outcome: str,
    account: IngestAccount | None,
    now: Now,
) -> None:
    with store.write() as connection:
        connection.execute(
            sa.insert(FEED_RUNS).values(
                ingest_id=ingest_id,
                began_at=began_at,
                ended_at=now(),
                as_of=as_of,
                outcome=outcome,
                account=None if account is None else account.model_dump_json(),
            )
        )
