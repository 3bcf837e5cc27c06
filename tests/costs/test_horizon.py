"""Destinations priced for three purses over one horizon: covered, not covered, not settled."""

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import profile

from discharge.costs.allowed import PriceInputs
from discharge.costs.catalog import option_table
from discharge.costs.horizon import price
from discharge.costs.snf import CaseMix, snf_rates, snf_stay
from discharge.costs.terms import payer_terms

DAY = date(2026, 6, 15)
MEDICARE = payer_terms(profile(contract={"inpatient": {"basis": "ms_drg", "multiplier": "1.00"}}))
PLAN = payer_terms(
    profile(
        "medicare_advantage",
        benefits={
            "home_infusion": {"covered": True, "member_cost": {"copay_usd_per_day": "25.00"}},
            "snf": {
                "covered": True,
                "member_cost": {
                    "copay_usd_per_day": "200.00",
                    "copay_from_day": "21",
                    "copay_through_day": "100",
                },
            },
            "irf": {"covered": True, "member_cost": {"copay_usd_per_stay": "350.00"}},
            "infusion_suite": {"covered": True, "member_cost": {"coinsurance": "0.20"}},
            "outpatient": {"covered": True, "member_cost": {"copay_usd_per_visit": "40.00"}},
        },
        contract={
            "inpatient": {"basis": "ms_drg", "multiplier": "1.05"},
            "post_acute": {
                "snf_per_diem_usd": "480.00",
                "home_infusion_per_diem_usd": "115.00",
                "home_health_visit_usd": "150.00",
                "infusion_suite_visit_usd": "230.00",
                "placeholder": True,
            },
        },
        cost_sharing={
            "hospital_day_1_5_usd": {"unit": "USD", "values": {date(2026, 1, 1): {"value": "375.00"}}}
        },
    )
)


def cost(option, terms=MEDICARE, coverage="met", **more):
    inputs = {
        "day": DAY,
        "horizon_days": 30,
        "kind": "medical",
        "needs": frozenset({"iv_therapy"}),
        "iv_days": 28,
    }
    return price(PriceInputs(option=option, terms=terms, coverage=coverage, **(inputs | more)))


def amount(found, purse, name):
    return next(c.expected for c in found.components if c.purse == purse and name in c.name)


def test_medicare_snf_days_beyond_twenty_cost_the_patient():
    found = cost("snf", kind="intravenous")
    assert found.patient.expected == D("1736.00")  # 8 x 217
    rates = snf_rates(DAY, CaseMix("TK", "SA", "CBC1", "NC"))
    assert rates is not None
    assert found.payer.expected == snf_stay(rates, 28) - D("1736.00")
    assert found.payer_after_sequester.expected == (found.payer.expected * D("0.98")).quantize(D("0.01"))
    assert found.payer.low < found.payer.expected < found.payer.high


def test_a_snf_that_is_not_covered_is_priced_for_the_patient():
    found = cost("snf", coverage="not_met")
    assert (found.payer.expected, found.patient.expected) == (0, 28 * D("315.00"))
    assert found.patient.high == 28 * D("355.00")


def test_unsettled_coverage_ranges_from_covered_to_not():
    found, covered, private = cost("snf", coverage="unknown"), cost("snf"), cost("snf", coverage="not_met")
    assert found.payer.low == 0
    assert found.payer.expected == covered.payer.expected
    assert found.patient.low == covered.patient.low
    assert found.patient.high == private.patient.high
    assert any("not settled" in text for text in found.assumptions)


def test_antibiotics_at_home_under_original_medicare():
    found = cost("home_infusion", coverage="not_met")
    assert amount(found, "patient", "not covered") == 28 * D("115.00") + 4 * D("160.00")
    assert any("infusion.per_diem" in label for label in found.placeholders)
    assert "drug" in found.not_priced


def test_a_pump_drug_at_home_under_part_b():
    found = cost("home_infusion")
    allowed = D("230.95") + 3 * D("189.88")
    assert amount(found, "patient", "home infusion") == (allowed * D("0.2")).quantize(D("0.01"))
    assert "drug, pump and supplies" in found.not_priced
    assert any("estimate" in label for label in found.placeholders)


def test_a_plan_pays_its_own_rates():
    infusion = cost("home_infusion", PLAN)
    assert amount(infusion, "patient", "home infusion") == 28 * D("25.00")
    assert amount(infusion, "payer", "home infusion") == 28 * D("115.00") + 4 * D("150.00") - 28 * D("25.00")
    assert infusion.payer_after_sequester is None
    assert any("home_infusion_per_diem_usd" in label for label in infusion.placeholders)
    snf = cost("snf", PLAN)
    assert (snf.patient.expected, snf.payer.expected) == (8 * D("200.00"), 28 * D("480.00") - 1600)
    assert amount(cost("infusion_suite", PLAN), "patient", "infusion") == 28 * D("46.00")
    assert amount(cost("irf", PLAN, iv_days=None), "patient", "rehabilitation") == D("350.00")


def test_what_the_member_pays_is_unknown_where_the_profile_is_silent():
    found = cost("home_health", PLAN)
    assert found.patient.expected is None
    assert found.payer.expected is not None
    assert found.total_expected_usd is None
    assert any("member's share" in text for text in found.not_priced)


def test_without_a_payer_only_the_hospital_is_priced():
    found = cost("snf", None, coverage="unknown", waiting_days=(1, 2, 5))
    assert (found.payer.expected, found.patient.expected) == (None, None)
    assert found.hospital.expected == 2 * D("861.30")


def test_a_further_day_costs_the_hospital_under_a_drg():
    found = cost("stay", used_days=4, iv_days=None, needs=frozenset())
    assert (found.payer.expected, found.patient.expected, found.hospital.expected) == (0, 0, D("861.30"))
    assert (found.hospital.low, found.hospital.high) == (D("469.80"), D("1252.80"))


@pytest.mark.parametrize(("used", "days", "share"), [(4, 28, "0"), (55, 28, "9982"), (100, 28, "24304")])
def test_further_days_after_the_sixtieth(used, days, share):
    assert cost("stay", used_days=used, iv_days=days).patient.expected == D(share)


def test_further_days_under_a_plan():
    assert cost("stay", PLAN, used_days=4, iv_days=1).patient.expected == D("375.00")
    assert cost("stay", PLAN, used_days=5, iv_days=1).patient.expected == 0
    assert cost("stay", PLAN, used_days=None).patient.expected is None


def test_staying_on_lasts_as_long_as_the_treatment():
    assert cost("stay", used_days=2, iv_days=28).hospital.expected == 28 * D("861.30")
    assert cost("stay", used_days=2, iv_days=60).hospital.expected == 30 * D("861.30")


def test_help_at_home_is_the_patients():
    found = cost("home", needs=frozenset({"custodial_care"}), iv_days=None)
    assert amount(found, "patient", "help at home") == 4 * 30 * D("35.00")
    assert found.patient.low < D("100")


def test_an_early_transfer_moves_money_from_hospital_to_payer():
    without = cost("snf", transfer_loss=D(0))
    loss = cost("snf", transfer_loss=D("5000.00"))
    assert loss.payer.expected == without.payer.expected - 5000
    assert loss.hospital.expected == without.hospital.expected + 5000
    assert any("no discharge is delayed" in text for text in loss.assumptions)


def test_dual_eligible_patients_pay_nothing():
    dual = payer_terms(profile("dual", contract={"inpatient": {"basis": "ms_drg", "multiplier": "1.00"}}))
    for option in ("snf", "home_health", "infusion_suite", "outpatient", "irf"):
        assert cost(option, dual).patient.high == 0


def test_self_pay_puts_everything_on_the_patient():
    alone = payer_terms(profile("self_pay", contract={"inpatient": {"basis": "self_pay"}}))
    found = cost("infusion_suite", alone, coverage="not_met")
    assert found.payer.expected == 0
    assert amount(found, "patient", "infusion visits") == 28 * D("210.69")


def test_equal_questions_are_priced_once():
    assert cost("snf") is cost("snf")


@given(
    st.sampled_from(sorted(option_table().options)),
    st.sampled_from(["met", "not_met", "unknown"]),
    st.sampled_from([None, MEDICARE, PLAN]),
    st.one_of(st.none(), st.integers(0, 60)),
    st.frozensets(st.sampled_from(["iv_therapy", "pt", "custodial_care", "skilled_nursing"])),
    st.sampled_from(["intravenous", "medical", "orthopaedic", "neurologic"]),
    st.dates(date(2024, 10, 1), date(2190, 1, 1)),
)
def test_ranges_are_ordered_and_horizons_equal(option, coverage, terms, iv_days, needs, kind, day):
    inputs = PriceInputs(
        option=option,
        terms=terms,
        day=day,
        horizon_days=30,
        coverage=coverage,
        kind=kind,
        needs=needs,
        iv_days=iv_days,
    )
    found = price(inputs)
    assert found.horizon_days == 30
    for purse in (found.payer, found.patient, found.hospital):
        if purse.expected is None:
            assert purse.low is None
            assert purse.high is None
        else:
            assert purse.low <= purse.expected <= purse.high
    if terms is None:
        assert found.payer.expected is None
        assert found.total_expected_usd is None
