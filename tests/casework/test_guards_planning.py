"""What planning lets happen: each refusal with its place, beside the act that is let through."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from planningkit import DAY, DIGEST, DOCTOR, HOUR, MD, case, event, faults

from discharge.casework.state.model import CaseState

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

LATER = DAY + 24 * HOUR
RN = {"name": "A. Nurse", "credentials": "RN"}
PLAN = {"plan_id": "p1", "review_digest": DIGEST, "option": "snf"}
SENT = {"referral_id": "r1", "service": "snf", "provider": "Elm House"}
VISIT = {"appointment_id": "v1", "with_whom": "Dr. A", "purpose": "heart", "at": DAY + 48 * HOUR}
SAID = {"questionnaire": "function", "version": "1.0"}


def stage() -> CaseState:
    """A plan, a referral, an appointment, a goal, a barrier, a concern, answers."""
    return case(
        event("plan_drafted", DAY, **PLAN),
        event("referral_sent", DAY, **SENT),
        event("appointment_made", DAY, **VISIT),
        event("appointment_made", DAY, **VISIT | {"appointment_id": "v0"}),
        event("appointment_settled", DAY, appointment_id="v0", outcome="cancelled"),
        event("transport_arranged", DAY, transport_id="t1", mode="taxi", appointment_id="v1"),
        event("goal_set", DAY, goal_id="g1", text="home", domain="health"),
        event("goal_set", DAY, goal_id="g2", text="work", domain="work"),
        event("goal_settled", DAY, goal_id="g2", outcome="met"),
        event("barrier_opened", DAY, barrier_id="b1", text="no ride"),
        event("barrier_opened", DAY, barrier_id="b2", text="no key"),
        event("barrier_cleared", DAY, barrier_id="b2", how="found"),
        event("service_monitored", DAY, record_id="m1", service="home_health", concern="nobody came"),
        event("service_monitored", DAY, record_id="m2", service="home_health", is_given=False),
        event("service_monitored", DAY, record_id="m3", service="home_health", is_given=True, settles="m2"),
        event("assessment_answered", DAY, **SAID, answers={"walks_alone": False}),
    )


ALLOWED: list[tuple[str, dict[str, Any]]] = [
    ("assessment_answered", {**SAID, "answers": {"cannot_walk": True}}),
    ("assessment_answered", {**SAID, "answers": {"walks_alone": None}}),
    ("plan_drafted", PLAN | {"plan_id": "p2"}),
    ("plan_drafted", PLAN | {"plan_id": "p2", "option": None}),
    ("plan_changed", {"plan_id": "p1", "option": "home_health", "reason": "wish"}),
    ("plan_changed", {"plan_id": "p1", "text": "with a walker", "reason": "wish"}),
    ("plan_agreed", {"plan_id": "p1", "by": "patient", "agrees": False}),
    ("plan_approved", {"plan_id": "p1", "physician": MD}),
    ("choice_list_given", {"service": "snf", "providers": ["1", "2"], "chosen": "2"}),
    ("referral_sent", SENT | {"referral_id": "r2", "provider": "Oak House", "answer_due_at": LATER + HOUR}),
    ("referral_sent", SENT | {"referral_id": "r2", "service": "housing"}),
    ("referral_answered", {"referral_id": "r1", "answer": "accepted", "can_start_at": LATER}),
    ("referral_answered", {"referral_id": "r1", "answer": "declined", "reason": "no bed"}),
    ("appointment_made", VISIT | {"appointment_id": "v2", "referral_id": "r1"}),
    ("appointment_settled", {"appointment_id": "v1", "outcome": "confirmed"}),
    ("appointment_settled", {"appointment_id": "v1", "outcome": "moved", "at": LATER + 48 * HOUR}),
    ("transport_arranged", {"transport_id": "t2", "mode": "taxi", "pickup_at": LATER + HOUR}),
    ("transport_arranged", {"transport_id": "t1", "mode": "taxi", "appointment_id": "v1", "is_confirmed": True}),
    ("goal_set", {"goal_id": "g3", "text": "walk", "domain": "function", "target_date": "2026-04-11"}),
    ("goal_settled", {"goal_id": "g1", "outcome": "partly_met"}),
    ("barrier_opened", {"barrier_id": "b3", "text": "no bed", "cause": "no_home", "option": "snf"}),
    ("barrier_cleared", {"barrier_id": "b1", "how": "found one"}),
    ("service_monitored", {"record_id": "m4", "service": "dme", "is_adequate": True, "referral_id": "r1"}),
    ("service_monitored", {"record_id": "m4", "service": "home_health", "settles": "m1"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "said"), ALLOWED, ids=[f"{n}-{row[0]}" for n, row in enumerate(ALLOWED)])
def test_what_may_be_recorded(kind: str, said: dict[str, Any]) -> None:
    assert faults(stage(), kind, LATER, **said) == []


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("assessment_answered", {**SAID, "questionnaire": "functions", "answers": {}}, "$.questionnaire", "'function'"),
    ("assessment_answered", {**SAID, "version": "0", "answers": {}}, "$.version", "1.0"),
    ("assessment_answered", {**SAID, "answers": {"rail": True}}, "$.answers.rail", "change those"),
    ("assessment_answered", {**SAID, "answers": {"walks_alone": True, "cannot_walk": True}},
     "$.answers.cannot_walk", "change those"),
    ("assessment_answered", {"questionnaire": "records_review", "version": "1.0", "respondent": "patient",
                             "answers": {"elective": True}}, "$.respondent", "record"),
    ("plan_drafted", PLAN, "$.plan_id", "new id"),
    ("plan_drafted", PLAN | {"plan_id": "p2", "review_digest": "b" * 64}, "$.review_digest", "review"),
    ("plan_drafted", PLAN | {"plan_id": "p2", "option": "snff"}, "$.option", "'snf'"),
    ("plan_changed", {"plan_id": "p9", "text": "x", "reason": "wish"}, "$.plan_id", "plan_drafted"),
    ("plan_changed", {"plan_id": "p1", "option": "snf", "reason": "wish"}, "$", "another place"),
    ("plan_agreed", {"plan_id": "p9", "by": "patient", "agrees": True}, "$.plan_id", "plan_drafted"),
    ("plan_approved", {"plan_id": "p9", "physician": MD}, "$.plan_id", "plan_drafted"),
    ("plan_approved", {"plan_id": "p1", "physician": RN}, "$.physician.credentials", "MD or DO"),
    ("choice_list_given", {"service": "snf", "providers": []}, "$.providers", "on the list"),
    ("choice_list_given", {"service": "snf", "providers": ["1", "1"]}, "$.providers", "once"),
    ("choice_list_given", {"service": "snf", "providers": ["1"], "chosen": "2"}, "$.chosen", "list"),
    ("referral_sent", SENT | {"provider": "Oak House"}, "$.referral_id", "new id"),
    ("referral_sent", SENT | {"referral_id": "r2"}, "$.provider", "wait"),
    ("referral_sent", SENT | {"referral_id": "r2", "service": "irf", "answer_due_at": LATER},
     "$.answer_due_at", "after"),
    ("referral_answered", {"referral_id": "r9", "answer": "accepted"}, "$.referral_id", "referral_sent"),
    ("referral_answered", {"referral_id": "r1", "answer": "declined", "can_start_at": LATER}, "$.can_start_at", "out"),
    ("appointment_made", VISIT, "$.appointment_id", "new id"),
    ("appointment_made", VISIT | {"appointment_id": "v2", "at": LATER}, "$.at", "after"),
    ("appointment_made", VISIT | {"appointment_id": "v2", "referral_id": "r9"}, "$.referral_id", "leave it out"),
    ("appointment_settled", {"appointment_id": "v9", "outcome": "confirmed"}, "$.appointment_id", "appointment_made"),
    ("appointment_settled", {"appointment_id": "v0", "outcome": "confirmed"}, "$.appointment_id", "new one"),
    ("appointment_settled", {"appointment_id": "v1", "outcome": "moved"}, "$.at", "new time"),
    ("appointment_settled", {"appointment_id": "v1", "outcome": "moved", "at": VISIT["at"]}, "$.at", "new time"),
    ("appointment_settled", {"appointment_id": "v1", "outcome": "confirmed", "at": LATER}, "$.at", "moved"),
    ("appointment_settled", {"appointment_id": "v1", "outcome": "kept"}, "$.outcome", "over"),
    ("transport_arranged", {"transport_id": "t2", "mode": "taxi", "appointment_id": "v9"},
     "$.appointment_id", "appointment_made"),
    ("transport_arranged", {"transport_id": "t2", "mode": "taxi", "appointment_id": "v1", "pickup_at": VISIT["at"]},
     "$.pickup_at", "earlier"),
    ("transport_arranged", {"transport_id": "t2", "mode": "taxi", "pickup_at": DAY}, "$.pickup_at", "after"),
    ("transport_arranged", {"transport_id": "t1", "mode": "taxi"}, "$.transport_id", "another ride"),
    ("goal_set", {"goal_id": "g1", "text": "x", "domain": "work"}, "$.goal_id", "new id"),
    ("goal_set", {"goal_id": "g3", "text": "x", "domain": "work", "target_date": "2026-04-10"},
     "$.target_date", "to come"),
    ("goal_settled", {"goal_id": "g9", "outcome": "met"}, "$.goal_id", "goal_set"),
    ("goal_settled", {"goal_id": "g2", "outcome": "met"}, "$.goal_id", "correct"),
    ("barrier_opened", {"barrier_id": "b1", "text": "x"}, "$.barrier_id", "new id"),
    ("barrier_opened", {"barrier_id": "b3", "text": "x", "cause": "no_hom"}, "$.cause", "'no_home'"),
    ("barrier_opened", {"barrier_id": "b3", "text": "x", "option": "moon"}, "$.option", ""),
    ("barrier_opened", {"barrier_id": "b3", "text": "x", "due_at": DAY}, "$.due_at", "after"),
    ("barrier_cleared", {"barrier_id": "b2", "how": "x"}, "$.barrier_id", "new one"),
    ("barrier_cleared", {"barrier_id": "snf/no_home", "how": "x"}, "$.barrier_id", "place/cause"),
    ("service_monitored", {"record_id": "m1", "service": "x", "is_given": True}, "$.record_id", "new id"),
    ("service_monitored", {"record_id": "m4", "service": "x"}, "$", "enough"),
    ("service_monitored", {"record_id": "m4", "service": "x", "settles": "m3"}, "$.settles", "record with it"),
    ("service_monitored", {"record_id": "m4", "service": "x", "settles": "m2"}, "$.settles", "needed"),
    ("service_monitored", {"record_id": "m4", "service": "x", "is_given": True, "referral_id": "r9"},
     "$.referral_id", "leave it out"),
]  # fmt: skip


@pytest.mark.parametrize("row", REFUSED, ids=[f"{n}-{row[0]}-{row[2]}" for n, row in enumerate(REFUSED)])
def test_what_may_not_be_recorded(row: tuple[str, dict[str, Any], str, str]) -> None:
    kind, said, where, expected = row
    found = faults(stage(), kind, LATER, **said)
    assert [fault.where for fault in found] == [where], found
    assert expected in found[0].expected
    assert found[0].what and "Elm House" not in str(found[0])


def test_an_approval_is_of_the_last_plan_as_it_stands() -> None:
    approve = {"plan_id": "p1", "physician": MD}
    approved = case(event("plan_drafted", **PLAN), event("plan_approved", **approve))
    assert [one.where for one in faults(approved, "plan_approved", LATER, **approve)] == ["$.plan_id"]
    changed = event("plan_changed", LATER, plan_id="p1", text="x", reason="y")
    again = case(event("plan_drafted", **PLAN), event("plan_approved", **approve), changed)
    assert faults(again, "plan_approved", LATER + HOUR, **approve) == []
    assert [one.where for one in faults(again, "plan_approved", DAY, **approve)] == ["$.plan_id"]
    newer = case(event("plan_drafted", **PLAN), event("plan_drafted", LATER, **PLAN | {"plan_id": "p2"}))
    assert [one.where for one in faults(newer, "plan_approved", LATER, **approve)] == ["$.plan_id"]
    assert faults(newer, "plan_approved", LATER, **approve | {"plan_id": "p2"}, actor=DOCTOR) == []


def test_an_answer_is_not_earlier_than_the_referral_nor_said_twice() -> None:
    sent, said = event("referral_sent", LATER, **SENT), {"referral_id": "r1", "answer": "declined"}
    assert [one.where for one in faults(case(sent), "referral_answered", DAY, **said)] == ["$.referral_id"]
    answered = case(sent, event("referral_answered", LATER, **said))
    assert [one.where for one in faults(answered, "referral_answered", LATER, **said)] == ["$.answer"]
    assert faults(answered, "referral_answered", LATER, **said | {"answer": "accepted"}) == []


def test_a_provider_that_declined_can_be_asked_again() -> None:
    state = case(
        event("referral_sent", **SENT), event("referral_answered", DAY, referral_id="r1", answer="declined")
    )
    assert faults(state, "referral_sent", LATER, **SENT | {"referral_id": "r2"}) == []


def test_a_visit_that_is_over_can_be_said_to_be_kept() -> None:
    state = case(event("appointment_made", **VISIT))
    assert faults(state, "appointment_settled", VISIT["at"], appointment_id="v1", outcome="kept") == []


def test_a_barrier_of_the_review_can_be_cleared() -> None:
    barrier = SimpleNamespace(option="snf", cause="no_home")
    plan = SimpleNamespace(barriers=[SimpleNamespace(barrier=barrier)])
    review = SimpleNamespace(plan=plan, options=[])
    clear = {"barrier_id": "snf/no_home", "how": "found"}
    assert faults(case(), "barrier_cleared", LATER, review=review, **clear) == []
    elsewhere = SimpleNamespace(
        plan=SimpleNamespace(barriers=[]), options=[SimpleNamespace(barriers=[barrier])]
    )
    assert faults(case(), "barrier_cleared", LATER, review=elsewhere, **clear) == []


def test_a_visit_lies_after_the_stay() -> None:
    gone = SimpleNamespace(stay=SimpleNamespace(discharged=VISIT["at"] + HOUR))
    here = SimpleNamespace(stay=SimpleNamespace(discharged=None))
    assert [one.where for one in faults(case(), "appointment_made", DAY, review=gone, **VISIT)] == ["$.at"]
    assert faults(case(), "appointment_made", DAY, review=here, **VISIT) == []
    later = VISIT | {"at": VISIT["at"] + 2 * HOUR}
    assert faults(case(), "appointment_made", DAY, review=gone, **later) == []
