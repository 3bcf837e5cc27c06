"""Rehabilitation, long-term care, hospice, nursing facility, home health: what the worked examples leave out."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.costs.home import home_health, home_infusion, low_utilization
from discharge.costs.hospice import continuous_hours, hospice_days
from discharge.costs.irf import Facility, irf_cost, irf_stay
from discharge.costs.ltch import AcuteGroup, ltch_short_stay, ltch_site_neutral, ltch_standard
from discharge.costs.snf import (
    ANCILLARY_GROUPS,
    ASSESSMENTS,
    NURSING_GROUPS,
    SPEECH_GROUPS,
    THERAPY_GROUPS,
    CaseMix,
    ancillary_group,
    ancillary_points,
    capped_wage_index,
    snf_days,
    snf_rates,
    snf_stay,
    speech_group,
)

pytestmark = pytest.mark.content  # arithmetic: the wheel changes nothing

FY2025, FY2026, FY2027, FY2028 = (date(year, 10, 1) for year in (2024, 2025, 2026, 2027))
CY2026, CY2027 = date(2026, 1, 1), date(2027, 1, 1)


def usd(found):
    assert found is not None
    return str(found.amount)


# Inpatient rehabilitation


def test_rehabilitation_facility_adjustments():
    facility = Facility(is_rural=True, low_income=D("0.05"), teaching=D("0.02"))
    # 30,993.60 x 1.149 x 1.05 x 1.02 = 38,140.07
    assert usd(irf_stay(FY2026, D("1.6"), facility=facility)) == "38140.07"
    assert usd(irf_stay(FY2025, D("1"), facility=Facility(reports_quality=False))) == "18539.00"
    assert irf_stay(FY2026, D("1"), facility=Facility(reports_quality=False)) is None


@pytest.mark.parametrize(
    ("los", "amount"),
    [(4, "8717.70"), (8, "16466.10"), (15, "30025.80"), (16, "30993.60"), (20, "30993.60")],
)
def test_rehabilitation_transfer_pays_half_a_day_more(los, amount):
    # (los + 0.5) / 16, to four decimals: 0.28125 -> 0.2813 x 30,993.60
    found = irf_stay(FY2026, D("1.6"), is_transfer=True, los_days=los, mean_stay_days=D(16))
    fractions = {4: "0.2813", 8: "0.5313", 15: "0.9688"}
    if los in fractions:
        amount = str((D("30993.60") * D(fractions[los])).quantize(D("0.01")))
    assert usd(found) == amount


def test_rehabilitation_transfer_needs_its_days():
    with pytest.raises(ValueError, match="mean stay"):
        irf_stay(FY2026, D("1.6"), is_transfer=True)


def test_rehabilitation_outlier():
    # limit 30,993.60 + 10,062 = 41,055.60; 80% of 50,000 - 41,055.60 = 7,155.52
    assert usd(irf_stay(FY2026, D("1.6"), cost=D(50000))) == "38149.12"
    assert usd(irf_stay(FY2026, D("1.6"), cost=D("41055.60"))) == "30993.60"
    assert irf_stay(FY2027, D("1.6"), cost=D(50000)) is None  # the FY2027 threshold was not found
    assert usd(irf_stay(FY2027, D("1.6"))) == "31809.60"


def test_rehabilitation_cost():
    assert irf_cost(FY2026, D(1000), D("0.5")) == D("500.00")
    assert irf_cost(FY2026, D(1000)) == D("398.00")
    assert irf_cost(FY2026, D(1000), is_rural=True) == D("463.00")
    assert irf_cost(FY2026, D(1000), D("1.54")) == D("1540.00")
    assert irf_cost(FY2026, D(1000), D("1.55")) == D("398.00")  # above the ceiling
    assert irf_cost(FY2027, D(1000)) is None


# Long-term care hospital

ACUTE = AcuteGroup(D("1.9425"), D("4.8"))  # full acute payment 14,135.10


def test_standard_outlier():
    # 1.1 at wage index 1: 55,906.96; 80% of 150,000 - (55,906.96 + 78,936)
    assert usd(ltch_standard(FY2026, D("1.1"))) == "55906.96"
    assert usd(ltch_standard(FY2026, D("1.1"), cost=D(150000))) == "68032.59"
    assert usd(ltch_standard(FY2025, D(1))) == "49383.26"
    assert usd(ltch_standard(FY2025, D(1), quality=False)) == "48424.36"
    assert ltch_standard(FY2028, D(1)) is None


def test_short_stay_is_a_blend():
    # mean 26 days: threshold 21.67. Day 10: 55,906.96 / 26 x 10 x 1.2 = 25,803.21; share 10 / 21.67 = 0.4615;
    # acute side 14,135.10 (its per diem reaches the whole): 11,908.18 + 7,611.75
    found = ltch_short_stay(FY2026, D("1.1"), 10, D(26), ACUTE)
    assert usd(found) == "19519.93"
    full = ltch_short_stay(FY2026, D("1.1"), 22, D(26), ACUTE)
    assert usd(full) == "55906.96"


def test_short_stay_blend_stops_at_25_days():
    # mean 40: threshold 33.33, but the blend is 24 / 25 = 0.96: 40,253.01 x 0.96 + 14,135.10 x 0.04
    found = ltch_short_stay(FY2026, D("1.1"), 24, D(40), ACUTE)
    assert usd(found) == "39208.29"


def test_site_neutral_is_the_lower_of_cost_and_acute_per_diem():
    # 14,135.10 / 4.8 x 3 = 8,834.44; x 0.954 = 8,428.06 against cost
    assert usd(ltch_site_neutral(FY2026, 3, D(20000), ACUTE)) == "7998.22"  # 8,834.44 x 0.949 x 0.954
    assert usd(ltch_site_neutral(FY2026, 3, D(8000), ACUTE)) == "7592.00"  # cost x 0.949
    assert (
        usd(ltch_site_neutral(FY2026, 30, D(20000), ACUTE)) == "12797.16"
    )  # at most the whole acute payment
    # its outlier: 80% of 60,000 - (14,135.10 + 40,397) = 4,374.32, x 0.954
    assert usd(ltch_site_neutral(FY2026, 30, D(60000), ACUTE)) == "16970.26"
    assert ltch_site_neutral(date(2027, 10, 1), 3, D(20000), ACUTE) is None


def test_the_site_neutral_cut_ends_with_fiscal_year_2026():
    found = ltch_site_neutral(FY2027, 1, D(90000), ACUTE)
    assert found is not None
    assert any(one.placeholder for one in found.seen)


# Hospice


def test_hospice_levels():
    assert usd(hospice_days(FY2026, 2, level="respite")) == "1064.96"
    assert usd(hospice_days(FY2026, 1, level="general_inpatient")) == "1199.86"
    assert usd(hospice_days(FY2026, 1, level="continuous")) == "1674.29"
    assert usd(hospice_days(FY2025, 1, quality=False)) == "215.88"
    assert hospice_days(FY2028, 1) is None


@pytest.mark.parametrize(("first", "amount"), [(1, "230.83"), (60, "230.83"), (61, "181.94"), (75, "181.94")])
def test_hospice_pays_more_through_day_60(first, amount):
    assert usd(hospice_days(FY2026, 1, first_day=first)) == amount


def test_hospice_counts_all_days_before():
    assert usd(hospice_days(FY2026, 10, first_day=56)) == "2063.85"  # 5 x 230.83 + 5 x 181.94


@pytest.mark.parametrize(("hours", "amount"), [("7.75", "230.83"), ("8", "558.10"), ("24", "1674.29")])
def test_continuous_hours(hours, amount):
    assert usd(continuous_hours(FY2026, D(hours))) == amount


def test_continuous_hours_after_day_60_fall_back_to_the_later_rate():
    assert usd(continuous_hours(FY2026, D(2), first_day=61)) == "181.94"
    with pytest.raises(ValueError, match="24"):
        continuous_hours(FY2026, D(25))


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 200))
def test_hospice_days_add_up(first, one, other):
    later = FY2026 + timedelta(days=one)
    parts = [hospice_days(FY2026, one, first_day=first), hospice_days(later, other, first_day=first + one)]
    whole = hospice_days(FY2026, one + other, first_day=first)
    assert whole is not None
    assert sum(part.amount for part in parts if part) == whole.amount


# Nursing facility

GROUPS = st.builds(
    CaseMix,
    st.sampled_from(THERAPY_GROUPS),
    st.sampled_from(SPEECH_GROUPS),
    st.sampled_from(NURSING_GROUPS),
    st.sampled_from(ANCILLARY_GROUPS),
)


@given(GROUPS, st.sampled_from(sorted(ASSESSMENTS)))
def test_a_hipps_code_says_its_groups(group, assessment):
    assert CaseMix.from_hipps(group.code(assessment)) == group


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("FAPE", "5 characters"),
        ("QAPE1", "character 1"),
        ("FMPE1", "character 2"),
        ("FAZE1", "character 3"),
        ("FAPG1", "character 4"),
        ("FAPE2", "character 5"),
    ],
)
def test_a_wrong_hipps_code_is_refused(code, fault):
    with pytest.raises(ValueError, match=fault):
        CaseMix.from_hipps(code)


def test_nursing_letters_are_in_the_published_order():
    letters = {name: CaseMix("TA", "SA", name, "NA").hipps[2] for name in NURSING_GROUPS}
    assert [letters[name] for name in ("ES3", "HBC2", "LBC1", "CA2", "CBC1", "PBC2", "PA2", "PA1")] == list(
        "AFKOPVWY"
    )


@given(GROUPS, st.integers(1, 60), st.integers(1, 60), st.booleans())
def test_nursing_facility_days_add_up(group, one, other, rural):
    rates = snf_rates(FY2026, group, rural=rural)
    assert rates is not None
    whole = snf_stay(rates, one + other)
    assert snf_stay(rates, one) + snf_stay(rates, other, first_day=one + 1) == whole
    found = snf_days(FY2026, group, one + other, rural=rural)
    assert found is not None
    assert found.amount == whole


@given(GROUPS, st.integers(1, 100))
def test_a_longer_stay_pays_more_and_its_later_days_less(group, days):
    rates = snf_rates(FY2026, group)
    assert rates is not None
    last = snf_stay(rates, 1, first_day=days)
    assert 0 < snf_stay(rates, 1, first_day=days + 1) <= last
    assert snf_stay(rates, days + 1) > snf_stay(rates, days)


def test_every_group_has_an_index():
    for day in (FY2025, FY2026, FY2027):
        for nursing in NURSING_GROUPS:
            assert snf_rates(day, CaseMix("TA", "SA", nursing, "NA")) is not None
        for therapy in THERAPY_GROUPS:
            assert snf_rates(day, CaseMix(therapy, "SL", "PA1", "NF"), rural=True) is not None
    assert snf_days(FY2028, CaseMix("TA", "SA", "PA1", "NA"), 1) is None


def test_ancillary_points():
    points = ancillary_points(FY2026, ["iv_medication", "bone_joint_muscle_infection", "diabetes"])
    assert points == 9
    assert ancillary_group(9) == "NB"
    assert ancillary_points(date(2019, 9, 30), ["hiv"]) is None


def test_speech_groups():
    assert [speech_group(conditions, 0) for conditions in range(4)] == ["SA", "SD", "SG", "SJ"]
    with pytest.raises(ValueError, match="three"):
        speech_group(4, 0)


def test_a_wage_index_falls_at_most_five_percent():
    assert capped_wage_index(FY2026, D("0.96"), D("1")) == D("0.96")
    assert capped_wage_index(FY2026, D("0.94"), D("1")) == D("0.95")
    assert capped_wage_index(FY2026, D("1.2"), D("1")) == D("1.2")


# Home health and home infusion


def test_part_of_a_period():
    assert usd(home_health(CY2026, D(1), days_served=15)) == "1019.11"
    assert usd(home_health(CY2026, D(1), days_served=30)) == "2038.22"
    with pytest.raises(ValueError, match="between 1 and 30"):
        home_health(CY2026, D(1), days_served=31)


def test_home_health_outlier():
    # loss 2,038.22 x 0.37 = 754.14; limit 2,792.36; 60 nursing units 3,555.00; 80% of 762.64 = 610.11
    assert usd(home_health(CY2026, D(1), units={"sn": 60})) == "2648.33"
    assert usd(home_health(CY2026, D(1), units={"sn": 10})) == "2038.22"
    assert usd(home_health(date(2025, 12, 31), D(1))) == "2057.35"
    assert home_health(date(2025, 12, 31), D(1), units={"sn": 60}) is None  # 2025 costs a unit were not found


def test_home_health_without_quality_data():
    assert usd(home_health(CY2026, D(1), quality=False)) == "1998.41"
    assert usd(home_health(date(2025, 6, 1), D(1), quality=False)) == "2017.28"
    assert home_health(CY2027, D(1)) is None


def test_low_utilization_is_wage_adjusted():
    # 304.37: labor 227.97 x 0.9 = 205.17 + 76.40; 176.96: 132.54 x 0.9 = 119.29 + 44.42
    assert usd(low_utilization(CY2026, ["sn", "sn"], wage_index=D("0.9"))) == "445.28"


def test_an_aide_or_social_worker_first_earns_no_addition():
    assert usd(low_utilization(CY2026, ["aide", "sn"])) == "257.08"
    assert usd(low_utilization(CY2026, ["msw"])) == "283.64"


@given(st.lists(st.sampled_from(["sn", "pt", "ot", "slp", "msw", "aide"]), min_size=1, max_size=5))
def test_a_later_period_never_pays_more_than_the_first(visits):
    first, later = low_utilization(CY2026, visits), low_utilization(CY2026, visits, initial=False)
    assert first is not None
    assert later is not None
    assert later.amount <= first.amount


@given(st.decimals("0.5", "2", places=4), st.decimals("0.5", "2", places=4))
def test_a_heavier_period_never_pays_less(one, other):
    low, high = (home_health(CY2026, weight) for weight in sorted((one, other)))
    assert low is not None
    assert high is not None
    assert low.amount <= high.amount


def test_home_infusion_by_category_and_place():
    day = date(2025, 12, 31)
    assert usd(home_infusion(day, 2, 2)) == "557.47"  # 305.92 + 251.55
    assert usd(home_infusion(day, 3, 2, initial=False)) == "625.86"
    assert usd(home_infusion(day, 1, 1, geographic_factor=D("1.1"))) == "249.06"
    assert home_infusion(date(2024, 12, 31), 1, 1) is None
