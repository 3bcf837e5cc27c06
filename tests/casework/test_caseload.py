"""Cases and people as they are read from the store for sharing out. On both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from discharge.casework import ledger
from discharge.casework.accounts import people
from discharge.casework.accounts.people import OPERATOR, NewAccount
from discharge.casework.events import Draft
from discharge.casework.events.record import Assigned, HandedOver
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import AGENDA, CASES, TASKS
from discharge.casework.work.assignment import suggest
from discharge.casework.work.caseload import open_items, points, read_cases, read_people
from discharge.worklist import URGENCIES

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

SOON, TODAY = URGENCIES.index("soon"), URGENCIES.index("today")


def put_case(store: Store, now: datetime, case_id: str, patient_id: str, **more: Any) -> None:
    """Write a row of CASES with what its columns ask for."""
    kinds: dict[type, Any] = {int: 0, bool: False, str: ""}
    row = {one.name: kinds.get(one.type.python_type, now) for one in CASES.columns if not one.nullable}
    row |= {"case_id": case_id, "encounter_id": f"e-{case_id}", "patient_id": patient_id, "in_house": True}
    row |= {"urgency": SOON, "changes_at": now + timedelta(days=1)} | more
    with store.write() as connection:
        connection.execute(sa.insert(CASES).values(row))


def put_task(store: Store, case_id: str, title: str, due_at: datetime | None, state: str = "open") -> None:
    row = {
        "case_id": case_id,
        "task_id": title,
        "origin": "person",
        "title": title,
        "due_at": due_at,
        "state": state,
    }
    with store.write() as connection:
        connection.execute(sa.insert(TASKS).values(row))


def test_cases_are_read_with_what_is_open_and_who_had_them(store: Store, now: datetime) -> None:
    put_case(store, now, "c1", "p1", unit="5W", payer_class="medicaid", next_review_at=now)
    put_case(store, now, "c2", "p1", assignee="bo")
    put_case(store, now, "c3", "p3", in_house=False)  # over, and nothing open
    put_case(store, now, "c4", "p4", in_house=False)
    put_task(store, "c1", "Later", now + timedelta(hours=1))
    put_task(store, "c1", "Overdue", now - timedelta(hours=1))
    put_task(store, "c1", "Some time", None)
    put_task(store, "c1", "Done", now - timedelta(hours=2), "done")
    put_task(store, "c4", "Write the appeal", None)
    drafts = [
        Draft(payload=payload, actor=OPERATOR, occurred_at=now)
        for payload in (Assigned(assignee="ana"), HandedOver(to="cy", summary="x"), Assigned(assignee=None))
    ]
    with store.write() as connection:
        ledger.append(connection, "c1", drafts, now=now)
        ledger.append(
            connection,
            "c2",
            [Draft(payload=Assigned(assignee="bo"), actor=OPERATOR, occurred_at=now)],
            now=now,
        )
    with store.read() as connection:
        found = {one.case_id: one for one in read_cases(connection, now)}
        items = open_items(connection, ["c1", "c3"])
    assert sorted(found) == ["c1", "c2", "c4"]
    first = found["c1"]
    assert (first.unit, first.payer_class, first.review_due_at, first.urgency) == (
        "5W",
        "medicaid",
        now,
        SOON,
    )
    assert items == {"c1": ["Overdue", "Later", "Some time"], "c3": []}
    assert (first.open_tasks, first.overdue_tasks) == (3, 1)
    assert first.before == ("cy", "ana", "bo")  # own case first, the latest first, then the other stay
    assert found["c2"].before == ("cy", "ana")  # without who has it now


def test_urgency_moves_with_the_hour(store: Store, now: datetime) -> None:
    put_case(store, now, "c1", "p1", changes_at=now + timedelta(hours=2))
    step = {"case_id": "c1", "next_step": "x", "next_why": "x"}
    with store.write() as connection:
        slots = [
            {"from_at": now + timedelta(hours=2), "until_at": now + timedelta(hours=4), "urgency": TODAY},
            {"from_at": now + timedelta(hours=4), "until_at": now + timedelta(days=9999), "urgency": 0},
        ]
        connection.execute(sa.insert(AGENDA), [step | slot for slot in slots])
    for hours, urgency in ((0, SOON), (1.99, SOON), (2, TODAY), (3.99, TODAY), (4, 0), (99, 0)):
        with store.read() as connection:
            (found,) = read_cases(connection, now + timedelta(hours=hours))
        assert found.urgency == urgency, hours


def test_people_who_carry_cases_are_read_and_given_them(store: Store, now: datetime) -> None:
    with store.write() as connection:
        ids = {}
        for login, roles, more in (
            ("ana", ["case_manager"], {"units": ["5W"], "specialties": ["medicaid"], "capacity": 3}),
            ("bo", ["supervisor"], {}),
            ("cy", ["physician_advisor"], {}),
            ("di", ["case_manager"], {}),
            ("ed", ["auditor"], {}),
        ):
            new = NewAccount.model_validate({"login": login, "name": login, "roles": roles} | more)
            ids[login] = people.add(connection, new, by=OPERATOR, now=now).id
        people.disable(connection, ids["di"], by=OPERATOR, now=now)
    put_case(store, now, "c1", "p1", unit="5W", payer_class="medicaid")
    with store.read() as connection:
        found = {one.name: one for one in read_people(connection)}
        (only,) = read_people(connection, present={ids["ana"], ids["cy"]})
        cases = read_cases(connection, now)
    assert sorted(found) == ["ana", "bo"] and only.name == "ana"
    assert (found["ana"].capacity, found["bo"].capacity) == (3, points().usual_capacity)
    (suggested,) = suggest(cases, list(found.values()), now)
    assert suggested.assignee == ids["ana"] and "specialist" in suggested.why
