"""Each service by hand from its cited rates: home, programmes, long-term acute care, hospice, rides."""

from datetime import date
from decimal import Decimal as D

import pytest
from profiles import profile

from discharge.costs.amounts import cents
from discharge.costs.horizon import NOT_PRICED_YET, price
from discharge.costs.rates import rate
from discharge.costs.seen import rates_behind, rates_seen
from discharge.costs.services import PriceInputs
from discharge.costs.terms import payer_terms

DAY = date(2026, 6, 15)
DRG = {"inpatient": {"basis": "ms_drg", "multiplier": "1.00"}}
MEDICARE = payer_terms(profile(contract=DRG))


def cost(option, terms=MEDICARE, coverage="met", **more):
    inputs = {"day": DAY, "horizon_days": 30, "kind": "medical", "in_house": False}
    return price(PriceInputs(option=option, terms=terms, coverage=coverage, **(inputs | more)))


def line(found, purse, name):
    return next(c for c in found.components if c.purse == purse and c.name == name)


def three(one):
    return one.low, one.expected, one.high


def planned(**values):
    """Medicare's terms with own planning values."""
    own = {
        name.replace("__", "."): {
            "unit": rate(name.replace("__", "."), DAY).unit,
            "values": {date(2026, 1, 1): {"value": text}},
        }
        for name, text in values.items()
    }
    return payer_terms(profile(contract=DRG, planning=own))


def test_a_follow_up_visit_is_shared_by_part_b():
    found = cost("home")
    assert line(found, "payer", "follow-up visit").expected == D("100.14")
    assert three(line(found, "patient", "follow-up visit, the patient's share")) == (
        D("25.04"),
        D("25.04"),
        D("125.18"),  # the deductible still due
    )


def test_therapy_sessions_are_priced_for_each_discipline():
    found = cost("outpatient", needs=frozenset({"pt", "slp"}))
    paid, own = line(found, "payer", "therapy sessions"), "therapy sessions, the patient's share"
    assert paid.quantity == "8 to 24 sessions, 16 expected"
    assert paid.expected + line(found, "patient", own).expected == 16 * D("85.00")
    assert paid.low == 8 * D("55.00") * D("0.8")
    assert any(label.startswith("therapy.session_high") for label in found.placeholders)
    assert not any(c.name.startswith("therapy") for c in cost("outpatient").components)


def test_a_plans_own_price_of_a_therapy_visit_goes_first():
    plan = payer_terms(
        profile(
            "commercial",
            benefits={
                "outpatient_therapy": {"covered": True, "member_cost": {"copay_usd_per_visit": "40.00"}}
            },
            contract=DRG | {"fee_schedule": {"therapy_visit_usd": "90.00", "placeholder": True}},
        )
    )
    found = cost("outpatient", plan, needs=frozenset({"ot"}))
    assert line(found, "payer", "therapy sessions").expected == 8 * D("50.00")
    assert line(found, "patient", "therapy sessions, the patient's share").expected == 8 * D("40.00")


def test_home_health_by_the_period():
    found = cost("home_health")
    assert three(line(found, "payer", "home health")) == (D("1630.58"), D("2038.22"), D("2853.51"))
    assert not any(c.purse == "patient" and c.name.startswith("home health") for c in found.components)
    assert {"home_health.period", "planning.home_health_weight"} <= set(found.rates)


def test_home_health_of_few_visits_is_paid_by_the_visit():
    few = planned(planning__home_health_visits="3", planning__home_health_visits_low="2")
    found = cost("home_health", few)
    assert line(found, "payer", "home health").expected == D("658.29")  # 304.37 + 2 x 176.96
    assert line(found, "payer", "home health").low == D("304.37") + D("176.96")
    therapy = cost("home_health", few, needs=frozenset({"pt", "skilled_nursing"}))
    assert line(therapy, "payer", "home health").expected == D("304.37") + D("193.42") + D("176.96")
    assert "fewer than 4 visits in a period are paid by the visit" in found.assumptions


def test_home_health_over_a_longer_horizon_has_more_periods():
    assert line(cost("home_health", horizon_days=60), "payer", "home health").high == 2 * D("2853.51")


def test_oxygen_and_equipment_are_shared():
    found = cost("home", needs=frozenset({"oxygen", "dme"}))
    assert line(found, "payer", "oxygen at home").expected == D("93.26") - D("18.65")
    item = line(found, "payer", "equipment"), line(found, "patient", "equipment, the patient's share")
    assert item[0].expected + item[1].expected == D("75.00")
    assert item[0].low + item[1].low == D("40.00")
    assert any("which equipment" in text for text in found.assumptions)


def test_long_term_acute_care_at_the_standard_rate():
    found = cost("ltch", planned(planning__wage_index="0.95"), ltch_standard="met", used_days=5)
    assert line(found, "payer", "long-term acute care stay").expected == D("53869.15")  # weight 1.1


def test_long_term_acute_care_at_the_site_neutral_rate():
    group = (D("1.9425"), D("4.8"))
    found = cost("ltch", ltch_standard="not_met", acute_group=group, used_days=5)
    full = D("13116.94") + D("1018.16")
    assert full < 20 * D("3132.00")
    paid = line(found, "payer", "long-term acute care stay")
    factor, budget = (
        rate("ltch.site_neutral_factor", DAY).value,
        rate("ltch.site_neutral_budget_factor", DAY).value,
    )
    assert paid.low == cents(full * budget * factor) + cents(
        cents(D("0.8") * max(D(0), 20 * D("3132.00") - full - D("40397.00"))) * factor
    )
    assert cost("ltch", ltch_standard="not_met").payer.expected is None


def test_long_term_acute_care_ranges_over_both_where_the_facts_are_missing():
    group = (D("1.9425"), D("4.8"))
    either = [cost("ltch", ltch_standard=status, acute_group=group) for status in ("met", "not_met")]
    found = line(cost("ltch", acute_group=group), "payer", "long-term acute care stay")
    paid = [line(one, "payer", "long-term acute care stay") for one in either]
    assert found.low == min(one.low for one in paid)
    assert found.expected == paid[0].expected
    assert found.high == max(one.high for one in paid)


def test_days_of_long_term_acute_care_count_in_the_benefit_period():
    found = cost("ltch", ltch_standard="met", used_days=50)
    share = line(found, "patient", "long-term acute care hospital, the patient's share")
    assert share.expected == 15 * D("434.00")  # days 61 to 75


def test_hospice_at_home_by_the_day():
    found = cost("hospice_home")
    assert three(line(found, "payer", "hospice care at home, routine days")) == (
        7 * D("230.83"),
        18 * D("230.83"),
        30 * D("230.83"),
    )
    assert found.patient.high == 0
    assert found.payer_after_sequester.expected == cents(18 * D("230.83") * D("0.98"))


def test_inpatient_hospice_days_come_before_routine_ones():
    found = cost("hospice_inpatient")
    assert line(found, "payer", "hospice, general inpatient days").expected == 5 * D("1199.86")
    assert line(found, "payer", "hospice care at home, routine days").expected == 13 * D("230.83")


def test_original_medicare_pays_hospice_for_members_of_a_medicare_advantage_plan():
    plan = payer_terms(
        profile(
            "medicare_advantage",
            benefits={"hospice": {"covered": True, "member_cost": {"copay_usd_per_day": "0.00"}}},
            contract=DRG,
        )
    )
    found = cost("hospice_home", plan)
    assert line(found, "payer", "hospice care at home, routine days").expected == 18 * D("230.83")
    assert any("Original Medicare pays hospice" in text for text in found.assumptions)
    assert not any("stands in" in label for label in found.placeholders)


def test_a_day_programme_has_a_stated_range():
    found = cost("behavioural_partial")
    name = "behavioural health day programme (partial hospital or intensive outpatient)"
    paid, own = line(found, "payer", name), line(found, "patient", f"{name}, the patient's share")
    assert paid.expected + own.expected == 15 * D("295.00")
    assert paid.low == 10 * D("180.00") * D("0.8")
    assert any("behavioural.partial_day" in label for label in found.placeholders)


@pytest.mark.parametrize("option", ["behavioural_residential", "medical_respite"])
def test_what_has_no_public_price_is_unknown_until_a_profile_gives_one(option):
    found = cost(option)
    assert NOT_PRICED_YET in found.not_priced
    assert (found.payer.expected, found.patient.expected, found.total_expected_usd) == (None, None, None)
    own = planned(**{f"private__{option}_day": "250.00"})
    priced = cost(option, own, coverage="not_met")
    days = {"medical_respite": 14, "behavioural_residential": 21}
    assert priced.patient.expected == days[option] * D("250.00")
    assert NOT_PRICED_YET not in priced.not_priced


def test_an_ambulance_is_covered_only_where_no_other_ride_is_safe():
    rides = {
        status: cost("snf", in_house=True, needs_stretcher=status) for status in ("met", "not_met", "unknown")
    }
    assert line(rides["met"], "payer", "ride by ambulance").expected == D("272.00")
    assert line(rides["met"], "patient", "ride to the facility, the patient's share").expected == D("68.00")
    van = line(rides["not_met"], "patient", "ride by wheelchair van, not covered")
    assert three(van) == (D("80.00"), D("127.50"), D("175.00"))
    open_ = line(rides["unknown"], "patient", "ride by wheelchair van or ambulance, not covered")
    assert three(open_) == (D("80.00"), D("127.50"), D("1300.00"))
    assert not any(c.group == "transport" for c in cost("home", in_house=True).components)


def test_readmission_is_expected_and_spread_over_the_days_out_of_hospital():
    risk = (D("0.058"), D("0.119"), D("0.228"))
    found = cost("home", readmission=risk)
    assert three(line(found, "payer", "expected readmission")) == (
        D("580.00"),
        D("1808.80"),
        D("4560.00"),
    )
    stay = cost("stay", readmission=risk, in_house=True, used_days=3)
    assert line(stay, "payer", "expected readmission").expected == cents(D("1808.80") * 29 / 30)
    assert not any(c.group == "readmission" for c in cost("home").components)


def test_a_readmission_costs_a_member_the_plans_amount_for_a_stay():
    plan = payer_terms(
        profile(
            "commercial",
            benefits={"outpatient": {"covered": True, "member_cost": {"copay_usd_per_visit": "30.00"}}},
            contract={"inpatient": {"basis": "ms_drg", "multiplier": "1.40"}},
            cost_sharing={
                "hospital_stay_usd": {"unit": "USD", "values": {date(2025, 1, 1): {"value": "750.00"}}}
            },
        )
    )
    found = cost("home", plan, readmission=(D("0.1"), D("0.2"), D("0.3")))
    assert line(found, "patient", "expected readmission, the patient's share").expected == D("150.00")
    assert line(found, "payer", "expected readmission").expected == D("0.2") * 15200 * D("1.4") - 150


@pytest.mark.parametrize("option", ["snf", "irf", "ltch", "home_health", "hospice_home", "hospice_inpatient"])
def test_a_post_acute_transfer_moves_money(option):
    found = cost(option, in_house=True, transfer_loss=D("5000.00"))
    assert line(found, "hospital", "payment lost to the transfer policy").expected == 5000
    assert line(found, "payer", "payment saved by the transfer policy").expected == -5000
    assert any("no discharge is delayed" in text for text in found.assumptions)


def test_other_places_are_no_transfer():
    for option in ("home", "outpatient", "behavioural_residential", "medical_respite"):
        assert not any(
            c.group == "payment" for c in cost(option, in_house=True, transfer_loss=D(5)).components
        )


def test_rates_behind_prices_say_value_day_and_source():
    own = planned(planning__home_health_visits="3")
    shown = rates_behind([cost("home_health", own), cost("hospice_home", own)], None)
    assert (shown["home_health.period"].value, shown["home_health.period"].unit) == (D("2038.22"), "USD")
    assert shown["home_health.period"].since == date(2026, 1, 1)
    assert shown["hospice.daily"].value is None  # a table
    assert all(one.source for one in shown.values())
    mine = rates_seen(["planning.home_health_visits"], own, DAY)["planning.home_health_visits"]
    assert (mine.value, mine.note) == (3, "the plan's own")
    plan = payer_terms(
        profile("commercial", contract={"post_acute": {"snf_per_diem_usd": "480.00", "placeholder": True}})
    )
    fee = rates_seen(["contract.snf_per_diem_usd"], plan, DAY)["contract.snf_per_diem_usd"]
    assert (fee.value, fee.placeholder, fee.source) == (480, True, "contract in the payer profile test_payer")
    drug = rates_seen(["drug.daptomycin_low"], None, DAY)["drug.daptomycin_low"]
    assert (drug.value, drug.unit, drug.placeholder) == (D("14.00"), "USD/d", True)


def test_days_waited_cost_payer_and_patient_what_the_contract_says():
    plan = payer_terms(
        profile(
            "commercial",
            benefits={"outpatient": {"covered": True, "member_cost": {"copay_usd_per_visit": "0.00"}}},
            contract={"inpatient": {"basis": "per_diem", "per_diem_usd": "2000.00"}},
            cost_sharing={"coinsurance": {"unit": "1", "values": {date(2025, 1, 1): {"value": "0.20"}}}},
        )
    )
    found = cost("home", plan, in_house=True, waiting_days=(1, 2, 3), used_days=4)
    assert three(line(found, "hospital", "waiting for the place, marginal cost")) == (
        D("469.80"),
        D("1722.60"),
        D("3758.40"),
    )
    assert line(found, "payer", "waiting for the place, the payer's part").expected == D("3200.00")
    assert line(found, "patient", "waiting for the place, the patient's part").expected == D("800.00")
    drg = cost("home", in_house=True, waiting_days=(1, 2, 3), used_days=4)
    assert not any(c.name.startswith("waiting") for c in drg.components if c.purse != "hospital")


@pytest.mark.parametrize(
    ("inpatient", "paid"),
    [
        ({"basis": "case_rate", "case_rate_usd": "20000.00"}, D(0)),
        ({"basis": "per_diem", "per_diem_usd": "2000.00"}, D("2000.00")),
        ({"basis": "percent_of_charges", "multiplier": "0.50", "cost_to_charge": "0.25"}, D("6264.00")),
        ({"basis": "percent_of_charges", "multiplier": "0.50"}, None),
    ],
)
def test_a_further_day_by_the_basis_of_the_contract(inpatient, paid):
    stay = {"hospital_stay_usd": {"unit": "USD", "values": {date(2025, 1, 1): {"value": "500.00"}}}}
    plan = payer_terms(profile("commercial", contract={"inpatient": inpatient}, cost_sharing=stay))
    found = cost("stay", plan, in_house=True, used_days=4)
    assert found.payer.expected == paid
    assert found.patient.expected == 0
    assert found.hospital_at_average_usd == D("3132.00")
    assert any("average cost" in text for text in found.assumptions)
