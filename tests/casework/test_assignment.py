"""Sharing out cases: by unit, payer, specialty and load; fair, within capacity, and the same in any order."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discharge.casework.work.assignment import Carried, Person, Suggested, hand_over, load, suggest
from discharge.casework.work.caseload import points, weight_of
from discharge.worklist import URGENCIES

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

NOW = datetime(2026, 6, 15, 11, 0, tzinfo=UTC)
NOW_, CLEAR = URGENCIES.index("now"), URGENCIES.index("clear")


def person(account_id: str, *units: str, capacity: int = 20, specialties: tuple[str, ...] = ()) -> Person:
    return Person(account_id, account_id.title(), capacity, frozenset(units), frozenset(specialties))


def who(suggested: list[Suggested]) -> dict[str, str | None]:
    return {one.case_id: one.assignee for one in suggested}


# --- weights ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "weight"),
    [
        (Carried("c"), "1"),
        (Carried("c", urgency=NOW_), "4"),
        (Carried("c", urgency=URGENCIES.index("today")), "3"),
        (Carried("c", urgency=URGENCIES.index("soon")), "2"),
        (Carried("c", open_tasks=2), "1.5"),
        (Carried("c", open_tasks=12), "4"),
        (Carried("c", open_tasks=13), "4"),
        (Carried("c", review_due_at=NOW), "2"),
        (Carried("c", review_due_at=NOW + timedelta(seconds=1)), "1"),
    ],
)
def test_a_case_weighs_what_the_house_has_set(case: Carried, weight: str) -> None:
    assert weight_of(case, NOW) == Decimal(weight)


# --- who gets it ------------------------------------------------------------------------------------------------


def test_a_case_goes_to_who_serves_its_unit() -> None:
    cases = [Carried("c1", unit="5W"), Carried("c2", unit="4E")]
    assert who(suggest(cases, [person("ana", "5W"), person("bo", "4E")], NOW)) == {"c1": "ana", "c2": "bo"}


@pytest.mark.parametrize(
    "case",
    [
        Carried("c", payer_profile="plan_a"),
        Carried("c", payer_class="medicaid"),
        Carried("c", service="oncology"),
    ],
)
def test_a_specialist_takes_what_the_specialty_names_and_nothing_else(case: Carried) -> None:
    specialist = person("ana", specialties=("plan_a", "medicaid", "oncology"))
    assert suggest([case], [specialist], NOW)[0].assignee == "ana"
    assert suggest([Carried("c", payer_profile="plan_b")], [specialist], NOW)[0].assignee is None


def test_a_specialist_is_preferred_up_to_some_points() -> None:
    specialist, other = person("zoe", specialties=("oncology",)), person("ana")
    case = Carried("c", service="oncology")
    bonus = int(points().specialist)
    carried = [Carried(f"z{number}", assignee="zoe") for number in range(bonus)]
    assert suggest([case, *carried[:-1]], [specialist, other], NOW)[0].assignee == "zoe"
    more = [*carried, Carried("z_more", assignee="zoe")]
    assert suggest([case, *more], [specialist, other], NOW)[0].assignee == "ana"


def test_a_case_goes_to_who_carries_least() -> None:
    heavy = [Carried("h", urgency=NOW_, assignee="ana")]
    light = [Carried(f"l{number}", assignee="bo") for number in range(3)]
    found = suggest([Carried("c"), *heavy, *light], [person("ana"), person("bo")], NOW)
    assert who(found) == {"c": "bo"}  # three light cases weigh less than one that presses


def test_who_had_the_case_or_the_patient_keeps_it() -> None:
    loaded = [Carried(f"l{number}", assignee="zoe") for number in range(10)]
    case = Carried("c", before=("gone", "zoe", "ana"))
    found = suggest([case, *loaded], [person("ana"), person("zoe")], NOW)
    assert found[0].assignee == "zoe" and found[0].why == "had the case or the patient before"


def test_who_had_the_case_does_not_get_it_beyond_capacity_or_off_the_unit() -> None:
    case = Carried("c", unit="5W", before=("zoe",))
    assert suggest([case], [person("ana"), person("zoe", capacity=0)], NOW)[0].assignee == "ana"
    assert suggest([case], [person("ana"), person("zoe", "4E")], NOW)[0].assignee == "ana"


def test_continuity_has_room_before_others_take_it() -> None:
    cases = [Carried("a_heavy", urgency=NOW_), Carried("b", before=("ana",))]
    assert who(suggest(cases, [person("ana", capacity=1)], NOW)) == {"a_heavy": None, "b": "ana"}


def test_a_case_moves_on_where_that_makes_room_for_another() -> None:
    people = [person("ana", "5W", "4E", capacity=1), person("bo", "5W", "3N", capacity=1), person("cy", "3N")]
    cases = [Carried("c1", unit="4E"), Carried("c2", unit="5W"), Carried("c3", unit="3N", before=("bo",))]
    assert who(suggest(cases, people, NOW)) == {"c1": "ana", "c2": "bo", "c3": "cy"}


@pytest.mark.parametrize(
    ("people", "why"),
    [
        ([], "no one is there"),
        ([person("ana", "4E")], "no one serves unit 5W"),
        ([person("ana", specialties=("oncology",))], "specialists for other payers"),
        ([person("ana", capacity=0)], "the one who can take it carries as many"),
        ([person("ana", capacity=0), person("bo", "5W", capacity=0)], "all 2 who can take it"),
    ],
)
def test_where_nobody_suits_it_says_so(people: list[Person], why: str) -> None:
    (found,) = suggest([Carried("c", unit="5W")], people, NOW)
    assert found.assignee is None and why in found.why


def test_an_assigned_case_stays_where_it_is() -> None:
    cases = [Carried("c1", assignee="ana"), Carried("c2", assignee="gone")]
    assert suggest(cases, [person("bo")], NOW) == []


# --- hand-over and load -----------------------------------------------------------------------------------------


def test_a_shift_is_handed_over_with_what_is_open() -> None:
    cases = [
        Carried("c1", unit="5W", assignee="ana"),
        Carried("c2", unit="5W", assignee="ana", before=("cy",)),
        Carried("c3", assignee="bo", urgency=NOW_),
        Carried("c4"),
    ]
    found = hand_over(cases, "ana", [person("ana"), person("bo"), person("cy")], NOW)
    assert who(found) == {"c1": "cy", "c2": "cy"}
    alone = hand_over(cases, "ana", [person("ana")], NOW)
    assert who(alone) == {"c1": None, "c2": None}


def test_the_load_tells_cases_weight_and_what_is_overdue() -> None:
    cases = [
        Carried("c1", unit="5W", assignee="ana", urgency=NOW_, overdue_tasks=2),
        Carried("c2", unit="4E", assignee="ana", overdue_tasks=1),
        Carried("c3", unit="5W"),
        Carried("c4", assignee="gone"),
    ]
    loads = load(cases, [person("ana", capacity=8), person("bo")], NOW)
    shown = [(one.of, one.name, one.cases, one.weight, one.overdue, one.capacity) for one in loads.people]
    assert shown == [
        ("ana", "Ana", 2, Decimal(5), 3, 8),
        ("bo", "Bo", 0, Decimal(0), 0, 20),
        ("gone", None, 1, Decimal(1), 0, None),
        (None, None, 1, Decimal(1), 0, None),
    ]
    assert [(one.of, one.cases, one.overdue) for one in loads.units] == [
        ("4E", 1, 1),
        ("5W", 2, 2),
        (None, 1, 0),
    ]


# --- properties -------------------------------------------------------------------------------------------------

_UNITS = st.sampled_from(["5W", "4E", "3N"])
_PAYERS = st.sampled_from(["plan_a", "plan_b", None])


@st.composite
def _worlds(draw: st.DrawFn) -> tuple[list[Carried], list[Person]]:
    people = [
        Person(
            f"p{number}",
            f"P {number}",
            draw(st.integers(0, 5)),
            frozenset(draw(st.sets(_UNITS, max_size=2))),
            frozenset(draw(st.sets(st.sampled_from(["plan_a", "plan_b"]), max_size=1))),
        )
        for number in range(draw(st.integers(0, 4)))
    ]
    ids = [one.account_id for one in people]
    cases = [
        Carried(
            f"c{number}",
            unit=draw(st.one_of(st.none(), _UNITS)),
            payer_profile=draw(_PAYERS),
            urgency=draw(st.integers(NOW_, CLEAR)),
            open_tasks=draw(st.integers(0, 14)),
            assignee=draw(st.sampled_from([None, None, None, *ids])),
            before=tuple(draw(st.permutations(ids))[: draw(st.integers(0, 2))]) if ids else (),
        )
        for number in range(draw(st.integers(0, 10)))
    ]
    return cases, people


@given(_worlds())
@settings(max_examples=150, deadline=None)
def test_each_free_case_is_answered_once_and_nobody_gets_what_is_not_theirs(
    world: tuple[list[Carried], list[Person]],
) -> None:
    cases, people = world
    found = suggest(cases, people, NOW)
    free = {one.case_id: one for one in cases if one.assignee is None}
    by_id = {one.account_id: one for one in people}
    assert [one.case_id for one in found] == sorted(free)
    carried = Counter(one.assignee for one in cases if one.assignee)
    given_to = Counter(one.assignee for one in found if one.assignee)
    for one in found:
        assert one.why and one.weight == weight_of(free[one.case_id], NOW)
        assert one.assignee is None or by_id[one.assignee].takes(free[one.case_id])
    for account_id, count in given_to.items():
        assert count + carried[account_id] <= by_id[account_id].capacity


@given(_worlds(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_answer_does_not_depend_on_the_order(
    world: tuple[list[Carried], list[Person]], random: object
) -> None:
    cases, people = list(world[0]), list(world[1])
    expected = suggest(cases, people, NOW)
    random.shuffle(cases)  # type: ignore[attr-defined]
    random.shuffle(people)  # type: ignore[attr-defined]
    assert suggest(cases, people, NOW) == expected


@given(_worlds())
@settings(max_examples=100, deadline=None)
def test_as_many_cases_are_placed_as_can_be(world: tuple[list[Carried], list[Person]]) -> None:
    cases, people = [replace(one, assignee=None) for one in world[0][:6]], world[1][:3]
    placed = sum(1 for one in suggest(cases, people, NOW) if one.assignee)

    def possible(wanted: tuple[Person | None, ...]) -> bool:
        counts = Counter(one.account_id for one in wanted if one)
        fits = all(one is None or one.takes(case) for case, one in zip(cases, wanted, strict=True))
        return fits and all(counts[one.account_id] <= one.capacity for one in people)

    every = itertools.product([None, *people], repeat=len(cases))
    best = max(sum(1 for one in wanted if one) for wanted in every if possible(wanted))
    assert placed == best


@given(
    st.lists(st.tuples(st.integers(NOW_, CLEAR), st.integers(0, 14), _PAYERS), max_size=25),
    st.integers(1, 5),
)
@settings(max_examples=150, deadline=None)
def test_equals_differ_by_no_more_than_the_heaviest_case(
    drawn: list[tuple[int, int, str | None]], count: int
) -> None:
    people = [person(f"p{number}", capacity=99, specialties=("plan_a",)) for number in range(count)]
    people += [person(f"q{number}", capacity=99) for number in range(count)]
    cases = [
        Carried(f"c{place}", urgency=urgency, open_tasks=tasks, payer_profile=payer)
        for place, (urgency, tasks, payer) in enumerate(drawn)
    ]
    found = suggest(cases, people, NOW)
    heaviest = max((one.weight for one in found), default=Decimal(0))
    for equals in ("p", "q"):
        weights = Counter({one.account_id: Decimal(0) for one in people if one.account_id.startswith(equals)})
        for one in found:
            if one.assignee and one.assignee.startswith(equals):
                weights[one.assignee] += one.weight
        assert max(weights.values()) - min(weights.values()) <= heaviest
