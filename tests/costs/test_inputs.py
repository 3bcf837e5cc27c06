"""What of a stay goes into prices, and what is left out so that prices are shared."""

from datetime import date
from decimal import Decimal as D

import pytest
from profiles import profile
from views import conclude, view

from discharge.costs.catalog import option_table
from discharge.costs.horizon import price
from discharge.costs.inputs import StayPrices, horizon_days, iv_drugs
from discharge.costs.stay import stay_money

HERE = {"stay.is_in_house": 1.0, "stay.inpatient_days": 5.0, "stay.admitted_at": "2026-06-10T13:00"}
MEDICARE = profile(contract={"inpatient": {"basis": "ms_drg", "multiplier": "1.00"}})


def prices(facts=None, *, needs=(), payer=MEDICARE, **more):
    one = view(HERE | (facts or {}), *(conclude("need", need=name) for name in needs), payer=payer, **more)
    return StayPrices.of(one, stay_money(one))


def test_every_option_can_be_asked_with_nothing_charted():
    found = prices({"stay.inpatient_days": None})
    for option in option_table().options:
        for coverage in ("met", "not_met", "unknown"):
            assert price(found.inputs(option, coverage)).horizon_days == 30


def test_anti_infectives_by_vein_are_named_and_others_not():
    facts = {
        "treatment.iv_antibiotics": ("vancomycin", "antibiotic not named"),
        "treatment.iv_drugs": ("vancomycin", "acyclovir", "sodium chloride", "morphine"),
    }
    assert iv_drugs(view(facts)) == ("acyclovir", "vancomycin")
    assert prices(facts, needs=("iv_therapy",)).inputs("home_infusion", "met").drugs == (
        "acyclovir",
        "vancomycin",
    )
    assert prices(facts).inputs("home_infusion", "met").drugs == ()


def test_a_price_asks_only_for_what_it_depends_on():
    facts = {"condition.line_in_place": 1.0, "treatment.planned_iv_days_left": 21.0}
    found = prices(facts, needs=("iv_therapy", "pt", "custodial_care"))
    assert found.inputs("home", "met").needs == {"custodial_care"}
    assert found.inputs("home", "met").iv_days is None
    assert found.inputs("home_infusion", "met").has_line is True
    assert found.inputs("snf", "met").needs == {"iv_therapy", "pt"}
    assert found.inputs("home", "met").used_days is None
    assert found.inputs("stay", "met").used_days == 5


def test_days_near_the_coinsurance_are_asked():
    assert prices({"stay.inpatient_days": 55.0}).inputs("snf", "met").used_days == 55
    per_diem = profile("commercial", contract={"inpatient": {"basis": "per_diem", "per_diem_usd": "2000.00"}})
    assert prices(payer=per_diem).inputs("snf", "met").used_days == 5
    plan = profile("commercial", contract={"inpatient": {"basis": "ms_drg", "multiplier": "1.40"}})
    assert prices({"stay.inpatient_days": 30.0}, payer=plan).inputs("snf", "met").used_days == 5


@pytest.mark.parametrize("status", ["met", "not_met", "unknown"])
def test_rules_say_which_ride_and_which_rate(status):
    said = {"cms_medicare.ambulance.necessary": status, "cms_medicare.ltch.standard_rate": status}
    found = prices(findings=said)
    assert found.inputs("snf", "met").needs_stretcher == status
    assert found.inputs("ltch", "met").ltch_standard == status
    assert found.inputs("snf", "met").ltch_standard == "unknown"


def test_no_readmission_score_was_made_for_hospice():
    found = prices(scores=lambda name: (6.0, 6.0) if "hospital" in name else None)
    assert found.inputs("home", "met").readmission is not None
    assert found.inputs("hospice_home", "met").readmission is None
    assert (
        "expected readmission: no score tells the risk"
        in price(found.inputs("hospice_home", "met")).not_priced
    )


def test_a_profile_sets_the_horizon():
    own = profile(
        planning={"planning.horizon_days": {"unit": "d", "values": {date(2026, 1, 1): {"value": "60"}}}}
    )
    one = view(HERE, payer=own)
    assert horizon_days(one) == 60
    found = StayPrices.of(one, stay_money(one))
    assert price(found.inputs("home_health", "met")).horizon_days == 60
    assert found.common.day == date(2026, 1, 1)


def test_who_has_left_waits_and_rides_no_more():
    gone = {"stay.is_in_house": 0.0, "stay.discharged_at": "2026-06-14T12:00"}
    found = price(prices(gone).inputs("snf", "met"))
    assert {c.group for c in found.components} == {"facility"}
    assert found.hospital.expected == D(0)
