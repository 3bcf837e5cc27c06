"""Destinations priced for three purses over one horizon: covered, not covered, not settled."""

from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import profile

from discharge.costs.catalog import option_table
from discharge.costs.horizon import price
from discharge.costs.ledger import PURSES
from discharge.costs.member import NOTHING_KNOWN, Spent
from discharge.costs.seen import rates_seen
from discharge.costs.services import PriceInputs
from discharge.costs.snf import CaseMix, snf_rates, snf_stay
from discharge.costs.terms import payer_terms

pytestmark = pytest.mark.content  # arithmetic: the wheel changes nothing

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
    """A patient with 28 days of IV treatment, a line in place, no ride asked for by an ambulance."""
    inputs = {
        "day": DAY,
        "horizon_days": 30,
        "kind": "medical",
        "needs": frozenset({"iv_therapy"}),
        "iv_days": 28,
        "has_line": True,
        "needs_stretcher": "not_met",
    }
    return price(PriceInputs(option=option, terms=terms, coverage=coverage, **(inputs | more)))


def lines(found, purse, group=None):
    """Expected amount of each component of a purse, by name."""
    return {c.name: c.expected for c in found.components if c.purse == purse and group in (None, c.group)}


def amount(found, purse, name):
    return next(c.expected for c in found.components if c.purse == purse and name in c.name)


VAN = D("127.50")  # middle of 80 and 175


def test_medicare_snf_days_beyond_twenty_cost_the_patient():
    found = cost("snf", kind="intravenous")
    assert amount(found, "patient", "skilled nursing") == D("1736.00")  # 8 x 217
    assert found.patient.expected == D("1736.00") + VAN
    rates = snf_rates(DAY, CaseMix("TK", "SA", "CBC1", "NC"))
    assert rates is not None
    assert found.payer.expected == snf_stay(rates, 28) - D("1736.00")
    assert found.payer_after_sequester.expected == (found.payer.expected * D("0.98")).quantize(D("0.01"))
    assert found.payer.low < found.payer.expected < found.payer.high


def test_the_area_of_a_snf_is_a_planning_value():
    rural = payer_terms(
        profile(
            planning={
                "planning.snf_area": {"unit": "1", "values": {date(2026, 1, 1): {"value": "1"}}},
                "planning.wage_index": {"unit": "1", "values": {date(2026, 1, 1): {"value": "0.95"}}},
            },
            contract={"inpatient": {"basis": "ms_drg", "multiplier": "1.00"}},
        )
    )
    found = cost("snf", rural, kind="intravenous")
    rates = snf_rates(DAY, CaseMix("TK", "SA", "CBC1", "NC"), rural=True)
    assert found.payer.expected == snf_stay(rates, 28, wage_index=D("0.95")) - 1736
    assert "rural facility, wage index 0.95" in found.assumptions
    assert "snf.rural" in found.rates
    assert "snf.urban" not in found.rates


def test_a_snf_that_is_not_covered_is_priced_for_the_patient():
    found = cost("snf", coverage="not_met")
    assert found.payer.expected == 0
    assert amount(found, "patient", "skilled nursing") == 28 * D("315.00")
    assert found.patient.high == 28 * D("355.00") + 175


def test_unsettled_coverage_ranges_from_covered_to_not():
    found, covered, private = cost("snf", coverage="unknown"), cost("snf"), cost("snf", coverage="not_met")
    assert found.payer.low == 0
    assert found.payer.expected == covered.payer.expected
    assert found.patient.low == covered.patient.low
    assert found.patient.high == private.patient.high
    assert any("not settled" in text for text in found.assumptions)


def test_a_plan_pays_its_own_rates():
    infusion = cost("home_infusion", PLAN, drugs=("cefazolin",))
    assert amount(infusion, "patient", "home infusion") == 28 * D("25.00")
    assert lines(infusion, "payer")["home infusion pharmacy, per diem"] == 28 * D("115.00") - 28 * D("25.00")
    assert lines(infusion, "payer")["nurse visits"] == 12 * D("150.00")
    assert infusion.payer_after_sequester is None
    assert any("home_infusion_per_diem_usd" in label for label in infusion.placeholders)
    assert {"contract.home_infusion_per_diem_usd", "contract.home_health_visit_usd"} <= set(infusion.rates)
    snf = cost("snf", PLAN)
    assert amount(snf, "patient", "skilled") == 8 * D("200.00")
    assert lines(snf, "payer", "facility") == {"skilled nursing facility": 28 * D("480.00") - 1600}
    suite = cost("infusion_suite", PLAN, drugs=("cefazolin",))
    assert amount(suite, "patient", "infusion") == 28 * D("46.00") + 28 * D("18.00") / 5
    assert amount(cost("irf", PLAN, iv_days=None), "patient", "rehabilitation") == D("350.00")


def test_medicare_stands_in_where_the_contract_is_silent_and_says_so():
    found = cost("irf", PLAN, iv_days=None)
    assert any("stands in" in label for label in found.placeholders)
    assert not any("stands in" in label for label in cost("irf", iv_days=None).placeholders)


def test_what_the_member_pays_is_unknown_where_the_profile_is_silent():
    found = cost("home_health", PLAN)
    assert found.patient.expected is None
    assert found.payer.expected is not None
    assert found.total_expected_usd is None
    assert any("member's share" in text for text in found.not_priced)


def test_without_a_payer_only_the_hospital_is_priced():
    found = cost("snf", None, coverage="unknown", waiting_days=(1, 2, 5))
    assert (found.payer.expected, found.patient.expected) == (None, None)
    assert "skilled nursing facility: the payer is not known" in found.not_priced
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


def test_dual_eligible_patients_pay_what_medicaid_leaves_them():
    silent = {"inpatient": {"basis": "ms_drg", "multiplier": "1.00"}}
    nothing = {"patient_share_of_medicare_cost": {"unit": "1", "values": {date(2020, 1, 1): {"value": "0"}}}}
    dual = payer_terms(profile("dual", contract=silent, cost_sharing=nothing))
    for option in ("snf", "home_health", "infusion_suite", "outpatient", "irf"):
        assert cost(option, dual, in_house=False).patient.high == 0
    unsaid = cost("snf", payer_terms(profile("dual", contract=silent)), in_house=False)
    assert (unsaid.patient.low, unsaid.patient.expected) == (0, D("1736.00"))


def test_self_pay_puts_everything_on_the_patient():
    alone = payer_terms(profile("self_pay", contract={"inpatient": {"basis": "self_pay"}}))
    found = cost("infusion_suite", alone, coverage="not_met")
    assert found.payer.expected == 0
    assert amount(found, "patient", "infusion visits") == 28 * D("210.69")
    assert found.patient.low == 28 * D("57.90") + 28 * 5 + 28 * 5 // 35 * (D("7.77") + D("8.46")) + D(
        "125.18"
    )


def test_equal_questions_are_priced_once():
    assert cost("snf") is cost("snf")


NEEDS = ["iv_therapy", "pt", "slp", "custodial_care", "skilled_nursing", "dme", "oxygen"]
SPENT = Spent(deductible_left=D("0.00"), out_of_pocket_left=D("100.00"))


@st.composite
def asked(draw):
    days = sorted(draw(st.lists(st.integers(0, 9), min_size=3, max_size=3)))
    shares = sorted(draw(st.lists(st.decimals(0, 1, places=3), min_size=3, max_size=3)))
    return PriceInputs(
        option=draw(st.sampled_from(sorted(option_table().options))),
        terms=draw(st.sampled_from([None, MEDICARE, PLAN])),
        day=draw(st.dates(date(2024, 10, 1), date(2190, 1, 1))),
        horizon_days=30,
        coverage=draw(st.sampled_from(["met", "not_met", "unknown"])),
        kind=draw(st.sampled_from(["intravenous", "medical", "orthopaedic", "neurologic"])),
        needs=draw(st.frozensets(st.sampled_from(NEEDS))),
        iv_days=draw(st.one_of(st.none(), st.integers(0, 60))),
        drugs=draw(st.sampled_from([(), ("vancomycin",), ("ceftriaxone", "daptomycin"), ("telavancin",)])),
        has_line=draw(st.sampled_from([None, True, False])),
        needs_stretcher=draw(st.sampled_from(["met", "not_met", "unknown"])),
        used_days=draw(st.one_of(st.none(), st.integers(0, 100))),
        ltch_standard=draw(st.sampled_from(["met", "not_met", "unknown"])),
        acute_group=draw(st.sampled_from([None, (D("1.9425"), D("4.8"))])),
        in_house=draw(st.booleans()),
        waiting_days=tuple(days),
        transfer_loss=draw(st.sampled_from([None, D(0), D("1234.56")])),
        readmission=draw(st.sampled_from([None, tuple(shares)])),
        spent=draw(st.sampled_from([NOTHING_KNOWN, SPENT])),
    )


@given(asked())
def test_ranges_are_ordered_components_add_up_to_purses_and_rates_have_sources(inputs):
    found = price(inputs)
    assert found.horizon_days == 30
    for name in PURSES:
        purse = getattr(found, name)
        if purse.expected is None:
            assert (purse.low, purse.high) == (None, None)
            assert found.not_priced
            continue
        assert purse.low <= purse.expected <= purse.high
        parts = [one for one in found.components if one.purse == name]
        for end in ("low", "expected", "high"):
            assert getattr(purse, end) == sum((getattr(one, end) for one in parts), D(0))
    for one in found.components:
        assert one.low <= one.expected <= one.high
        assert set(one.rates) <= set(found.rates)
    for name, seen in rates_seen(found.rates, inputs.terms, inputs.day).items():
        assert seen.source, name
    known = [getattr(found, name).expected for name in PURSES]
    assert found.total_expected_usd == (None if None in known else sum(known))
    if inputs.terms is None:
        assert found.payer.expected is None


@given(asked())
def test_what_nobody_covers_costs_the_payer_nothing_for_the_service_itself(inputs):
    inputs = replace(inputs, coverage="not_met")
    if inputs.terms is None or inputs.option in ("stay", "outpatient", "oral_step_down"):
        return
    own = {"facility", "pharmacy", "drug", "supplies"}
    paid = [one for one in price(inputs).components if one.purse == "payer" and one.group in own]
    assert not paid


def test_the_patient_never_pays_more_for_covered_care_than_what_is_left_of_the_maximum():
    found = cost("snf", PLAN, spent=SPENT, in_house=False)
    assert (found.patient.low, found.patient.expected, found.patient.high) == (100, 100, 100)
    assert found.payer.expected == 28 * D("480.00") - 100
