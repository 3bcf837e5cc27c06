"""The physician advisor's queue: who must be referred, what the item shows, and what may be decided."""

import pytest
from workkit import ATTENDING, ONE, TWO, at, case, review

from discharge.casework.events.base import Clinician
from discharge.casework.events.utilization import (
    AdvisorDecided,
    AdvisorReferred,
    FirstLevelReviewed,
    NoticeDelivered,
    OutcomeRecorded,
    PractitionerConsulted,
    StatusDetermined,
)
from discharge.casework.work.advisor import queue_items, referral_due
from discharge.casework.work.code_44 import condition_code_44
from discharge.casework.work.second_level import is_same

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

MET = {"admission": "met", "continued_stay": "met", "discharge_ready": "not_met"}


def referred(when="2026-06-02T10:00", reason="not_met", referral_id="r", **parts):
    return when, AdvisorReferred(referral_id=referral_id, question="Inpatient?", reason=reason, **parts)


def decision(when="2026-06-02T14:00", name="approved", **parts):
    parts = {"physician": ONE, "rationale": "because"} | parts
    return when, AdvisorDecided(referral_id="r", decision=name, **parts)


def consulted(view, when="2026-06-02T12:00", who=ATTENDING):
    return when, PractitionerConsulted(referral_id="r", practitioner=who, view=view)


def nurse(when, outcome="referred", review_type="admission"):
    return when, FirstLevelReviewed(outcome=outcome, review_type=review_type)


@pytest.mark.parametrize(
    ("levels", "when", "reason"),
    [
        (MET, "2026-06-04T10:00", None),
        (MET | {"admission": "not_met"}, "2026-06-01T14:00", "not_met"),
        (MET | {"admission": "unknown"}, "2026-06-02T12:59", None),  # the first day is not over
        (MET | {"admission": "unknown"}, "2026-06-02T13:00", "unknown"),
        (MET | {"continued_stay": "not_met"}, "2026-06-04T10:00", "continued_stay"),
        (MET | {"continued_stay": "not_met", "discharge_ready": "met"}, "2026-06-04T10:00", None),
        (MET | {"continued_stay": "unknown"}, "2026-06-04T10:00", None),
    ],
)
def test_when_a_stay_must_be_referred(levels, when, reason):
    one = review(levels=levels, review_type="concurrent")
    assert referral_due(case(), one, at(when)) == reason


def test_only_inpatients_are_asked_about_and_not_without_a_review():
    levels = MET | {"admission": "not_met"}
    assert (
        referral_due(case(), review(levels=levels, stay={"status": "observation"}), at("2026-06-04T10:00"))
        is None
    )
    assert referral_due(case(), None, at("2026-06-04T10:00")) is None


def test_an_open_referral_or_an_answer_settles_it():
    one = review(levels=MET | {"admission": "not_met"}, review_type="concurrent")
    now = at("2026-06-04T10:00")
    assert referral_due(case(referred()), one, now) is None
    assert referral_due(case(referred(), decision()), one, now) is None
    assert referral_due(case(referred(reason="denial"), decision()), one, now) == "not_met"
    assert referral_due(case(referred(), decision(name="more_information")), one, now) is None


def test_an_answer_on_the_continued_stay_holds_for_three_days():
    one = review(levels=MET | {"continued_stay": "not_met"}, review_type="concurrent")
    state = case(referred(reason="continued_stay"), decision("2026-06-02T14:00"))
    assert referral_due(state, one, at("2026-06-04T23:59")) is None
    assert referral_due(state, one, at("2026-06-05T00:00")) == "continued_stay"
    gone = review(
        levels=MET | {"continued_stay": "not_met"},
        stay={"discharged": at("2026-06-04T11:00")},
        review_type="concurrent",
    )
    assert referral_due(case(), gone, at("2026-06-05T00:00")) is None


def test_a_nurse_who_refers_is_heard():
    one = review(levels=MET)
    now = at("2026-06-04T10:00")
    assert referral_due(case(nurse("2026-06-02T09:00")), one, now) == "not_met"
    assert (
        referral_due(case(nurse("2026-06-02T09:00", review_type="concurrent")), one, now) == "continued_stay"
    )
    assert referral_due(case(nurse("2026-06-02T09:00"), referred(), decision()), one, now) is None
    assert (
        referral_due(case(nurse("2026-06-02T09:00"), nurse("2026-06-02T10:00", "approved")), one, now) is None
    )


def test_an_item_shows_question_age_and_time():
    item = queue_items(case(referred()), review(), at("2026-06-03T10:01"))[0]
    assert (item.referral_id, item.question, item.reason) == ("r", "Inpatient?", "not_met")
    assert (item.due_at, item.age_hours, item.is_late) == (at("2026-06-03T10:00"), 24.02, True)
    on_time = queue_items(case(referred(due_at=at("2026-06-04T10:00"))), review(), at("2026-06-03T10:01"))[0]
    assert (on_time.due_at, on_time.is_late) == (at("2026-06-04T10:00"), False)
    assert queue_items(case(referred(), decision()), review(levels=MET), at("2026-06-03T10:01")) == []


def test_what_ought_to_be_asked_is_in_the_queue_without_an_id():
    one = review(levels=MET | {"admission": "unknown"})
    item = queue_items(case(), one, at("2026-06-04T10:00"))[0]
    assert (item.referral_id, item.reason, item.choices) == (None, "unknown", [])
    assert item.question.endswith("?") and "\n" not in item.question


def test_an_item_shows_the_smallest_missing_set_and_the_criteria_not_met():
    base = review(
        levels=MET | {"admission": "not_met", "missing": {"admission": [["labs.a"], ["labs.b", "labs.c"]]}}
    )
    like = base.findings[0]
    tree = [
        ("top", "Top", "not_met", ["left", "right"], "admission"),
        ("left", "Left leaf", "not_met", [], None),
        ("right", "Right leaf", "met", [], None),
        ("other", "Other leaf", "not_met", [], None),
    ]
    findings = [
        like.model_copy(
            update={"criterion": name, "title": title, "status": status, "parts": parts, "role": role}
        )
        for name, title, status, parts, role in tree
    ]
    item = queue_items(
        case(referred()), base.model_copy(update={"findings": findings}), at("2026-06-03T10:00")
    )[0]
    assert item.not_met == ["Left leaf"]
    assert item.missing == ["labs.a"]
    assert item.statement == base.level_of_care.statement


@pytest.mark.parametrize(
    ("said", "is_open", "asks"),
    [
        ([], False, "First ask"),
        ([consulted("agrees")], True, None),
        ([consulted("no_view")], True, None),
        ([consulted("disagrees")], True, "second physician"),
        (
            [consulted("disagrees"), consulted("agrees", "2026-06-02T13:00")],
            True,
            None,
        ),  # the last word counts
        ([consulted("agrees"), consulted("disagrees", who=TWO)], True, "second physician"),
    ],
)
def test_what_a_finding_needs(said, is_open, asks):
    item = queue_items(case(referred(), *said), review(), at("2026-06-03T10:00"))[0]
    choices = {one.decision: one for one in item.choices}
    assert set(choices) == {"approved", "more_information", "status_change_advised", "not_necessary"}
    finding = choices["not_necessary"]
    assert finding.is_open is is_open
    assert any(asks in need for need in finding.needs) if asks else len(finding.needs) == 2
    assert all(one.needs and one.citation for one in item.choices)


def test_before_discharge_code_44_after_it_rebilling():
    def leads(one):
        return queue_items(case(referred()), one, at("2026-06-03T10:00"))[0].leads_to

    assert "condition code 44" in leads(review(payer_class="medicare_ffs"))
    assert "contract" in leads(review())
    gone = {"discharged": at("2026-06-03T09:00"), "is_in_house": False}
    assert "Part B" in leads(review(payer_class="medicare_ffs", stay=gone))


# --- condition code 44 ------------------------------------------------------------------------------------------


def conditions(state, one=None, when="2026-06-03T10:00"):
    found = condition_code_44(state, one or review(payer_class="medicare_ffs"), at(when))
    return {row.name: row.status for row in found}


COMMITTEE = [referred(), consulted("agrees"), decision(name="status_change_advised")]


def test_every_condition_and_what_the_record_says():
    assert conditions(case(*COMMITTEE)) == {
        "before_discharge": "met",
        "inpatient_now": "met",
        "committee": "met",
        "no_claim": "unknown",
        "patient_told": "unknown",
    }


def test_a_claim_that_nobody_speaks_of_is_unknown_and_one_on_record_ends_it():
    assert "ask billing" in condition_code_44(case(), None, at("2026-06-03T10:00"))[3].basis
    paid = ("2026-06-02T10:00", OutcomeRecorded(outcome="paid"))
    assert conditions(case(paid))["no_claim"] == "not_met"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ([], "unknown"),
        ([referred(), decision()], "unknown"),
        ([referred(), decision(name="status_change_advised")], "unknown"),  # nobody agreed
        ([referred(), consulted("disagrees"), decision(name="status_change_advised")], "not_met"),
        (
            [
                referred(),
                consulted("disagrees"),
                decision(name="status_change_advised", second_physician=TWO),
            ],
            "met",
        ),
        (COMMITTEE, "met"),
    ],
)
def test_physicians_of_the_committee(said, status):
    assert conditions(case(*said))["committee"] == status


def test_after_discharge_it_is_over():
    gone = review(
        payer_class="medicare_ffs", stay={"discharged": at("2026-06-03T09:00"), "is_in_house": False}
    )
    assert conditions(case(), gone)["before_discharge"] == "not_met"
    assert conditions(case(), gone)["patient_told"] == "not_met"
    unknown = review(payer_class="medicare_ffs", stay={"is_in_house": None})
    assert conditions(case(), unknown)["before_discharge"] == "unknown"


def test_the_status_of_now_and_the_notice():
    change = StatusDetermined(
        status="observation", determined_by=ONE, basis="x", effective_at=at("2026-06-04T11:00")
    )
    assert conditions(case(("2026-06-04T11:00", change)))["inpatient_now"] == "not_met"
    assert conditions(case(("2026-06-03T11:00", change)))["inpatient_now"] == "met"  # the review is newer
    assert conditions(case(), review(stay={"status": "unknown"}))["inpatient_now"] == "unknown"
    told = ("2026-06-03T09:00", NoticeDelivered(clock_id="CC44-NOTICE", is_signed=True))
    assert conditions(case(told))["patient_told"] == "met"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"name": "Dr. Ann Lee, MD"}, {"name": "Lee, Ann"}, True),
        ({"name": "Ann Lee"}, {"name": "Ann Leeds"}, False),
        ({"name": "Ann Lee", "npi": "1234567890"}, {"name": "A. Lee", "npi": "1234567890"}, True),
        ({"name": "Ann Lee", "npi": "1234567890"}, {"name": "Ann Lee", "npi": "1234567891"}, False),
    ],
)
def test_who_is_who(one, other, same):
    assert is_same(Clinician(**one), Clinician(**other)) is same
