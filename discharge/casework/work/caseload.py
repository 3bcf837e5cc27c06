"""Who carries how much: what a case weighs, the load of people and units, and both read from the store.

Weights are house settings (``reference/casework_load.yaml``), in points: they compare cases and say nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework.accounts import people as accounts
from discharge.casework.events.base import Role
from discharge.casework.storage.tables import AGENDA, CASES, EVENTS, TASKS
from discharge.reference import load_yaml
from discharge.worklist import URGENCIES

CARRYING: frozenset[Role] = frozenset({"case_manager", "supervisor"})
"""Roles of people who are given cases. A physician advisor's work is the referrals."""
_ITEM_CHARACTERS = 200
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Carried:
    """What is asked of a case for sharing it out. ``urgency`` is an index in ``worklist.URGENCIES``.

    ``before`` are account ids: who had the case, then who had another stay of the patient, the latest first.
    """

    case_id: str
    unit: str | None = None
    payer_profile: str | None = None
    payer_class: str | None = None
    service: str | None = None
    urgency: int = len(URGENCIES) - 1
    open_tasks: int = 0
    overdue_tasks: int = 0
    review_due_at: datetime | None = None
    assignee: str | None = None
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be given cases. No units: all; no specialties: all; ``capacity`` in cases."""

    account_id: str
    name: str
    capacity: int
    units: frozenset[str] = frozenset()
    specialties: frozenset[str] = frozenset()

    def serves_unit(self, case: Carried) -> bool:
        """Tell whether the case lies on a unit of the person. A case without a unit lies on none of those named."""
        return not self.units or case.unit in self.units

    def is_specialist(self, case: Carried) -> bool:
        """Tell whether a specialty of the person names the case's payer profile, payer class or service."""
        return bool(self.specialties & {case.payer_profile, case.payer_class, case.service})

    def takes(self, case: Carried) -> bool:
        """Tell whether the case is one for this person, whatever the load."""
        return self.serves_unit(case) and (not self.specialties or self.is_specialist(case))


@dataclass(frozen=True, slots=True)
class Load:
    """What a person or a unit carries. ``of`` is an account id or a unit; None: assigned to nobody, or on no unit.

    ``name`` and ``capacity`` are of a person who takes cases; None for a unit, or for somebody who does not any more.
    """

    of: str | None
    name: str | None
    cases: int
    weight: Decimal
    overdue: int
    capacity: int | None


@dataclass(frozen=True, slots=True)
class Loads:
    """Loads of all people (those without a case too) and of all units; ``overdue`` counts tasks."""

    people: list[Load]
    units: list[Load]


@dataclass(frozen=True, slots=True)
class Points:
    """The house's settings."""

    base: Decimal
    urgency: Mapping[str, Decimal]
    open_task: Decimal
    most_for_tasks: Decimal
    review_due: Decimal
    specialist: Decimal
    usual_capacity: int


@cache
def points() -> Points:
    """Return the settings of ``reference/casework_load.yaml``."""
    table = load_yaml("casework_load.yaml")

    def number(entry: Mapping[str, Any]) -> Decimal:
        return Decimal(entry["value"])

    return Points(
        base=number(table["base"]),
        urgency={name: number(table["urgency"][name]) for name in URGENCIES},
        open_task=number(table["open_task"]),
        most_for_tasks=number(table["most_for_tasks"]),
        review_due=number(table["review_due"]),
        specialist=number(table["specialist"]),
        usual_capacity=int(table["usual_capacity"]["value"]),
    )


def weight_of(case: Carried, now: datetime) -> Decimal:
    """Return how heavy a case is, in points.

    >>> from datetime import UTC
    >>> weight_of(Carried("c", urgency=0, open_tasks=2), datetime(2026, 6, 15, tzinfo=UTC))
    Decimal('4.50')
    """
    table = points()
    weight = table.base + table.urgency[URGENCIES[case.urgency]]
    weight += min(table.open_task * case.open_tasks, table.most_for_tasks)
    if case.review_due_at is not None and case.review_due_at <= now:
        weight += table.review_due
    return weight


def load(cases: Sequence[Carried], people: Sequence[Person], now: datetime) -> Loads:
    """Return cases, weight and overdue tasks of each person and unit, for the supervisor."""
    known: dict[str | None, Person] = {one.account_id: one for one in people}
    of_people: dict[str | None, list[Carried]] = {one: [] for one in known}
    of_units: dict[str | None, list[Carried]] = {}
    for case in cases:
        of_people.setdefault(case.assignee, []).append(case)
        of_units.setdefault(case.unit, []).append(case)

    def summed(of: str | None, some: Sequence[Carried], person: Person | None = None) -> Load:
        return Load(
            of=of,
            name=None if person is None else person.name,
            cases=len(some),
            weight=sum((weight_of(one, now) for one in some), Decimal(0)),
            overdue=sum(one.overdue_tasks for one in some),
            capacity=None if person is None else person.capacity,
        )

    return Loads(
        people=[summed(of, of_people[of], known.get(of)) for of in sorted(of_people, key=_none_last)],
        units=[summed(of, of_units[of]) for of in sorted(of_units, key=_none_last)],
    )


def read_people(connection: Connection, present: Collection[str] | None = None) -> list[Person]:
    """Return the active case managers and supervisors; only those of ``present`` (account ids) where given."""
    return [
        Person(
            account_id=one.id,
            name=one.name,
            capacity=points().usual_capacity if one.capacity is None else one.capacity,
            units=frozenset(one.units),
            specialties=frozenset(one.specialties),
        )
        for one in accounts.listed(connection)
        if one.is_active and CARRYING & set(one.roles) and (present is None or one.id in present)
    ]


_READ = (
    "case_id", "patient_id", "in_house", "unit", "payer_profile", "payer_class", "service", "next_review_at",
    "assignee",
)  # fmt: skip


def read_cases(connection: Connection, now: datetime) -> list[Carried]:
    """Return the cases that are work at ``now``: patients in the house, and others with an open task."""
    tasks = _open_tasks(connection, now)
    before = _before(connection)
    moved = sa.and_(AGENDA.c.case_id == CASES.c.case_id, AGENDA.c.from_at <= now, AGENDA.c.until_at > now)
    urgency = sa.func.coalesce(AGENDA.c.urgency, CASES.c.urgency).label("urgency_now")
    columns = [CASES.c[name] for name in _READ]
    question = sa.select(*columns, urgency).outerjoin(AGENDA, sa.and_(CASES.c.changes_at <= now, moved))
    found = []
    for row in connection.execute(question.order_by(CASES.c.case_id)).mappings().all():
        open_tasks, overdue = tasks.get(row["case_id"], (0, 0))
        if row["in_house"] is False and not open_tasks:
            continue
        found.append(
            Carried(
                case_id=row["case_id"],
                unit=row["unit"],
                payer_profile=row["payer_profile"],
                payer_class=row["payer_class"],
                service=row["service"],
                urgency=row["urgency_now"],
                open_tasks=open_tasks,
                overdue_tasks=overdue,
                review_due_at=row["next_review_at"],
                assignee=row["assignee"],
                before=_former(before, row["case_id"], row["patient_id"], row["assignee"]),
            )
        )
    return found


def _open_tasks(connection: Connection, now: datetime) -> dict[str, tuple[int, int]]:
    """Return how many tasks of each case are open, and how many of those are overdue."""
    late = sa.case((TASKS.c.due_at < sa.literal(now, TASKS.c.due_at.type), 1), else_=0)
    counted = sa.select(TASKS.c.case_id, sa.func.count(), sa.func.sum(late)).where(TASKS.c.state == "open")
    rows = connection.execute(counted.group_by(TASKS.c.case_id)).all()
    return {case_id: (int(count), int(overdue)) for case_id, count, overdue in rows}


def open_items(connection: Connection, case_ids: Collection[str]) -> dict[str, list[str]]:
    """Return the titles of the open tasks of these cases, the nearest due first."""
    found: dict[str, list[str]] = {one: [] for one in case_ids}
    wanted = list(found)
    order = (TASKS.c.due_at.is_(None), TASKS.c.due_at, TASKS.c.task_id)
    for start in range(0, len(wanted), _AT_ONCE):
        some = TASKS.c.case_id.in_(wanted[start : start + _AT_ONCE])
        asked = sa.select(TASKS.c.case_id, TASKS.c.title).where(TASKS.c.state == "open", some)
        for case_id, title in connection.execute(asked.order_by(*order)).all():
            found[case_id].append(title[:_ITEM_CHARACTERS])
    return found


def _before(connection: Connection) -> dict[str, list[tuple[str, str]]]:
    """Return by patient the case and person of every assignment so far, the latest first."""
    given = sa.select(EVENTS.c.stream, EVENTS.c.body, CASES.c.patient_id).join(
        CASES, CASES.c.case_id == EVENTS.c.stream
    )
    asked = given.where(EVENTS.c.kind.in_(("assigned", "handed_over"))).order_by(EVENTS.c.seq.desc())
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in connection.execute(asked):
        payload = orjson.loads(row.body)["payload"]
        to = payload.get("assignee") or payload.get("to")
        if to:
            found[row.patient_id].append((row.stream, to))
    return found


def _former(
    before: Mapping[str, list[tuple[str, str]]], case_id: str, patient_id: str, assignee: str | None
) -> tuple[str, ...]:
    """Return who had this case, then who had another of the patient's; without who has it now."""
    had = before.get(patient_id, [])
    own = [to for case, to in had if case == case_id]
    others = [to for case, to in had if case != case_id]
    return tuple(one for one in dict.fromkeys(own + others) if one != assignee)


def _none_last(of: str | None) -> tuple[bool, str]:
    return (of is None, of or "")
