"""What the guards of utilization review refuse: each fault once, beside an act that passes."""

from datetime import date
from decimal import Decimal

import pytest
from workkit import (
    ADVISOR,
    ATTENDING,
    DIGEST,
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
    payer,
    review,
    seen,
    shipped,
)

from discharge.casework.events import ENGINE, Actor
from discharge.casework.events.base import Clinician
from discharge.casework.events.utilization import (
    AdvisorDecided,
    AdvisorReferred,
    AppealDecided,
    AppealFiled,
    AuthorizationRequested,
    AvoidableDayRecorded,
    ClockPaused,
    ClockResumed,
    DaysAuthorized,
    DecisionReceived,
    DelayAttributed,
    DenialReceived,
    FirstLevelReviewed,
    NoticeDelivered,
    OutcomeRecorded,
    PayerAnswered,
    PayerAsked,
    PeerToPeerHeld,
    PeerToPeerScheduled,
    PhysicianAnswered,
    PhysicianAsked,
    PractitionerConsulted,
    Released,
    StatusDetermined,
)
from discharge.casework.guards import check
from discharge.casework.guards.framework import GUARDS, Context

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

NOT_A_PHYSICIAN = Clinician(name="Nora Nurse", credentials="RN")
MEDICARE = {"payer_class": "medicare_ffs"}


def referred(referral_id="r", reason="not_met"):
    return "2026-06-02T10:00", AdvisorReferred(referral_id=referral_id, question="Inpatient?", reason=reason)


def consulted(view="agrees", when="2026-06-02T12:00", who=ATTENDING):
    return when, PractitionerConsulted(referral_id="r", practitioner=who, view=view)


def decision(name="not_necessary", physician=ONE, **parts):
    return AdvisorDecided(referral_id="r", decision=name, physician=physician, rationale="because", **parts)


def status(name="observation", by=ONE, **parts):
    parts = {"effective_at": at("2026-06-04T12:00")} | parts
    return StatusDetermined(status=name, determined_by=by, basis="because", **parts)


# --- status -----------------------------------------------------------------------------------------------------


def test_a_physician_by_name_settles_the_status():
    assert faults(case(), status("inpatient"), ADVISOR) == []
    assert faults(case(), status("inpatient", NOT_A_PHYSICIAN), ADVISOR) == ["$.determined_by.credentials"]
    assert faults(case(), status("inpatient", Clinician(name="X")), ADVISOR) == [
        "$.determined_by.credentials"
    ]


COMMITTEE = [referred(), consulted(), ("2026-06-02T14:00", decision("status_change_advised"))]
CODE_44 = {"is_condition_code_44": True}


def test_condition_code_44_with_everything_on_record():
    """Whether a claim was submitted isn't known, which the conditions say and which stops nobody."""
    assert faults(case(*COMMITTEE), status(**CODE_44), ADVISOR, review=review(**MEDICARE)) == []


@pytest.mark.parametrize(
    ("said", "one", "parts", "where"),
    [
        ([], review, {}, ["$.is_condition_code_44"]),  # no committee
        ([referred(), consulted("disagrees"), COMMITTEE[2]], review, {}, ["$.is_condition_code_44"]),
        (COMMITTEE, review, {"name": "inpatient"}, ["$.status"]),
        (COMMITTEE, review, {"effective_at": at("2026-06-04T11:59")}, ["$.effective_at"]),
        (
            COMMITTEE,
            lambda **_: review(stay={"discharged": at("2026-06-04T11:00")}, **MEDICARE),
            {},
            ["$.is_condition_code_44"] * 2,
        ),
        (
            COMMITTEE,
            lambda **_: review(stay={"is_in_house": None}, **MEDICARE),
            {},
            ["$.is_condition_code_44"],
        ),
        (
            COMMITTEE,
            lambda **_: review(stay={"status": "observation"}, **MEDICARE),
            {},
            ["$.is_condition_code_44"],
        ),
        (
            [*COMMITTEE, ("2026-06-03T10:00", OutcomeRecorded(outcome="paid"))],
            review,
            {},
            ["$.is_condition_code_44"],
        ),
        (COMMITTEE, lambda **_: review(payer_class="commercial"), {}, ["$.is_condition_code_44"]),
    ],
)
def test_each_condition_of_code_44(said, one, parts, where):
    payload = status(
        parts.get("name", "observation"), **CODE_44, **{k: v for k, v in parts.items() if k != "name"}
    )
    assert faults(case(*said), payload, ADVISOR, review=one(**MEDICARE)) == where


def test_a_medicare_inpatient_becomes_outpatient_by_no_other_way():
    assert faults(case(), status(), ADVISOR, review=review(**MEDICARE)) == ["$.is_condition_code_44"]
    gone = review(stay={"discharged": at("2026-06-04T11:00"), "is_in_house": False}, **MEDICARE)
    assert faults(case(), status(), ADVISOR, review=gone) == ["$.status"]
    assert faults(case(), status(), ADVISOR, review=review()) == []  # a Medicare Advantage plan: the contract
    assert faults(case(), status(), ADVISOR, review=review(stay={"status": "observation"}, **MEDICARE)) == []


def test_after_discharge_the_guard_points_to_rebilling():
    gone = review(stay={"discharged": at("2026-06-04T11:00"), "is_in_house": False}, **MEDICARE)
    context = Context(occurred_at=at("2026-06-04T12:00"), now=at("2026-06-04T12:00"), review=gone)
    told = check(case(*COMMITTEE), status(**CODE_44), ADVISOR, context)
    assert any("Part B" in one.expected for one in told)


# --- first level ------------------------------------------------------------------------------------------------


def looked(outcome="approved", review_type="admission", **parts):
    return FirstLevelReviewed(outcome=outcome, review_type=review_type, **parts)


def test_the_first_level_knows_no_denial():
    with pytest.raises(ValueError, match="outcome"):
        FirstLevelReviewed(outcome="denied", review_type="admission")
    forged = FirstLevelReviewed.model_construct(outcome="denied", review_type="admission", comment=None)
    assert faults(case(), forged, NURSE) == ["$.outcome"]


@pytest.mark.parametrize("found", ["met", "not_met", "unknown"])
@pytest.mark.parametrize(
    ("review_type", "level"),
    [
        ("admission", "admission"),
        ("retrospective", "admission"),
        ("concurrent", "continued_stay"),
        ("discharge", "discharge_ready"),
    ],
)
def test_who_may_approve_what_the_engine_did_not_find_met(found, review_type, level):
    others = dict.fromkeys(
        ("admission", "continued_stay", "discharge_ready"), "met" if found != "met" else "unknown"
    )
    one = review(levels=others | {level: found})
    payload = looked(review_type=review_type)
    assert faults(case(), payload, ENGINE, review=one) == ([] if found == "met" else ["$.outcome"])
    assert faults(case(), payload, NURSE, review=one) == ([] if found == "met" else ["$.comment"])
    assert faults(case(), looked(review_type=review_type, comment="seen at the bed"), NURSE, review=one) == []
    assert faults(case(), looked("referred", review_type), ENGINE, review=one) == []


# --- second level -----------------------------------------------------------------------------------------------


def test_referrals_have_own_ids_and_are_not_asked_twice():
    again = AdvisorReferred(referral_id="r", question="?", reason="denial")
    assert faults(case(referred()), again) == ["$.referral_id"]
    same = AdvisorReferred(referral_id="r2", question="?", reason="not_met")
    assert faults(case(referred()), same) == ["$.reason"]
    assert faults(case(referred(), ("2026-06-02T14:00", decision("approved"))), same) == []


def test_a_practitioner_is_asked_about_an_open_referral():
    payload = consulted()[1]
    assert faults(case(referred()), payload) == []
    assert faults(case(), payload) == ["$.referral_id"]
    assert faults(case(referred(), ("2026-06-02T14:00", decision("approved"))), payload) == ["$.referral_id"]


def test_only_a_physician_advisor_in_person_decides():
    state = case(referred())
    assert faults(state, decision("approved"), ADVISOR) == []
    machine = Actor(id="m", name="Machine", kind="machine", roles=("physician_advisor",))
    context = Context(occurred_at=at("2026-06-04T12:00"), now=at("2026-06-04T12:00"))
    for actor in (NURSE, ENGINE, machine):
        assert [
            one.where for one in GUARDS["advisor_decided"](state, decision("approved"), actor, context)
        ] == ["$.kind"]
        assert faults(state, decision("approved"), actor) == ["$.kind"]


def test_the_referral_is_there_and_open():
    assert faults(case(), decision("approved"), ADVISOR) == ["$.referral_id"]
    closed = case(referred(), ("2026-06-02T14:00", decision("approved")))
    assert faults(closed, decision("approved"), ADVISOR) == ["$.referral_id"]
    waiting = case(referred(), ("2026-06-02T14:00", decision("more_information")))
    assert faults(waiting, decision("approved"), ADVISOR) == []


def test_physicians_are_physicians_and_two_people():
    state = case(referred(), consulted())
    assert faults(state, decision(physician=NOT_A_PHYSICIAN), ADVISOR) == ["$.physician.credentials"]
    nurse_too = decision(second_physician=NOT_A_PHYSICIAN)
    assert faults(state, nurse_too, ADVISOR) == ["$.second_physician.credentials"]
    twice = decision(second_physician=Clinician(name="Advisor, Dora MD", credentials="MD"))
    assert faults(state, twice, ADVISOR) == ["$.second_physician"]


@pytest.mark.parametrize(
    ("said", "parts", "where"),
    [
        ([], {}, ["$.decision"]),  # nobody asked the practitioner
        ([consulted(when="2026-06-04T12:01")], {}, ["$.decision"]),  # asked only afterwards
        ([consulted("agrees")], {}, []),
        ([consulted("no_view")], {}, []),
        ([consulted("disagrees")], {}, ["$.second_physician"]),
        ([consulted("disagrees")], {"second_physician": TWO}, []),
    ],
)
def test_the_steps_of_a_finding(said, parts, where):
    assert faults(case(referred(), *said), decision(**parts), ADVISOR) == where


def attended_by(name):
    base = review()
    contact = base.plan.contacts[0].model_copy(update={"role": "attending", "name": name})
    return base.model_copy(update={"plan": base.plan.model_copy(update={"contacts": [contact]})})


@pytest.mark.parametrize("name", ["not_necessary", "status_change_advised", "approved"])
def test_nobody_who_cares_for_the_patient_decides(name):
    one = attended_by("Dr. Dora Advisor")
    other = Clinician(name="Somebody Else", credentials="MD")
    state = case(referred(), consulted(who=other))
    assert faults(state, decision(name), ADVISOR, review=one) == ["$.physician"]
    second = decision(name, physician=TWO, second_physician=ONE)
    assert faults(state, second, ADVISOR, review=one) == ["$.second_physician"]
    assert faults(state, decision(name, physician=TWO), ADVISOR, review=one) == []
    consultee = case(referred(), consulted(who=ONE))
    assert faults(consultee, decision(name), ADVISOR) == ["$.physician"]
    assert faults(state, decision("more_information"), ADVISOR, review=one) == []


def test_questions_to_physicians():
    question = PhysicianAsked(question_id="q", to="Dr. X", question="?")
    answer = PhysicianAnswered(question_id="q", answered_by=ATTENDING, answer="yes")
    assert faults(case(), question) == []
    assert faults(case(("2026-06-02T10:00", question)), question) == ["$.question_id"]
    assert faults(case(("2026-06-02T10:00", question)), answer) == []
    assert faults(case(), answer) == ["$.question_id"]
    answered = case(("2026-06-02T10:00", question), ("2026-06-02T11:00", answer))
    assert faults(answered, answer) == ["$.question_id"]


# --- notices ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "where"),
    [
        ({"clock_id": "IM-1", "is_signed": True}, []),
        ({"clock_id": "IM-1", "is_signed": False}, ["$.refusal_note"]),
        ({"clock_id": "IM-1", "is_signed": False, "refusal_note": "refused; N. Nurse, RN"}, []),
        ({"clock_id": "IM1", "is_signed": True}, ["$.clock_id"]),
        ({"clock_id": "MA-PA", "is_signed": True}, ["$.clock_id"]),  # a clock, and no notice
        ({"clock_id": "MOON", "is_signed": True, "recipient": "hospital"}, ["$.recipient"]),
        ({"clock_id": "UR-NOTICE", "is_signed": False, "recipient": "hospital"}, ["$.clock_id"]),
        ({"clock_id": "CC44-NOTICE", "is_signed": False, "recipient": "practitioner"}, []),
    ],
)
def test_notices(parts, where):
    assert faults(case(), NoticeDelivered(**parts)) == where


def test_notice_of_a_finding():
    found = case(referred(), consulted(), ("2026-06-02T14:00", decision()))
    payload = NoticeDelivered(clock_id="UR-NOTICE/r", is_signed=False, recipient="hospital")
    assert faults(found, payload) == []


# --- days lost --------------------------------------------------------------------------------------------------


def lost(day=3, reason="placement", record_id="x", **parts):
    return AvoidableDayRecorded(record_id=record_id, day=date(2026, 6, day), reason=reason, **parts)


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        (lost(), []),
        (lost(record_id="old"), ["$.record_id"]),
        (lost(reason="clinical"), ["$.reason"]),
        (lost(reason="placment"), ["$.reason"]),
        (lost(day=5), ["$.day"]),  # tomorrow
        (lost(day=4, days=Decimal(2)), ["$.day"]),  # reaches into tomorrow
        (lost(day=1, record_id="y"), []),
        (lost(day=2), ["$.day"]),  # counted already
        (lost(day=1, days=Decimal(2)), ["$.day"]),
        (lost(day=2, days=Decimal("0.5")), ["$.day"]),
    ],
)
def test_days_lost(payload, where):
    state = case(("2026-06-02T20:00", lost(2, record_id="old")))
    assert faults(state, payload, review=review()) == where


def test_two_halves_make_a_day_and_no_day_lies_outside_the_stay():
    half = case(("2026-06-02T20:00", lost(2, record_id="old", days=Decimal("0.5"))))
    assert faults(half, lost(2, days=Decimal("0.5")), review=review()) == []
    assert faults(half, lost(2, days=Decimal("0.6")), review=review()) == ["$.day"]
    may = AvoidableDayRecorded(record_id="m", day=date(2026, 5, 31), reason="placement")
    assert faults(case(), may, review=review()) == ["$.day"]
    gone = review(stay={"discharged": at("2026-06-02T11:00")})
    assert faults(case(), lost(3), review=gone) == ["$.day"]


def delay(start, end=None, **parts):
    span = {"start": at(start), "end": at(end) if end else None}
    return DelayAttributed(record_id="x", to="payer", reason="r", **span, **parts)


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        (delay("2026-06-03T10:00"), []),
        (delay("2026-06-03T10:00", "2026-06-03T10:00"), ["$.end"]),
        (delay("2026-06-04T12:01"), ["$.start"]),
        (delay("2026-06-03T10:00", "2026-06-04T12:01"), ["$.start"]),
        (delay("2026-06-03T10:00", authorization_id="none"), ["$.authorization_id"]),
    ],
)
def test_delays(payload, where):
    assert faults(case(), payload) == where


def test_papers_go_to_the_stays_own_payer():
    state = case(seen("2026-06-03T10:00"))
    parts = {
        "release_id": "x",
        "paper": "summary",
        "media_type": "text/html",
        "document": DIGEST,
        "payer_profile": "example_ma_plan",
        "review_digest": DIGEST,
    }
    assert faults(state, Released(**parts), review=review()) == []
    assert faults(state, Released(**parts | {"payer_profile": "other"}), review=review()) == [
        "$.payer_profile"
    ]
    assert faults(state, Released(**parts | {"review_digest": "e" * 64}), review=review()) == [
        "$.review_digest"
    ]
    twice = case(seen("2026-06-03T10:00"), ("2026-06-03T11:00", Released(**parts)))
    assert faults(twice, Released(**parts), review=review()) == ["$.release_id"]
    context = Context(occurred_at=at("2026-06-04T12:00"), now=at("2026-06-04T12:00"), review=review())
    assert [one.where for one in GUARDS["released"](state, Released(**parts), ENGINE, context)] == ["$.kind"]


# --- the payer's side -------------------------------------------------------------------------------------------

RELEASE = (
    "2026-06-01T11:00",
    Released(
        release_id="x",
        paper="summary",
        media_type="text/html",
        document=DIGEST,
        payer_profile="example_ma_plan",
        review_digest=DIGEST,
    ),
)


def requested(**parts):
    return AuthorizationRequested(
        **({"authorization_id": "a1", "service": "snf", "payer_profile": None} | parts)
    )


def said(name, **parts):
    return DecisionReceived(authorization_id="a1", decision=name, **parts)


def test_what_is_asked_for_is_a_service_of_payer_profiles():
    assert faults(case(), requested()) == []
    assert faults(case(), requested(service="snff")) == ["$.service"]


OWN = [RELEASE, asked("2026-06-01T12:00", service="snf", payer_profile="example_ma_plan")]


@pytest.mark.parametrize("name", ["denied", "partial", "modified"])
def test_a_payers_user_names_a_clinician_and_a_reason(name):
    state = case(*OWN)
    assert faults(state, said(name), PAYER) == ["$.reason", "$.clinician"]
    assert faults(state, said(name, reason="not skilled"), PAYER) == ["$.clinician"]
    assert faults(state, said(name, clinician=ONE), PAYER) == ["$.reason"]
    assert faults(state, said(name, reason="not skilled", clinician=ONE), PAYER) == []
    assert faults(state, said("approved"), PAYER) == []


@pytest.mark.parametrize("name", ["denied", "partial", "modified"])
def test_a_fax_without_a_name_is_kept(name):
    assert faults(case(*OWN), said(name), NURSE) == []
    assert faults(case(), said(name), NURSE) == []  # even one that nobody asked for


def test_a_payers_user_answers_its_own_requests_only():
    reason = {"reason": "r", "clinician": ONE}
    unasked = faults(case(RELEASE), said("denied", **reason), PAYER, review=review())
    assert unasked == ["$.authorization_id"]
    other = case(RELEASE, asked("2026-06-01T12:00", payer_profile="other_plan"))
    assert faults(other, said("approved"), PAYER) == ["$.authorization_id"]
    question = PayerAsked(question_id="q", authorization_id="a1", question="?")
    assert faults(other, question, PAYER) == ["$.authorization_id"]
    call = PeerToPeerScheduled(call_id="c", authorization_id="a1", at=at("2026-06-05T10:00"), physician="X")
    assert faults(other, call, PAYER) == ["$.authorization_id"]
    assert faults(case(*OWN), question, PAYER) == [] and faults(case(*OWN), call, PAYER) == []


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        (said("denied", days_approved=2), ["$.days_approved"]),
        (said("partial", days_approved=2), []),
        (said("approved", valid_from=date(2026, 6, 3), valid_through=date(2026, 6, 2)), ["$.valid_through"]),
        (said("approved", valid_from=date(2026, 6, 3), valid_through=date(2026, 6, 3)), []),
    ],
)
def test_decisions_that_contradict_themselves(payload, where):
    assert faults(case(*OWN), payload) == where


def test_days_are_added_to_what_stands():
    payload = DaysAuthorized(authorization_id="a1", days=2)
    assert faults(case(), payload) == ["$.authorization_id"]
    assert faults(case(asked("2026-06-01T12:00")), payload) == ["$.authorization_id"]
    assert faults(case(asked("2026-06-01T12:00"), decided("2026-06-01T13:00", "denied")), payload) == [
        "$.authorization_id"
    ]
    assert faults(case(asked("2026-06-01T12:00"), decided("2026-06-01T13:00")), payload) == []


def test_questions_of_the_payer():
    question = PayerAsked(question_id="q", question="?")
    answer = PayerAnswered(question_id="q", text="sent")
    state = case(("2026-06-02T10:00", question))
    assert faults(case(), question) == [] and faults(state, answer) == []
    assert faults(state, question) == ["$.question_id"]
    assert faults(case(), PayerAsked(question_id="q", authorization_id="no", question="?")) == [
        "$.authorization_id"
    ]
    assert faults(case(), answer) == ["$.question_id"]
    assert faults(case(("2026-06-02T10:00", question), ("2026-06-02T11:00", answer)), answer) == [
        "$.question_id"
    ]


def test_calls_between_physicians():
    planned = PeerToPeerScheduled(call_id="c", at=at("2026-06-05T10:00"), physician="X")
    held = PeerToPeerHeld(call_id="c", outcome="upheld", physician=ONE)
    assert faults(case(), planned) == [] and faults(case(), held) == []
    about = PeerToPeerScheduled(call_id="c", authorization_id="no", at=at("2026-06-05T10:00"), physician="X")
    assert faults(case(), about) == ["$.authorization_id"]
    over = case(("2026-06-02T10:00", planned), ("2026-06-02T11:00", held))
    assert faults(over, planned) == ["$.call_id"] and faults(over, held) == ["$.call_id"]
    nurse = PeerToPeerHeld(call_id="c", outcome="overturned", physician=NOT_A_PHYSICIAN)
    assert faults(case(), nurse) == ["$.physician.credentials"]
    assert faults(case(), PeerToPeerHeld(call_id="c", outcome="not_held", physician=NOT_A_PHYSICIAN)) == []


def test_denials_and_appeals():
    def denial(**parts):
        return DenialReceived(
            **({"denial_id": "d1", "of": "days", "notice_at": at("2026-06-04T00:00")} | parts)
        )

    assert faults(case(), denial()) == []
    assert faults(case(), denial(notice_at=at("2026-06-04T12:01"))) == ["$.notice_at"]
    assert faults(case(), denial(authorization_id="no")) == ["$.authorization_id"]
    state = case(denied("2026-06-03T10:00", "2026-06-03T00:00"))
    assert faults(state, denial()) == ["$.denial_id"]

    filed = AppealFiled(appeal_id="p", denial_id="d1", level="Reconsideration")
    assert faults(state, filed, review=review()) == []
    assert faults(case(), filed, review=review()) == ["$.denial_id"]
    other = AppealFiled(appeal_id="p", denial_id="d1", level="redetermination")
    assert faults(state, other, review=review()) == ["$.level"]  # a level of Original Medicare
    assert faults(state, other) == []  # the payer isn't known
    assert faults(state, other, review=review(), profile=payer("medicare_ffs")) == []
    patients = AppealFiled(appeal_id="p", denial_id="d1", level="qio")
    assert faults(state, patients, review=review()) == []

    appealed = case(denied("2026-06-03T10:00", "2026-06-03T00:00"), ("2026-06-03T11:00", filed))
    again = AppealFiled(appeal_id="p2", denial_id="d1", level="reconsideration")
    assert faults(appealed, again, review=review()) == ["$.level"]
    above = filed.model_copy(update={"level": "ire"})
    assert set(faults(appealed, above, review=review())) == {"$.appeal_id", "$.level"}  # not decided below
    end = AppealDecided(appeal_id="p", outcome="upheld")
    assert faults(appealed, end) == [] and faults(case(), end) == ["$.appeal_id"]
    over = case(
        denied("2026-06-03T10:00", "2026-06-03T00:00"), ("2026-06-03T11:00", filed), ("2026-06-03T12:00", end)
    )
    assert faults(over, end) == ["$.appeal_id"]


# --- clocks that stand still ------------------------------------------------------------------------------------


def paused(clock, state, when="2026-06-04T12:00", profile=None):
    return faults(
        state,
        ClockPaused(clock=clock, reason="waits"),
        when=when,
        review=review(),
        profile=profile or shipped(),
    )


def test_a_clock_pauses_only_where_its_rule_lets_it():
    state = case(asked("2026-06-03T10:00"), referred("r2"))
    assert paused("MA-EXP/a1", state) == []
    assert paused("MA-EXP/a2", state) == ["$.clock"]  # there is none
    assert paused("ADVISOR/r2", state) == ["$.clock"]  # the house's own runs on
    context = Context(
        occurred_at=at("2026-06-04T12:00"), now=at("2026-06-04T12:00"), review=review(), profile=shipped()
    )
    told = check(state, ClockPaused(clock="ADVISOR/r2", reason="weekend"), NURSE, context)[0]
    assert "knows no pause" in told.what and "MA-EXP" in told.expected


def test_a_clock_that_is_over_or_stands_still_does_not_pause():
    late = case(asked("2026-06-01T11:59"))
    assert paused("MA-EXP/a1", late) == ["$.clock"]
    answered = case(asked("2026-06-03T10:00"), decided("2026-06-03T12:00"))
    assert paused("MA-EXP/a1", answered) == ["$.clock"]
    still = case(
        asked("2026-06-03T10:00"), ("2026-06-03T12:00", ClockPaused(clock="MA-EXP/a1", reason="waits"))
    )
    assert paused("MA-EXP/a1", still) == ["$.clock"]


def test_no_extension_of_an_appeal_about_payment():
    def appealed(of):
        filed = AppealFiled(appeal_id="p", denial_id="d1", level="reconsideration")
        return case(denied("2026-06-03T10:00", "2026-06-03T00:00", of=of), ("2026-06-03T11:00", filed))

    assert paused("MA-REC-D/d1", appealed("service")) == []
    assert paused("MA-REC-D/d1", appealed("claim")) == ["$.clock"]


def test_only_what_stands_still_can_run_again():
    resumed = ClockResumed(clock="MA-EXP/a1")
    pause = ("2026-06-03T12:00", ClockPaused(clock="MA-EXP/a1", reason="waits"))
    assert faults(case(pause), resumed) == []
    assert faults(case(), resumed) == ["$.clock"]
    assert faults(case(pause, ("2026-06-03T13:00", resumed)), resumed) == ["$.clock"]
    assert faults(case(pause), resumed, when="2026-06-03T11:00") == ["$.clock"]


def test_every_fault_says_what_to_do():
    told = check(
        case(),
        ClockResumed(clock="X"),
        NURSE,
        Context(occurred_at=at("2026-06-04T12:00"), now=at("2026-06-04T12:00")),
    )
    assert all(one.what and one.expected for one in told)
