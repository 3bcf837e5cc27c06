"""The one door: guards, ledger and projections in one transaction; nobody's work is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from statekit import (
    ADVISOR,
    ENGINE,
    FEED,
    LEAD,
    NOW,
    NURSE,
    OTHER_NURSE,
    library,
    open_case,
    payload,
    reviews,
)

from discharge.casework import ledger
from discharge.casework.service import Casework, Filters
from discharge.casework.state import fold
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import EVENTS, PROJECTED, STAYS
from discharge.errors import ConflictError, NotAllowedError, NotFoundError

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def casework(store: Store) -> Casework:
    """Case work with one case, s1, open."""
    found = Casework(store, library())
    open_case(found, "s1", reviews()["s1"])
    return found


def rows(store: Store) -> dict[str, list[Any]]:
    """Everything that is projected."""
    with store.read() as connection:
        return {
            table.name: connection.execute(sa.select(table).order_by(*table.primary_key)).all()
            for table in PROJECTED
        }


def count(store: Store) -> int:
    with store.read() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(EVENTS)) or 0)


def test_what_is_recorded_is_there_with_who_and_when(casework: Casework) -> None:
    said = payload("note_added", text="The daughter can take her home.")
    done = casework.record(
        "s1", [said], actor=NURSE, now=LATER, occurred_at=NOW, on_behalf_of="Dr. X", expected_version=3
    )
    (event,) = done.events
    assert (event.version, event.actor, event.on_behalf_of) == (4, NURSE, "Dr. X")
    assert (event.occurred_at, event.recorded_at) == (NOW, LATER)
    seen = casework.case("s1")
    assert seen.version == seen.row.version == done.state.version == 4
    assert seen.state == done.state == fold(casework.events("s1"))
    assert [one.text for one in seen.state.notes] == ["The daughter can take her home."]
    assert [one.version for one in casework.events("s1", 3)] == [4]


def test_the_review_is_there_byte_for_byte(casework: Casework) -> None:
    one = reviews()["s1"]
    assert casework.review("s1") == one
    assert casework.review_bytes("s1") == one.model_dump_json().encode()
    digest = casework.case("s1").row.review_digest
    assert casework.review("s1", digest) == one
    with pytest.raises(NotFoundError):
        casework.review("s1", "0" * 64)
    casework.record("new", [payload("stay_opened")], actor=FEED, now=NOW)
    assert casework.review("new") is None and casework.review_bytes("new") is None


def test_an_unknown_case_is_not_found(casework: Casework) -> None:
    for ask in (
        lambda: casework.case("nobody"),
        lambda: casework.events("nobody"),
        lambda: casework.find("nobody"),
        lambda: casework.work("nobody", now=NOW),
        lambda: casework.record("nobody", [payload("note_added")], actor=NURSE, now=NOW),
        lambda: casework.record("system", [payload("note_added")], actor=NURSE, now=NOW),
    ):
        with pytest.raises(NotFoundError):
            ask()
    assert count(casework.store) == 3


def test_a_stay_is_found_by_its_encounter(casework: Casework) -> None:
    stay = {"case_id": "s1", "encounter_id": "visit-1", "patient_id": "p", "opened_at": NOW}
    with casework.store.write() as connection:
        connection.execute(STAYS.insert(), [stay])
    assert casework.find("visit-1") == "s1"


def test_who_comes_second_is_told_what_changed(casework: Casework) -> None:
    casework.record("s1", [payload("note_added", 1)], actor=NURSE, now=NOW, expected_version=3)
    with pytest.raises(ConflictError) as told:
        casework.record("s1", [payload("note_added", 2)], actor=OTHER_NURSE, now=LATER, expected_version=3)
    assert (told.value.expected, told.value.found) == (3, 4)
    assert [(one["kind"], one["actor"]) for one in told.value.changed] == [("note_added", "nurse")]
    assert len(casework.case("s1").state.notes) == 1


def test_a_conflict_is_told_before_a_guard_judges_what_the_writer_has_not_seen(casework: Casework) -> None:
    casework.record("s1", [payload("task_added")], actor=NURSE, now=NOW)
    with pytest.raises(ConflictError):
        casework.record("s1", [payload("task_added")], actor=NURSE, now=NOW, expected_version=3)
    with pytest.raises(NotAllowedError):
        casework.record("s1", [payload("task_added")], actor=NURSE, now=NOW, expected_version=4)


def test_what_a_guard_refuses_leaves_nothing_behind(casework: Casework) -> None:
    before = rows(casework.store)
    both = [payload("note_added"), payload("task_settled", task_id="nothing")]
    with pytest.raises(NotAllowedError) as told:
        casework.record("s1", both, actor=NURSE, now=NOW)
    assert [fault.where for fault in told.value.faults] == ["$.payloads[1].task_id"]
    assert rows(casework.store) == before and count(casework.store) == 3


def test_payloads_of_one_act_may_rest_on_each_other(casework: Casework) -> None:
    both = [payload("task_added", 5), payload("task_settled", 5)]
    state = casework.record("s1", both, actor=NURSE, now=NOW).state
    assert state.tasks["t5"].outcome == "done" and state.version == 5


def test_writing_twice_under_the_same_id_writes_once(casework: Casework) -> None:
    said = [payload("task_added", 1), payload("task_added", 2)]
    first = casework.record("s1", said, actor=NURSE, now=NOW, event_ids=["a", "b"], expected_version=3)
    again = casework.record(
        "s1", said, actor=NURSE, now=LATER, occurred_at=NOW, event_ids=["a", "b"], expected_version=3
    )
    assert again.events == first.events and again.state == first.state and count(casework.store) == 5
    for payloads, ids in (
        ([payload("task_added", 3), payload("task_added", 4)], ["a", "b"]),
        ([*said, payload("task_added", 3)], ["a", "b", "c"]),
    ):
        with pytest.raises(NotAllowedError):
            casework.record("s1", payloads, actor=NURSE, now=NOW, event_ids=ids)
    with pytest.raises(ValueError, match="as many"):
        casework.record("s1", said, actor=NURSE, now=NOW, event_ids=["a"])
    assert count(casework.store) == 5


def test_a_correction_refolds_the_case(casework: Casework) -> None:
    noted = casework.record("s1", [payload("note_added")], actor=NURSE, now=NOW).events[0]
    casework.record("s1", [payload("note_added", 2)], actor=NURSE, now=NOW)
    said = payload("corrected", event_id=noted.event_id, reason="of another patient")
    state = casework.record("s1", [said], actor=NURSE, now=LATER).state
    assert [one.text for one in state.notes] == ["note 2"] and state.corrected
    assert casework.case("s1").state == state == fold(casework.events("s1"))


def test_case_work_makes_the_review_stale_and_the_next_one_settles_it(casework: Casework) -> None:
    assert not casework.case("s1").row.is_stale
    casework.record("s1", [payload("note_added")], actor=NURSE, now=LATER)
    assert not casework.case("s1").row.is_stale
    casework.record("s1", [payload("goal_set")], actor=NURSE, now=LATER)
    assert casework.case("s1").row.is_stale
    open_again = payload(
        "review_run", as_of=LATER, review_digest=casework.case("s1").row.review_digest, payer_profile=None
    )
    casework.record("s1", [open_again], actor=ENGINE, now=LATER)
    assert not casework.case("s1").row.is_stale


def test_the_advisor_is_asked_once_and_the_queue_says_so(casework: Casework) -> None:
    def queue() -> Iterator[tuple[str, str | None]]:
        for row in casework.advisor_queue(LATER).rows:
            yield from ((row.case.case_id, item.referral_id) for item in row.items)

    said = payload("advisor_referred", question="Does the record support inpatient care?")
    casework.record("s1", [said], actor=NURSE, now=NOW)
    assert list(queue()) == [("s1", "r1")]
    assert casework.case("s1").row.advisor_queue
    done = payload("advisor_decided", decision="approved")
    casework.record("s1", [done], actor=ADVISOR, now=LATER)
    assert ("s1", "r1") not in queue()


def test_assignment_and_filters(casework: Casework) -> None:
    open_case(casework, "s2", reviews()["s2"])
    casework.record("s1", [payload("assigned", assignee="nurse")], actor=LEAD, now=NOW)

    def ids(**wanted: Any) -> list[str]:
        found = casework.worklist(Filters(**wanted), now=LATER)
        assert found.total == len(found.rows)
        return sorted(row.case_id for row in found.rows)

    s1 = casework.case("s1").row
    assert ids() == ["s1", "s2"]
    assert ids(assignee="nurse") == ["s1"] and ids(assignee="none") == ["s2"]
    assert ids(search=(s1.name or "").upper()) == ["s1"] and ids(search="%") == []
    assert ids(case_id="s1", unit=s1.unit, payer_profile=s1.payer_profile, in_house=True) == ["s1"]
    assert ids(payer_ids=()) == [] and ids(payer_ids=(s1.payer_profile or "",)) != []
    assert ids(due_before=datetime.min.replace(tzinfo=NOW.tzinfo) + timedelta(days=2)) == []
    casework.record("s2", [payload("barrier_opened")], actor=NURSE, now=NOW)
    assert ids(barrier="no_ride") == ["s2"] and ids(barrier="no_ri") == []
    casework.record("s2", [payload("barrier_cleared")], actor=NURSE, now=NOW)
    assert ids(barrier="no_ride") == []


def test_lists_of_tasks_clocks_and_authorizations(casework: Casework) -> None:
    added = payload(
        "task_added", assignee="nurse", owner_role="case_manager", due_at=NOW - timedelta(hours=1)
    )
    asked = payload("authorization_requested", days_asked=3)
    casework.record("s1", [added, asked], actor=NURSE, now=NOW)
    mine = casework.tasks(Filters(assignee="nurse"))
    assert [(row.title, row.case_id) for row in mine.rows] == [("call the family", "s1")]
    every = casework.tasks(Filters(case_id="s1"), state=None)
    assert every.total == len(every.rows) == len(casework.work("s1", now=NOW).tasks)
    dues = [row.due_at for row in every.rows if row.due_at is not None]
    assert dues == sorted(dues) and every.rows[-1].due_at is None
    casework.record("s1", [payload("task_settled", task_id=mine.rows[0].task_id)], actor=NURSE, now=NOW)
    assert casework.tasks(Filters(assignee="nurse")).total == 0
    (row,) = casework.authorizations(Filters()).rows
    assert (row.authorization_id, row.days_asked, row.status) == ("a1", 3, "requested")
    clocks = casework.clocks(Filters(), now=NOW)
    assert clocks.total == len(casework.work("s1", now=NOW).clocks) > 0
    far = casework.clocks(Filters(), now=NOW + timedelta(days=1000))
    running = [row for row in far.rows if row.status == "running" and row.due_at is not None]
    assert running and all(row.is_overdue for row in running)


def test_a_hundred_writers_at_once_lose_nothing(casework: Casework) -> None:
    gate = threading.Barrier(10)

    def write(number: int) -> int:
        if number < 10:
            gate.wait(timeout=30)
        said = payload("note_added", text=f"note {number}")
        return casework.record("s1", [said], actor=NURSE, now=NOW).events[0].version

    with ThreadPoolExecutor(10) as pool:
        versions = list(pool.map(write, range(100)))
    assert sorted(versions) == list(range(4, 104))
    seen = casework.case("s1")
    assert {one.text for one in seen.state.notes} == {f"note {number}" for number in range(100)}
    assert seen.state == fold(casework.events("s1"))
    with casework.store.read() as connection:
        assert ledger.verify(connection).first_break is None


def test_of_writers_who_saw_the_same_version_one_wins(casework: Casework) -> None:
    gate = threading.Barrier(8)

    def write(number: int) -> bool:
        gate.wait(timeout=30)
        try:
            said = payload("note_added", text=str(number))
            casework.record("s1", [said], actor=NURSE, now=NOW, expected_version=3)
        except ConflictError as told:
            assert told.found > 3 and told.changed
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(8))) == 1
    assert casework.case("s1").version == 4


def test_guards_judge_the_state_that_the_event_is_written_to(casework: Casework) -> None:
    """Ten people settle the same task at once: one does, nine are told."""
    casework.record("s1", [payload("task_added")], actor=NURSE, now=NOW)

    def settle(_: int) -> bool:
        try:
            casework.record("s1", [payload("task_settled")], actor=NURSE, now=NOW)
        except NotAllowedError:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(settle, range(10))) == 1
