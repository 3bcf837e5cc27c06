"""What somebody of the demonstration does at some minute, and how all of it is written in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from discharge.casework.events import Actor
from discharge.casework.query import WorklistRow
from discharge.casework.service import Casework
from discharge.casework.state.model import CaseState
from discharge.errors import NotAllowedError
from discharge.review.model import Review


@dataclass(frozen=True)
class Act:
    """Something done: ``at`` is when it happened, ``told`` when it was written down (None: at once)."""

    at: datetime
    case_id: str
    by: Actor
    says: tuple[Any, ...]
    told: datetime | None = None

    @property
    def written(self) -> datetime:
        """Return when it is written down."""
        return self.told or self.at


@dataclass(frozen=True)
class Day:
    """A working day of the house, and the moment at which the demonstration opens."""

    date: date
    zone: str
    opens: datetime

    def at(self, hour: int, minute: int = 0, *, days: int = 0) -> datetime:
        """Return a time of this day, or of one so many days later; ``minute`` may run over the hour."""
        start = datetime.combine(self.date + timedelta(days=days), time(hour), ZoneInfo(self.zone))
        return start + timedelta(minutes=minute)

    @property
    def to_opening(self) -> int:
        """Return how many days after it the demonstration opens."""
        return (self.opens.astimezone(ZoneInfo(self.zone)).date() - self.date).days


@dataclass(frozen=True)
class Staff:
    """Who is at work; ``payers`` by profile, for those whose reviewers sign in here."""

    managers: tuple[Actor, Actor]
    advisor: Actor
    supervisor: Actor
    payers: dict[str, Actor]


@dataclass(frozen=True)
class Stay:
    """A stay as the people find it when the day begins. ``number`` is its place in the order of the worklist."""

    number: int
    row: WorklistRow
    state: CaseState
    review: Review
    digest: str
    manager: Actor

    @property
    def case_id(self) -> str:
        """Return the id of the case."""
        return self.row.case_id


def previous_workday(opens: datetime, zone: str) -> date:
    """Return the last day before ``opens`` that is no Saturday or Sunday.

    >>> from datetime import UTC
    >>> previous_workday(datetime(2026, 6, 15, 11, tzinfo=UTC), "America/New_York")
    datetime.date(2026, 6, 12)
    """
    day = opens.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return day


def write(casework: Casework, acts: Iterable[Act]) -> tuple[int, list[NotAllowedError]]:
    """Record the acts in the order in which they were written down; return how many, and what the guards refused.

    A refused act is left out: another feed than the example may hold a stay that a story does not fit.
    """
    done, refused = 0, []
    for act in _ordered(acts):
        try:
            casework.record(act.case_id, act.says, actor=act.by, now=act.written, occurred_at=act.at)
        except NotAllowedError as error:
            refused.append(error)
        else:
            done += 1
    return done, refused


def _ordered(acts: Iterable[Act]) -> Sequence[Act]:
    return sorted(acts, key=lambda one: one.written)
