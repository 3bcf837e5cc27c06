"""Terms of a profile: its own planning values, dated costs, rates of the contract; silence is never zero."""

from datetime import date
from decimal import Decimal as D

import pytest
from profiles import profile

from discharge.costs.rates import period_start, planning_rate
from discharge.costs.terms import NO_BENEFIT, payer_terms

pytestmark = pytest.mark.content  # arithmetic: the wheel changes nothing

DAY = date(2026, 6, 15)
CITED = {"cite": "own", "placeholder": True}
OWN = {"own": {"title": "Invented", "verified": False}}


def dated(unit, **values):
    return {
        "unit": unit,
        "values": {day.replace("_", "-")[1:]: {"value": value, **CITED} for day, value in values.items()},
    }


PLAN = profile(
    "commercial",
    citations=OWN,
    planning={
        "private.nurse_visit": dated("USD", _2026_03_01="140.00", _2026_07_01=None),
        "planning.iv_days": dated("d", _2026_01_01="21"),
    },
    cost_sharing={"deductible_usd": dated("USD", _2026_01_01="1250.00", _2027_01_01=None)},
    benefits={
        "snf": {
            "covered": True,
            "days_limit": 30,
            "member_cost": {
                "copay_usd_per_day": dated("USD", _2025_01_01="70.00", _2026_05_01="75.00"),
                "copay_from_day": "6",
            },
        },
        "dme": {"covered": True, "member_cost": {"coinsurance": "0.30"}},
        "irf": {"covered": True, "after_deductible": True, "member_cost": {"copay_usd_per_stay": "500.00"}},
        "transport": {"covered": True},
    },
    contract={
        "post_acute": {"snf_per_diem_usd": "510.00", **CITED},
        "fee_schedule": {"share_of_medicare": "1.20"},
    },
)
TERMS = payer_terms(PLAN)


@pytest.mark.parametrize(
    ("day", "value", "since", "is_own"),
    [
        (date(2026, 2, 28), "160.00", date(2025, 7, 1), False),
        (date(2026, 3, 1), "140.00", date(2026, 3, 1), True),
        (date(2026, 6, 30), "140.00", date(2026, 3, 1), True),
        (date(2026, 7, 1), "160.00", date(2025, 7, 1), False),  # a null gives the shipped value back
    ],
)
def test_the_profiles_own_value_goes_before_the_shipped_one(day, value, since, is_own):
    found = TERMS.rate("private.nurse_visit", day)
    assert (found.value, found.since) == (D(value), since)
    assert ("the plan's own" in found.label) is is_own
    if is_own:
        assert found.placeholder
        assert found.citation.title == "Invented"
    else:
        assert found == planning_rate("private.nurse_visit", day)


def test_what_the_profile_leaves_alone_is_the_shipped_rate():
    assert TERMS.rate("part_a.deductible", DAY) == planning_rate("part_a.deductible", DAY)
    assert TERMS.rate("planning.iv_days", DAY).value == 21
    assert TERMS.rate("planning.iv_days", DAY).unit == "d"


def test_a_period_ends_where_an_entry_of_the_profile_changes():
    assert TERMS.period_start(date(2026, 2, 28)) == date(2026, 1, 1) == period_start(date(2026, 2, 28))
    assert TERMS.period_start(date(2026, 4, 30)) == date(2026, 3, 1)
    assert TERMS.period_start(date(2026, 5, 1)) == date(2026, 5, 1)  # the copay of the SNF
    assert TERMS.period_start(date(2026, 10, 2)) == date(2026, 10, 1)


def test_member_costs_are_those_of_the_day():
    assert TERMS.benefit("snf", date(2026, 4, 30)).copay_day == D("70.00")
    found = TERMS.benefit("snf", date(2026, 5, 1))
    assert (found.copay_day, found.copay_from_day, found.copay_through_day) == (D("75.00"), 6, None)
    assert (found.days_limit, found.placeholder, found.is_known) == (30, True, True)
    assert TERMS.benefit("snf", date(2024, 12, 31)).copay_day is None
    assert not TERMS.benefit("transport", DAY).is_known
    assert TERMS.benefit("ltch", DAY) is NO_BENEFIT


def test_the_deductible_comes_before_coinsurance_and_not_before_a_copay_unless_told():
    after = {name: TERMS.benefit(name, DAY).after_deductible for name in ("snf", "dme", "irf")}
    assert after == {"snf": False, "dme": True, "irf": True}


def test_cost_sharing_of_a_day():
    assert TERMS.sharing("deductible_usd", DAY).value == D("1250.00")
    assert TERMS.sharing("deductible_usd", DAY).placeholder
    assert TERMS.sharing("deductible_usd", date(2025, 12, 31)) is None
    assert TERMS.sharing("deductible_usd", date(2027, 1, 1)) is None
    assert TERMS.sharing("out_of_pocket_limit_usd", DAY) is None


def test_rates_of_the_contract_by_name():
    fee = TERMS.fee("snf_per_diem_usd", DAY)
    assert (fee.usd, fee.placeholder, fee.label) == (D("510.00"), True, "the plan's snf_per_diem_usd")
    assert TERMS.fee("share_of_medicare", DAY).usd == D("1.20")
    assert not TERMS.fee("share_of_medicare", DAY).placeholder
    assert TERMS.fee("irf_per_diem_usd", DAY) is None


def test_terms_are_one_object_per_profile():
    assert payer_terms(PLAN) is TERMS
    assert payer_terms(None) is None
    assert hash(TERMS) != hash(payer_terms(profile("commercial")))


def test_only_a_multiple_of_medicares_payment_carries_its_transfer_policy():
    def policy(**inpatient):
        return payer_terms(profile("commercial", contract={"inpatient": inpatient})).has_transfer_policy

    assert policy(basis="ms_drg", multiplier="1.40")
    assert not policy(basis="ms_drg", multiplier="1.40", applies_transfer_policy=False)
    assert not policy(basis="ms_drg", multiplier="1.00", base_rate_usd="9800.00")
    assert policy(basis="ms_drg", multiplier="1.00", base_rate_usd="9800.00", applies_transfer_policy=True)
    assert not policy(basis="per_diem", per_diem_usd="1650.00")
