"""Feeds and their health: what came last, what became of it, and how fresh the reviews are."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.engine import Connection

from discharge.api.auth.principal import Principal, needs
from discharge.api.pages.frame import shown
from discharge.api.state import OurDesk
from discharge.casework.intake import FeedRun, feed_runs
from discharge.casework.storage.tables import CASES

router = APIRouter(include_in_schema=False)
Operator = Annotated[Principal, Depends(needs("feeds:write"))]


@dataclass(frozen=True)
class RunRow:
    """A feed that came; ``took`` is how long it was taken in."""

    run: FeedRun
    took: str
    codes: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class FeedsPage:
    """``usual_gap`` is the median time between the last feeds; None with fewer than three."""

    rows: list[RunRow]
    last: FeedRun | None
    usual_gap: timedelta | None
    is_late: bool
    in_house: int
    stale: int
    oldest_review: datetime | None
    due: int
    refresh_seconds: float | None


@router.get("/admin/feeds", name="page_feeds")
def feeds(request: Request, desk: OurDesk, who: Operator) -> Response:
    """Show the last feeds and how fresh the reviews are; in numbers alone."""
    now = desk.now()
    with desk.store.read() as connection:
        runs = feed_runs(connection)
        in_house, stale, oldest, due = _freshness(connection, now)
    taken = [one for one in runs if one.is_taken_in]
    gap = usual_gap([one.ended_at for one in taken])
    last = taken[0] if taken else None
    page = FeedsPage(
        rows=[_row(one) for one in runs],
        last=last,
        usual_gap=gap,
        is_late=last is not None and gap is not None and now - last.ended_at > 2 * gap,
        in_house=in_house,
        stale=stale,
        oldest_review=oldest,
        due=due,
        refresh_seconds=desk.settings.refresh_seconds,
    )
    return shown(request, who, "admin/feeds.html", page, title="Feeds", styles=("admin.css",))


def usual_gap(times: Sequence[datetime]) -> timedelta | None:
    """Return the median time between feeds, newest first; None with fewer than three.

    >>> day = datetime(2026, 6, 15)
    >>> usual_gap([day, day - timedelta(hours=1), day - timedelta(hours=2)])
    datetime.timedelta(seconds=3600)
    """
    gaps = sorted(later - earlier for later, earlier in itertools.pairwise(times))
    return gaps[len(gaps) // 2] if len(gaps) > 1 else None


def _freshness(connection: Connection, now: datetime) -> tuple[int, int, datetime | None, int]:
    table = CASES.c
    row = connection.execute(
        sa.select(
            sa.func.count(),
            sa.func.sum(sa.case((table.is_stale, 1), else_=0)),
            sa.func.min(table.review_as_of),
            sa.func.sum(sa.case((table.next_review_at <= now, 1), else_=0)),
        ).where(table.in_house)
    ).one()
    return int(row[0]), int(row[1] or 0), row[2], int(row[3] or 0)


def _row(run: FeedRun) -> RunRow:
    seconds = (run.ended_at - run.began_at).total_seconds()
    took = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    codes = [] if run.account is None else list(run.account.reject_codes.items())
    return RunRow(run, took, codes)
