"""The worklist as a census: counted and summed by urgency and by group, in groups if asked, and what can be chosen.

Sums are of what is known; beside each stands of how many cases the sum is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from discharge.casework.query import Filters, Page, Shown, WorklistRow, conditions, in_order, rows_of, timed
from discharge.casework.storage.tables import AGENDA, CASES, EVENTS
from discharge.worklist.steps import URGENCIES, Urgency

GroupBy: TypeAlias = Literal["unit", "payer", "manager", "urgency", "ready"]
_GROUPED: dict[GroupBy, str] = {
    "unit": "unit",
    "payer": "payer_profile",
    "manager": "assignee",
    "ready": "discharge_ready",
}
_SUMMED = ("exposure_usd", "expected_loss_usd")
_AT_ONCE = 500


@dataclass(frozen=True)
class Tally:
    """Cases counted and summed; ``not_known`` counts those whose dollars are not known."""

    cases: int = 0
    overdue: int = 0
    exposure_usd: Decimal = Decimal(0)
    expected_loss_usd: Decimal = Decimal(0)
    not_known: int = 0

    def __add__(self, other: Tally) -> Tally:
        """Return both together."""
        return Tally(
            self.cases + other.cases,
            self.overdue + other.overdue,
            self.exposure_usd + other.exposure_usd,
            self.expected_loss_usd + other.expected_loss_usd,
            self.not_known + other.not_known,
        )


@dataclass(frozen=True)
class Group:
    """Cases of one unit, payer, person, urgency or readiness; ``key`` None: not known, or nobody's.

    ``at_once`` are those of urgency "now".
    """

    key: str | None
    title: str | None
    tally: Tally
    at_once: int


@dataclass(frozen=True)
class Next:
    """What is due next of all cases that were asked for."""

    case_id: str
    unit: str | None
    bed: str | None
    name: str | None
    step: str
    due_at: datetime


@dataclass(frozen=True)
class Census:
    """A page of the census. ``urgencies`` count whatever urgency was asked for, ``tally`` what is listed."""

    ids: list[str]
    rows: dict[str, WorklistRow]
    tally: Tally
    urgencies: dict[Urgency, int]
    groups: list[Group]
    next: Next | None


@dataclass(frozen=True)
class Choices:
    """What the stays in the house can be filtered by, each with how many there are (key None: not known, nobody's)."""

    units: dict[str | None, int]
    payers: dict[str | None, int]
    payer_titles: dict[str, str]
    managers: dict[str | None, int]
    barriers: dict[str, int]


OrderOfGroups: TypeAlias = Callable[[Sequence[Group]], list[Group]]


def census(
    connection: Connection,
    filters: Filters,
    page: Page,
    *,
    now: datetime,
    by: GroupBy | None = None,
    ordered: OrderOfGroups = list,
) -> Census:
    """Return a page of the worklist of ``now``, in groups ``by`` something in the order that ``ordered`` gives."""
    source, shown = timed(now)
    groups, urgencies = _counted(connection, filters, source, shown, now, by)
    groups = ordered(groups)
    where = _where(filters, shown, now)
    order = in_order(connection, shown)
    if by is not None and by != "urgency":
        order = [_place(CASES.c[_GROUPED[by]], [one.key for one in groups]), *order]
    chosen = sa.select(CASES.c.case_id).select_from(source).where(*where).order_by(*order)
    ids = list(connection.scalars(chosen.limit(page.limit).offset(page.offset)))
    return Census(
        ids=ids,
        rows={row.case_id: row for row in rows_of(connection, source, shown, CASES.c.case_id.in_(ids))},
        tally=sum((one.tally for one in groups), Tally()),
        urgencies=urgencies,
        groups=groups if by is not None else [],
        next=_next(connection, source, shown, where, now),
    )


def order(
    connection: Connection,
    filters: Filters,
    most: int,
    *,
    now: datetime,
    by: GroupBy | None = None,
    ordered: OrderOfGroups = list,
) -> list[str]:
    """Return the ids alone of the first ``most`` cases, in the same order."""
    source, shown = timed(now)
    order = in_order(connection, shown)
    if by is not None and by != "urgency":
        groups, _ = _counted(connection, filters, source, shown, now, by)
        order = [_place(CASES.c[_GROUPED[by]], [one.key for one in ordered(groups)]), *order]
    where = _where(filters, shown, now)
    chosen = sa.select(CASES.c.case_id).select_from(source).where(*where).order_by(*order).limit(most)
    return list(connection.scalars(chosen))


def some(connection: Connection, case_ids: Sequence[str], *, now: datetime) -> dict[str, WorklistRow]:
    """Return the rows of these cases, by id."""
    source, shown = timed(now)
    found: dict[str, WorklistRow] = {}
    for start in range(0, len(case_ids), _AT_ONCE):
        where = CASES.c.case_id.in_(case_ids[start : start + _AT_ONCE])
        found |= {row.case_id: row for row in rows_of(connection, source, shown, where)}
    return found


def changed(connection: Connection, after_seq: int, after: datetime, now: datetime) -> set[str]:
    """Return the cases of which something was written behind ``after_seq``, or whose step changed by the hour alone.

    Both are few rows: the ledger is read from the end, and slots are only those that began since ``after``.
    """
    written = sa.select(EVENTS.c.stream).distinct().where(EVENTS.c.seq > after_seq)
    found = set(connection.scalars(written.where(EVENTS.c.stream.in_(sa.select(CASES.c.case_id)))))
    began = sa.select(AGENDA.c.case_id).distinct().where(AGENDA.c.from_at > after, AGENDA.c.from_at <= now)
    return found | set(connection.scalars(began))


def choices(connection: Connection) -> Choices:
    """Return what stays that are not known to be over can be filtered by."""
    columns = [
        CASES.c[name] for name in ("unit", "payer_profile", "payer_title", "assignee", "barrier_causes")
    ]
    asked = sa.select(*columns, sa.func.count()).where(CASES.c.in_house.is_distinct_from(False))
    found = Choices({}, {}, {}, {}, {})
    for row in connection.execute(asked.group_by(*columns)).all():
        unit, payer, title, assignee, causes, count = tuple(row)
        found.units[unit] = found.units.get(unit, 0) + count
        found.payers[payer] = found.payers.get(payer, 0) + count
        found.managers[assignee] = found.managers.get(assignee, 0) + count
        if payer is not None and title is not None:
            found.payer_titles[payer] = title
        for cause in set(orjson.loads(causes)):
            found.barriers[cause] = found.barriers.get(cause, 0) + count
    return found


def is_overdue(shown: Shown, now: datetime) -> ColumnElement[bool]:
    """Ask for what is late for certain: of a risk that only can't be ruled out nobody knows whether it was seen to."""
    is_over = shown["due_at"] < sa.literal(now, CASES.c.due_at.type)
    return is_over & (shown["urgency"] == URGENCIES.index("now"))


def _where(filters: Filters, shown: Shown, now: datetime) -> list[ColumnElement[bool]]:
    found = conditions(filters, shown["due_at"])
    if filters.is_overdue:
        found.append(is_overdue(shown, now))
    if filters.urgency is not None:
        found.append(shown["urgency"] == URGENCIES.index(filters.urgency))
    return found


def _place(column: ColumnElement[Any], keys: Sequence[str | None]) -> ColumnElement[Any]:
    """Order by the place of a value among ``keys``; what is not known stands where None does."""
    places = {key: place for place, key in enumerate(keys)}
    named = [(column == key, place) for key, place in places.items() if key is not None]
    behind = places.get(None, len(places))
    return sa.case(*named, else_=behind) if named else sa.literal(0)


def _counted(
    connection: Connection,
    filters: Filters,
    source: sa.FromClause,
    shown: Shown,
    now: datetime,
    by: GroupBy | None,
) -> tuple[list[Group], dict[Urgency, int]]:
    """Return groups (one, of all, where none are asked for) of what is listed, and the counts of all urgencies."""
    grade = shown["urgency"].label("grade")
    late = sa.case((is_overdue(shown, now), 1), else_=0)
    unsure = sa.case((sa.or_(*(CASES.c[name].is_(None) for name in _SUMMED)), 1), else_=0)
    sums = [sa.func.count(), sa.func.sum(late), *(sa.func.sum(CASES.c[name]) for name in _SUMMED)]
    key = CASES.c[_GROUPED[by]] if by in _GROUPED else sa.null()
    title = sa.func.max(CASES.c.payer_title) if by == "payer" else sa.null()
    where = _where(replace(filters, urgency=None), shown, now)
    asked = sa.select(grade, key.label("key"), title, *sums, sa.func.sum(unsure)).select_from(source)
    urgencies = dict.fromkeys(URGENCIES, 0)
    groups: dict[str | None, Group] = {}
    for row in connection.execute(asked.where(*where).group_by("grade", "key").order_by("grade")).all():
        place, of, said, count, overdue, exposure, expected, not_known = tuple(row)
        urgency = URGENCIES[place]
        urgencies[urgency] += count
        if filters.urgency not in (None, urgency):
            continue
        name = urgency if by == "urgency" else of
        before = groups.get(name, Group(name, None, Tally(), 0))
        tally = Tally(count, overdue or 0, exposure or Decimal(0), expected or Decimal(0), not_known or 0)
        groups[name] = Group(
            name,
            before.title or said,
            before.tally + tally,
            before.at_once + (count if urgency == "now" else 0),
        )
    return list(groups.values()), urgencies


def _next(
    connection: Connection,
    source: sa.FromClause,
    shown: Shown,
    where: Sequence[ColumnElement[bool]],
    now: datetime,
) -> Next | None:
    """Return what is due next: the nearest time that has not passed."""
    columns = [CASES.c[name] for name in ("case_id", "unit", "bed", "name")]
    due = shown["due_at"].label("due")
    asked = sa.select(*columns, shown["next_step"], due).select_from(source)
    asked = asked.where(*where, due >= sa.literal(now, CASES.c.due_at.type))
    row = connection.execute(asked.order_by(due, CASES.c.case_id).limit(1)).first()
    return None if row is None else Next(*tuple(row))
