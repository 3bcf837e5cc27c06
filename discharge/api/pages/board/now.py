"""The board's figures of this moment: load of people and units, length of stay, reviews on time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from discharge.api.pages.board.figures import Figure, Figures
from discharge.api.pages.board.reading import Row
from discharge.casework.work.caseload import Carried, Person, weight_of

NO_UNIT, NOBODY = "No unit charted", "Nobody"
One = TypeVar("One")
_TENTH = Decimal("0.1")


@dataclass(frozen=True)
class LoadRow:
    """What a person or a unit carries; ``capacity`` is of a person, in cases."""

    name: str
    cases: Figure
    weight: Figure
    overdue: Figure
    capacity: int | None
    is_over: bool


@dataclass(frozen=True)
class StayRow:
    """Stays against the usual length: ``beyond`` are past it, by ``days``; ``unknown``: one of the two is not known."""

    name: str
    cases: Figure
    within: Figure
    beyond: Figure
    days: Figure
    unknown: Figure


@dataclass(frozen=True)
class ReviewsRow:
    """Reviews by people of patients in the house; ``unknown``: no time is set for the next one."""

    name: str
    on_time: Figure
    late: Figure
    unknown: Figure


def loads_of_people(
    book: Figures, cases: Sequence[Carried], people: Sequence[Person], names: dict[str, str], now: datetime
) -> list[LoadRow]:
    """Return a row for each person who takes cases, those who have some though they don't any more, and nobody."""
    known = {one.account_id: one for one in people}
    mine: dict[str, list[Carried]] = {one: [] for one in known}
    for case in cases:
        mine.setdefault(case.assignee or "", []).append(case)
    found = []
    for account in sorted(mine, key=lambda one: (one == "", names.get(one, one))):
        name = names.get(account, "An account that is gone") if account else NOBODY
        capacity = known[account].capacity if account in known else None
        found.append(_load(book, f"person/{account or 'none'}", name, mine[account], capacity, now))
    return found


def loads_of_units(book: Figures, cases: Sequence[Carried], now: datetime) -> list[LoadRow]:
    """Return a row for each unit with a case."""
    by_unit = _grouped(cases, lambda one: one.unit or NO_UNIT)
    return [_load(book, f"unit/{name}", name, mine, None, now) for name, mine in by_unit]


def _load(
    book: Figures, key: str, name: str, mine: Sequence[Carried], capacity: int | None, now: datetime
) -> LoadRow:
    return LoadRow(
        name=name,
        cases=book.cases(f"load/{key}", f"Cases of {name}", (one.case_id for one in mine)),
        weight=book.sums(
            f"weight/{key}",
            f"Weight of {name}",
            "points",
            ((one.case_id, weight_of(one, now)) for one in mine),
        ),
        overdue=book.sums(
            f"overdue/{key}",
            f"Overdue tasks of {name}",
            "tasks",
            ((one.case_id, Decimal(one.overdue_tasks)) for one in mine if one.overdue_tasks),
        ),
        capacity=capacity,
        is_over=capacity is not None and len(mine) > capacity,
    )


def stays_now(book: Figures, rows: Iterable[Row], now: datetime) -> list[StayRow]:
    """Return patients in the house against the usual length of their stay, in all and by unit."""
    here = [row for row in rows if row.in_house]
    found = [_stays(book, "in-house", "All in the house", here, now)]
    by_unit = _grouped(here, lambda one: one.unit or NO_UNIT)
    return found + [_stays(book, f"in-house/{name}", name, mine, now) for name, mine in by_unit]


def stays_ended(book: Figures, rows: Iterable[Row], now: datetime) -> StayRow:
    """Return stays that ended against the usual length; ``rows`` are those that ended in the span."""
    return _stays(book, "ended", "Left in this time", [row for row in rows if row.discharged_at], now)


def _stays(book: Figures, key: str, name: str, rows: Sequence[Row], now: datetime) -> StayRow:
    over = {row.case_id: _days_over(row, now) for row in rows}
    told = {case_id: days for case_id, days in over.items() if days is not None}
    beyond = {case_id: days for case_id, days in told.items() if days > 0}
    return StayRow(
        name=name,
        cases=book.cases(f"stays/{key}", f"Stays: {name}", over),
        within=book.cases(
            f"within/{key}", f"Within the usual length: {name}", sorted(set(told) - set(beyond))
        ),
        beyond=book.cases(f"beyond/{key}", f"Beyond the usual length: {name}", beyond),
        days=book.sums(f"beyond-days/{key}", f"Days beyond the usual length: {name}", "days", beyond.items()),
        unknown=book.cases(
            f"length-unknown/{key}",
            f"Length or usual length not known: {name}",
            sorted(set(over) - set(told)),
        ),
    )


def _days_over(row: Row, now: datetime) -> Decimal | None:
    """Return by how many days a stay is past its usual length (negative: within), to a tenth; None: can't be told."""
    if row.admitted_at is None or row.gmlos_days is None:
        return None
    days = ((row.discharged_at or now) - row.admitted_at).total_seconds() / 86400
    return Decimal(str(days - row.gmlos_days)).quantize(_TENTH)


def reviews_now(book: Figures, rows: Iterable[Row], now: datetime) -> list[ReviewsRow]:
    """Return whether the next review of each patient in the house is on time, in all and by unit."""
    here = [row for row in rows if row.in_house]
    found = [_reviews(book, "all", "All in the house", here, now)]
    by_unit = _grouped(here, lambda one: one.unit or NO_UNIT)
    return found + [_reviews(book, f"unit/{name}", name, mine, now) for name, mine in by_unit]


def _reviews(book: Figures, key: str, name: str, rows: Sequence[Row], now: datetime) -> ReviewsRow:
    due = {row.case_id: row.next_review_at for row in rows}
    late = [case_id for case_id, at in due.items() if at is not None and at < now]
    on_time = [case_id for case_id, at in due.items() if at is not None and at >= now]
    unknown = [case_id for case_id, at in due.items() if at is None]
    return ReviewsRow(
        name=name,
        on_time=book.cases(f"review-on-time/{key}", f"Next review not due yet: {name}", on_time),
        late=book.cases(f"review-late/{key}", f"Review overdue: {name}", late),
        unknown=book.cases(f"review-unknown/{key}", f"No time set for the next review: {name}", unknown),
    )


def _grouped(some: Iterable[One], of: Callable[[One], str]) -> list[tuple[str, list[One]]]:
    found: dict[str, list[One]] = {}
    for one in some:
        found.setdefault(of(one), []).append(one)
    return sorted(found.items(), key=lambda item: (item[0] == NO_UNIT, item[0]))
