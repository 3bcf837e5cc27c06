"""The patient's share, by hand to the cent; and laws that hold for any benefit and any balance."""

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import profile
from views import view

from discharge.costs.member import (
    Balance,
    Spent,
    Use,
    further_days,
    medicare_share,
    plan_share,
    shares,
    spent,
    standing,
)
from discharge.costs.spent import NOTHING_KNOWN
from discharge.costs.terms import Benefit, payer_terms

pytestmark = pytest.mark.content  # arithmetic: the wheel changes nothing

DAY = date(2026, 6, 15)
MEDICARE = payer_terms(profile("medicare_ffs"))


def usd(value, day="2026-01-01"):
    return {"unit": "USD", "values": {day: {"value": value}}}


def plan(**parts):
    return payer_terms(profile("commercial", **parts))


def one(benefit, allowed, units, unit="visit", **balance):
    return plan_share(benefit, Use(D(allowed), units, unit), Balance(**balance))


# ---- plans, step by step


def test_deductible_then_coinsurance_to_the_cent():
    benefit = Benefit(coinsurance=D("0.20"), after_deductible=True)
    found = one(benefit, "2345.67", 10, deductible=D("350.25"))
    assert found.member == D("350.25") + D("399.08")  # 20% of 1,995.42 is 399.084
    assert (found.payer, found.not_covered) == (D("1596.34"), D("0.00"))
    assert found.after.deductible == 0
    assert found.steps == (
        "deductible: $350.25 of the $350.25 left",
        "coinsurance: 20% of $1,995.42 is $399.08",
    )


def test_a_deductible_larger_than_the_amount_goes_on():
    benefit = Benefit(coinsurance=D("0.20"), after_deductible=True)
    found = one(benefit, "100.00", 1, deductible=D("350.25"))
    assert (found.member, found.after.deductible) == (D("100.00"), D("250.25"))


def test_a_copay_per_day_counts_the_days_named():
    benefit = Benefit(copay_day=D("200.00"), copay_from_day=21, copay_through_day=100)
    assert one(benefit, "14400.00", 30, "day").member == D("2000.00")  # days 21 to 30
    assert one(benefit, "9600.00", 20, "day").member == 0
    snf = plan_share(benefit, Use(D("14400.00"), 30, "day"), Balance(snf_days=15), is_snf=True)
    assert (snf.member, snf.after.snf_days) == (D("5000.00"), 45)  # days 21 to 45 of the benefit period
    assert "25 days x $200.00" in snf.steps[0]


@pytest.mark.parametrize(
    ("benefit", "units", "unit", "member"),
    [
        (Benefit(copay_visit=D("60.00")), 21, "visit", "1260.00"),
        (Benefit(copay_stay=D("500.00")), 1, "stay", "500.00"),
        (Benefit(copay_fill=D("20.00")), 2, "fill", "40.00"),
        (Benefit(copay_day=D("25.00")), 14, "visit", "350.00"),  # a copay for each day of service
        (Benefit(copay_visit=D("30.00"), coinsurance=D("0.10")), 2, "visit", "354.00"),  # 60 + 10% of 2,940
        (Benefit(copay_visit=D("0.00")), 9, "visit", "0.00"),
    ],
)
def test_copays(benefit, units, unit, member):
    assert one(benefit, "3000.00", units, unit).member == D(member)


def test_a_copay_is_never_more_than_the_service():
    found = one(Benefit(copay_visit=D("60.00")), "100.00", 2)
    assert (found.member, found.payer) == (D("100.00"), D("0.00"))
    assert found.steps[-1] == "no more than is allowed: $100.00"


def test_the_maximum_caps_the_share():
    found = one(Benefit(copay_visit=D("60.00")), "6000.00", 20, out_of_pocket=D("450.00"))
    assert (found.member, found.after.out_of_pocket) == (D("450.00"), D("0.00"))
    assert "out-of-pocket maximum: $450.00 left to pay" in found.steps[-1]


def test_days_beyond_the_limit_are_not_covered_and_not_counted_to_the_maximum():
    benefit = Benefit(copay_day=D("75.00"), days_limit=30)
    found = one(benefit, "20400.00", 40, "day", out_of_pocket=D("1000.00"))
    assert (found.units_covered, found.not_covered) == (30, D("5100.00"))
    assert (found.member, found.patient) == (D("1000.00"), D("6100.00"))
    assert found.steps[0] == "limit: 30 of 40 days are covered (at most 30, 0 used)"
    visits = one(Benefit(copay_visit=D("10.00"), visits_limit=2), "300.00", 3)
    assert (visits.units_covered, visits.not_covered, visits.member) == (2, D("100.00"), D("20.00"))


def test_a_benefit_that_says_nothing_of_cost_gives_nothing():
    assert one(Benefit(covered=True), "100.00", 1) is None


AMOUNTS = st.decimals("0", "100000", places=2)
SMALL = st.none() | st.decimals("0", "1000", places=2)
BENEFITS = st.builds(
    Benefit,
    copay_day=SMALL,
    copay_visit=SMALL,
    copay_stay=SMALL,
    coinsurance=st.none() | st.decimals("0", "1", places=2),
    copay_from_day=st.integers(1, 30),
    copay_through_day=st.none() | st.integers(1, 100),
    after_deductible=st.booleans(),
    days_limit=st.none() | st.integers(0, 100),
    visits_limit=st.none() | st.integers(0, 100),
)
BALANCES = st.builds(
    Balance,
    deductible=st.decimals("0", "5000", places=2),
    out_of_pocket=st.none() | st.decimals("0", "8000", places=2),
    snf_days=st.integers(0, 120),
)


@settings(max_examples=200, deadline=None)
@given(
    BENEFITS, BALANCES, AMOUNTS, st.integers(1, 100), st.sampled_from(["day", "visit", "stay"]), st.booleans()
)
def test_shares_add_up_and_keep_within_what_is_left(benefit, balance, allowed, units, unit, is_snf):
    found = plan_share(benefit, Use(allowed, units, unit), balance, is_snf=is_snf)
    if found is None:
        assert not benefit.is_known
        return
    assert found.member + found.payer + found.not_covered == allowed
    assert min(found.member, found.payer, found.not_covered) >= 0
    assert found.patient <= allowed
    assert 0 <= found.after.deductible <= balance.deductible
    if balance.out_of_pocket is not None:
        assert found.member <= balance.out_of_pocket
        assert found.after.out_of_pocket == balance.out_of_pocket - found.member


@settings(max_examples=100, deadline=None)
@given(BENEFITS, BALANCES, AMOUNTS, st.integers(1, 60))
def test_more_left_to_pay_never_costs_less(benefit, balance, allowed, units):
    met = balance._replace(deductible=D(0), out_of_pocket=D(0))
    use = Use(allowed, units, "visit")
    least, some = plan_share(benefit, use, met), plan_share(benefit, use, balance)
    if some is not None:
        assert least.member == 0
        assert some.member <= plan_share(benefit, use, balance._replace(out_of_pocket=None)).member


# ---- Original Medicare


@pytest.mark.parametrize(
    ("used", "days", "member", "not_covered"),
    [
        (0, 20, "0.00", "0.00"),
        (0, 28, "1736.00", "0.00"),
        (20, 8, "1736.00", "0.00"),
        (95, 10, "1085.00", "2500.00"),
    ],
)
def test_skilled_nursing_days_of_the_benefit_period(used, days, member, not_covered):
    found = medicare_share(MEDICARE, "snf", DAY, Use(D(500 * days), days, "day"), Balance(snf_days=used))
    assert (found.member, found.not_covered) == (D(member), D(not_covered))
    assert found.after.snf_days == min(100, used + days)
    assert found.member + found.payer + found.not_covered == 500 * days


def test_a_year_without_published_amounts_says_what_it_is_reckoned_with():
    later = date(2027, 6, 15)
    use = Use(D("14000.00"), 28, "day")
    found = shares(MEDICARE, "snf", later, (use,) * 3, standing(MEDICARE, later, NOTHING_KNOWN))
    assert found.member.expected == 8 * D("217.00")
    assert [label for label in found.placeholders if label.startswith("part_a.deductible")]
    assert shares(MEDICARE, "snf", DAY, (use,) * 3, standing(MEDICARE, DAY, NOTHING_KNOWN)).placeholders == ()


def test_part_b_deductible_is_paid_once():
    first = medicare_share(
        MEDICARE, "outpatient", DAY, Use(D("500.00"), 4, "visit"), Balance(part_b_deductible=D("283.00"))
    )
    assert (first.member, first.after.part_b_deductible) == (D("283.00") + D("43.40"), D("0.00"))
    second = medicare_share(MEDICARE, "dme", DAY, Use(D("93.26"), 1, "month"), first.after)
    assert second.member == D("18.65")


def test_rehabilitation_days_go_on_in_the_benefit_period():
    use = Use(D("30000.00"), 1, "stay", days=14)
    assert medicare_share(MEDICARE, "irf", DAY, use, Balance(stay_days=5)).member == 0
    late = medicare_share(MEDICARE, "irf", DAY, use, Balance(inpatient_days=48, stay_days=5))
    assert late.member == 7 * D("434.00")  # days 54 to 67: seven past the sixtieth
    assert medicare_share(MEDICARE, "irf", DAY, use, Balance(inpatient_days=150)) is None


def test_home_health_and_hospice_cost_nothing():
    for service in ("home_health", "hospice"):
        assert medicare_share(MEDICARE, service, DAY, Use(D("2000.00"), 8, "visit"), Balance()).member == 0


# ---- what is on record, and the range where nothing is


def test_nothing_on_record_runs_from_all_met_to_nothing_met():
    terms = plan(
        cost_sharing={"deductible_usd": usd("1250.00"), "out_of_pocket_limit_usd": usd("5000.00")},
        benefits={"dme": {"covered": True, "member_cost": {"coinsurance": "0.30"}}},
    )
    before = standing(terms, DAY, NOTHING_KNOWN)
    use = Use(D("2000.00"), 1, "month")
    found = shares(terms, "dme", DAY, (use, use, use), before)
    assert found.member == (D("0.00"), D("600.00"), D("1475.00"))  # 1,250 + 30% of 750
    assert any("deductible is not on record" in text for text in found.assumptions)
    assert any("maximum is not on record" in text for text in found.assumptions)
    again = shares(terms, "dme", DAY, (use, use, use), found.after)
    assert again.member == (D("0.00"), D("600.00"), D("600.00"))  # the deductible is paid once


def test_what_is_on_record_leaves_no_range():
    terms = plan(
        cost_sharing={"deductible_usd": usd("1250.00"), "out_of_pocket_limit_usd": usd("5000.00")},
        benefits={"dme": {"covered": True, "member_cost": {"coinsurance": "0.30"}}},
    )
    record = Spent(deductible_left=D("100.00"), out_of_pocket_spent=D("4700.00"))
    use = Use(D("2000.00"), 1, "month")
    found = shares(terms, "dme", DAY, (use, use, use), standing(terms, DAY, record))
    assert found.member == (D("300.00"),) * 3  # 100 + 570, and 300 left until the maximum
    assert found.assumptions == ()


def test_a_profile_without_deductible_or_maximum_says_so():
    terms = plan(benefits={"dme": {"covered": True, "member_cost": {"coinsurance": "0.30"}}})
    use = Use(D("1000.00"), 1, "month")
    found = shares(terms, "dme", DAY, (use, use, use), standing(terms, DAY, NOTHING_KNOWN))
    assert found.member == (D("300.00"),) * 3
    assert found.assumptions == (
        "the payer profile states no deductible; none is counted",
        "the payer profile states no out-of-pocket maximum; none is counted",
    )
    assert shares(terms, "irf", DAY, (use, use, use), standing(terms, DAY, NOTHING_KNOWN)) is None


def test_medicare_with_nothing_on_record():
    before = standing(MEDICARE, DAY, NOTHING_KNOWN)
    use = Use(D("1000.00"), 4, "visit")
    assert shares(MEDICARE, "outpatient", DAY, (use,) * 3, before).member == (
        D("200.00"),
        D("200.00"),
        D("426.40"),
    )
    days = Use(D("12000.00"), 20, "day")
    found = shares(MEDICARE, "snf", DAY, (days,) * 3, before)
    assert found.member == (D("0.00"), D("0.00"), D("4340.00"))
    assert all("Part B" not in text for text in found.assumptions)


@pytest.mark.parametrize(
    ("record", "member"),
    [
        (Spent(secondary=True, secondary_pays=True), ("0.00", "0.00", "0.00")),
        (Spent(secondary=True), ("0.00", "200.00", "426.40")),
        (Spent(secondary=True, secondary_pays=False), ("200.00", "200.00", "426.40")),
    ],
)
def test_a_second_policy_may_meet_medicares_share(record, member):
    use = Use(D("1000.00"), 4, "visit")
    found = shares(MEDICARE, "outpatient", DAY, (use,) * 3, standing(MEDICARE, DAY, record))
    assert found.member == tuple(map(D, member))
    assert all(one.member + one.payer == 1000 for one in (found.low, found.expected, found.high))


def test_medicaid_pays_medicares_share_where_the_profile_says_so():
    silent = payer_terms(profile("dual"))
    kept = {"unit": "1", "values": {"1989-01-01": {"value": "0.00", "placeholder": True}}}
    dual = payer_terms(profile("dual", cost_sharing={"patient_share_of_medicare_cost": kept}))
    use = Use(D("1000.00"), 4, "visit")
    found = shares(dual, "outpatient", DAY, (use,) * 3, standing(dual, DAY, NOTHING_KNOWN))
    assert found.member == (D("0.00"),) * 3
    assert found.payer == (D("1000.00"),) * 3
    assert any("patient_share_of_medicare_cost" in label for label in found.placeholders)
    unknown = shares(silent, "outpatient", DAY, (use,) * 3, standing(silent, DAY, NOTHING_KNOWN))
    assert unknown.member == (D("0.00"), D("200.00"), D("426.40"))


def test_a_pharmacy_drug_under_part_d():
    benefit = {"covered": None, "after_deductible": True, "member_cost": {"coinsurance": "0.25"}}
    terms = payer_terms(profile("medicare_ffs", benefits={"oral_drugs": benefit}))
    use = Use(D("1000.00"), 1, "fill")
    found = shares(terms, "oral_drugs", DAY, (use,) * 3, standing(terms, DAY, NOTHING_KNOWN))
    assert found.member == (D("250.00"), D("250.00"), D("711.25"))  # 615 + 25% of 385
    dear = Use(D("90000.00"), 1, "fill")
    capped = shares(terms, "oral_drugs", DAY, (dear,) * 3, standing(terms, DAY, NOTHING_KNOWN))
    assert capped.member.high == D("2100.00")
    assert capped.after.high.drug_out_of_pocket == 0
    assert (
        capped.after.high.out_of_pocket is None
    )  # hospital and doctors have no maximum under Original Medicare


# ---- further days of the stay


@pytest.mark.parametrize(
    ("so_far", "days", "member"), [(5, 3, "0"), (59, 3, "868"), (61, 2, "868"), (89, 2, "1302")]
)
def test_further_medicare_days(so_far, days, member):
    found = further_days(MEDICARE, DAY, days, D(0), standing(MEDICARE, DAY, NOTHING_KNOWN, so_far))
    assert found.member.expected == D(member)  # 434 a day from the 61st, 868 a reserve day


def test_days_used_before_this_stay_count():
    record = Spent(inpatient_days_used=58, reserve_days_left=0)
    found = further_days(MEDICARE, DAY, 3, D(0), standing(MEDICARE, DAY, record, 1))
    assert found.member == (2 * D("434.00"),) * 3
    assert further_days(MEDICARE, DAY, 40, D(0), standing(MEDICARE, DAY, record, 1)) is None
    assert further_days(MEDICARE, DAY, 1, D(0), standing(MEDICARE, DAY, record)) is None


def test_further_days_under_plans():
    def owed(so_far, days, allowed=None, record=NOTHING_KNOWN, **sharing):
        terms = plan(cost_sharing=sharing)
        found = further_days(terms, DAY, days, allowed, standing(terms, DAY, record, so_far))
        return None if found is None else found.member.expected

    assert owed(2, 10, hospital_stay_usd=usd("750.00")) == 0
    assert owed(2, 10, hospital_day_1_5_usd=usd("375.00")) == D("1125.00")  # days 3, 4 and 5
    assert owed(6, 10, hospital_day_1_5_usd=usd("375.00")) == 0
    assert owed(None, 10, hospital_day_1_5_usd=usd("375.00")) is None
    fifth = {"unit": "1", "values": {"2026-01-01": {"value": "0.20"}}}
    assert owed(2, 2, D("6200.00"), coinsurance=fifth) == D("1240.00")
    left = Spent(deductible_left=D("200.00"))
    assert owed(2, 2, D("6200.00"), left, coinsurance=fifth) == D("1400.00")
    assert owed(2, 2, coinsurance=fifth) is None
    assert owed(2, 2) is None


# ---- from the facts


def test_the_record_is_taken_from_facts():
    facts = {
        "coverage.deductible_left_usd": 312.4,
        "coverage.out_of_pocket_spent_usd": 1200.0,
        "coverage.snf_days_used": 12.0,
        "coverage.secondary_payer_id": "GAP",
    }
    record = spent(view(facts))
    assert record == Spent(
        deductible_left=D("312.40"), out_of_pocket_spent=D("1200.00"), snf_days_used=12, secondary=True
    )
    assert spent(view({})) == NOTHING_KNOWN
    assert spent(view({"coverage.deductible_left_usd": -1.0})) == NOTHING_KNOWN
    anew = {"cms_medicare.snf_benefit_days.new_period": "met"}
    assert spent(view(facts, findings=anew)).snf_days_used == 0
    assert {record: 1}[spent(view(facts))] == 1
