"""Vignettes written from the rules alone, before the code was read: what a case must come to, step by step."""

from datetime import date, timedelta

import pytest
from workkit import (
    ADVISOR,
    ATTENDING,
    NURSE,
    ONE,
    PAYER,
    TWO,
    asked,
    at,
    case,
    decided,
    denied,
    faults,
    review,
    seen,
    shipped,
    with_clocks,
)

from discharge.casework.events import ENGINE, Actor
from discharge.casework.events.base import Clinician
from discharge.casework.events.utilization import (
    AdvisorDecided,
    AdvisorReferred,
    AppealDecided,
    AppealFiled,
    ClockPaused,
    ClockResumed,
    DaysAuthorized,
    DecisionReceived,
    DelayAttributed,
    FirstLevelReviewed,
    NoticeDelivered,
    PayerAnswered,
    PayerAsked,
    PeerToPeerHeld,
    PractitionerConsulted,
    StatusDetermined,
)
from discharge.casework.work.authorizations import authorizations
from discharge.casework.work.cadence import next_review
from discharge.casework.work.clocks import case_clocks
from discharge.casework.work.delays import payer_delay

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

FIRST = date(2026, 6, 1)
MA = "example_ma_plan"
PPO = "example_commercial_ppo"
NO_REVIEW = {"levels": {"discharge_ready": "not_met"}}


def ledger(state, name, when):
    """Clocks of the events of a case whose payer is one that ships."""
    profile = shipped(name)
    one = review(payer_class=profile.payer_class)
    return {clock.clock: clock for clock in case_clocks(state, one, profile, at(when))}


def stands(state, when, name=MA):
    profile = shipped(name)
    rows = authorizations(state, review(payer_class=profile.payer_class), profile, at(when))
    return {row.authorization_id: row for row in rows}["a1"]


def first_level(when, review_type="concurrent"):
    return when, FirstLevelReviewed(outcome="approved", review_type=review_type, comment="seen")


# --- a finding (42 CFR 482.30(d)) and condition code 44 ---------------------------------------------------------


def consulted(when, view, who=ATTENDING):
    return when, PractitionerConsulted(referral_id="r", practitioner=who, view=view)


def finding(decision="not_necessary", **parts):
    said = {"physician": ONE} | parts
    return AdvisorDecided(referral_id="r", decision=decision, rationale="because", **said)


REFERRED = "2026-06-03T10:00", AdvisorReferred(referral_id="r", question="Inpatient?", reason="not_met")
ONE_AGAIN = Clinician(name="Dr. Advisor, Dora", credentials="MD")
AGAINST = consulted("2026-06-03T12:00", "disagrees")


@pytest.mark.parametrize(
    ("views", "parts", "actor", "where"),
    [
        ([], {}, ADVISOR, ["$.decision"]),
        ([consulted("2026-06-03T12:00", "agrees")], {}, ADVISOR, []),
        ([consulted("2026-06-03T12:00", "no_view")], {}, ADVISOR, []),
        ([AGAINST], {}, ADVISOR, ["$.second_physician"]),
        ([AGAINST], {"second_physician": TWO}, ADVISOR, []),
        ([AGAINST], {"second_physician": ONE_AGAIN}, ADVISOR, ["$.second_physician"]),
        ([AGAINST], {"second_physician": ATTENDING}, ADVISOR, ["$.second_physician"]),
        ([consulted("2026-06-03T12:00", "agrees")], {"physician": ATTENDING}, ADVISOR, ["$.physician"]),
        ([consulted("2026-06-03T12:00", "agrees")], {}, NURSE, ["$.kind"]),
        ([consulted("2026-06-03T12:00", "agrees")], {}, ENGINE, ["$.kind"]),
    ],
)  # fmt: skip
def test_who_may_find_a_stay_not_necessary(views, parts, actor, where):
    assert faults(case(REFERRED, *views), finding(**parts), actor) == where


def test_an_advisors_account_without_a_physicians_credentials_decides_nothing():
    nurse = Actor(id="n", name="Rita", roles=("physician_advisor",), credentials="RN")
    state = case(REFERRED, consulted("2026-06-03T12:00", "agrees"))
    assert faults(state, finding(), nurse) == ["$.kind"]
    assert faults(state, finding("approved"), nurse) == ["$.kind"]


def test_the_last_word_up_to_the_finding_counts_however_the_name_is_written():
    turned = consulted("2026-06-03T15:00", "agrees", Clinician(name="Dr. Attending, Flora", credentials="MD"))
    state = case(REFERRED, AGAINST, turned)
    assert faults(state, finding(), ADVISOR, when="2026-06-03T16:00") == []
    assert faults(state, finding(), ADVISOR, when="2026-06-03T14:00") == ["$.second_physician"]


def test_a_nurse_is_no_practitioner_to_consult():
    for credentials, where in (
        ("RN", ["$.practitioner.credentials"]),
        ("A.P.R.N.", []),
        ("PA-C", []),
        (None, []),
    ):
        who = Clinician(name="Nora", credentials=credentials)
        assert faults(case(REFERRED), consulted("x", "agrees", who)[1]) == where


def code_44(effective="2026-06-04T12:00"):
    return StatusDetermined(
        status="observation", determined_by=ATTENDING, basis="b", is_condition_code_44=True, effective_at=at(effective)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("views", "parts", "holds"),
    [
        ([consulted("2026-06-03T12:00", "agrees")], {}, True),
        ([AGAINST], {}, False),
        ([AGAINST], {"second_physician": TWO}, True),
        ([consulted("2026-06-03T12:00", "no_view")], {}, False),
        ([consulted("2026-06-03T12:00", "agrees", Clinician(name="Nate", credentials="NP"))], {}, False),
    ],
)
def test_code_44_takes_a_concurring_physician_or_two_of_the_committee(views, parts, holds):
    state = case(REFERRED, *views, ("2026-06-03T14:00", finding("status_change_advised", **parts), ADVISOR))
    where = faults(state, code_44(), ADVISOR, review=review(payer_class="medicare_ffs"))
    assert where == ([] if holds else ["$.is_condition_code_44"])


def test_notice_of_a_finding_goes_to_three_within_two_days():
    state = [REFERRED, consulted("2026-06-03T12:00", "agrees"), ("2026-06-03T14:00", finding(), ADVISOR)]
    for place, who in enumerate(("hospital", "practitioner", "representative")):
        clock = ledger(case(*state), "original_medicare", "2026-06-04T12:00")["UR-NOTICE/r"]
        assert (clock.due_at, clock.status) == (at("2026-06-05T23:59"), "running"), place
        told = NoticeDelivered(clock_id="UR-NOTICE", recipient=who, is_signed=True)
        state.append(("2026-06-04T10:00", told))
    assert ledger(case(*state), "original_medicare", "2026-06-04T12:00")["UR-NOTICE/r"].status == "met"


# --- authorizations ---------------------------------------------------------------------------------------------

THREE = decided("2026-06-01T16:00", days_approved=3)


def request(when="2026-06-01T14:00", days=3, first=FIRST, **parts):
    return asked(when, days_asked=days, first_day=first, **parts)


@pytest.mark.parametrize(
    ("later", "days", "through"),
    [
        (
            [decided("2026-06-03T10:00", days_approved=5)],
            5,
            date(2026, 6, 5),
        ),  # the whole again, after a call
        ([decided("2026-06-03T10:00", days_approved=2)], 5, date(2026, 6, 5)),  # the rest
        ([decided("2026-06-03T10:00", "partial", days_approved=4)], 4, date(2026, 6, 4)),
        ([("2026-06-03T10:00", DaysAuthorized(authorization_id="a1", days=2))], 5, date(2026, 6, 5)),
    ],
)
def test_what_was_cut_and_then_given_counts_once(later, days, through):
    state = case(request(days=5), decided("2026-06-01T16:00", "partial", days_approved=3), *later)
    row = stands(state, "2026-06-03T11:00")
    assert (row.days_approved, row.valid_through.date()) == (days, through)
    end = ledger(state, MA, "2026-06-03T11:00")["AUTH-END/a1"]
    assert end.due_at.date() == through


def test_more_days_move_the_last_day_even_where_the_first_answer_named_it():
    more = [
        (when, DaysAuthorized(authorization_id="a1", days=2))
        for when in ("2026-06-02T10:00", "2026-06-04T10:00")
    ]
    named = decided("2026-06-01T16:00", days_approved=2, valid_from=FIRST, valid_through=date(2026, 6, 2))
    row = stands(case(request(days=2), named, *more), "2026-06-04T11:00")
    assert (row.days_approved, row.days_used, row.days_left) == (6, 3, 3)
    assert row.valid_through == at("2026-06-06T23:59")


def test_more_days_asked_under_the_same_number():
    again = request("2026-06-03T10:00", 2, date(2026, 6, 4))
    row = stands(case(request(), THREE, again), "2026-06-03T11:00")
    assert (row.first_day, row.valid_through, row.days_left) == (FIRST, at("2026-06-03T23:59"), 1)
    assert any("Asked again" in flag for flag in row.flags)
    no = decided("2026-06-03T16:00", "denied", reason="r", clinician=ONE)
    state = case(request(), THREE, again, no)
    row = stands(state, "2026-06-03T17:00")  # the days given before stand
    assert (row.status, row.days_approved, row.days_refused, row.days_left) == ("denied", 3, 2, 1)
    assert ledger(state, MA, "2026-06-03T17:00")["AUTH-END/a1"].due_at == at("2026-06-03T23:59")
    assert row.flags == []
    given = stands(
        case(request(), THREE, again, decided("2026-06-03T16:00", days_approved=2)), "2026-06-03T17:00"
    )
    assert (given.days_approved, given.valid_through) == (5, at("2026-06-05T23:59"))


def test_an_approval_taken_back_leaves_nothing_and_is_told():
    no = decided("2026-06-03T16:00", "denied", reason="r", clinician=ONE)
    row = stands(case(request(), THREE, no), "2026-06-03T17:00")
    assert (row.days_left, row.valid_through) == (0, None)
    assert any("422.138(c)" in flag for flag in row.flags)
    back = stands(
        case(request(), THREE, no, decided("2026-06-04T10:00", days_approved=3)), "2026-06-04T11:00"
    )
    assert (back.days_approved, back.days_left, back.valid_through) == (3, 0, at("2026-06-03T23:59"))


def test_nights_over_the_change_of_the_clock():
    began = {"inpatient_order": at("2026-10-31T20:00"), "admitted": at("2026-10-31T20:00")}
    state = case(
        request("2026-10-31T21:00", 5, date(2026, 10, 31)), decided("2026-10-31T22:00", days_approved=5)
    )
    row = authorizations(state, review("2026-11-03T10:00", stay=began), shipped(), at("2026-11-03T23:59"))[0]
    assert (row.days_used, row.days_left) == (3, 2)


def test_a_payers_user_names_a_clinician_and_a_fax_may_not():
    state, no = case(request()), DecisionReceived(authorization_id="a1", decision="denied", reason="r")
    assert faults(state, no, NURSE) == []
    faxed = stands(case(request(), ("2026-06-02T10:00", no)), "2026-06-02T11:00")
    assert any("clinician" in flag for flag in faxed.flags)


# --- payers' clocks ---------------------------------------------------------------------------------------------


FREE = {"urgency": "standard", "requires_prior_authorization": False}


@pytest.mark.parametrize(
    ("name", "when", "parts", "clock", "due"),
    [
        (MA, "2025-12-31T23:30", {"urgency": "standard"}, "MA-PA", "2026-01-14T23:59"),
        (MA, "2026-01-01T00:00", {"urgency": "standard"}, "MA-PA", "2026-01-08T23:59"),
        (MA, "2026-01-05T10:00", FREE, "MA-STD", "2026-01-19T23:59"),
        (MA, "2026-01-09T16:40", {"urgency": "expedited"}, "MA-EXP", "2026-01-12T16:40"),
        (MA, "2026-03-06T16:40", {"urgency": "expedited"}, "MA-EXP", "2026-03-09T17:40"),
        (MA, "2026-10-30T16:40", {"urgency": "expedited"}, "MA-EXP", "2026-11-02T15:40"),
        ("state_medicaid", "2025-12-15T10:00", {"urgency": "standard"}, "MCD-AUTH", "2025-12-29T23:59"),
        ("state_medicaid", "2026-02-02T10:00", {"urgency": "standard"}, "MCD-AUTH", "2026-02-09T23:59"),
        (PPO, "2026-02-06T10:00", {"urgency": "expedited"}, "ER-URG", "2026-02-09T10:00"),
        (PPO, "2026-01-05T10:00", {"urgency": "standard"}, "ER-PRE", "2026-01-20T23:59"),
    ],
)  # fmt: skip
def test_when_a_payer_must_answer(name, when, parts, clock, due):
    state = case(asked(when, **parts))
    assert ledger(state, name, when)[f"{clock}/a1"].due_at == at(due)
    on_time = ledger(case(asked(when, **parts), decided(due)), name, due)
    assert on_time[f"{clock}/a1"].status == "met"
    late = (at(due) + timedelta(minutes=1)).replace(tzinfo=None).isoformat()
    assert ledger(case(asked(when, **parts), decided(late)), name, late)[f"{clock}/a1"].status == "late"


@pytest.mark.parametrize(
    ("again", "clock", "due"),
    [
        (asked("2026-06-02T10:00", "a2"), "ER-CON/a2", "2026-06-03T10:00"),
        (asked("2026-06-03T14:00", "a2"), "ER-CON-LATE/a2", "2026-06-06T14:00"),
        (asked("2026-06-02T10:00"), "ER-CON/a1", "2026-06-03T10:00"),  # under the same number
    ],
)
def test_an_employer_plan_answers_within_a_day_what_was_asked_a_day_before_the_end(again, clock, due):
    through = decided("2026-06-01T16:00", days_approved=3, valid_through=date(2026, 6, 3))
    assert ledger(case(request(), through, again), PPO, "2026-06-03T15:00")[clock].due_at == at(due)


def test_an_urgent_claim_that_lacks_something():
    """Told within 24 hours, 48 to answer; decided within 48 of the answer or of the end of that time."""
    claim = asked("2026-02-06T10:00", urgency="expedited")
    lacks = "2026-02-06T20:00", PayerAsked(question_id="q", authorization_id="a1", question="labs?")
    open_ = ledger(case(claim, lacks), PPO, "2026-02-06T21:00")
    assert open_["ER-URG-INFO/q"].due_at == at("2026-02-08T20:00")
    assert open_["ER-URG-INC/a1"].due_at == at("2026-02-10T20:00") and "ER-URG/a1" not in open_
    sent = "2026-02-07T20:00", PayerAnswered(question_id="q", text="sent")
    answered = ledger(case(claim, lacks, sent), PPO, "2026-02-07T21:00")
    assert answered["ER-URG-INC/a1"].due_at == at("2026-02-09T20:00")
    too_late = "2026-02-07T11:00", PayerAsked(question_id="q", authorization_id="a1", question="labs?")
    assert ledger(case(claim, too_late), PPO, "2026-02-07T12:00")["ER-URG/a1"].due_at == at(
        "2026-02-09T10:00"
    )


def test_time_that_a_clock_stands_still():
    paused = "2026-01-08T10:00", ClockPaused(clock="ER-PRE/a1", reason="information is missing")
    resumed = "2026-01-18T10:00", ClockResumed(clock="ER-PRE/a1")
    claim = asked("2026-01-05T10:00", urgency="standard")
    clock = ledger(case(claim, paused, resumed), PPO, "2026-01-19T10:00")["ER-PRE/a1"]
    assert (clock.due_at, clock.status) == (at("2026-02-14T23:59"), "running")  # 15 days more, and 10 still
    urgent = case(asked("2026-02-06T10:00", urgency="expedited"))
    pause = ClockPaused(clock="ER-URG/a1", reason="r")
    one = review(payer_class="commercial")
    assert faults(urgent, pause, when="2026-02-06T12:00", review=one, profile=shipped(PPO)) == ["$.clock"]


# --- calls and appeals ------------------------------------------------------------------------------------------

DENIED = [request(), denied("2026-06-02T10:00", "2026-06-02T09:00", authorization_id="a1")]
HELD = "2026-06-03T10:30", PeerToPeerHeld(call_id="c", outcome="upheld", physician=ONE)


def test_a_call_that_was_not_planned_counts_for_the_only_refusal():
    clocks = ledger(case(*DENIED, HELD), MA, "2026-06-03T12:00")
    assert (clocks["P2P/d1"].status, clocks["P2P/d1"].due_at) == ("met", at("2026-06-04T09:00"))
    assert clocks["MA-REC/d1"].status == "running"  # a call stops no appeal's clock
    other = [asked("2026-06-01T14:00", "s1", "snf")]
    other += [denied("2026-06-02T10:00", "2026-06-02T09:00", "d2", authorization_id="s1")]
    two = ledger(case(*DENIED, *other, HELD), MA, "2026-06-03T12:00")
    assert {two["P2P/d1"].status, two["P2P/d2"].status} == {"running"}


def test_an_appeal_that_was_won_leaves_nothing_to_do():
    filed = "2026-06-05T10:00", AppealFiled(appeal_id="x", denial_id="d1", level="reconsideration")
    won = "2026-06-20T10:00", AppealDecided(appeal_id="x", outcome="overturned")
    clocks = ledger(case(*DENIED, filed, won), MA, "2026-06-21T10:00")
    assert {one.status for name, one in clocks.items() if name.endswith("/d1")} == {"met", "stopped"}


STAMPED = {"of": "service", "is_receipt_documented": True}


@pytest.mark.parametrize(
    ("name", "received", "notice", "parts", "clock", "due"),
    [
        (MA, "2026-03-12T09:00", "2026-03-02T00:00", {"of": "service"}, "MA-REC", "2026-05-06"),
        (MA, "2026-03-10T09:00", "2026-03-02T00:00", STAMPED, "MA-REC", "2026-05-09"),
        ("original_medicare", "2026-01-25T09:00", "2026-01-12T00:00", {"of": "claim"}, "FFS-REDET", "2026-05-17"),
        ("state_medicaid", "2026-03-09T09:00", "2026-03-02T00:00", {"of": "service"}, "MCD-APP", "2026-05-01"),
        (PPO, "2026-03-02T09:00", "2026-02-27T00:00", STAMPED, "ER-APP", "2026-08-29"),
    ],
)  # fmt: skip
def test_until_when_an_appeal_can_be_filed(name, received, notice, parts, clock, due):
    found = ledger(case(denied(received, notice, **parts)), name, received)[f"{clock}/d1"]
    assert found.due_at.date() == date.fromisoformat(due)


# --- notices ----------------------------------------------------------------------------------------------------


def test_an_observation_notice_may_be_given_early():
    facts = {
        "coverage.payer_class": "medicare_ffs",
        "stay.is_inpatient": 0.0,
        "stay.is_observation": 1.0,
        "stay.observation_start_at": "2026-03-10T08:15",
    }
    one = with_clocks(review("2026-03-10T09:00", payer_class="medicare_ffs"), facts)
    for given, status in (
        ("2026-03-10T15:00", "met"),
        ("2026-03-10T08:00", "running"),
        ("2026-03-11T20:16", "late"),
    ):
        state = case((given, NoticeDelivered(clock_id="MOON", is_signed=True)))
        clocks = {clock.clock: clock for clock in case_clocks(state, one, None, at("2026-03-11T10:00"))}
        if status == "late":
            clocks = {clock.clock: clock for clock in case_clocks(state, one, None, at("2026-03-11T21:00"))}
        assert clocks["MOON"].status == status


# --- cadence ----------------------------------------------------------------------------------------------------


def test_the_day_before_the_authorized_days_end():
    said = [first_level("2026-06-03T09:30", "admission"), request("2026-06-03T10:00", 5, date(2026, 6, 3))]
    said.append(decided("2026-06-03T11:00", days_approved=3))
    due = next_review(case(*said), review(**NO_REVIEW), shipped())
    assert (due.due_at, due.basis) == (at("2026-06-04T23:59"), "last authorized day is Fri 05 Jun 2026")
    done = next_review(case(*said, first_level("2026-06-04T09:00")), review(**NO_REVIEW), shipped())
    assert done.due_at == at("2026-06-06T23:59")  # the payer's rhythm of two days


def test_one_day_only_asks_at_once():
    said = [first_level("2026-06-03T09:30"), request("2026-06-03T10:00", 1, date(2026, 6, 3))]
    due = next_review(
        case(*said, decided("2026-06-03T11:00", days_approved=1)), review(**NO_REVIEW), shipped()
    )
    assert due.due_at == at("2026-06-03T11:00")


# --- waiting for a payer ----------------------------------------------------------------------------------------


def attributed(to, start, end=None):
    return "2026-06-05T08:00", DelayAttributed(record_id="x", to=to, reason="r", start=at(start), end=end)


@pytest.mark.parametrize(
    ("said", "when", "hours"),
    [
        ([], "2026-06-05T09:00", 47.0),
        ([asked("2026-06-03T12:00", "t1", "transport")], "2026-06-05T09:00", 47.0),
        ([decided("2026-06-04T10:00", "pended", "s1")], "2026-06-05T09:00", 47.0),
        ([decided("2026-06-04T10:00", "approved", "s1")], "2026-06-05T09:00", 24.0),
        ([seen("2026-06-04T10:00", {"discharge_ready": "not_met"})], "2026-06-05T09:00", 24.0),
        ([attributed("payer", "2026-06-03T10:00")], "2026-06-05T09:00", 47.0),
        ([attributed("family", "2026-06-03T12:00", at("2026-06-04T09:00"))], "2026-06-05T09:00", 26.0),
    ],
)  # fmt: skip
def test_each_hour_after_readiness_once(said, when, hours):
    said = [
        asked("2026-06-01T15:00", "s1", "snf"),
        seen("2026-06-03T10:00", {"discharge_ready": "met"}),
        *said,
    ]
    state = case(*sorted(said, key=lambda one: one[0]))
    rows = payer_delay(state, None, shipped(), at(when))
    assert [row.hours for row in rows] == [hours]


def test_a_payers_user_speaks_only_of_what_was_released():
    no = DecisionReceived(authorization_id="a1", decision="denied", reason="r", clinician=ONE)
    assert faults(case(request()), no, PAYER) == ["$"]
