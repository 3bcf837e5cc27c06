"""Three weeks of an antibiotic at home that the policy leaves out: who pays what, who gains, where all can agree.

By hand, with the prices of ``bone_infection``: pharmacy 21 x 115.00 = 2,415.00; nurse 3 x 160.00 = 480.00; drug
21 x 15.00 = 315.00; the service 3,210.00, at the least 1,680 + 480 + 210 = 2,370.00. Weekly tests 3 x 20.00 = 60.00.
A further hospital day costs the hospital 825.00 (450.00 to 1,200.00); one day is waited (1 to 3).
"""

from decimal import Decimal as D

import pytest
from bone_infection import AT_HOME, BENEFITS, BY_CASE, BY_DAY, hmo, story, way

from discharge.negotiation.table import arrangement_table
from discharge.packs.conclusions import OptionId


def paid(one):
    return one.payer.expected, one.patient.expected, one.hospital.expected, one.provider.expected


def saved(one):
    return tuple(one.saving[party].expected for party in ("payer", "patient", "hospital"))


@pytest.fixture(scope="module")
def by_case():
    return story(hmo(BY_CASE), AT_HOME)[0]


@pytest.fixture(scope="module")
def by_day():
    return story(hmo(BY_DAY), AT_HOME)[0]


@pytest.fixture(scope="module")
def with_suite():
    return story(hmo(BY_CASE), AT_HOME | {"infusion_suite": "met"}, {"infusion_suite": "met"})[0]


def test_what_is_negotiated(by_case):
    assert (by_case.option, by_case.baseline) == ("home_infusion", "stay")
    assert (by_case.unit, by_case.units, by_case.floor) == ("day", 21, D("112.86"))  # 2,370 / 21 = 112.857...
    assert by_case.price.model_dump() == {"low": D("2370.00"), "expected": D("3210.00"), "high": D("4050.00")}
    assert by_case.why == "neither drugs nor equipment"
    assert by_case.course.drugs == ["ceftriaxone"] and by_case.course.line == "PICC"
    assert (by_case.course.first_day.isoformat(), by_case.course.last_day.isoformat()) == (
        "2026-06-16",
        "2026-07-06",
    )
    assert by_case.days_freed == 20


# Paid by the case: the payer saves nothing, the hospital gains


def test_staying_on_under_a_case_payment(by_case):
    assert paid(way(by_case, "stay"))[:3] == (0, 0, D("17325.00"))  # 21 x 825.00
    assert way(by_case, "stay").standing == "baseline"


def test_a_case_payment_leaves_the_payer_nothing_to_save(by_case):
    agreement = way(by_case, "single_case_agreement")
    assert paid(agreement) == (D("3270.00"), 0, D("825.00"), D("3210.00"))
    assert saved(agreement) == (D("-3270.00"), 0, D("16500.00"))
    assert (agreement.zone.is_open, agreement.zone.blocked_by) == (False, ["payer"])
    assert (agreement.standing, agreement.worse_off) == ("somebody_worse", ["payer"])
    assert by_case.payer_saving.expected == 0
    assert any("the payer saves nothing" in text for text in by_case.advice)


def test_then_the_hospitals_own_contribution_is_where_all_can_agree(by_case):
    own = way(by_case, "hospital_contribution")
    assert paid(own) == (0, 0, D("4095.00"), D("3270.00"))  # 3,210 + 60 + 825
    assert saved(own) == (0, 0, D("13230.00"))
    zone = own.zone  # (17,325 - 825 - 60) / 21 = 782.857...
    assert (zone.is_open, zone.low, zone.high, zone.set_by) == (
        True,
        D("112.86"),
        D("782.85"),
        "hospital",
    )
    assert own.cautious_zone.high == D("275.71")  # (9,450 - 3,600 - 60) / 21 = 275.714...
    assert own.zone_if_empty is None
    assert by_case.opening == "hospital_contribution"
    assert any("compliance" in note for note in own.notes)
    assert any("Financial assistance" in note for note in own.notes)
    assert own.plain is None  # nobody promises it to the patient before somebody decides


def test_the_price_shared_in_any_way(by_case):
    zone = by_case.joint_zone
    assert (zone.low, zone.high) == (D("112.86"), D("782.85"))
    assert zone.ceilings == {"payer": 0, "patient": 0, "hospital": D("785.71")}  # 16,500 / 21


def test_the_patients_ceiling_is_zero_where_staying_costs_nothing_more(by_case):
    ceiling = by_case.patient_ceiling
    assert (ceiling.amount, ceiling.per_unit, ceiling.out_of_pocket_left) == (0, 0, None)
    assert any("buys time out of the hospital, not money" in text for text in by_case.advice)


# Paid by the day: the payer gains most, and the hospital loses its pay unless the bed is used


def test_paid_by_the_day_the_payer_saves(by_day):
    assert paid(way(by_day, "stay"))[:3] == (D("39900.00"), 0, D("17325.00"))  # 21 x 1,900.00
    agreement = way(by_day, "single_case_agreement")
    assert paid(agreement) == (D("5170.00"), 0, D("825.00"), D("3210.00"))  # 3,210 + 60 + one day waited
    assert saved(agreement) == (D("34730.00"), 0, D("16500.00"))
    zone = agreement.zone  # (39,900 - 1,900 - 60) / 21 = 1,806.666...
    assert (zone.is_open, zone.high, zone.set_by) == (True, D("1806.66"), "payer")
    assert by_day.opening == "single_case_agreement"
    assert by_day.payer_saving.expected == D("34730.00")


def test_the_pay_that_the_hospital_loses_is_told(by_day):
    assert by_day.pay_lost.expected == D("38000.00")  # 20 days x 1,900.00
    assert by_day.pay_lost.low == D("34200.00")  # 3 days waited
    empty = way(by_day, "single_case_agreement").zone_if_empty
    assert (empty.is_open, empty.blocked_by) == (False, ["hospital"])
    assert any("another patient needs the bed" in text for text in by_day.advice)


# A covered place that fits: the infusion suite


def test_a_covered_place_that_fits_is_what_happens_without_an_agreement(with_suite):
    assert with_suite.baseline == "infusion_suite"
    suite = way(with_suite, "infusion_suite")  # 21 x (280 - 60) + drug 315 + tests 60
    assert paid(suite)[:3] == (D("4995.00"), D("1260.00"), D("825.00"))
    agreement = way(with_suite, "single_case_agreement")
    assert saved(agreement) == (D("1725.00"), D("1260.00"), 0)
    assert agreement.standing == "nobody_worse"
    assert (agreement.zone.low, agreement.zone.high) == (D("112.86"), D("235.00"))  # 4,935 / 21
    assert with_suite.patient_ceiling.amount == D("1260.00")
    assert with_suite.patient_ceiling.per_unit == D("60.00")
    assert with_suite.joint_zone.high == D("295.00")  # (4,935 + 1,260) / 21
    assert with_suite.days_freed == 0


def test_the_price_split_by_its_parts(with_suite):
    split = way(with_suite, "cash_split_pharmacy")  # payer 2,415 + 315 + 60, patient 480
    assert paid(split)[:2] == (D("2790.00"), D("480.00"))
    assert split.share == {"payer": D("0.8505"), "patient": D("0.1495")}
    assert split.zone.ceilings == {"payer": D("276.30"), "patient": D("401.33")}
    assert (split.zone.low, split.zone.high) == (D("112.86"), D("276.30"))
    drug = way(with_suite, "cash_split_drug")
    assert paid(drug)[:2] == (D("375.00"), D("2895.00"))
    nurse = way(with_suite, "cash_split_nurse")
    assert paid(nurse)[:2] == (D("540.00"), D("2730.00"))
    assert drug.worse_off == nurse.worse_off == ["patient"]


def test_what_is_left_to_the_yearly_limit_when_on_record():
    found, _ = story(hmo(BY_CASE), AT_HOME, **{"coverage.out_of_pocket_left_usd": 900.0})
    assert found.patient_ceiling.out_of_pocket_left == D("900.00")


def test_a_place_that_may_still_be_covered_is_compared_too():
    found, _ = story(hmo(BY_DAY), AT_HOME | {"infusion_suite": "met"})
    assert found.baseline == "stay"
    (other,) = found.if_covered
    assert (other.option, other.opening) == ("infusion_suite", "single_case_agreement")
    assert other.payer.expected == D("6895.00")  # 21 x 220 + 315 + 60 + one day waited, 1,900
    assert other.payer_saving.expected == D("1725.00")  # against 5,170.00
    assert other.ceiling == D("1260.00")


# Unknown is never zero


def test_an_exception_whose_member_share_is_unknown_has_no_amounts(by_case):
    exception = way(by_case, "benefit_exception")
    assert paid(exception)[:2] == (None, None)
    assert exception.zone.is_open is None
    assert {"payer", "patient"} <= set(exception.zone.unknown)
    lacking = {one.figure: one.ask for one in by_case.missing}
    share = next(figure for figure in lacking if "member's share" in figure and "home infusion" in figure)
    assert lacking[share] == "the payer's case manager"


def test_an_exception_at_the_plans_own_share():
    benefits = BENEFITS | {
        "home_infusion": {"covered": False, "member_cost": {"copay_usd_per_day": "25.00"}},
    }
    found, _ = story(hmo(BY_DAY, benefits=benefits), AT_HOME)
    exception = way(found, "benefit_exception")
    assert paid(exception)[1] == D("525.00")  # 21 x 25.00
    assert paid(exception)[0] == D("4645.00")  # 3,210 - 525 + 60 + 1,900
    assert exception.zone.blocked_by == ["patient"]  # staying costs the patient nothing


def test_without_days_the_rate_is_for_the_course_and_staying_has_no_length():
    found, _ = story(hmo(BY_CASE), AT_HOME, **{"treatment.planned_iv_days_left": None})
    assert (found.unit, found.units, found.days_freed) == ("course", 1, None)
    assert all(gain.expected is None for gain in way(found, "patient_pays").saving.values())
    assert found.joint_zone.is_open is None
    assert "how many more days the patient would stay" in [one.figure for one in found.missing]


def test_a_person_without_cover_has_no_payer_to_ask():
    found, _ = story(hmo(BY_CASE, "self_pay"), AT_HOME)
    names = [one.id for one in found.arrangements if one.kind == "agreement"]
    assert names == ["hospital_contribution", "patient_pays"]
    assert all("payer" not in one.sentence for one in found.arrangements)
    assert found.patient_ceiling.amount is None


def test_original_medicare_makes_no_agreement_for_one_person():
    found, _ = story(hmo(BY_CASE, "medicare_ffs"), AT_HOME, {"home_infusion": "not_met"})
    names = [one.id for one in found.arrangements if one.kind == "agreement"]
    assert names == ["hospital_contribution", "patient_pays"]


# When there is nothing to negotiate


def test_nothing_is_negotiated_where_the_place_is_covered():
    benefits = BENEFITS | {"home_infusion": {"covered": True, "member_cost": {"copay_usd_per_day": "25.00"}}}
    assert story(hmo(BY_CASE, benefits=benefits), AT_HOME, {"home_infusion": "met"})[0] is None


def test_nothing_is_negotiated_for_a_place_that_does_not_fit():
    wrong = AT_HOME | {"home_infusion": "not_met", "home_infusion_self": "not_met"}
    assert story(hmo(BY_CASE), wrong)[0] is None


def test_a_place_that_only_may_fit_is_negotiated_where_none_surely_does():
    unsure = AT_HOME | {"home_infusion": "unknown", "home_infusion_self": "not_met"}
    found, _ = story(hmo(BY_CASE), unsure)
    assert found.option == "home_infusion"
    sure, _ = story(hmo(BY_CASE), unsure | {"infusion_suite": "met"}, {"infusion_suite": "met"})
    assert sure is None


def test_nothing_is_negotiated_for_who_can_simply_go_home():
    assert story(hmo(BY_CASE), AT_HOME)[0] is not None
    one, ranked = story(hmo(BY_CASE, "self_pay"), {"outpatient": "met", "stay": "not_met"}, needs=("pt",))
    assert one is None and any(option.id == "outpatient" for option in ranked)


def test_nothing_is_negotiated_where_a_covered_place_costs_no_more():
    cheap = {
        "inpatient": BY_CASE,
        "post_acute": {"infusion_suite_visit_usd": "90.00"},
    }
    payer = hmo(BY_CASE, contract=cheap)
    assert story(payer, AT_HOME | {"infusion_suite": "met"}, {"infusion_suite": "met"})[0] is None


def test_nothing_is_negotiated_after_the_patient_left_or_without_a_payer():
    gone = {"stay.is_in_house": 0.0, "stay.discharged_at": "2026-06-14T10:00"}
    assert story(hmo(BY_CASE), AT_HOME, **gone)[0] is None
    assert story(None, AT_HOME)[0] is None


# The table


def test_every_place_has_plain_words_and_every_row_a_known_citation():
    table = arrangement_table()
    assert set(table.plain_places) == {name for name in OptionId.__args__ if name != "home"}
    cites = {row.cite for row in table.arrangements.values()} | {table.baseline.cite, table.left_out.cite}
    assert cites <= set(table.citations)
    assert not any(source.verified for source in table.citations.values())
