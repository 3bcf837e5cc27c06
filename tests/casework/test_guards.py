"""Who may record what, and what the case's state lets happen, for what people write beside the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statekit import (
    ADVISOR,
    AUDITOR,
    DOCTOR,
    ENGINE,
    FEED,
    KINDS,
    LEAD,
    NOW,
    NURSE,
    OTHER_NURSE,
    PAYER,
    PHYSICIAN,
    SAMPLES,
    STAGE,
    event,
    events,
    payload,
    reviews,
)

from discharge.casework.events import OF_THE_ENGINE, OF_THE_SYSTEM, Actor, Event, Role
from discharge.casework.guards import KIND_RIGHTS, Context, check, guard, may_record
from discharge.casework.state import before, fold
from discharge.errors import Fault

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

LATER = NOW + timedelta(hours=2)


def context(history: Sequence[Event] = (), **given_: Any) -> Context:
    return Context(
        **{"occurred_at": LATER, "now": LATER, "history": history, "review": reviews()["s1"]} | given_
    )


def refused(said: Any, actor: Actor = NURSE, *earlier: Any, **given_: Any) -> list[str]:
    """Where the faults are of writing ``said`` behind the stage and ``earlier``."""
    history = events([payload("stay_opened"), *earlier])
    return [fault.where for fault in check(fold(history), said, actor, context(history, **given_))]


# --- rights -----------------------------------------------------------------------------------------------------


def test_the_table_of_rights_is_whole() -> None:
    assert set(KIND_RIGHTS) == set(KINDS)
    for kind, right in KIND_RIGHTS.items():
        assert right.roles <= set(get_args(Role)) and (right.roles or right.without_role), kind
        if kind in OF_THE_ENGINE:
            assert not right.roles, "no account writes what arrives or is concluded"


@pytest.mark.parametrize("kind", sorted(set(KINDS) - OF_THE_SYSTEM))
@pytest.mark.parametrize("actor", [NURSE, LEAD, ADVISOR, DOCTOR, PAYER, AUDITOR, ENGINE, FEED])
def test_who_may_record_what(kind: str, actor: Actor) -> None:
    of_engine = {"stay_opened", "facts_received"}
    expected = {
        "engine": of_engine
        | {"review_run", "assigned", "escalated", "task_added", "first_level_reviewed", "advisor_referred"},
        "feed": of_engine,
        "payer": {"decision_received", "payer_asked", "peer_to_peer_scheduled"},
        "auditor": set(),
    }
    name = actor.kind if actor.kind != "person" else actor.id
    every = set(KINDS) - OF_THE_SYSTEM - OF_THE_ENGINE
    of_advisor = {"status_determined", "advisor_decided"}
    staff = {"advisor": every, "doctor": every - {"advisor_decided"}}.get(name, every - of_advisor)
    assert may_record(kind, actor) == (kind in expected.get(name, staff))


def test_kinds_of_the_system_belong_to_no_case() -> None:
    said = payload("store_kept", what="backup")
    assert refused(said, ENGINE) == ["$.kind"] and refused(said, LEAD) == ["$.kind"]


NOT_ADVISORS = [NURSE, LEAD, DOCTOR, PAYER, AUDITOR, ENGINE, FEED]


@given(
    st.sampled_from(NOT_ADVISORS),
    st.lists(st.sampled_from(sorted(SAMPLES)), max_size=6),
    st.sampled_from(["plain", "corrected", "corrected twice", "taken back", "taken back again"]),
)
def test_nobody_but_an_advisor_ever_says_not_necessary(actor: Actor, earlier: list[str], way: str) -> None:
    """Not directly, and not by correcting what an advisor said or a correction of it."""
    adverse = payload("advisor_decided", decision="not_necessary", second_physician=PHYSICIAN)
    stage = [payload(kind) for kind in (*STAGE, *earlier)]
    history = events([*stage, payload("advisor_decided")])
    last = history[-1].version
    said: Any = adverse
    if way != "plain":
        said = correction(last, adverse)
    if way == "corrected twice":
        history.append(event(last + 1, correction(last, payload("advisor_decided"))))
        said = correction(last + 1, said)
    if way.startswith("taken back"):  # what the advisor withdrew is not put back by somebody else
        history[-1] = event(last, adverse, actor=ADVISOR)
        history.append(event(last + 1, correction(last), actor=ADVISOR))
        said = correction(last + 1)
    if way == "taken back again":
        history.append(event(last + 2, said, actor=ADVISOR))
        history.append(event(last + 3, correction(last + 2), actor=ADVISOR))
        said = correction(last + 3)
    assert check(fold(history), said, actor, context(history))


def test_a_payer_acts_only_where_something_was_released_to_it() -> None:
    said = payload("payer_asked")
    assert refused(said, PAYER) == ["$"]
    assert "$" not in refused(said, PAYER, payload("released"))
    assert refused(said, PAYER, payload("released", payer_profile="another")) == ["$"]


def test_nobody_records_what_has_not_come_yet() -> None:
    said = payload("note_added")
    assert refused(said, occurred_at=LATER + timedelta(minutes=3)) == ["$.occurred_at"]
    assert refused(said, occurred_at=LATER + timedelta(minutes=2)) == []
    assert refused(payload("review_run"), ENGINE, occurred_at=LATER + timedelta(days=1)) == []


def test_a_kind_has_one_guard() -> None:
    with pytest.raises(ValueError, match="two guards"):
        guard("assigned")(lambda *_: iter([Fault("$", "never")]))


# --- assignment, hand-over, escalation --------------------------------------------------------------------------

MINE = payload("assigned", assignee="nurse")


def to(whom: str | None) -> Any:
    return payload("assigned", assignee=whom)


@pytest.mark.parametrize(
    ("said", "actor", "earlier", "where"),
    [
        (to("nurse"), NURSE, [], []),
        (to("other"), NURSE, [], ["$.assignee"]),
        (to("nurse"), NURSE, [to("other")], ["$.assignee"]),
        (to(None), NURSE, [MINE], []),
        (to(None), NURSE, [to("other")], ["$.assignee"]),
        (to("other"), NURSE, [MINE], ["$.assignee"]),
        (to("other"), LEAD, [MINE], []),
        (to("other"), ENGINE, [MINE], []),
        (MINE, LEAD, [MINE], ["$.assignee"]),
        (to(None), LEAD, [], ["$.assignee"]),
        (payload("handed_over", to="other"), NURSE, [MINE], []),
        (payload("handed_over", to="other"), NURSE, [], []),
        (payload("handed_over", to="nurse"), NURSE, [], ["$.to"]),
        (payload("handed_over", to="nurse"), OTHER_NURSE, [MINE], ["$.to", "$.to"]),
        (payload("handed_over", to="third"), OTHER_NURSE, [MINE], ["$.to"]),
        (payload("handed_over", to="third"), LEAD, [MINE], []),
        (payload("escalated", to_role="physician_advisor", due_at=LATER + timedelta(hours=1)), NURSE, [], []),
        (payload("escalated", to_role="payer"), NURSE, [], ["$.to_role"]),
        (payload("escalated", due_at=LATER), NURSE, [], ["$.due_at"]),
    ],
)
def test_who_gives_a_case_to_whom(said: Any, actor: Actor, earlier: list[Any], where: list[str]) -> None:
    assert refused(said, actor, *earlier) == where


# --- tasks ------------------------------------------------------------------------------------------------------


def test_a_task_is_settled_once_and_set_aside_for_a_reason() -> None:
    added, done = payload("task_added"), payload("task_settled")
    aside = payload("task_settled", outcome="set_aside")
    assert refused(added) == [] and refused(added, NURSE, added) == ["$.task_id"]
    assert refused(done) == ["$.task_id"]
    assert refused(done, NURSE, added) == []
    assert refused(aside, NURSE, added) == ["$.reason"]
    assert refused(payload("task_settled", outcome="set_aside", reason="moot"), NURSE, added) == []
    assert refused(done, NURSE, added, done) == ["$.task_id"]


def test_a_task_that_follows_from_the_review_can_be_settled() -> None:
    from discharge.casework.derived import derived

    history = events([payload("stay_opened")])
    work = derived(fold(history), reviews()["s1"], None, LATER)
    task = next(one for one in work.tasks if one.state == "open")
    said = payload("task_settled", task_id=task.task_id)
    assert refused(said) == []
    assert refused(said, NURSE, said) == ["$.task_id"]


# --- corrections ------------------------------------------------------------------------------------------------


def correction(of: int, replacement: Any = None) -> Any:
    said = None if replacement is None else replacement.model_dump(mode="json")
    return payload("corrected", event_id=f"e{of}", reason="wrong", replacement=said)


def test_only_events_of_the_case_are_corrected() -> None:
    assert refused(correction(9)) == ["$.event_id"]
    assert refused(correction(2), NURSE, payload("note_added")) == []


def test_what_a_feed_brought_is_corrected_at_its_source() -> None:
    assert refused(correction(1)) == ["$.event_id"]
    assert refused(correction(2), LEAD, payload("review_run")) == ["$.event_id"]


def test_what_replaces_an_event_is_of_its_kind_and_well_formed() -> None:
    note = payload("note_added")
    assert refused(correction(2, payload("goal_set")), NURSE, note) == ["$.replacement.kind"]
    broken = payload("corrected", event_id="e2", reason="x", replacement={"kind": "note_added", "text": ""})
    assert refused(broken, NURSE, note) == ["$.replacement.text"]
    unknown = payload("corrected", event_id="e2", reason="x", replacement={"text": "no kind"})
    assert refused(unknown, NURSE, note) == ["$.replacement"]


def test_what_replaces_an_event_passes_the_guard_of_its_kind_as_things_stood_then() -> None:
    mine = payload("assigned", assignee="nurse")
    assert refused(correction(2, payload("assigned", assignee="other")), NURSE, mine) == [
        "$.replacement.assignee"
    ]
    assert refused(correction(2, payload("assigned", assignee="other")), LEAD, mine) == []
    added = payload("task_added")
    assert refused(correction(2, payload("task_added", title="call again")), NURSE, added) == []
    assert refused(correction(3, added), NURSE, added, payload("task_added", 2)) == ["$.replacement.task_id"]


def test_who_corrects_needs_the_right_to_the_kind() -> None:
    decided = [payload("advisor_referred"), payload("advisor_decided")]
    assert refused(correction(3), NURSE, *decided) == ["$.kind"]
    assert refused(correction(3), ADVISOR, *decided) == []
    assert refused(correction(2), PAYER, payload("note_added")) == ["$.kind", "$"]


def test_what_somebody_else_recorded_is_corrected_by_who_leads() -> None:
    note = payload("note_added")
    assert refused(correction(2), OTHER_NURSE, note) == ["$.event_id"]
    assert refused(correction(2), LEAD, note) == [] and refused(correction(2), ADVISOR, note) == []
    history = [event(1, payload("stay_opened")), event(2, payload("first_level_reviewed"), actor=ENGINE)]
    assert check(fold(history), correction(2), OTHER_NURSE, context(history)) == []


def test_a_correction_goes_on_being_of_the_same_event() -> None:
    notes = [payload("note_added", 1), payload("note_added", 2), correction(2)]
    assert refused(correction(4), NURSE, *notes) == []
    assert refused(correction(4, correction(2, payload("note_added", 3))), NURSE, *notes) == []
    assert refused(correction(4, correction(3)), NURSE, *notes) == ["$.replacement.event_id"]


def test_the_state_before_an_event_is_as_corrected_since() -> None:
    history = events([payload("stay_opened"), payload("note_added"), payload("goal_set"), correction(2)])
    state = before(history, "e3")
    assert state.version == 2 and not state.notes and not state.goals
    assert before(history, "e1").version == 0
