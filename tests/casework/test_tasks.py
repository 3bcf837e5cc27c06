"""Tasks follow from what is open, are settled by people or by events, and come again with their cause."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from planningkit import DAY, DIGEST, HOUR, MD, case, event
from statekit import reviews

from discharge.casework.derived import derived
from discharge.casework.events import Event
from discharge.casework.work.clocks import case_clocks
from discharge.casework.work.counted import CaseClock
from discharge.casework.work.planning import planning
from discharge.casework.work.tasks import CaseTask, case_tasks
from discharge.denial import DenialRisk, Likelihood
from discharge.options import OptionBarrier
from discharge.plan.model import EducationTopic, OrderNeeded, PlanBarrier
from discharge.review.model import Review, Task

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

LATER = DAY + 24 * HOUR
PLAN = {"plan_id": "p1", "review_digest": DIGEST, "option": "snf"}
SENT = {"referral_id": "r1", "service": "snf", "provider": "Elm House", "answer_due_at": LATER}
VISIT = {"appointment_id": "v1", "with_whom": "Dr. A", "purpose": "heart", "at": DAY + 48 * HOUR}


def tasks(
    *events: Event, review: Review | None = None, clocks: Any = (), at: datetime = LATER
) -> dict[str, CaseTask]:
    found = case_tasks(case(*events), review, list(clocks), None, at)
    assert len({one.task_id for one in found}) == len(found)
    return {one.task_id: one for one in found}


def states(*events: Event, **more: Any) -> dict[str, str]:
    return {name: one.state for name, one in tasks(*events, **more).items()}


def settled(task_id: str, at: datetime = LATER, outcome: str = "done", **more: Any) -> Event:
    return event("task_settled", at, task_id=task_id, outcome=outcome, **more)


def clock(**said: Any) -> CaseClock:
    base = {
        "clock": "IM-2", "clock_id": "IM-2", "title": "Important Message", "side": "hospital", "owner": "case_manager",
        "status": "running", "opens_at": DAY, "due_at": DAY + 48 * HOUR, "warn_urgent_at": DAY + 38 * HOUR,
        "form": "CMS-10065", "consequence": "The patient must know.", "citation": "x", "verified": False,
    }  # fmt: skip
    return CaseClock(**base | said)


def ready(**plan: Any) -> Review:
    """A review of a patient who could leave for a skilled nursing facility."""
    one = reviews()["s1"]
    barrier = OptionBarrier(
        option="snf", cause="SNF_no_3day", carc=None, who="payer", remedy="Ask the plan to waive the three days.",
        because=[], rule="r", version="1",
    )  # fmt: skip
    said = {
        "recommended": "snf", "recommended_title": "Skilled nursing facility", "choice_list_given": "unknown",
        "barriers": [PlanBarrier(barrier=barrier, owner="case_manager", due_at=LATER)],
        "orders_needed": [OrderNeeded(title="Therapy order", for_="Physical therapy", fact="orders.therapy_order",
                                      status="not_met")],
        "education": [EducationTopic(topic="general", title="When to call", for_="all")],
        "education_done": "unknown", "medications_reconciled": "met",
    }  # fmt: skip
    return one.model_copy(
        update={
            "plan": one.plan.model_copy(update=said | plan),
            "level_of_care": one.level_of_care.model_copy(update={"discharge_ready": "met"}),
            "tasks": [
                Task(
                    task="press_payer",
                    title="Press the payer",
                    owner="case_manager",
                    due_at=LATER,
                    rule_file="d",
                )
            ],
        }
    )


SETTLED_BY_EVENTS: list[tuple[str, list[Event], list[Event]]] = [
    (
        "question:q1",
        [event("physician_asked", question_id="q1", to="Dr. X", question="oxygen?", due_at=LATER)],
        [event("physician_answered", LATER, question_id="q1", answered_by=MD, answer="no")],
    ),
    (
        "payer_question:q1",
        [event("payer_asked", question_id="q1", question="labs?", due_at=LATER)],
        [event("payer_answered", LATER, question_id="q1", text="sent")],
    ),
    (
        "referral:x1",
        [event("advisor_referred", referral_id="x1", question="needed?", reason="not_met", due_at=LATER)],
        [event("advisor_decided", LATER, referral_id="x1", decision="approved", physician=MD, rationale="sick")],
    ),
    (
        "call:c1",
        [event("peer_to_peer_scheduled", call_id="c1", at=LATER, physician="Dr. X")],
        [event("peer_to_peer_held", LATER, call_id="c1", outcome="upheld", physician=MD)],
    ),
    (
        "referral_out:r1",
        [event("referral_sent", **SENT)],
        [event("referral_answered", LATER, referral_id="r1", answer="accepted")],
    ),
    (
        "appointment:v1",
        [event("appointment_made", **VISIT)],
        [event("appointment_settled", LATER, appointment_id="v1", outcome="confirmed")],
    ),
    (
        "ride_to:v1",
        [event("appointment_made", **VISIT, needs_transport=True)],
        [event("transport_arranged", LATER, transport_id="t1", mode="taxi", appointment_id="v1")],
    ),
    (
        "ride:t1",
        [event("transport_arranged", transport_id="t1", mode="taxi", pickup_at=LATER)],
        [event("transport_arranged", LATER, transport_id="t1", mode="taxi", pickup_at=LATER, is_confirmed=True)],
    ),
    (
        "missed:v1",
        [event("appointment_made", **VISIT),
         event("appointment_settled", VISIT["at"], appointment_id="v1", outcome="missed")],
        [event("appointment_made", VISIT["at"] + HOUR, **VISIT | {"appointment_id": "v2", "at": DAY + 96 * HOUR})],
    ),
    (
        "concern:m1",
        [event("service_monitored", record_id="m1", service="home_health", is_given=False)],
        [event("service_monitored", LATER, record_id="m2", service="home_health", is_given=True, settles="m1")],
    ),
    (
        "goal:g1",
        [event("goal_set", goal_id="g1", text="home", domain="health", target_date="2026-04-20")],
        [event("goal_settled", LATER, goal_id="g1", outcome="met")],
    ),
    (
        "barrier:b1",
        [event("barrier_opened", barrier_id="b1", text="no ride", due_at=LATER)],
        [event("barrier_cleared", LATER, barrier_id="b1", how="found")],
    ),
    (
        "plan:p1/approve",
        [event("plan_drafted", **PLAN)],
        [event("plan_approved", LATER, plan_id="p1", physician=MD)],
    ),
    (
        "plan:p1/agree",
        [event("plan_drafted", **PLAN)],
        [event("plan_agreed", LATER, plan_id="p1", by="patient", agrees=True)],
    ),
    (
        "assessment:daily_living",
        [event("assessment_answered", questionnaire="daily_living", version="1.0", answers={"bathing": True})],
        [event("assessment_answered", LATER, questionnaire="daily_living", version="1.0", is_complete=True, answers={
            "dressing": True, "toileting": True, "transferring": False, "continence": True, "feeding": True})],
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", SETTLED_BY_EVENTS, ids=[row[0] for row in SETTLED_BY_EVENTS])
def test_a_task_is_open_until_an_event_settles_it(row: tuple[str, list[Event], list[Event]]) -> None:
    task_id, cause, end = row
    opened, over = tasks(*cause), tasks(*cause, *end)
    assert opened[task_id].state == "open" and opened[task_id].settled_at is None
    assert opened[task_id].title.strip() and opened[task_id].owner_role
    assert over[task_id].state == "done" and over[task_id].settled_at == end[-1].occurred_at
    with_due = (
        "question:",
        "payer_question:",
        "referral:",
        "call:",
        "referral_out:",
        "appointment:",
        "ride",
        "goal:",
    )
    assert (opened[task_id].due_at is not None) == (task_id.startswith(with_due) or task_id == "barrier:b1")


@pytest.mark.parametrize("row", SETTLED_BY_EVENTS, ids=[row[0] for row in SETTLED_BY_EVENTS])
def test_a_task_is_set_aside_with_its_reason(row: tuple[str, list[Event], list[Event]]) -> None:
    task_id, cause, _ = row
    one = tasks(*cause, settled(task_id, VISIT["at"] + HOUR, "set_aside", reason="not needed"))[task_id]
    assert (one.state, one.reason, one.settled_at) == ("set_aside", "not needed", VISIT["at"] + HOUR)


def test_of_clocks_the_hospitals_are_kept_and_the_payers_asked_for() -> None:
    found = tasks(
        clocks=[
            clock(),
            clock(
                clock="MA-EXP/a1", clock_id="MA-EXP", side="payer", owner="payer", form=None, title="Decision"
            ),
            clock(clock="QIO-ASK", clock_id="QIO-ASK", side="patient", owner="patient"),
            clock(clock="MOON", clock_id="MOON", status="met", met_at=DAY),
            clock(clock="X", clock_id="X", status="unknown"),
            clock(clock="ADVISOR/x1", clock_id="ADVISOR", owner="physician_advisor"),
        ]
    )
    assert {name: one.state for name, one in found.items()} == {
        "clock:IM-2": "open", "clock:MA-EXP/a1": "open", "clock:MOON": "done",
    }  # fmt: skip
    one = found["clock:IM-2"]
    assert one.title == "Give the Important Message (CMS-10065)."
    assert (one.due_at, one.urgent_at, one.origin) == (DAY + 48 * HOUR, DAY + 38 * HOUR, "clock")
    assert found["clock:MA-EXP/a1"].title == "Ask the payer for its decision (Decision)."


def test_a_clock_of_a_later_round_asks_again_under_a_new_name() -> None:
    done = settled("clock:IM-2", DAY + HOUR)
    assert states(done, clocks=[clock()]) == {"clock:IM-2": "done"}
    later = clock(opens_at=DAY + 2 * HOUR)
    assert states(done, clocks=[later]) == {"clock:IM-2": "done", "clock:IM-2#2": "open"}
    again = settled("clock:IM-2#2", DAY + 3 * HOUR, "set_aside", reason="left")
    assert states(done, again, clocks=[later]) == {"clock:IM-2": "done", "clock:IM-2#2": "set_aside"}
    third = clock(opens_at=DAY + 4 * HOUR)
    assert states(done, again, clocks=[third])["clock:IM-2#3"] == "open"


def test_what_was_called_done_and_is_not_on_record_in_time_is_asked_for_again() -> None:
    done, late = settled("clock:IM-2", DAY + HOUR), clock(status="late")
    assert states(done, clocks=[clock()], at=DAY + 48 * HOUR) == {"clock:IM-2": "done"}
    assert states(done, clocks=[late], at=DAY + 49 * HOUR)["clock:IM-2#2"] == "open"
    met = clock(status="met", met_at=DAY + 2 * HOUR)
    assert states(done, clocks=[met], at=DAY + 49 * HOUR) == {"clock:IM-2": "done"}


def asked_for_days(number: int, at: datetime, service: str = "inpatient_acute") -> Event:
    said = {"authorization_id": f"a{number}", "service": service, "payer_profile": "example_ma_plan"}
    return event("authorization_requested", at, **said)


def test_authorized_days_that_end_ask_for_more_until_more_are_asked_for() -> None:
    ends = clock(clock="AUTH-END/a1", clock_id="AUTH-END", form=None, opens_at=DAY + HOUR)
    first = asked_for_days(1, DAY)
    assert states(first, clocks=[ends]) == {"clock:AUTH-END/a1": "open"}
    home = asked_for_days(2, DAY + 2 * HOUR, "home_health")
    assert states(first, home, clocks=[ends]) == {"clock:AUTH-END/a1": "open"}, "no days of this stay"
    more = asked_for_days(2, DAY + 2 * HOUR)
    assert states(first, more, clocks=[ends]) == {"clock:AUTH-END/a1": "done"}
    late = ends.model_copy(update={"status": "late", "due_at": DAY + 3 * HOUR})
    assert states(first, more, clocks=[late]) == {"clock:AUTH-END/a1": "done"}, "not asked for again as late"
    later = ends.model_copy(update={"opens_at": DAY + 5 * HOUR})
    assert "open" in states(first, more, clocks=[later]).values(), "days said since then end too"


def refused_stay() -> Review:
    """A review that calls for an appeal of what the plan refused."""
    one = reviews()["s1"]
    likelihood = Likelihood(
        low=0.1, expected=0.5, high=0.9, kind="judgement", basis="x", citation="x", verified=False, is_placeholder=True
    )  # fmt: skip
    risk = DenialRisk(
        cause="auth_denied", title="Refused", state="present", carc=["197"], rarc=[], review_actions=["A3"],
        group_code="CO", likelihood=likelihood, exposure_kind="stay",
        exposure_usd=None, exposure_basis="not known", expected_loss_usd=None, modifiable=True, fix="Appeal it.",
        owner="physician_advisor", due_at=DAY + HOUR, because="The plan refused.",
        criteria=[], missing=[], rule="denials.auth_denied", version="1",
    )  # fmt: skip
    return one.model_copy(update={"denial": one.denial.model_copy(update={"risks": [risk]})})


def test_an_appeal_answers_the_refusal_before_it_and_no_later_one() -> None:
    def refused(at: datetime) -> Event:
        said = {"reason": "not needed", "clinician": {"name": "C. Payer", "credentials": "MD"}}
        return event("decision_received", at, authorization_id="a1", decision="denied", **said)

    def steps(*events: Event) -> list[str]:
        return [one.text for one in derived(case(*events), refused_stay(), None, DAY + 9 * HOUR).steps()]

    denial = event("denial_received", DAY, denial_id="d1", of="service", authorization_id="a1", notice_at=DAY)
    appeal = event("appeal_filed", DAY + HOUR, appeal_id="p1", denial_id="d1", level="internal")
    before = [asked_for_days(1, DAY - HOUR), refused(DAY), denial]
    assert "Appeal it." in steps(*before)
    assert "Appeal it." not in steps(*before, appeal)
    assert "Appeal it." in steps(*before, appeal, refused(DAY + 2 * HOUR)), (
        "what is refused after it is not answered"
    )


def test_a_review_asks_by_barrier_plan_rule_and_gap() -> None:
    review = ready()
    found = tasks(review=review)
    assert found["barrier:snf/SNF_no_3day"].title == "Ask the plan to waive the three days."
    assert found["barrier:snf/SNF_no_3day"].weight_usd == review.waiting.avoidable_day["hospital"].expected  # type: ignore[union-attr]
    assert found["rule:press_payer"].due_at == LATER
    assert {f"ask:{gap.ask}" for gap in review.gaps} <= found.keys()
    steps = {
        "plan:order/orders.therapy_order",
        "plan:referral/snf",
        "plan:choice",
        "plan:goals",
        "plan:teaching",
    }
    assert steps <= found.keys()
    done = states(
        event("barrier_cleared", LATER, barrier_id="snf/SNF_no_3day", how="waived"),
        event("referral_sent", **SENT),
        event("choice_list_given", service="snf", providers=["1"]),
        event("goal_set", goal_id="g1", text="home", domain="health"),
        review=ready(education_done="met", orders_needed=[]),
    )
    gone = ("barrier:snf/SNF_no_3day", "plan:referral/snf", "plan:choice", "plan:goals", "plan:teaching")
    assert {done[name] for name in gone} == {"done"}
    assert "plan:order/orders.therapy_order" not in done


def test_the_plan_asks_nothing_before_somebody_works_on_it() -> None:
    plain = ready().model_copy(update={"level_of_care": reviews()["s1"].level_of_care})
    assert not any(name.startswith("plan:") for name in tasks(review=plain))
    assert "plan:referral/snf" in tasks(event("plan_drafted", **PLAN), review=plain)


def test_a_gap_that_was_asked_of_the_physician_is_asked_once() -> None:
    review = reviews()["s1"]
    fact = review.gaps[0].ask
    asked = event("physician_asked", question_id="q1", to="Dr. X", question="?", asks=[fact])
    found = tasks(asked, review=review)
    assert f"ask:{fact}" not in found and "question:q1" in found
    answered = event("physician_answered", LATER, question_id="q1", answered_by=MD, answer="no")
    assert f"ask:{fact}" in tasks(asked, answered, review=review)


def test_everybody_declined() -> None:
    sent = [
        event("referral_sent", **SENT | {"referral_id": f"r{n}", "provider": f"House {n}"}) for n in (1, 2)
    ]
    no = [
        event("referral_answered", LATER, referral_id=f"r{n}", answer="declined", reason="no bed")
        for n in (1, 2)
    ]
    assert "search:snf" not in tasks(*sent, no[0])
    one = tasks(*sent, *no)["search:snf"]
    assert one.state == "open" and one.why == "no bed" and "skilled nursing facility" in one.title
    wider = event("referral_sent", LATER + HOUR, **SENT | {"referral_id": "r3"})
    assert "search:snf" not in tasks(*sent, *no, wider)


def test_a_changed_plan_is_to_be_approved_again() -> None:
    begun = [event("plan_drafted", **PLAN), event("plan_approved", DAY + HOUR, plan_id="p1", physician=MD)]
    assert states(*begun)["plan:p1/approve"] == "done"
    changed = event("plan_changed", LATER, plan_id="p1", text="x", reason="y")
    assert states(*begun, changed)["plan:p1/approve"] == "open"
    approved = begun[1].occurred_at
    review = tasks(*begun)["plan:p1/review"]
    assert review.due_at is not None and timedelta(364) < review.due_at - approved < timedelta(367)
    no = event("plan_agreed", LATER, plan_id="p1", by="family", agrees=False)
    assert tasks(*begun, no)["plan:p1/agree"].title == "Settle what is not agreed in the plan."


def test_what_a_person_asked_for() -> None:
    added = event("task_added", task_id="t1", title="Call the daughter", assignee="nurse-2", due_at=LATER)
    one = tasks(added)["added:t1"]
    assert (one.title, one.assignee, one.due_at, one.state) == ("Call the daughter", "nurse-2", LATER, "open")
    assert one.urgent_at is not None and DAY < one.urgent_at < LATER
    for name in ("added:t1", "t1"):
        assert tasks(added, settled(name))["added:t1"].state == "done"
    asked = event("escalated", to_role="physician_advisor", reason="stuck")
    (one,) = tasks(asked).values()
    assert (one.owner_role, one.state) == ("physician_advisor", "open")
    assert tasks(asked, settled(one.task_id))[one.task_id].state == "done"


def test_the_cases_person_has_the_case_managers_tasks() -> None:
    assigned = event("assigned", assignee="nurse-7")
    found = tasks(assigned, clocks=[clock(), clock(clock="NOTIFY", clock_id="NOTIFY", owner="registration")])
    assert (found["clock:IM-2"].assignee, found["clock:NOTIFY"].assignee) == ("nurse-7", None)


def test_what_points_to_abuse_is_in_no_words_of_a_task() -> None:
    said = {"questionnaire": "safety_screen", "version": "1.0"}
    seen = event("assessment_answered", DAY, **said, answers={"alone": True, "says_harmed": True})
    (first,) = [one for name, one in tasks(seen).items() if name.startswith("person:")]
    assert first.state == "open"
    for one in tasks(seen).values():
        words = f"{one.task_id} {one.title} {one.why}".lower()
        assert not any(word in words for word in ("abuse", "harm", "safety", "neglect", "screen"))
    report = event("report_made", LATER, of="adult", agency="APS")
    assert tasks(seen, report)[first.task_id].state == "done"
    more = event("assessment_answered", LATER + HOUR, **said, answers={"afraid": True})
    found = [one for name, one in tasks(seen, report, more).items() if name.startswith("person:")]
    assert [one.state for one in found] == ["open"] and found[0].task_id != first.task_id
    nothing = event("assessment_answered", DAY, **said, answers={"alone": True, "says_harmed": False})
    assert not any(name.startswith("person:") for name in tasks(nothing))


def test_an_assessment_marked_sensitive_is_not_named() -> None:
    begun = event(
        "assessment_answered", questionnaire="hiv_follow_up", version="1.0", answers={"received": True}
    )
    (one,) = tasks(begun).values()
    assert (
        one.task_id.startswith("assessment:") and "hiv" not in f"{one.task_id} {one.title} {one.why}".lower()
    )


def test_tasks_are_in_order_and_the_real_clocks_fit() -> None:
    review = reviews()["s1"]
    clocks = case_clocks(case(), review, None, review.as_of)
    found = case_tasks(case(), review, clocks, None, review.as_of)
    hospital = {one.clock for one in clocks if one.side == "hospital" and one.status in ("running", "late")}
    assert hospital and {f"clock:{name}" for name in hospital} <= {one.task_id for one in found}
    due = [one.due_at for one in found if one.state == "open" and one.due_at is not None]
    assert due == sorted(due)


def test_the_planning_of_a_case_is_shown() -> None:
    state = case(
        event("plan_drafted", **PLAN),
        event("referral_sent", **SENT),
        event(
            "referral_sent",
            **SENT | {"referral_id": "r2", "provider": "Oak House", "answer_due_at": DAY + HOUR},
        ),
        event("referral_answered", DAY + HOUR, referral_id="r1", answer="accepted", can_start_at=LATER),
        event("referral_sent", DAY + 2 * HOUR, **SENT | {"referral_id": "r3", "provider": "Far House"}),
        event("goal_set", goal_id="g1", text="home", domain="health", target_date="2026-04-10"),
        event("appointment_made", **VISIT, needs_transport=True),
        event("transport_arranged", transport_id="t1", mode="wheelchair_van"),
        event("service_monitored", record_id="m1", service="snf", concern="no therapy yet"),
        event("choice_list_given", service="snf", providers=["1", "2"], chosen="1"),
    )
    shown = planning(state, None, LATER)
    assert [one.state for one in shown.plans] == ["drafted"]
    assert [(one.is_open, one.is_late) for one in shown.referrals] == [
        (False, False),
        (True, True),
        (True, False),
    ]
    assert [(one.service, one.asked, one.open, one.accepted, one.is_exhausted) for one in shown.searches] == [
        ("snf", 3, 2, ["Elm House"], False)
    ]
    assert [(one.from_provider, one.to_provider, one.is_done) for one in shown.transfers] == [
        ("Elm House", "Far House", False)
    ]
    assert shown.goals[0].is_overdue and shown.monitored[0].is_open
    assert (shown.appointments[0].is_unconfirmed, shown.appointments[0].needs_ride) == (True, True)
    assert not shown.appointments[0].is_unsettled
    assert planning(state, None, DAY + 49 * HOUR).appointments[0].is_unsettled
    assert [one.mode for one in shown.rides] == ["wheelchair_van"]
    assert shown.choices[0].chosen == "1"
    assert planning(state, ready(recommended="irf"), LATER).plans[0].differs_from_advice
    assert not planning(state, ready(), LATER).plans[0].differs_from_advice
