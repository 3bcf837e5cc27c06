"""Clocks of a case: the worked examples K1 to K13 through the ledger, both sides, pauses, and what the record keeps."""

from datetime import timedelta

import pytest
from views import conclude
from workkit import (
    ATTENDING,
    ONE,
    TWO,
    asked,
    at,
    case,
    decided,
    denied,
    payer,
    review,
    shipped,
    with_clocks,
)

from discharge.casework.events.base import Clinician
from discharge.casework.events.utilization import (
    AdvisorDecided,
    AdvisorReferred,
    AppealDecided,
    AppealFiled,
    ClockPaused,
    ClockResumed,
    NoticeDelivered,
    PayerAnswered,
    PayerAsked,
    PeerToPeerHeld,
    PeerToPeerScheduled,
    PractitionerConsulted,
    Released,
    StatusDetermined,
)
from discharge.casework.work.clocks import case_clocks
from discharge.casework.work.conventions import conventions
from discharge.clocks import clock_table

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

MEDICARE = {"coverage.payer_class": "medicare_ffs", "stay.is_inpatient": 1.0, "stay.is_observation": 0.0}
OBSERVED = MEDICARE | {
    "stay.is_inpatient": 0.0,
    "stay.is_observation": 1.0,
    "stay.observation_start_at": "2026-03-10T08:15",
}


def found(state, review_, profile, when):
    return {one.clock: one for one in case_clocks(state, review_, profile, at(when))}


def ledger(state, profile, when):
    """Clocks of a case whose review has none of its own."""
    one = review(payer_class=profile.payer_class)
    return found(state, one, profile, when)


def given(when, clock_id, recipient="patient", **parts):
    return when, NoticeDelivered(clock_id=clock_id, recipient=recipient, **({"is_signed": True} | parts))


# --- the worked examples ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delivered", "other", "when", "status"),
    [
        (None, False, "2026-03-11T19:00", "running"),
        ("2026-03-11T09:00", False, "2026-03-11T19:00", "met"),
        ("2026-03-11T20:15", False, "2026-03-12T09:00", "met"),
        ("2026-03-11T20:16", False, "2026-03-12T09:00", "late"),
        ("2026-03-11T08:00", False, "2026-03-11T19:00", "met"),  # it may be given early
        ("2026-03-10T08:00", False, "2026-03-11T19:00", "running"),  # before observation began
        (None, False, "2026-03-11T20:16", "unknown"),  # perhaps given on paper: nothing here says so
        (None, True, "2026-03-11T20:16", "late"),  # notices of this case are kept here
    ],
)
def test_observation_notice_is_met_by_its_delivery(delivered, other, when, status):  # K1
    one = with_clocks(review("2026-03-11T09:00", payer_class="medicare_ffs"), OBSERVED)
    said = [given(delivered, "MOON")] if delivered else []
    said += [given("2026-03-10T09:00", "HINN-1")] if other else []
    moon = found(case(*said), one, None, when)["MOON"]
    assert (moon.due_at, moon.status) == (at("2026-03-11T20:15"), status)
    assert moon.met_at == (at(delivered) if status in ("met", "late") and delivered else None)


def test_short_observation_needs_no_notice():  # K2
    facts = OBSERVED | {"stay.discharged_at": "2026-03-11T08:00"}
    assert "MOON" not in found(
        case(), with_clocks(review("2026-03-12T00:00"), facts), None, "2026-03-12T00:00"
    )


def test_important_message_and_its_follow_up():  # K3
    facts = MEDICARE | {
        "stay.inpatient_order_at": "2026-06-01T13:00",
        "stay.discharged_at": "2026-06-05T15:00",
    }
    one = with_clocks(review("2026-06-04T10:00", payer_class="medicare_ffs"), facts)
    clocks = found(case(given("2026-06-01T14:00", "IM-1")), one, None, "2026-06-04T10:00")
    assert clocks["IM-1"].due_at.date() == at("2026-06-03T00:00").date()
    assert clocks["IM-1"].opens_at.date() == at("2026-05-25T00:00").date()
    assert (clocks["IM-1"].status, clocks["IM-2"].status) == ("met", "running")
    assert (clocks["IM-2"].opens_at, clocks["IM-2"].due_at) == (
        at("2026-06-03T00:00"),
        at("2026-06-05T11:00"),
    )
    near = found(case(given("2026-06-03T14:00", "IM-1")), one, None, "2026-06-04T10:00")
    assert near["IM-2"].status == "met"  # the first copy inside the last two days is enough


def test_notice_of_non_coverage_too_late():  # K4
    facts = MEDICARE | {"after_stay.last_covered_at": "2026-07-16T12:00"}
    one = with_clocks(review("2026-07-14T10:00", payer_class="medicare_ffs"), facts)
    late = found(case(given("2026-07-15T10:00", "NOMNC")), one, None, "2026-07-16T10:00")["NOMNC"]
    assert (late.due_at, late.status, late.side) == (at("2026-07-14T23:59"), "late", "hospital")


def test_status_change_notice_four_hours_before_release():  # K5
    facts = MEDICARE | {
        "status.reclassified_at": "2026-02-05T12:00",
        "stay.expected_discharge_at": "2026-02-06T10:00",
    }
    one = with_clocks(review("2026-02-06T01:00"), facts, conclude("clock", clock="MCSN"))
    clock = found(case(), one, None, "2026-02-06T05:00")["MCSN"]
    assert (clock.due_at, clock.status) == (at("2026-02-06T06:00"), "running")
    assert (
        found(case(given("2026-02-06T05:30", "MCSN")), one, None, "2026-02-06T09:00")["MCSN"].status == "met"
    )


@pytest.mark.parametrize(
    ("received", "documented", "due"),
    [
        ("2026-01-20T09:00", False, "2026-05-17T23:59"),  # presumed 17 January
        ("2026-01-20T09:00", True, "2026-05-20T23:59"),
        ("2026-01-14T09:00", False, "2026-05-14T23:59"),  # sooner than presumed: it is here already
    ],
)
def test_redetermination_from_presumed_receipt(received, documented, due):  # K6
    state = case(denied(received, "2026-01-12T00:00", of="claim", is_receipt_documented=documented))
    clock = ledger(state, payer("medicare_ffs"), "2026-02-01T00:00")["FFS-REDET/d1"]
    assert (clock.due_at, clock.status, clock.side) == (at(due), "running", "hospital")


def test_a_weekend_only_moves_what_rolls():  # K6: 17 May 2026 is a Sunday
    state = case(denied("2026-01-20T09:00", "2026-01-12T00:00", of="claim"))
    clock = ledger(state, payer("medicare_ffs"), "2026-02-01T00:00")["FFS-REDET/d1"]
    assert clock.possible_due_at == at("2026-05-18T23:59")
    lost = case(
        denied("2026-01-02T09:00", "2026-01-02T00:00", of="service", is_receipt_documented=True),
        ("2026-01-05T09:00", AppealFiled(appeal_id="p1", denial_id="d1", level="internal")),
        ("2026-01-31T09:00", AppealDecided(appeal_id="p1", outcome="upheld")),
    )
    clock = ledger(lost, payer("commercial"), "2026-02-01T00:00")["ACA-FILE/d1"]
    assert clock.due_at == at("2026-06-01T23:59")  # 31 May is a Sunday, and this row rolls


@pytest.mark.parametrize(
    ("noticed", "due", "status"),
    [(None, "2026-01-12T16:40", "late"), ("2026-01-12T09:00", "2026-01-26T16:40", "paused")],
)
def test_expedited_decision_and_its_extension(noticed, due, status):  # K7
    said = [asked("2026-01-09T16:40", urgency="expedited")]
    said += [(noticed, ClockPaused(clock="MA-EXP/a1", reason="plan waits for records"))] if noticed else []
    clock = ledger(case(*said), payer("medicare_advantage"), "2026-01-13T12:00")["MA-EXP/a1"]
    assert (clock.due_at, clock.status, clock.side) == (at(due), status, "payer")


def test_reconsideration_from_presumed_receipt():  # K8
    state = case(denied("2026-03-09T09:00", "2026-03-02T00:00"))
    assert ledger(state, shipped(), "2026-03-10T00:00")["MA-REC/d1"].due_at == at("2026-05-06T23:59")


@pytest.mark.parametrize(
    ("paused", "resumed", "when", "due", "status"),
    [
        (None, None, "2026-01-21T00:00", "2026-01-20T23:59", "late"),
        ("2026-01-22T10:00", None, "2026-01-23T00:00", "2026-01-20T23:59", "late"),  # noticed after day 15
        ("2026-01-19T10:00", "2026-01-19T12:00", "2026-01-23T00:00", "2026-02-04T23:59", "running"),
        ("2026-01-19T10:00", "2026-01-22T12:00", "2026-01-23T00:00", "2026-02-07T23:59", "running"),
        ("2026-01-19T10:00", None, "2026-01-22T12:00", "2026-02-07T23:59", "paused"),
        ("2026-01-19T10:00", "2026-01-22T12:00", "2026-02-08T00:00", "2026-02-07T23:59", "late"),
    ],
)
def test_pre_service_decision_stands_still_while_it_waits(paused, resumed, when, due, status):  # K9
    said = [asked("2026-01-05T10:00", urgency="standard")]
    said += [(paused, ClockPaused(clock="ER-PRE/a1", reason="records missing"))] if paused else []
    said += [(resumed, ClockResumed(clock="ER-PRE/a1"))] if resumed else []
    clock = ledger(case(*said), payer("commercial"), when)["ER-PRE/a1"]
    assert (clock.due_at, clock.status) == (at(due), status)
    if paused and status != "late" and resumed:
        assert clock.paused_since is None
        assert clock.paused_seconds == int((at(resumed) - at(paused)).total_seconds())


def test_two_pauses_add_up_and_the_extension_counts_once():
    said = [asked("2026-01-05T10:00", urgency="standard")]
    for paused, resumed in (
        ("2026-01-19T10:00", "2026-01-20T10:00"),
        ("2026-01-21T10:00", "2026-01-23T10:00"),
    ):
        said.append((paused, ClockPaused(clock="ER-PRE/a1", reason="records missing")))
        said.append((resumed, ClockResumed(clock="ER-PRE/a1")))
    clock = ledger(case(*said), payer("commercial"), "2026-01-24T00:00")["ER-PRE/a1"]
    assert (clock.due_at, clock.paused_seconds) == (at("2026-02-07T23:59"), 3 * 86400)


@pytest.mark.parametrize(
    ("facts", "clock_id", "due"),
    [
        (
            {"stay.discharged_at": "2026-04-12T11:00", "stay.discharge_disposition": "snf"},
            "SNF-30",
            "2026-05-12T23:59",
        ),
        ({"after_stay.home_health_start_at": "2026-04-20T09:00"}, "HH-COMP", "2026-04-25T23:59"),
        ({"after_stay.home_health_start_at": "2026-04-20T09:00"}, "HH-RECERT", "2026-06-18T23:59"),
        (
            {"after_stay.irf_admitted_at": "2026-10-13T09:00", "stay.discharge_disposition": "irf"},
            "IRF-TX",
            "2026-10-15T12:00",
        ),
        (
            {"after_stay.irf_admitted_at": "2026-10-13T09:00", "stay.discharge_disposition": "irf"},
            "IRF-TEAM",
            "2026-10-16T23:59",
        ),
        ({"after_stay.dme_delivered_at": "2026-01-10T09:00"}, "DME-CAP", "2027-02-10T23:59"),
    ],
)
def test_what_the_review_counted_stands(facts, clock_id, due):  # K10 to K13
    one = with_clocks(review("2026-04-21T10:00"), MEDICARE | facts)
    assert found(case(), one, None, "2026-04-21T10:00")[clock_id].due_at == at(due)


# --- the payer's answer -----------------------------------------------------------------------------------------

CONCURRENT = {"concurrent_review": {"unit": "h", "values": {"2020-01-01": {"value": 30, "cite": "x"}}}}
CITED = {"citations": {"x": {"title": "contract", "verified": False}}}


@pytest.mark.parametrize(
    ("payer_class", "urgency", "parts", "when", "clock_id", "due"),
    [
        ("medicare_advantage", "standard", {}, "2026-01-05T10:00", "MA-PA", "2026-01-12T23:59"),
        ("medicare_advantage", "standard", {}, "2025-12-31T10:00", "MA-PA", "2026-01-14T23:59"),
        (
            "medicare_advantage",
            "standard",
            {"requires_prior_authorization": False},
            "2026-01-05T10:00",
            "MA-STD",
            "2026-01-19T23:59",
        ),
        ("medicare_advantage", "concurrent", {}, "2026-01-05T10:00", "MA-EXP", "2026-01-08T10:00"),
        ("medicaid", "standard", {}, "2026-01-05T10:00", "MCD-AUTH", "2026-01-12T23:59"),
        (
            "medicaid",
            "expedited",
            {},
            "2026-03-07T10:00",
            "MCD-AUTH-EXP",
            "2026-03-10T11:00",
        ),  # a day of 23 hours
        ("commercial", "standard", {}, "2026-01-05T10:00", "ER-PRE", "2026-01-20T23:59"),
        ("commercial", "expedited", {}, "2026-01-05T10:00", "ER-URG", "2026-01-08T10:00"),
        ("commercial", "concurrent", {}, "2026-01-05T10:00", "ER-URG", "2026-01-08T10:00"),  # no course runs
    ],
)
def test_each_class_answers_by_its_own_row(payer_class, urgency, parts, when, clock_id, due):
    state = case(asked(when, urgency=urgency, **parts))
    clock = ledger(state, payer(payer_class), when)[f"{clock_id}/a1"]
    assert (clock.due_at, clock.status, clock.side, clock.subject_id) == (at(due), "running", "payer", "a1")


@pytest.mark.parametrize("payer_class", ["medicare_ffs", "dual", "self_pay", "other"])
def test_no_row_and_no_contract_makes_no_clock(payer_class):
    assert not ledger(case(asked("2026-01-05T10:00")), payer(payer_class), "2026-01-05T12:00")


def test_the_contract_goes_first_and_stands_alone_where_no_row_binds():
    state = case(asked("2026-01-05T10:00"))
    own = ledger(state, payer("medicare_advantage", deadlines=CONCURRENT, **CITED), "2026-01-05T12:00")
    assert own["MA-EXP/a1"].due_at == at("2026-01-06T16:00")
    other = ledger(state, payer("other", deadlines=CONCURRENT, **CITED), "2026-01-05T12:00")["AUTH-ANSWER/a1"]
    assert (other.due_at, other.side) == (at("2026-01-06T16:00"), "payer")


@pytest.mark.parametrize(
    ("second", "clock_id", "due"),
    [
        ("2026-01-08T00:00", "ER-CON", "2026-01-09T00:00"),
        ("2026-01-08T00:01", "ER-CON-LATE", "2026-01-11T00:01"),
    ],
)
def test_more_days_asked_before_and_inside_the_last_day(second, clock_id, due):
    state = case(
        asked("2026-01-05T10:00"),
        decided("2026-01-05T12:00", days_approved=4, valid_from=at("2026-01-05T00:00").date()),
        asked(second, "a2"),
    )
    assert ledger(state, payer("commercial"), second)[f"{clock_id}/a2"].due_at == at(due)


@pytest.mark.parametrize(
    ("said", "status", "met"),
    [
        ([], "late", None),
        ([decided("2026-01-08T09:00", "pended")], "late", None),  # pending is no answer
        ([decided("2026-01-08T10:00")], "met", "2026-01-08T10:00"),
        ([decided("2026-01-08T10:01", "denied")], "late", "2026-01-08T10:01"),
        ([decided("2026-01-07T10:00", "cancelled")], "stopped", None),
        ([decided("2026-01-06T10:00"), decided("2026-01-20T10:00")], "met", "2026-01-06T10:00"),
    ],
)
def test_when_the_payer_has_answered(said, status, met):
    state = case(asked("2026-01-05T10:00"), *said)
    clock = ledger(state, payer("medicare_advantage"), "2026-01-21T10:00")["MA-EXP/a1"]
    assert (clock.status, clock.met_at) == (status, at(met) if met else None)


def test_what_is_asked_again_waits_again():
    state = case(asked("2026-01-05T10:00"), decided("2026-01-05T12:00"), asked("2026-01-06T10:00"))
    clock = ledger(state, payer("medicare_advantage"), "2026-01-07T10:00")["MA-EXP/a1"]
    assert (clock.due_at, clock.status) == (at("2026-01-09T10:00"), "running")


def test_a_plan_that_misses_its_deadline_can_be_appealed_against():
    state = case(asked("2026-01-05T10:00"))
    plan = payer("medicare_advantage")
    assert "MA-MISS/a1" not in ledger(state, plan, "2026-01-08T10:00")
    assert ledger(state, plan, "2026-01-08T10:01")["MA-MISS/a1"].due_at == at("2026-03-09T23:59")
    answered = case(asked("2026-01-05T10:00"), decided("2026-01-10T10:00"))
    assert "MA-MISS/a1" not in ledger(answered, plan, "2026-01-11T10:00")


def test_the_terms_of_another_payer_are_not_known():
    state = case(asked("2026-01-05T10:00", payer_profile="somebody_else"))
    clock = ledger(state, shipped(), "2026-01-21T10:00")["AUTH-ANSWER/a1"]
    assert (clock.due_at, clock.status) == (None, "running") and "not known" in clock.note


# --- calls and appeals ------------------------------------------------------------------------------------------


def test_a_call_is_due_from_the_notice_and_stops_no_appeal():
    refused = [asked("2026-06-02T10:00"), decided("2026-06-03T10:00", "denied")]
    plan = shipped()
    before = ledger(case(*refused), plan, "2026-06-04T10:00")
    assert (before["P2P/a1"].due_at, before["P2P/a1"].status) == (at("2026-06-05T10:00"), "running")
    assert before["MA-REC/a1"].status == "running"  # though nobody has recorded a denial yet
    planned = PeerToPeerScheduled(
        call_id="c", authorization_id="a1", at=at("2026-06-04T15:00"), physician="Dr. One"
    )
    held = PeerToPeerHeld(call_id="c", outcome="upheld", physician=ONE)
    after = ledger(
        case(*refused, ("2026-06-04T11:00", planned), ("2026-06-04T15:00", held)), plan, "2026-06-04T16:00"
    )
    assert (after["P2P/a1"].status, after["P2P/a1"].met_at) == ("met", at("2026-06-04T15:00"))
    assert after["MA-REC/a1"].due_at == before["MA-REC/a1"].due_at
    missed = PeerToPeerHeld(call_id="c", outcome="not_held", physician=ONE)
    again = ledger(
        case(*refused, ("2026-06-04T11:00", planned), ("2026-06-04T15:00", missed)), plan, "2026-06-06T16:00"
    )
    assert again["P2P/a1"].status == "late"


def test_no_call_about_a_claim_and_none_where_no_contract_has_it():
    claim = case(denied("2026-06-03T10:00", "2026-06-02T00:00", of="claim"))
    assert "P2P/d1" not in ledger(claim, shipped(), "2026-06-04T10:00")
    days = case(denied("2026-06-03T10:00", "2026-06-02T00:00"))
    assert "P2P/d1" not in ledger(days, payer("medicare_advantage"), "2026-06-04T10:00")


def test_appeals_climb_level_by_level_on_both_sides():
    said = [denied("2026-01-12T09:00", "2026-01-12T00:00", of="claim", is_receipt_documented=True)]
    said.append(("2026-02-02T09:00", AppealFiled(appeal_id="p1", denial_id="d1", level="Redetermination")))
    law = payer("medicare_ffs")
    first = ledger(case(*said), law, "2026-02-03T09:00")
    assert (first["FFS-REDET/d1"].status, first["FFS-REDET-D/d1"].status) == ("met", "running")
    assert (first["FFS-REDET-D/d1"].side, first["FFS-REDET-D/d1"].due_at) == ("payer", at("2026-04-03T23:59"))
    assert "FFS-QIC/d1" not in first
    lost = [*said, ("2026-03-02T09:00", AppealDecided(appeal_id="p1", outcome="upheld"))]
    second = ledger(case(*lost), law, "2026-03-03T09:00")
    assert (second["FFS-REDET-D/d1"].status, second["FFS-QIC/d1"].status) == ("met", "running")
    assert second["FFS-QIC/d1"].due_at == at("2026-08-29T23:59")
    won = [*said, ("2026-03-02T09:00", AppealDecided(appeal_id="p1", outcome="overturned"))]
    assert "FFS-QIC/d1" not in ledger(case(*won), law, "2026-03-03T09:00")
    dismissed = [*said, ("2026-03-02T09:00", AppealDecided(appeal_id="p1", outcome="dismissed"))]
    assert ledger(case(*dismissed), law, "2026-03-03T09:00")["FFS-DISMISSED/d1"].due_at == at(
        "2026-05-01T23:59"
    )


def test_an_expedited_appeal_is_decided_sooner_and_late_is_late():
    said = [denied("2026-06-03T10:00", "2026-06-03T00:00")]
    for is_expedited, due in ((True, "2026-06-07T10:00"), (False, "2026-07-04T23:59")):
        filed = AppealFiled(appeal_id="p", denial_id="d1", level="reconsideration", is_expedited=is_expedited)
        clocks = ledger(case(*said, ("2026-06-04T10:00", filed)), shipped(), "2026-07-05T09:00")
        assert (clocks["MA-REC-D/d1"].due_at, clocks["MA-REC-D/d1"].status) == (at(due), "late")


def test_an_appeal_of_a_payment_is_not_extended():
    for of, extended in (("claim", False), ("service", True)):
        state = case(
            denied("2026-06-03T10:00", "2026-06-03T00:00", of=of),
            ("2026-06-04T10:00", AppealFiled(appeal_id="p", denial_id="d1", level="reconsideration")),
            ("2026-06-05T10:00", ClockPaused(clock="MA-REC-D/d1", reason="more records")),
        )
        clock = ledger(state, shipped(), "2026-06-06T09:00")["MA-REC-D/d1"]
        assert (clock.status == "paused") is extended
        assert clock.due_at == at("2026-07-18T23:59" if extended else "2026-08-03T23:59")


def test_what_the_payer_approved_since_needs_no_appeal():
    said = [asked("2026-06-02T10:00"), decided("2026-06-03T10:00", "denied")]
    said.append(denied("2026-06-03T11:00", "2026-06-03T00:00", authorization_id="a1"))
    clocks = ledger(case(*said, decided("2026-06-04T10:00")), shipped(), "2026-06-05T09:00")
    assert (clocks["MA-REC/d1"].status, clocks["P2P/d1"].status) == ("stopped", "stopped")
    partly = ledger(case(*said, decided("2026-06-04T10:00", "partial")), shipped(), "2026-06-05T09:00")
    assert partly["MA-REC/d1"].status == "running"


# --- questions, advisor, findings, authorized days --------------------------------------------------------------


def test_the_payers_question_is_due_when_it_said_or_when_the_rule_lets_it_decide():
    plan = payer("commercial")
    question = PayerAsked(
        question_id="q", authorization_id="a1", question="Records?", due_at=at("2026-01-06T12:00")
    )
    clock = ledger(case(asked("2026-01-05T10:00"), ("2026-01-05T11:00", question)), plan, "2026-01-05T12:00")
    assert clock["PAYER-QUESTION/q"].due_at == at("2026-01-06T12:00")
    open_end = PayerAsked(question_id="q", authorization_id="a1", question="Records?")
    for urgency, clock_id, due in (
        ("expedited", "ER-URG-INFO", "2026-01-07T11:00"),
        ("standard", "ER-PRE-INFO", "2026-02-19T23:59"),
    ):
        said = [asked("2026-01-05T10:00", urgency=urgency), ("2026-01-05T11:00", open_end)]
        clock = ledger(case(*said), plan, "2026-01-05T12:00")[f"{clock_id}/q"]
        assert (clock.due_at, clock.side, clock.status) == (at(due), "hospital", "running")
    sent = ("2026-01-05T18:00", PayerAnswered(question_id="q", text="sent"))
    assert ledger(case(*said, sent), plan, "2026-03-01T12:00")["ER-PRE-INFO/q"].status == "met"
    timeless = ledger(case(("2026-01-05T11:00", open_end)), payer("medicaid"), "2026-02-01T00:00")[
        "PAYER-QUESTION/q"
    ]
    assert (timeless.due_at, timeless.status) == (None, "running")


def referred(when="2026-06-02T10:00", **parts):
    return when, AdvisorReferred(referral_id="r", question="Inpatient?", reason="not_met", **parts)


def decision(when, name="approved"):
    return when, AdvisorDecided(referral_id="r", decision=name, physician=ONE, rationale="because")


@pytest.mark.parametrize(
    ("said", "when", "due", "status"),
    [
        ([referred()], "2026-06-03T10:00", "2026-06-03T10:00", "running"),
        ([referred()], "2026-06-03T10:01", "2026-06-03T10:00", "late"),
        ([referred(due_at=at("2026-06-02T18:00"))], "2026-06-02T12:00", "2026-06-02T18:00", "running"),
        (
            [referred(), decision("2026-06-02T20:00", "more_information")],
            "2026-06-02T21:00",
            "2026-06-03T10:00",
            "running",
        ),
        ([referred(), decision("2026-06-02T20:00")], "2026-06-05T21:00", "2026-06-03T10:00", "met"),
    ],
)
def test_the_advisor_answers_within_the_house_setting(said, when, due, status):
    clock = ledger(case(*said), shipped(), when)["ADVISOR/r"]
    assert (clock.due_at, clock.status, clock.verified) == (at(due), status, False)


def test_a_finding_is_told_to_all_three_within_two_days():
    consulted = PractitionerConsulted(referral_id="r", practitioner=ATTENDING, view="agrees")
    said = [referred(), ("2026-06-02T12:00", consulted), decision("2026-06-02T14:00", "not_necessary")]
    clock = ledger(case(*said), shipped(), "2026-06-03T10:00")["UR-NOTICE/r"]
    assert (clock.due_at, clock.status) == (at("2026-06-04T23:59"), "running")
    told = [
        given("2026-06-03T09:00", "UR-NOTICE", "representative"),
        given("2026-06-03T09:00", "UR-NOTICE", "hospital"),
    ]
    clock = ledger(case(*said, *told), shipped(), "2026-06-05T10:00")["UR-NOTICE/r"]
    assert clock.status == "late" and "practitioner" in clock.note and "patient" not in clock.note
    told.append(given("2026-06-04T23:59", "UR-NOTICE", "practitioner"))
    assert ledger(case(*said, *told), shipped(), "2026-06-05T10:00")["UR-NOTICE/r"].status == "met"


def test_notice_of_a_changed_status_never_after_discharge():
    change = StatusDetermined(
        status="observation",
        determined_by=TWO,
        basis="x",
        is_condition_code_44=True,
        effective_at=at("2026-06-02T14:00"),
    )
    state = case(("2026-06-02T14:00", change))
    here = found(state, review(payer_class="medicare_ffs"), None, "2026-06-02T15:00")["CC44-NOTICE/ev-2"]
    assert here.due_at == at("2026-06-04T23:59")
    gone = review(
        payer_class="medicare_ffs", stay={"discharged": at("2026-06-03T11:00"), "is_in_house": False}
    )
    left = found(state, gone, None, "2026-06-03T11:01")["CC44-NOTICE/ev-2"]
    assert (left.due_at, left.status) == (at("2026-06-03T11:00"), "late")
    told = [given("2026-06-03T10:00", "UR-NOTICE", who) for who in ("hospital", "patient", "practitioner")]
    state = case(("2026-06-02T14:00", change), *told)  # one letter tells of both
    assert found(state, gone, None, "2026-06-03T11:01")["CC44-NOTICE/ev-2"].status == "met"


def test_authorized_days_end_with_the_authorization_that_reaches_furthest():
    days = {"valid_from": at("2026-06-01T00:00").date(), "days_approved": 3}
    state = case(
        asked("2026-06-01T10:00"),
        decided("2026-06-01T12:00", **days),
        asked("2026-06-03T10:00", "a2"),
        decided("2026-06-03T12:00", "approved", "a2", valid_through=at("2026-06-06T00:00").date()),
        asked("2026-06-03T10:00", "snf", "snf"),
        decided("2026-06-03T12:00", "approved", "snf", valid_through=at("2026-06-30T00:00").date()),
    )
    clocks = found(state, review(), shipped(), "2026-06-04T10:00")
    assert [(name, one.due_at) for name, one in clocks.items() if name.startswith("AUTH-END")] == [
        ("AUTH-END/a2", at("2026-06-06T23:59"))
    ]
    first = case(asked("2026-06-01T10:00"), decided("2026-06-01T12:00", **days))
    assert found(first, review(), shipped(), "2026-06-04T00:00")["AUTH-END/a1"].status == "late"
    gone = review(stay={"discharged": at("2026-06-03T11:00"), "is_in_house": False})
    assert not [
        one for one in found(first, gone, shipped(), "2026-06-04T00:00") if one.startswith("AUTH-END")
    ]


# --- beside the review's own ------------------------------------------------------------------------------------

PLAN = {
    "coverage.payer_class": "medicare_advantage",
    "stay.is_inpatient": 1.0,
    "stay.is_in_house": 1.0,
    "stay.is_elective": 0.0,
    "stay.inpatient_order_at": "2026-06-01T13:00",
}


def test_what_the_ledger_started_takes_the_place_of_the_charted_clock():
    facts = PLAN | {
        "authorization.inpatient_requested_at": "2026-06-01T14:00",
        "appeals.notice_received_at": "2026-06-03T10:00",
        "appeals.level": "initial",
    }
    one = with_clocks(review(), facts, profile=shipped())
    alone = found(case(), one, shipped(), "2026-06-04T10:00")
    assert {"MA-EXP", "MA-REC"} <= set(alone)
    state = case(asked("2026-06-01T14:00"), denied("2026-06-03T10:00", "2026-06-03T00:00"))
    both = found(state, one, shipped(), "2026-06-04T10:00")
    assert {"MA-EXP/a1", "MA-REC/d1"} <= set(both) and not {"MA-EXP", "MA-REC"} & set(both)


def test_a_request_on_record_tells_the_payer_of_the_admission():
    one = with_clocks(review("2026-06-01T15:00"), PLAN, profile=shipped())
    assert found(case(), one, shipped(), "2026-06-01T16:00")["NOTIFY"].status == "running"
    told = found(case(asked("2026-06-01T15:30")), one, shipped(), "2026-06-01T16:00")["NOTIFY"]
    assert (told.status, told.met_at) == ("met", at("2026-06-01T15:30"))
    other = case(asked("2026-06-01T15:30", service="snf"))
    assert found(other, one, shipped(), "2026-06-03T16:00")["NOTIFY"].status == "late"


def test_the_payers_rhythm_begins_again_with_what_was_sent():
    one = with_clocks(review("2026-06-02T10:00"), PLAN, profile=shipped())
    assert found(case(), one, shipped(), "2026-06-02T10:00")["REVIEW"].due_at == at("2026-06-03T23:59")
    sent = Released(
        release_id="x",
        paper="summary",
        media_type="text/html",
        document="d" * 64,
        payer_profile="p",
        review_digest="d" * 64,
    )
    again = found(case(("2026-06-03T10:00", sent)), one, shipped(), "2026-06-03T11:00")["REVIEW"]
    assert (again.due_at, again.status) == (at("2026-06-05T23:59"), "running")


def test_what_cannot_be_told_stays_unknown_and_half_time_is_kept():
    empty = with_clocks(review(), {"stay.is_inpatient": 1.0, "stay.inpatient_order_at": "2026-06-01T13:00"})
    assert found(case(), empty, None, "2026-06-09T10:00")["IM-1"].status == "unknown"
    facts = {"stay.is_inpatient": 1.0, "stay.is_in_house": 1.0, "stay.inpatient_order_at": "2026-06-01T13:00"}
    early = found(case(), with_clocks(review("2026-06-02T10:00"), facts), None, "2026-06-02T11:00")
    assert (early["IM-1"].status, early["IM-2"].status) == (
        "unknown",
        "not_started",
    )  # whose payer isn't known
    clock = ledger(case(asked("2026-06-01T10:00")), payer("medicare_advantage"), "2026-06-01T11:00")[
        "MA-EXP/a1"
    ]
    assert clock.warn_half_at == at("2026-06-01T10:00") + timedelta(hours=36)
    assert clock.warn_urgent_at == at("2026-06-01T10:00") + timedelta(hours=57.6)


def test_a_case_with_no_review_has_the_clocks_of_its_events():
    clocks = case_clocks(case(referred(), asked("2026-06-01T10:00")), None, None, at("2026-06-02T11:00"))
    assert [one.clock for one in clocks] == ["ADVISOR/r"]
    assert case_clocks(case(), None, None, at("2026-06-02T11:00")) == []


def test_the_nearest_deadline_comes_first_and_what_is_met_last():
    state = case(
        asked("2026-06-01T10:00"),
        decided("2026-06-01T12:00"),
        referred("2026-06-01T11:00"),
        asked("2026-06-01T10:30", "a2"),
    )
    clocks = case_clocks(state, review(), payer("medicare_advantage"), at("2026-06-01T13:00"))
    assert [one.clock for one in clocks] == ["ADVISOR/r", "MA-EXP/a2", "MA-EXP/a1"]


def test_only_rows_that_can_be_extended_may_pause():
    for clock_id, pause in conventions().pauses.items():
        rule = clock_table().clocks[clock_id]
        assert rule.extension is not None and rule.who == "payer"
        assert (rule.stops is not None) is (pause.effect == "tolls")


def test_a_pause_on_any_other_clock_changes_nothing():
    said = [referred(), ("2026-06-02T11:00", ClockPaused(clock="ADVISOR/r", reason="weekend"))]
    clock = ledger(case(*said), shipped(), "2026-06-03T11:00")["ADVISOR/r"]
    assert (clock.due_at, clock.status, clock.paused_since) == (at("2026-06-03T10:00"), "late", None)
    one = with_clocks(review("2026-06-01T15:00"), PLAN, profile=shipped())
    state = case(("2026-06-01T15:30", ClockPaused(clock="NOTIFY", reason="weekend")))
    told = found(state, one, shipped(), "2026-06-01T16:00")["NOTIFY"]
    assert (told.status, told.paused_since, told.due_at) == ("running", None, at("2026-06-02T13:00"))


def test_a_name_with_letters_after_it_is_a_physician():
    assert Clinician(name="X", credentials="M.D., PhD").is_physician
    assert not Clinician(name="X", credentials="RN").is_physician
