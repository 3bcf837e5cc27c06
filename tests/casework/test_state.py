"""The fold: every kind says something, prefixes and rests agree, and corrections are heard wherever they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statekit import ENGINE, KINDS, NOW, SAMPLES, STAGE, event, events, payload

from discharge.casework.charting import charted
from discharge.casework.events import BEARS_ON_CHART, OF_THE_SYSTEM, Event
from discharge.casework.state import FOLDINGS, fold

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

MARKS = {"version", "last_event_at", "facts_at", "is_stale"}
SAYS_NOTHING_MORE = {"facts_received"}


def test_every_kind_of_a_case_is_folded() -> None:
    assert set(FOLDINGS) == set(KINDS) - OF_THE_SYSTEM - {"corrected"}


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_every_kind_leaves_a_record(kind: str) -> None:
    stage = [payload(one) for one in STAGE]
    other = payload(kind, encounter_id="other") if kind == "stay_opened" else payload(kind)
    before, after = fold(events(stage)), fold(events([*stage, other]))
    is_changed = before.model_dump(exclude=MARKS) != after.model_dump(exclude=MARKS)
    assert is_changed != (kind in SAYS_NOTHING_MORE)
    assert after.version == before.version + 1
    if kind in BEARS_ON_CHART:
        assert after.is_stale and after.facts_at == after.last_event_at


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_every_kind_folds_where_what_it_speaks_of_is_missing(kind: str) -> None:
    """A correction may have taken it away."""
    state = fold(events([payload("stay_opened"), payload(kind)]))
    assert state.version == 2 and state.encounter_id is not None


def test_a_state_survives_its_json() -> None:
    state = fold(events([payload(kind) for kind in (*STAGE, *SAMPLES)]))
    assert type(state).model_validate_json(state.model_dump_json(exclude_defaults=True)) == state


def test_a_review_settles_what_was_known_at_its_moment() -> None:
    stage = events([payload("stay_opened"), payload("assessment_answered")])
    assert fold(stage).is_stale
    earlier = event(3, payload("review_run", as_of=NOW), actor=ENGINE)
    assert fold([*stage, earlier]).is_stale, "the answer came after the moment of the review"
    later = event(3, payload("review_run", as_of=NOW + timedelta(hours=1)), actor=ENGINE)
    assert not fold([*stage, later]).is_stale


def test_an_event_that_does_not_follow_is_refused() -> None:
    one, two, three = events([payload("stay_opened"), payload("note_added"), payload("note_added")])
    with pytest.raises(ValueError, match="does not follow"):
        fold([one, three])
    with pytest.raises(ValueError, match="does not follow"):
        fold([two], fold([one, two]))
    with pytest.raises(ValueError, match="no event"):
        fold([])


@pytest.mark.parametrize("kind", sorted(set(SAMPLES) - BEARS_ON_CHART))
def test_what_does_not_bear_on_the_chart_charts_nothing(kind: str) -> None:
    """Else a review would go stale and nobody would know."""
    stage = [payload(one) for one in STAGE]
    before, after = charted(fold(events(stage))), charted(fold(events([*stage, payload(kind)])))
    assert all(before[name].equals(after[name]) for name in before)


# --- corrections ------------------------------------------------------------------------------------------------


def correction(of: int, replacement: Any = None) -> Any:
    said = None if replacement is None else replacement.model_dump(mode="json")
    return payload("corrected", event_id=f"e{of}", reason="wrong", replacement=said)


def approved(days: int) -> Any:
    return payload("decision_received", days_approved=days)


def days(*payloads: Any) -> int | None:
    return fold(events(payloads)).authorizations["a1"].days_approved


def test_a_correction_replaces_what_was_said_in_its_place() -> None:
    stage = [payload("stay_opened"), approved(2), approved(3)]
    state = fold(events([*stage, correction(2, approved(5))]))
    assert [one.days_approved for one in state.authorizations["a1"].decisions] == [5, 3]
    made = state.authorizations["a1"].decisions[0].made
    assert made.event_id == "e2" and made.at == NOW + timedelta(minutes=2)
    assert made.recorded_at == NOW + timedelta(minutes=4), "nobody knew it before the correction"
    assert state.corrected == {"e2": "e4"} and state.version == 4 and state.is_stale


def test_a_correction_without_replacement_takes_the_event_out() -> None:
    assert days(payload("stay_opened"), approved(2), approved(3), correction(2)) == 3


def test_the_last_correction_holds_and_a_correction_can_be_taken_back() -> None:
    stage = [payload("stay_opened"), approved(2), correction(2, approved(5))]
    assert days(*stage) == 5
    assert days(*stage, correction(2, approved(7))) == 7
    assert days(*stage, correction(3)) == 2, "the correction was wrong: the event stands as it was"
    assert days(*stage, correction(3), correction(4)) == 5, "taking it back was wrong"
    assert days(*stage, correction(3, correction(2, approved(9)))) == 9
    assert days(*stage, correction(2, approved(7)), correction(4)) == 5, "the one before holds again"
    state = fold(events([*stage, correction(3)]))
    assert state.corrected == {"e3": "e4"}


def test_a_correction_needs_the_events_and_not_only_the_state() -> None:
    stage = events([payload("stay_opened"), approved(2), correction(2)])
    with pytest.raises(ValueError, match="needs the case's events"):
        fold(stage[2:], fold(stage[:2]))


said = st.builds(payload, st.sampled_from(sorted(SAMPLES)), st.integers(1, 2))


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Any events of a case in any order, corrections of any earlier one among them."""
    found = [payload("stay_opened")]
    for place in range(2, draw(st.integers(2, 25))):
        if place > 2 and draw(st.integers(0, 3)) == 0:
            of = draw(st.integers(2, place - 1))
            was = found[of - 1]
            kind, number = was.kind, draw(st.integers(1, 2))
            same = (
                correction(was_of(was), payload("note_added"))
                if kind == "corrected"
                else payload(kind, number)
            )
            found.append(correction(of, draw(st.sampled_from([None, same]))))
        else:
            found.append(draw(said))
    return events(found)


def was_of(corrected: Any) -> int:
    return int(corrected.event_id[1:])


@settings(max_examples=80)
@given(histories(), st.lists(st.integers(1, 25), max_size=3))
def test_what_is_folded_in_pieces_is_what_is_folded_at_once(
    history: Sequence[Event], cuts: list[int]
) -> None:
    state = fold(history[:1])
    places = [1, *sorted(min(cut, len(history)) for cut in cuts), len(history)]
    for start, end in pairwise(places):
        state = fold(history[start:end], state, history=lambda: history)
    assert state == fold(history)
    assert state.version == len(history)
