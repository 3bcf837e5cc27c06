"""Lists across cases, read from the projections: the worklist of any moment, tasks, clocks, authorizations.

The worklist's order is that of :mod:`discharge.worklist`: urgency, then the time by which the next step is due (none
comes last), expected loss, exposure and probability (larger first), then ``encounter_id``. Time alone changes urgency
and next step; each case keeps its slots (table ``agenda``), so every moment from its last event on is a look-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import orjson
import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from discharge.casework.storage.tables import AGENDA, AUTHORIZATIONS, CASES, CLOCKS, TASKS
from discharge.casework.work.advisor import QueueItem
from discharge.worklist.steps import URGENCIES, Urgency

NOBODY: Literal["none"] = "none"
"""As ``assignee``: cases that nobody has."""
_MOST_ROWS = 1000
Unknown: TypeAlias = Literal["unit", "payer_profile", "risk_band", "discharge_ready"]


@dataclass(frozen=True)
class Filters:
    """Which cases; None asks for nothing. ``assignee`` "none": nobody's. ``payer_ids`` restricts to these profiles.

    ``due_before`` is compared with the time by which the next step (or the task, clock, answer) is due, ``barrier``
    with causes of open barriers, ``search`` with name, MRN, bed, unit and encounter. ``is_here`` asks for stays that
    are not known to be over (``in_house``: known to go on), ``not_known`` for cases of which these are not known,
    ``is_overdue`` (of the census alone) for those whose next step is late for certain.
    """

    unit: str | None = None
    payer_profile: str | None = None
    assignee: str | None = None
    due_before: datetime | None = None
    risk_band: str | None = None
    discharge_ready: str | None = None
    urgency: Urgency | None = None
    barrier: str | None = None
    in_house: bool | None = None
    advisor_queue: bool | None = None
    search: str | None = None
    payer_ids: tuple[str, ...] | None = None
    case_id: str | None = None
    is_here: bool | None = None
    is_overdue: bool = False
    not_known: tuple[Unknown, ...] = ()


@dataclass(frozen=True)
class Page:
    """How many rows, and behind which: ``cursor`` is the ``next_cursor`` of the page before."""

    size: int = 50
    cursor: str | None = None

    @property
    def offset(self) -> int:
        """Return how many rows come before; ValueError for a cursor that no page gave."""
        if self.cursor is None:
            return 0
        if not self.cursor.isdecimal() or len(self.cursor) > 9:
            raise ValueError("not a cursor of ours")
        return int(self.cursor)

    @property
    def limit(self) -> int:
        """Return the number of rows, at most 1000."""
        return max(1, min(self.size, _MOST_ROWS))

    def next_cursor(self, total: int) -> str | None:
        """Return the cursor of the next page; None where this is the last."""
        behind = self.offset + self.limit
        return str(behind) if behind < total else None


FIRST_PAGE, NO_FILTER = Page(), Filters()


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class WorklistRow(_Row):
    """A case at a moment, as lists show it. Money in dollars; times aware, UTC."""

    case_id: str
    encounter_id: str
    patient_id: str
    version: int = Field(description="what If-Match compares")
    last_event_at: datetime
    is_stale: bool = Field(description="something came since the last review that bears on the chart")
    urgency: Urgency
    next_step: str
    next_why: str
    due_at: datetime | None
    review_digest: str | None
    review_as_of: datetime | None
    review_type: str | None
    next_review_at: datetime | None
    in_house: bool | None
    mrn: str | None
    name: str | None
    unit: str | None
    bed: str | None
    service: str | None
    facility: str | None
    attending: str | None
    payer_profile: str | None
    payer_title: str | None
    payer_class: str | None
    member_id: str | None
    admitted_at: datetime | None
    discharged_at: datetime | None
    status: str | None
    condition: str | None
    expected_discharge_at: datetime | None
    gmlos_days: float | None
    risk_band: str | None
    risk_probability: float | None
    exposure_usd: Decimal | None
    expected_loss_usd: Decimal | None
    admission: str | None
    continued_stay: str | None
    discharge_ready: str | None
    recommended: str | None
    missing_first: str | None
    top_cause: str | None
    assignee: str | None
    advisor_queue: bool
    open_tasks: int
    open_barriers: int
    barrier_causes: list[str]


class _OfCase(_Row):
    case_id: str
    encounter_id: str
    name: str | None
    unit: str | None
    bed: str | None
    payer_profile: str | None


class TaskRow(_OfCase):
    """A task, with whose it is."""

    task_id: str
    origin: str
    title: str
    why: str | None
    owner_role: str | None
    assignee: str | None
    due_at: datetime | None
    urgent_at: datetime | None
    state: str
    settled_at: datetime | None
    weight_usd: Decimal | None


class ClockRow(_OfCase):
    """A clock as it stood at the case's last event; ``is_overdue`` as of now."""

    clock: str
    title: str
    side: str
    status: str
    is_overdue: bool
    opens_at: datetime | None
    due_at: datetime | None
    warn_half_at: datetime | None
    warn_urgent_at: datetime | None
    met_at: datetime | None
    paused_since: datetime | None
    paused_seconds: int
    pause_reason: str | None
    consequence: str | None
    citation: str | None
    verified: bool | None


class AuthorizationRow(_OfCase):
    """An authorization as it stood at the case's last event; the payer profile is the one that was asked."""

    authorization_id: str
    service: str
    number: str | None
    status: str
    requested_at: datetime | None
    decided_at: datetime | None
    answer_due_at: datetime | None
    days_asked: int | None
    days_approved: int | None
    days_used: int | None
    days_left: int | None
    valid_through: datetime | None


class WorklistPage(_Row):
    """Rows of a page, how many there are in all, and how many of each urgency whatever urgency was asked for."""

    rows: list[WorklistRow]
    total: int
    next_cursor: str | None
    urgency_counts: dict[Urgency, int]


class QueueRow(_Row):
    """A case with its open questions to the physician advisor, and the one that ought to be asked."""

    case: WorklistRow
    items: list[QueueItem]


class QueuePage(_Row):
    """Cases of the advisor's queue, in the order of the worklist."""

    rows: list[QueueRow]
    total: int
    next_cursor: str | None


class TaskPage(_Row):
    """Tasks, the first due first."""

    rows: list[TaskRow]
    total: int
    next_cursor: str | None


class ClockPage(_Row):
    """Clocks, the first due first."""

    rows: list[ClockRow]
    total: int
    next_cursor: str | None


class AuthorizationPage(_Row):
    """Authorizations, the first to be answered first, then those that end first."""

    rows: list[AuthorizationRow]
    total: int
    next_cursor: str | None


def worklist(connection: Connection, filters: Filters, page: Page, *, now: datetime) -> WorklistPage:
    """Return a page of the worklist of ``now`` (aware; not before the cases' last events)."""
    source, shown = timed(now)
    where = conditions(filters, shown["due_at"])
    grade = shown["urgency"].label("grade")
    counted = sa.select(grade, sa.func.count()).select_from(source).where(*where).group_by("grade")
    counts = {URGENCIES[place]: 0 for place in range(len(URGENCIES))}
    for place, count in connection.execute(counted):
        counts[URGENCIES[place]] = int(count)
    total = sum(counts.values())
    if filters.urgency is not None:
        where.append(shown["urgency"] == URGENCIES.index(filters.urgency))
        total = counts[filters.urgency]
    # First the keys of the page, so that the sort carries no wide rows.
    chosen = (
        sa.select(CASES.c.case_id).select_from(source).where(*where).order_by(*in_order(connection, shown))
    )
    ids = list(connection.scalars(chosen.limit(page.limit).offset(page.offset)))
    rows = {row.case_id: row for row in rows_of(connection, source, shown, CASES.c.case_id.in_(ids))}
    return WorklistPage(
        rows=[rows[case_id] for case_id in ids],
        total=total,
        next_cursor=page.next_cursor(total),
        urgency_counts=counts,
    )


def case_row(connection: Connection, case_id: str, *, now: datetime | None) -> WorklistRow | None:
    """Return a case as the worklist of ``now`` shows it (None: as of its last event); None where there is none."""
    source, shown = timed(now)
    return next(rows_of(connection, source, shown, CASES.c.case_id == case_id), None)


Shown: TypeAlias = dict[str, ColumnElement[Any]]
_BY_THE_HOUR = ("urgency", "next_step", "next_why", "due_at")


def timed(now: datetime | None) -> tuple[sa.FromClause, Shown]:
    """Return cases with the slot of ``now``, and the columns that depend on it."""
    if now is None:
        return CASES, {name: CASES.c[name] for name in _BY_THE_HOUR}
    at = sa.literal(now, CASES.c.changes_at.type)
    of_now = (
        (AGENDA.c.case_id == CASES.c.case_id)
        & (CASES.c.changes_at <= at)
        & (AGENDA.c.from_at <= at)
        & (AGENDA.c.until_at > at)
    )
    is_own = AGENDA.c.case_id.is_(None)
    shown: Shown = {name: sa.case((is_own, CASES.c[name]), else_=AGENDA.c[name]) for name in _BY_THE_HOUR}
    return CASES.outerjoin(AGENDA, of_now), shown


def in_order(connection: Connection, shown: Shown) -> list[ColumnElement[Any]]:
    """Return what the worklist is ordered by."""
    found: list[ColumnElement[Any]] = [shown["urgency"], shown["due_at"].is_(None), shown["due_at"]]
    for name in ("expected_loss_usd", "exposure_usd", "risk_probability"):
        found += [CASES.c[name].is_(None), CASES.c[name].desc()]
    return [*found, by_bytes(connection, CASES.c.encounter_id)]


def by_bytes(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Order text by its bytes, which is SQLite's own way, whatever the database's language."""
    return sa.collate(column, "C") if connection.dialect.name == "postgresql" else column


def rows_of(connection: Connection, source: sa.FromClause, shown: Shown, where: Any) -> Iterator[WorklistRow]:
    """Give the rows of some cases, in no order."""
    own = [name for name in WorklistRow.model_fields if name not in shown]
    columns = (*(CASES.c[name] for name in own), *(one.label(name) for name, one in shown.items()))
    names = (*own, *shown)
    for row in connection.execute(sa.select(*columns).select_from(source).where(where)).all():
        said: dict[str, Any] = dict(zip(names, row, strict=True))
        said["urgency"] = URGENCIES[said["urgency"]]
        said["barrier_causes"] = orjson.loads(said["barrier_causes"])
        yield WorklistRow.model_construct(**said)


def conditions(
    filters: Filters, due_at: ColumnElement[Any], assignee: ColumnElement[Any] = CASES.c.assignee
) -> list[ColumnElement[bool]]:
    """Return the conditions on cases; the filters of these names are compared with ``due_at`` and ``assignee``."""
    found: list[ColumnElement[bool]] = []
    for name in (
        "case_id", "unit", "payer_profile", "risk_band", "discharge_ready", "in_house", "advisor_queue"
    ):  # fmt: skip
        wanted = getattr(filters, name)
        if wanted is not None:
            found.append(CASES.c[name] == wanted)
    if filters.is_here is not None:
        found.append(CASES.c.in_house.is_distinct_from(not filters.is_here))
    found += [CASES.c[name].is_(None) for name in filters.not_known]
    if filters.assignee is not None:
        found.append(assignee.is_(None) if filters.assignee == NOBODY else assignee == filters.assignee)
    if filters.due_before is not None:
        found.append(due_at < sa.literal(filters.due_before, CASES.c.due_at.type))
    if filters.barrier is not None:
        found.append(CASES.c.barrier_causes.contains(orjson.dumps(filters.barrier).decode(), autoescape=True))
    if filters.payer_ids is not None:
        found.append(CASES.c.payer_profile.in_(filters.payer_ids))
    found += [
        CASES.c.search.contains(word, autoescape=True) for word in (filters.search or "").lower().split()
    ]
    return found


# --- tasks, clocks, authorizations ------------------------------------------------------------------------------

_CASE_COLUMNS = [CASES.c[name] for name in ("encounter_id", "name", "unit", "bed", "payer_profile")]


def tasks(
    connection: Connection,
    filters: Filters,
    page: Page,
    *,
    state: str | None = "open",
    origin: str | None = None,
    owner_role: str | None = None,
) -> TaskPage:
    """Return tasks of the cases that the filters name; ``assignee`` is the task's own."""
    where = conditions(filters, TASKS.c.due_at, TASKS.c.assignee)
    where += _equal(TASKS, state=state, origin=origin, owner_role=owner_role)
    order = [
        TASKS.c.due_at.is_(None),
        TASKS.c.due_at,
        TASKS.c.weight_usd.is_(None),
        TASKS.c.weight_usd.desc(),
    ]
    rows, total = _listed(connection, TASKS, [*TASKS.c, *_CASE_COLUMNS], where, order, page)
    return TaskPage(
        rows=[TaskRow.model_construct(**row) for row in rows],
        total=total,
        next_cursor=page.next_cursor(total),
    )


def clocks(
    connection: Connection,
    filters: Filters,
    page: Page,
    *,
    now: datetime,
    side: str | None = None,
    status: str | None = None,
) -> ClockPage:
    """Return clocks of the cases that the filters name."""
    where = [*conditions(filters, CLOCKS.c.due_at), *_equal(CLOCKS, side=side, status=status)]
    order = [CLOCKS.c.due_at.is_(None), CLOCKS.c.due_at]
    rows, total = _listed(connection, CLOCKS, [*CLOCKS.c, *_CASE_COLUMNS], where, order, page)
    for row in rows:
        is_past = row["due_at"] is not None and row["due_at"] < now and row["met_at"] is None
        row["is_overdue"] = is_past and row["status"] in ("running", "late")
    return ClockPage(
        rows=[ClockRow.model_construct(**row) for row in rows],
        total=total,
        next_cursor=page.next_cursor(total),
    )


def authorizations(
    connection: Connection, filters: Filters, page: Page, *, status: str | None = None
) -> AuthorizationPage:
    """Return authorizations of the cases that the filters name; ``due_before`` asks for the payer's answer."""
    theirs = AUTHORIZATIONS.c
    where = conditions(filters, theirs.answer_due_at) + _equal(AUTHORIZATIONS, status=status)
    order = [theirs.answer_due_at.is_(None), theirs.answer_due_at, theirs.valid_through.is_(None)]
    own = [column for column in _CASE_COLUMNS if column.name != "payer_profile"]
    rows, total = _listed(
        connection, AUTHORIZATIONS, [*theirs, *own], where, [*order, theirs.valid_through], page
    )
    return AuthorizationPage(
        rows=[AuthorizationRow.model_construct(**row) for row in rows],
        total=total,
        next_cursor=page.next_cursor(total),
    )


def _equal(table: sa.Table, **wanted: str | None) -> list[ColumnElement[bool]]:
    return [table.c[name] == value for name, value in wanted.items() if value is not None]


def _listed(
    connection: Connection,
    table: sa.Table,
    columns: list[ColumnElement[Any]],
    where: list[ColumnElement[bool]],
    order: list[ColumnElement[Any]],
    page: Page,
) -> tuple[list[dict[str, Any]], int]:
    source = table.join(CASES, CASES.c.case_id == table.c.case_id)
    total = connection.scalar(sa.select(sa.func.count()).select_from(source).where(*where)) or 0
    key = [by_bytes(connection, column) for column in table.primary_key.columns]
    found = sa.select(*columns).select_from(source).where(*where).order_by(*order, *key)
    rows = connection.execute(found.limit(page.limit).offset(page.offset))
    return [dict(row._mapping) for row in rows], int(total)
