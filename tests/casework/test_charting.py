"""What people record is seen by the next review: event -> chart row -> fact."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import chartkit
import pandas as pd
import pytest
from planningkit import DAY, HOUR, MD, case, event
from statekit import SAMPLES, STAGE, events, payload

from discharge.casework.assessments import questionnaires
from discharge.casework.charting import charted, lines
from discharge.casework.events import BEARS_ON_CHART, Event
from discharge.casework.state import fold
from discharge.chart import DTYPES, TABLES
from discharge.clocks.table import clock_table

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

UTC = ZoneInfo("UTC")
AS_OF = "2026-04-20T12:00:00Z"
AUTH = {"authorization_id": "a1", "service": "inpatient_acute", "payer_profile": None}
DENIAL = {"denial_id": "d1", "of": "claim", "amount_usd": "1200.50", "notice_at": DAY - HOUR}
SENT = {"referral_id": "r1", "service": "snf", "provider": "Elm House"}
LATER = DAY + HOUR


def facts(*events: Event, as_of: str = AS_OF, **tables: Any) -> Any:
    """The facts of the stay with what the events chart, as the next review takes them."""
    rows = {name: frame.to_dict("records") for name, frame in charted(case(*events)).items()}
    rows = {name: [*tables.pop(name, []), *some] for name, some in rows.items()}
    return chartkit.facts(as_of, **{name: some for name, some in rows.items() if some}, **tables)


def value(found: Any, fact: str, stay: str = "s1") -> Any:
    got = found.value(fact, stay)
    return None if not isinstance(got, tuple) and pd.isna(got) else got


def advised(decision: str, **more: Any) -> list[Event]:
    return [
        event("advisor_referred", referral_id="r1", question="needed?", reason="not_met"),
        event("practitioner_consulted", referral_id="r1", practitioner=MD, view="disagrees"),
        event(
            "advisor_decided", LATER, referral_id="r1", decision=decision, physician=MD, rationale="x", **more
        ),
    ]


STATUS = {"determined_by": MD, "basis": "x"}
CHARTED: list[tuple[str, list[Event], dict[str, Any]]] = [
    (
        "an answer to a questionnaire",
        [event("assessment_answered", questionnaire="social_history", version="1.0",
               answers={"lives_alone": True, "place": "own_home", "supports_a_week": 2, "language": "es"})],
        {"social.lives_alone": True, "social.is_homeless": False, "function.community_supports_per_week": 2.0,
         "patient.language": "es", "social.food_insecure": None},
    ),
    (
        "a day answered is the local day",
        [event("assessment_answered", questionnaire="hiv_follow_up", version="1.0",
               answers={"lasts_until": "2026-05-01", "viral_load_on": "2026-04-01", "viral_load": 20.0})],
        {"programme.art_lasts_until": pd.Timestamp("2026-05-01T04:00:00Z"), "programme.viral_load": 20.0},
    ),
    (
        "the physician's answer, as it was typed",
        [
            event("physician_asked", question_id="q1", to="Dr. X", question="oxygen?"),
            event("physician_answered", LATER, question_id="q1", answered_by=MD, answer="see", facts={
                "social.has_phone": "yes", "social.has_refrigeration": False, "stay.expected_midnights": "3",
                "readiness.clinically_ready_at": "2026-04-10T09:00:00-04:00", "status.attending_view": "agrees",
                "no.such_fact": True, "social.lives_alone": "perhaps", "stay.is_inpatient": True,
            }),
        ],
        {"social.has_phone": True, "social.has_refrigeration": False, "stay.expected_midnights": 3.0,
         "readiness.clinically_ready_at": pd.Timestamp("2026-04-10T13:00:00Z"),
         "status.attending_view": "agrees", "social.lives_alone": None},
    ),
    (
        "a request and a decision with days",
        [
            event("authorization_requested", **AUTH, urgency="expedited"),
            event("decision_received", LATER, authorization_id="a1", decision="approved", number="N1",
                  days_approved=2, valid_from="2026-04-10"),
            event("days_authorized", LATER + HOUR, authorization_id="a1", days=3),
        ],
        {"authorization.inpatient_requested_at": pd.Timestamp(DAY), "authorization.inpatient_is_approved": True,
         "authorization.inpatient_days_approved": 5.0, "authorization.inpatient_number_on_file": True,
         "authorization.inpatient_decided_at": pd.Timestamp(LATER + HOUR),
         "authorization.inpatient_valid_through": pd.Timestamp("2026-04-14T04:00:00Z"),
         "authorization.request_is_urgent": True},
    ),
    (
        "a refusal",
        [
            event("authorization_requested", authorization_id="a1", service="snf", payer_profile=None),
            event("decision_received", LATER, authorization_id="a1", decision="denied", clinician=MD),
        ],
        {"authorization.snf_is_denied": True, "authorization.snf_is_approved": False,
         "appeals.adverse_decision_at": pd.Timestamp(LATER), "authorization.reviewer_named": True},
    ),
    (
        "more days asked for in time",
        [
            event("authorization_requested", **AUTH),
            event("decision_received", authorization_id="a1", decision="approved", valid_through="2026-04-12"),
            event("authorization_requested", LATER, **AUTH | {"authorization_id": "a2"}),
            event("decision_received", LATER + HOUR, authorization_id="a2", decision="denied"),
        ],
        {"authorization.extension_requested_at": pd.Timestamp(LATER),
         "authorization.extension_decided_at": pd.Timestamp(LATER + HOUR),
         "authorization.extension_asked_in_time": True},
    ),
    (
        "what the payer asked and got",
        [
            event("payer_asked", question_id="q1", question="labs?", due_at=DAY + 48 * HOUR),
            event("payer_answered", LATER, question_id="q1", text="sent"),
        ],
        {"authorization.request_is_incomplete": True, "authorization.information_asked_at": pd.Timestamp(DAY),
         "authorization.information_due_at": pd.Timestamp(DAY + 48 * HOUR),
         "authorization.information_sent_at": pd.Timestamp(LATER)},
    ),
    (
        "a call that was held",
        [event("peer_to_peer_held", LATER, call_id="c1", outcome="upheld", physician=MD)],
        {"appeals.peer_to_peer_at": pd.Timestamp(LATER)},
    ),
    (
        "a call that was not held",
        [event("peer_to_peer_held", LATER, call_id="c1", outcome="not_held", physician=MD)],
        {"appeals.peer_to_peer_at": None},
    ),
    (
        "a denied claim",
        [event("denial_received", **DENIAL)],
        {"appeals.notice_dated_at": pd.Timestamp(DAY - HOUR), "appeals.notice_received_at": pd.Timestamp(DAY),
         "appeals.level": "initial", "appeals.kind": "post_service", "appeals.amount_usd": 1200.5,
         "authorization.claim_decided_at": pd.Timestamp(DAY - HOUR), "appeals.filed_at": None},
    ),
    (
        "an appeal that the payer upheld",
        [
            event("denial_received", **DENIAL),
            event("appeal_filed", LATER, appeal_id="p1", denial_id="d1", level="internal", is_expedited=True),
            event("appeal_decided", LATER + HOUR, appeal_id="p1", outcome="upheld"),
        ],
        {"appeals.filed_at": pd.Timestamp(LATER), "appeals.kind": "urgent", "appeals.level": "plan",
         "appeals.decided_at": pd.Timestamp(LATER + HOUR),
         "appeals.notice_received_at": pd.Timestamp(LATER + HOUR)},
    ),
    (
        "the patient's own appeal",
        [
            event("appeal_filed", appeal_id="p1", denial_id="d1", level="qio"),
            event("appeal_decided", LATER, appeal_id="p1", outcome="upheld"),
        ],
        {"appeals.patient_objects": True, "appeals.qio_request_at": pd.Timestamp(DAY),
         "appeals.qio_decided_at": pd.Timestamp(LATER), "appeals.filed_at": None, "appeals.decided_at": None},
    ),
    (
        "further appeals of the patient, and an external one",
        [
            event("appeal_filed", appeal_id="p1", denial_id="d1", level="qic"),
            event("appeal_decided", LATER, appeal_id="p1", outcome="upheld"),
            event("appeal_filed", LATER, appeal_id="p2", denial_id="d1", level="external"),
            event("appeal_decided", LATER + HOUR, appeal_id="p2", outcome="overturned"),
        ],
        {"appeals.qic_request_at": pd.Timestamp(DAY), "appeals.qic_decided_at": pd.Timestamp(LATER),
         "appeals.filed_at": pd.Timestamp(LATER), "appeals.iro_decided_at": pd.Timestamp(LATER + HOUR)},
    ),
    (
        "the advisor's finding",
        advised("not_necessary", second_physician=MD | {"name": "C. Doctor"}),
        {"status.ur_finding_at": pd.Timestamp(LATER), "status.ur_physicians": 2.0,
         "status.attending_view": "disagrees", "status.attending_consulted": True},
    ),
    ("advice to change the status", advised("status_change_advised"), {"status.change_considered": True}),
    (
        "a change from inpatient to observation",
        [
            event("status_determined", status="inpatient", effective_at=DAY - HOUR, **STATUS),
            event("status_determined", LATER, status="observation", effective_at=LATER, **STATUS),
        ],
        {"status.reclassified_at": pd.Timestamp(LATER), "status.reclassified_to_observation": True},
    ),
    (
        "inpatient from the first is no change",
        [event("status_determined", status="inpatient", effective_at=DAY, **STATUS)],
        {"status.reclassified_at": None},
    ),
    (
        "days lost",
        [
            event("avoidable_day_recorded", record_id="x1", day="2026-04-10", reason="placement"),
            event("avoidable_day_recorded", LATER, record_id="x2", day="2026-04-11", days="0.5", reason="test"),
            event("avoidable_day_recorded", LATER + HOUR, record_id="x3", day="2026-04-12", reason="clinical"),
        ],
        {"stay.delay_midnights": 1.5, "orders.delay_reason": "clinical"},
    ),
    (
        "a choice list",
        [event("choice_list_given", service="snf", providers=["1"], quality_data_shared=True, network_told=False)],
        {"documents.choice_list_given": True, "documents.quality_data_shared": True,
         "documents.told_to_check_network": False, "documents.financial_interest_disclosed": None},
    ),
    (
        "one place accepts",
        [
            event("referral_sent", **SENT),
            event("referral_sent", **SENT | {"referral_id": "r2", "provider": "Oak House"}),
            event("referral_answered", referral_id="r1", answer="declined"),
            event("referral_answered", LATER, referral_id="r2", answer="accepted", can_start_at=DAY + 48 * HOUR),
        ],
        {"readiness.destination_accepted": True,
         "readiness.post_acute_start_at": pd.Timestamp(DAY + 48 * HOUR)},
    ),
    (
        "all places decline",
        [event("referral_sent", **SENT), event("referral_answered", LATER, referral_id="r1", answer="declined")],
        {"readiness.destination_accepted": False},
    ),
    (
        "one has not answered, and another service is no place",
        [
            event("referral_sent", **SENT),
            event("referral_sent", **SENT | {"referral_id": "r2", "provider": "Oak House"}),
            event("referral_answered", LATER, referral_id="r1", answer="declined"),
            event("referral_sent", referral_id="r3", service="housing", provider="City"),
            event("referral_answered", LATER, referral_id="r3", answer="accepted"),
        ],
        {"readiness.destination_accepted": None},
    ),
    (
        "respite and hospice",
        [
            event("referral_sent", **SENT | {"service": "medical_respite"}),
            event("referral_answered", LATER, referral_id="r1", answer="accepted"),
            event("referral_sent", **SENT | {"referral_id": "r2", "service": "hospice_home"}),
        ],
        {"orders.medical_respite_referral": True, "social.respite_accepts": True, "orders.hospice_referral": True},
    ),
    (
        "appointments",
        [
            event("appointment_made", appointment_id="v1", with_whom="Dr. A", purpose="heart", at=DAY + 96 * HOUR),
            event("appointment_made", appointment_id="v2", with_whom="Dr. B", purpose="lung", at=DAY + 48 * HOUR),
            event("appointment_settled", DAY + 49 * HOUR, appointment_id="v2", outcome="missed"),
        ],
        {"readiness.follow_up_booked": True, "programme.first_visit_at": pd.Timestamp(DAY + 96 * HOUR),
         "programme.clinic_visit_missed": True},
    ),
    ("a ride", [event("transport_arranged", transport_id="t1", mode="stretcher_van")],
     {"orders.transport_kind": "stretcher"}),
    ("a goal", [event("goal_set", goal_id="g1", text="home", domain="health")], {"documents.goals_recorded": True}),
    ("equipment given", [event("service_monitored", record_id="m1", service="dme", is_given=True)],
     {"readiness.equipment_delivered": True}),
    (
        "a plan that the family does not agree with",
        [
            event("plan_drafted", plan_id="x", review_digest="a" * 64),
            event("plan_agreed", plan_id="x", by="patient", agrees=True),
            event("plan_agreed", plan_id="x", by="family", agrees=False),
            event("plan_changed", LATER, plan_id="x", text="other", reason="family"),
        ],
        {"readiness.family_agrees": False, "documents.discharge_plan_reevaluated": True},
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def next_review() -> tuple[Any, list[str]]:
    """The facts of a stay for each row of CHARTED, side by side in one feed."""
    charts = [
        {name: frame.to_dict("records") for name, frame in charted(case(*events)).items()}
        for _, events, _ in CHARTED
    ]
    return chartkit.side_by_side(AS_OF, *charts)


@pytest.mark.parametrize("place", range(len(CHARTED)), ids=[row[0] for row in CHARTED])
def test_what_is_recorded_is_a_fact_of_the_next_review(
    place: int, next_review: tuple[Any, list[str]]
) -> None:
    found, ids = next_review
    expected = CHARTED[place][2]
    assert {fact: value(found, fact, ids[place]) for fact in expected} == expected


def test_a_notice_stops_its_clock() -> None:
    notices = [
        (name, rule.met_by)
        for name, rule in clock_table().clocks.items()
        if rule.met_by and rule.met_by.startswith("documents.")
    ]
    events = [event("notice_delivered", LATER, clock_id=name, is_signed=True) for name, _ in notices]
    stopped = {line.fact for line in lines(case(*events), UTC)}
    assert stopped == {fact for _, fact in notices}
    assert seen(events[0]) == {notices[0][1]: LATER}


def test_the_committees_notice_is_given_when_all_three_have_it() -> None:
    events = [
        event("notice_delivered", DAY + number * HOUR, clock_id="UR-NOTICE", recipient=who, is_signed=True)
        for number, who in enumerate(["hospital", "representative", "practitioner"])
    ]
    assert seen(*events[:2]) == {}
    assert seen(*events) == {"status.ur_notices_given_at": DAY + 2 * HOUR}


def seen(*events: Event) -> dict[str, Any]:
    return {line.fact: line.value for line in lines(case(*events), UTC)}


def test_an_answer_taken_back_charts_nothing_and_a_later_one_goes_first() -> None:
    said = {"questionnaire": "function", "version": "1.0"}
    yes = event("assessment_answered", DAY, **said, answers={"walks_alone": True})
    no = event("assessment_answered", LATER, **said, answers={"walks_alone": False, "cannot_walk": True})
    taken = event("assessment_answered", LATER + HOUR, **said, answers={"walks_alone": None})
    assert seen(yes, no) == {"function.walks_independently": False, "function.cannot_walk": True}
    assert seen(yes, no, taken) == {}, "the other question is closed now"


def test_what_was_written_later_was_not_known_earlier() -> None:
    told = event("notice_delivered", DAY, recorded_at=DAY + 24 * HOUR, clock_id="MOON", is_signed=True)
    frame = charted(case(told))["assessments"]
    assert frame["assessed_at"].tolist() == [DAY]
    assert frame["known_at"].tolist() == [DAY + 24 * HOUR]
    rows = frame.to_dict("records")
    before = chartkit.chart(assessments=rows).as_of(pd.Timestamp(DAY + 23 * HOUR))
    after = chartkit.chart(assessments=rows).as_of(pd.Timestamp(DAY + 24 * HOUR))
    assert (len(before["assessments"]), len(after["assessments"])) == (0, 1)


def test_papers_of_a_stay_that_is_over_are_read_up_to_as_of() -> None:
    gone = [chartkit.stay(end="2026-04-11T12:00:00Z", status="finished")]
    found = facts(
        event("denial_received", DAY + 240 * HOUR - HOUR, **DENIAL),
        event("assessment_answered", DAY + 200 * HOUR, questionnaire="social_history", version="1.0",
              answers={"phone": True}),
        event("authorization_requested", **AUTH),
        event("decision_received", DAY + 100 * HOUR, authorization_id="a1", decision="denied"),
        encounters=gone,
    )  # fmt: skip
    assert value(found, "authorization.inpatient_is_denied") == 1
    assert value(found, "authorization.inpatient_decided_at") == pd.Timestamp(DAY + 100 * HOUR)
    assert value(found, "appeals.notice_received_at") == pd.Timestamp(DAY + 239 * HOUR)
    assert value(found, "social.has_phone") is None, "how the patient was is looked at up to the discharge"


def test_rows_are_named_after_their_event_and_typed_as_the_chart() -> None:
    frames = charted(case(*[one for _, events, _ in CHARTED[:4] for one in events]))
    for table, frame in frames.items():
        assert list(frame.columns) == list(TABLES[table])
        assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
            name: str(pd.Series(dtype=DTYPES[column.kind]).dtype) for name, column in TABLES[table].items()
        }
        assert frame["row_id"].is_unique and set(frame["source"]) == {"ledger"}
        assert frame["row_id"].str.fullmatch(r"Event/e\d+/\d+").all()
    empty = charted(case())
    assert [len(frame) for frame in empty.values()] == [0, 0]
    assert {str(one) for one in empty["assessments"].dtypes} == {
        str(one) for one in frames["assessments"].dtypes
    }


def test_every_fact_that_is_charted_exists_and_fits() -> None:
    """Lines that do not fit are left out; of those that the program itself writes, none may be."""
    from discharge.casework.charting.planning import planning_lines
    from discharge.casework.charting.utilization import utilization_lines

    state = case(*[one for _, events, _ in CHARTED for one in events])
    written = [*utilization_lines(state, UTC), *planning_lines(state)]
    kept = lines(state, UTC)
    assert [line for line in written if line not in kept] == []


def test_kinds_that_bear_on_the_chart_are_those_that_chart() -> None:
    stage = [payload(one) for one in STAGE]
    rich = {
        "assessment_answered": {"questionnaire": "function", "version": "1.0", "answers": {"walks_alone": True}},
        "physician_answered": {"facts": {"social.has_phone": True}},
        "status_determined": {"status": "observation", "is_condition_code_44": True},
        "service_monitored": {"service": "dme", "is_given": True},
        "notice_delivered": {"clock_id": "MOON"},
        "plan_agreed": {"by": "family"},
        "advisor_decided": {"decision": "status_change_advised"},
        "referral_sent": {"service": "hospice"},
    }  # fmt: skip
    charting = set()
    for kind in SAMPLES:
        if kind == "stay_opened":
            continue
        before, after = (
            {name: frame.drop(columns=["known_at", "row_id"]) for name, frame in charted(fold(one)).items()}
            for one in (events(stage), events([*stage, payload(kind, **rich.get(kind, {}))]))
        )
        if any(not before[name].equals(after[name]) for name in before):
            charting.add(kind)
    assert BEARS_ON_CHART - charting == {"facts_received", "corrected"}
    assert charting - BEARS_ON_CHART == set()


NOT_SETTLED_HERE = {
    "after_stay.dme_use_resumed_at", "after_stay.hospice_certified_at", "after_stay.hospice_face_to_face_at",
    "after_stay.snf_recertified_at", "appeals.benefits_kept_asked_at", "appeals.extension_notice_at",
    "appeals.forwarded_at", "appeals.preliminary_done_at", "appeals.preliminary_notice_at", "appeals.records_sent_at",
    "authorization.drug_decided_at", "status.part_b_claim_filed_at",
}  # fmt: skip
"""Facts that stop a clock and that only a feed or a physician's answer can bring."""


def test_facts_that_stop_clocks_can_be_charted_by_an_event() -> None:
    wanted = {rule.met_by for rule in clock_table().clocks.values() if rule.met_by}
    fed = {line.fact for _, some, _ in CHARTED for line in lines(case(*some), UTC)}
    fed |= {fact for one in questionnaires().values() for fact in one.facts}
    by_notice = {fact for fact in wanted if fact.startswith("documents.")} | {"status.ur_notices_given_at"}
    of_authorizations = {"authorization.inpatient_requested_at", "authorization.inpatient_decided_at"}
    assert wanted - fed - by_notice - of_authorizations == NOT_SETTLED_HERE
