"""Projections: the worklist of any moment, and rows that can be thrown away and written again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_feed import ZONE
from statekit import NOW, NURSE, SAMPLES, library, open_case, payload, reviews

from discharge.casework import ledger
from discharge.casework.agenda import FOR_EVER, Stage, slots
from discharge.casework.derived import derived
from discharge.casework.events import Draft
from discharge.casework.projection import packed, profile_of, rows_of, unpacked
from discharge.casework.query import Filters, Page, WorklistRow
from discharge.casework.service import Casework
from discharge.casework.state import fold
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import CASES, PROJECTED
from discharge.review.model import Review
from discharge.worklist import row_of
from discharge.worklist.steps import URGENCIES, Asked, Step, next_steps

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

WHERE = ZoneInfo(ZONE)
MONTH = 31 * 24 * 60
minutes = st.integers(-MONTH // 4, MONTH).map(lambda some: timedelta(minutes=some))
later = st.integers(0, MONTH).map(lambda some: NOW + timedelta(minutes=some))


# --- the agenda -------------------------------------------------------------------------------------------------


@st.composite
def things_asked(draw: st.DrawFn) -> Asked:
    due = draw(st.none() | minutes.map(lambda span: NOW + span))
    return Asked(
        draw(st.sampled_from(["a", "b", "c"])),
        "why",
        draw(st.sampled_from(["today", "soon", "watch"])),
        due_at=due,
        loss_usd=Decimal(draw(st.integers(0, 2))),
        most=draw(st.sampled_from(["now", "soon"])),
        urgent_at=due and due - draw(st.integers(0, 6000).map(lambda some: timedelta(minutes=some))),
        is_clock=draw(st.booleans()),
        is_paper=draw(st.booleans()),
    )


@settings(max_examples=150)
@given(st.lists(st.lists(things_asked(), max_size=4), min_size=1, max_size=3), later, st.integers(1, MONTH))
def test_a_slot_says_what_would_be_said_at_each_of_its_moments(
    asked: list[list[Asked]], moment: datetime, apart: int
) -> None:
    stages = [Stage(NOW + place * timedelta(minutes=apart), some) for place, some in enumerate(asked)]
    agenda = slots(stages, WHERE)
    assert agenda[0].from_at == NOW and agenda[-1].until_at == FOR_EVER
    assert all(one.until_at == two.from_at and one.step != two.step for one, two in pairwise(agenda))
    for at in (moment, *(one.from_at for one in agenda)):
        (slot,) = (one for one in agenda if one.from_at <= at < one.until_at)
        stage = [one for one in stages if one.from_at <= at][-1]
        every = [one.step(at, WHERE) for one in stage.asked]
        assert slot.step == min(every, key=Step.key, default=slot.step)


@pytest.mark.parametrize(
    ("left", "urgency"),
    [
        (timedelta(days=-1), "now"),
        (timedelta(hours=2), "now"),
        (timedelta(hours=2, microseconds=1), "today"),
        (timedelta(hours=17, microseconds=-1), "today"),  # NOW is 06:00 or 07:00 in the facility: see below
        (timedelta(hours=72), "soon"),
        (timedelta(hours=72, microseconds=1), "watch"),
    ],
)
def test_how_urgent_a_deadline_is(left: timedelta, urgency: str) -> None:
    day_ends = datetime(NOW.year, NOW.month, NOW.day, tzinfo=WHERE) + timedelta(days=1)
    if left == timedelta(hours=17, microseconds=-1):
        left = day_ends - NOW - timedelta(microseconds=1)
        assert Asked("x", "", due_at=day_ends).step(NOW, WHERE).urgency == "soon"
    assert Asked("x", "", due_at=NOW + left).step(NOW, WHERE).urgency == urgency


@given(st.sampled_from(["s1", "s2", "s3"]), st.integers(0, 14 * 24 * 60))
def test_a_review_that_nothing_came_after_asks_the_same_at_its_own_moment(stay: str, ahead: int) -> None:
    """What is asked later is what a review of the same facts would ask: only time went by."""
    review = reviews()[stay]
    now = NOW + timedelta(minutes=ahead)
    steps = next_steps(review, now)
    assert steps == sorted(steps, key=Step.key)
    assert next_steps(review, review.as_of) == next_steps(review)
    first, then = URGENCIES.index(next_steps(review)[0].urgency), URGENCIES.index(steps[0].urgency)
    assert then <= first or not review.stay.is_in_house


# --- the worklist of any moment ---------------------------------------------------------------------------------


def cases() -> dict[str, Review]:
    """Stays of several kinds: the small feed's at three moments, with and without clocks."""
    found = {}
    for hours in (0, 120):
        for stay, review in reviews(hours).items():
            for number, update in enumerate(({}, {"clocks": [], "gaps": []})):
                name = f"{stay}-{hours}-{number}"
                found[name] = review.model_copy(update={"encounter_id": name, **update})
    return found


@pytest.fixture
def casework(store: Store) -> Casework:
    return Casework(store, library())


def plain(casework: Casework, names: list[str], now: datetime) -> list[tuple[Any, ...]]:
    """The worklist by plain computation: each case's own steps at the moment, ranked as the files are."""
    found = []
    for name in names:
        review = casework.review(name)
        assert review is not None
        step, row = casework.next_steps(name, now=now)[0], row_of(review)
        loss, exposure, chance = (
            row[key] for key in ("expected_loss_usd", "exposure_usd", "risk_probability")
        )
        key = (
            URGENCIES.index(step.urgency),
            step.due_at is None,
            step.due_at and step.due_at.timestamp(),
            loss is None, loss is not None and -loss, exposure is None, exposure is not None and -exposure,
            chance is None, chance is not None and -chance, name,
        )  # fmt: skip
        found.append((key, name, step))
    return sorted(found, key=lambda one: one[0])


def test_the_worklist_of_any_moment_is_in_order(casework: Casework) -> None:
    every = cases()
    for name, review in every.items():
        open_case(casework, name, review, now=review.as_of)
    start = max(review.as_of for review in every.values())
    for hours in (0, 1, 13.5, 40, 75, 2000):
        now = start + timedelta(hours=hours)
        page = casework.worklist(Filters(), now=now, page=Page(size=1000))
        assert page.total == len(every) == sum(page.urgency_counts.values()) and page.next_cursor is None
        wanted = plain(casework, list(every), now)
        told = [(row.case_id, row.urgency, row.next_step, row.next_why, row.due_at) for row in page.rows]
        assert told == [(name, step.urgency, step.text, step.why, step.due_at) for _, name, step in wanted], (
            hours
        )
        for urgency, count in page.urgency_counts.items():
            some = casework.worklist(Filters(urgency=urgency), now=now, page=Page(size=1000))
            assert some.total == len(some.rows) == count
            assert some.urgency_counts == page.urgency_counts
    rows: list[WorklistRow] = []
    cursor = None
    while True:
        part = casework.worklist(Filters(), now=now, page=Page(size=7, cursor=cursor))
        rows += part.rows
        cursor = part.next_cursor
        if cursor is None:
            break
    assert rows == page.rows
    with pytest.raises(ValueError, match="cursor"):
        casework.worklist(Filters(), now=now, page=Page(cursor="x'; --"))


def test_time_alone_makes_a_case_urgent(casework: Casework) -> None:
    review = reviews()["s1"].model_copy(update={"clocks": [], "gaps": [], "tasks": []})
    open_case(casework, "s1", review)
    due = NOW + timedelta(days=400)
    casework.record("s1", [payload("task_added", title="File it", due_at=due)], actor=NURSE, now=NOW)

    def urgency(now: datetime) -> tuple[str, str]:
        (row,) = casework.worklist(Filters(), now=now).rows
        return row.urgency, row.next_step

    before = urgency(due - timedelta(hours=2, microseconds=1))
    assert before[0] != "now"
    assert urgency(due - timedelta(hours=2)) == ("now", "File it")
    assert casework.case("s1", now=due).row.urgency == "now"
    casework.record("s1", [payload("task_settled")], actor=NURSE, now=NOW)
    assert urgency(due)[1] != "File it"


def test_a_row_says_what_its_review_says(casework: Casework) -> None:
    review = reviews()["s1"]
    open_case(casework, "s1", review)
    row = casework.case("s1").row
    said = row_of(review)
    for name in ("mrn", "name", "unit", "bed", "status", "review_type", "risk_band", "admission", "condition",
                 "missing_first", "top_cause", "gmlos_days", "exposure_usd", "expected_loss_usd"):  # fmt: skip
        assert getattr(row, name) == said[name], name
    assert row.payer_profile == review.payer.profile and row.review_as_of == review.as_of
    assert row.in_house is True and row.admitted_at == (review.stay.admitted or review.stay.arrival)


# --- thrown away and written again ------------------------------------------------------------------------------


def rows(store: Store) -> dict[str, list[Any]]:
    with store.read() as connection:
        return {
            table.name: connection.execute(sa.select(table).order_by(*table.primary_key)).all()
            for table in PROJECTED
        }


KINDS = sorted(set(SAMPLES) - {"stay_opened", "facts_received", "review_run"})
ACTS = st.lists(
    st.tuples(st.sampled_from([*KINDS, "corrected"]), st.integers(1, 2), st.sampled_from(["s1", "s2"])),
    min_size=8,
    max_size=20,
)
ONCE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=5, suppress_health_check=ONCE)
@given(ACTS, st.randoms(use_true_random=False))
def test_rebuilt_projections_are_the_same(
    casework: Casework, acts: list[tuple[str, int, str]], chance: Any
) -> None:
    """Whatever is in the ledger, also what no guard would let in: any kinds in any order, and corrections of any."""
    with casework.store.write() as connection:
        taken = connection.scalar(sa.select(sa.func.count()).select_from(CASES)) or 0
    ids = {stay: f"{stay}-{taken}" for stay in ("s1", "s2")}
    for stay, case_id in ids.items():
        open_case(casework, case_id, reviews()[stay].model_copy(update={"encounter_id": case_id}))
    for place, (kind, number, stay) in enumerate(acts):
        at, said = NOW + timedelta(minutes=place), {}
        if kind == "corrected":
            target = chance.choice(casework.events(ids[stay])[3:] or casework.events(ids[stay]))
            if target.version <= 3:
                continue
            said = {"event_id": target.event_id, "reason": "wrong"}
        draft = Draft(payload=payload(kind, number, **said), actor=NURSE, occurred_at=at)
        with casework.store.write() as connection:
            ledger.append(connection, ids[stay], [draft], now=at)
            casework.refresh_case(connection, ids[stay])
    for case_id in ids.values():
        assert casework.case(case_id).state == fold(casework.events(case_id))
    before = rows(casework.store)
    seen: list[tuple[int, int]] = []
    rebuilt = casework.rebuild(lambda *told: seen.append(told))
    assert rebuilt.cases == len(before["cases"]) == len(before["states"])
    assert rebuilt.events == sum(row.version for row in before["cases"])
    after = rows(casework.store)
    assert after.keys() == before.keys()
    for name in after:
        assert after[name] == before[name], name


def test_a_case_is_projected_again_from_its_events(casework: Casework) -> None:
    open_case(casework, "s1", reviews()["s1"])
    casework.record("s1", [payload("goal_set")], actor=NURSE, now=NOW)
    said = payload("first_level_reviewed", criteria={"z": "seen second", "a": "seen first"})
    casework.record(
        "s1", [said], actor=NURSE, now=NOW
    )  # the ledger sorts names; what is read back must be the same
    before = rows(casework.store)
    with casework.store.write() as connection:
        for table in PROJECTED:
            connection.execute(sa.delete(table))
        casework.refresh_case(connection, "s1")
    assert rows(casework.store) == before


def test_a_state_survives_its_packing() -> None:
    state = fold(_events_of_every_kind())
    assert unpacked(packed(state)) == state


def _events_of_every_kind() -> Any:
    from statekit import STAGE, events

    return events([payload(kind) for kind in (*STAGE, *SAMPLES)])


def test_every_row_has_its_key_once() -> None:
    """Tasks, clocks and authorizations of a case are named without doubles, whatever is on record."""
    state = fold(_events_of_every_kind())
    for review in reviews().values():
        for table, some in rows_of(state, review, library()).items():
            keys = [tuple(row[column.name] for column in table.primary_key) for row in some]
            assert len(keys) == len(set(keys)), table.name


def test_a_case_without_review_has_a_row(casework: Casework) -> None:
    from statekit import FEED

    casework.record("new", [payload("stay_opened")], actor=FEED, now=NOW)
    row = casework.case("new").row
    assert (row.urgency, row.in_house, row.review_digest, row.barrier_causes) == ("clear", None, None, [])
    state = casework.case("new").state
    assert derived(state, None, profile_of(state, library()), NOW).steps()[0].urgency == "clear"
    assert replace(derived(state, None, None, NOW), asked=[]).steps()[0].text == "Nothing is asked now."
