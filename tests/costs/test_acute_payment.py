"""Acute hospital payment: additions, programs, transfers and outliers; figures worked by hand beside each."""

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.costs.inpatient import (
    Additions,
    CostToCharge,
    Hospital,
    ipps_claim,
    ipps_payment,
    is_burn_group,
    outlier_payment,
)
from discharge.costs.transfer import Group, transfer_fraction, transfer_of
from discharge.drg import drg_table

pytestmark = pytest.mark.content  # arithmetic: the wheel changes nothing

FY2026 = date(2025, 10, 1)
WEIGHTS = st.decimals("0.1", "30", places=4)
INDEXES = st.decimals("0.3", "2", places=4)


def amount(weight, **keywords):
    paid = ipps_payment(FY2026, D(weight), **keywords)
    assert paid is not None
    return paid


def claim(weight="1", **keywords):
    found = ipps_claim(FY2026, D(weight), **keywords)
    assert found is not None
    return found.amount


def test_teaching_and_disproportionate_share():
    hospital = Hospital(
        ime_operating=D("0.05"), dsh_operating=D("0.12"), ime_capital=D("0.02"), dsh_capital=D("0.04")
    )
    paid = amount("1", hospital=hospital)
    # 6,752.61 + 5% = 337.63 + 12% x 0.25 = 202.58; 524.15 + 2% = 10.48 + 4% = 20.97
    assert (paid.base_operating, paid.operating, paid.capital) == (D("6752.61"), D("7292.82"), D("555.60"))


def test_cost_of_living_acts_on_the_other_part():
    # 4,186.62 + 2,565.99 x 1.25 = 7,394.1075
    assert amount("1", hospital=Hospital(cost_of_living=D("1.25"))).operating == D("7394.11")


def test_a_transfer_cuts_the_base_before_the_additions():
    paid = amount("1", hospital=Hospital(ime_operating=D("0.1")), fraction=D("0.5"))
    assert (paid.base_operating, paid.operating) == (D("3376.31"), D("3713.94"))


def test_reporting_less_pays_less():
    day = date(2026, 10, 1)
    totals = []
    for reporting in ("both", "records_only", "quality_only", "neither"):
        paid = ipps_payment(day, D(1), hospital=Hospital(reporting=reporting))
        assert paid is not None
        totals.append(paid.operating)
    assert totals == [D("6848.00"), D("6794.45"), D("6687.35"), D("6633.79")]
    assert (
        ipps_payment(FY2026, D(1), hospital=Hospital(reporting="neither")) is None
    )  # FY2026 columns not found


def test_additions():
    added = Additions(outlier=D("100.00"), new_technology=D("50.00"), uncompensated_care=D("450.00"))
    assert claim(additions=added) == D("7276.76") + 600


@pytest.mark.parametrize(
    ("additions", "total"),
    [
        (Additions(purchasing_factor=D("1.01")), "7344.29"),  # + 67.53
        (Additions(readmission_factor=D("0.98")), "7141.71"),  # - 135.05
        (Additions(readmission_factor=D("0.97")), "7074.18"),  # - 202.58
        (Additions(readmission_factor=D("0.90")), "7074.18"),  # never more than 3%
        (Additions(is_hac_reduced=True), "7203.99"),  # 7,276.76 x 0.99
        (Additions(outlier=D("1000.00"), is_hac_reduced=True), "8193.99"),  # of the whole
    ],
)
def test_programs(additions, total):
    assert claim(additions=additions) == D(total)


def test_programs_act_on_what_a_transfer_leaves():
    whole, cut = (
        claim(fraction=D("0.5")),
        claim(fraction=D("0.5"), additions=Additions(readmission_factor=D("0.97"))),
    )
    assert whole - cut == D("101.29")  # 3% of 3,376.31


LISTED = Group("871", D("4.8"), is_listed=True)
SPECIAL = Group("481", D("4.3"), is_listed=True, is_special=True)
NOT_LISTED = Group("392", D("2.5"), is_listed=False)


def fraction(group, los, to, day=FY2026, **keywords):
    found = transfer_of(day, group, los, to, **keywords)
    assert found is not None
    return str(found.fraction)


@pytest.mark.parametrize(
    ("group", "los", "to", "expected"),
    [
        (LISTED, 2, "snf", "0.6250"),
        (LISTED, 2, "03", "0.6250"),
        (LISTED, 2, "83", "0.6250"),  # with a planned readmission
        (LISTED, 2, "home", "1"),
        (LISTED, 2, "acute", "0.6250"),
        (SPECIAL, 2, "snf", "0.8488"),
        (SPECIAL, 2, "acute", "0.6977"),  # 3 / 4.3: another acute hospital is paid the normal way
        (NOT_LISTED, 1, "snf", "1"),
        (NOT_LISTED, 1, "acute", "0.8000"),
        (NOT_LISTED, 1, "66", "0.8000"),
        (Group("789", D("10"), is_listed=False), 1, "acute", "1"),  # exempt
        (LISTED, 3, "snf", "0.8333"),
        (LISTED, 4, "snf", "1"),  # 4 + 1 days reach 4.8
        (LISTED, 0, "snf", "0.4167"),
        (Group(None, D("4"), is_listed=True), 3, "snf", "1"),  # exactly the mean stay
    ],
)
def test_which_formula(group, los, to, expected):
    assert fraction(group, los, to) == expected


def test_hospice_counts_from_october_2018():
    assert fraction(LISTED, 1, "hospice_home", date(2018, 9, 30)) == "1"
    assert fraction(LISTED, 1, "hospice_home", date(2018, 10, 1)) == "0.4167"
    assert fraction(LISTED, 1, "51", date(2018, 10, 1)) == "0.4167"


@pytest.mark.parametrize(("days", "expected"), [(0, "0.4167"), (3, "0.4167"), (4, "1")])
def test_home_health_within_three_days(days, expected):
    assert fraction(LISTED, 1, "home_health", home_health_days=days) == expected


@pytest.mark.parametrize("code", ["42", "43"])
def test_condition_codes_opt_home_health_out(code):
    assert fraction(LISTED, 1, "home_health", condition_codes=[code]) == "1"
    assert fraction(LISTED, 1, "snf", condition_codes=[code]) == "0.4167"


def test_home_health_without_a_start_is_unknown():
    assert transfer_of(FY2026, LISTED, 1, "home_health") is None
    assert transfer_of(date(1980, 1, 1), LISTED, 1, "snf") is None


@given(st.integers(0, 60), st.decimals("1", "40", places=1), st.booleans())
def test_a_per_diem_never_pays_above_the_whole(los, gmlos, special):
    share = transfer_fraction(los, gmlos, special=special)
    assert 0 < share <= 1
    assert share <= transfer_fraction(los + 1, gmlos, special=special)
    assert transfer_fraction(los, gmlos) <= transfer_fraction(los, gmlos, special=True)


@given(WEIGHTS, WEIGHTS, INDEXES)
def test_a_heavier_group_never_pays_less(one, other, index):
    low, high = sorted((one, other))
    hospital = Hospital(wage_index=index)
    assert amount(low, hospital=hospital).total <= amount(high, hospital=hospital).total


@given(WEIGHTS, st.decimals("0.1", "1", places=4))
def test_a_transfer_never_pays_above_the_full_payment(weight, share):
    assert amount(weight, fraction=share).total <= amount(weight).total


def test_every_group_of_table_5_is_priced():
    for row in drg_table().values():
        if row.weight is not None and row.gmlos_days is not None:
            group = Group(row.ms_drg, row.gmlos_days, row.post_acute_transfer, row.special_pay)
            assert D("0.05") < D(fraction(group, 1, "snf")) <= 1


RATIOS = CostToCharge(D("0.22"), D("0.02"))


def outlier(charges, *, weight="1.9425", share=D(1), **keywords):
    found = outlier_payment(
        FY2026, amount(weight, fraction=share), D(charges), RATIOS, fraction=share, **keywords
    )
    assert found is not None
    return found


def test_burns_are_paid_more_of_the_cost_above_the_limit():
    usual, burn = outlier(310000), outlier(310000, is_burn=True)
    assert (burn.operating_limit, burn.capital_limit) == (usual.operating_limit, usual.capital_limit)
    # costs 68,200 and 6,200 above limits 50,148.87 and 4,383.23
    assert (usual.operating, burn.operating) == (D("14440.90"), D("16246.02"))
    assert [is_burn_group(FY2026, code) for code in ("927", "935", "871")] == [True, True, False]


def test_a_transfer_cuts_the_threshold():
    # threshold 40,397 x 0.5 = 20,198.50; shares 0.9167 and 0.0833; op 6,558.47 + 18,515.96; cap 509.08 + 1,682.54
    found = outlier(200000, share=D("0.5"))
    assert (found.operating_limit, found.capital_limit) == (D("25074.43"), D("2191.62"))
    assert found.total == D("15140.46") + D("1446.70")


def test_cost_at_the_limit_pays_nothing_and_more_pays_more():
    at = outlier(220000)  # 48,400 + 4,400 is below 54,532.10
    assert at.total == 0
    assert outlier(310000).total < outlier(310001).total


@given(st.integers(0, 2_000_000), st.integers(0, 500_000))
def test_an_outlier_never_falls_with_charges(charges, more):
    assert 0 <= outlier(charges).total <= outlier(charges + more).total


def test_new_technology_and_uncompensated_care_raise_the_limit():
    plain = outlier(310000)
    raised = outlier(310000, uncompensated_care=D(400), new_technology=D(50))
    assert raised.operating_limit - plain.operating_limit == 450
    assert plain.operating - raised.operating == D("360.00")
