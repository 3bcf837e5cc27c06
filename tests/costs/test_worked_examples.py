"""The worked payment examples W1 to W33, to the cent, and what is not known."""

from datetime import date
from decimal import Decimal as D

import pytest

from discharge.costs.home import home_health_period, home_health_visits, home_infusion_visits
from discharge.costs.hospice import continuous_hours, hospice_days
from discharge.costs.inpatient import (
    CostToCharge,
    Hospital,
    ipps_payment,
    outlier_payment,
    rehabilitation_payment,
    transfer_fraction,
)
from discharge.costs.ltch import ltch_standard
from discharge.costs.outpatient import infusion_visit, observation_payment
from discharge.costs.sharing import (
    after_sequester,
    inpatient_share,
    observation_share,
    part_b_share,
    snf_share,
)
from discharge.costs.snf import (
    CaseMix,
    ancillary_group,
    factor_on,
    snf_day,
    snf_rates,
    snf_stay,
    therapy_group,
)

FY2025, FY2026, FY2027 = date(2025, 9, 30), date(2025, 10, 1), date(2026, 10, 1)
CY2025, CY2026, CY2027 = date(2025, 12, 31), date(2026, 1, 1), date(2027, 1, 1)


@pytest.mark.parametrize(
    ("name", "day", "weight", "wage_index", "operating", "capital"),
    [
        ("W1", FY2026, "1", "1", "6752.61", "524.15"),
        ("W2", FY2027, "1", "1", "6848.00", "540.03"),
        ("W3", FY2026, "1.2838", "1.0369", "8880.13", "689.79"),
        ("W4", FY2026, "1.9425", "0.90", "12303.69", "947.30"),
        ("W5", FY2027, "1.9425", "0.90", "12477.50", "976.00"),
        ("first day of FY2025", date(2024, 10, 1), "1", "1", "6624.39", "512.14"),
        ("last day of FY2025", FY2025, "1", "1", "6624.39", "512.14"),
    ],
)
def test_inpatient_payment(name, day, weight, wage_index, operating, capital):
    paid = ipps_payment(day, D(weight), hospital=Hospital(wage_index=D(wage_index)))
    assert paid is not None
    assert (paid.operating, paid.capital) == (D(operating), D(capital)), name
    assert paid.total == D(operating) + D(capital)


@pytest.mark.parametrize(
    ("name", "weight", "gmlos", "special", "los", "fraction", "total"),
    [
        ("W6 a", "2.0945", "4.3", True, 1, "0.7326", "11165.68"),
        ("W6 b", "2.0945", "4.3", True, 2, "0.8488", "12936.71"),
        ("W6 c", "2.0945", "4.3", True, 3, "0.9651", "14709.26"),
        ("W6 d", "2.0945", "4.3", True, 4, "1", "15241.17"),
        ("W7 a", "1.9425", "4.8", False, 1, "0.4167", "5890.10"),
        ("W7 same day pays two days", "1.9425", "4.8", False, 0, "0.4167", "5890.10"),
        ("W7 b", "1.9425", "4.8", False, 2, "0.6250", "8834.44"),
        ("W7 c", "1.9425", "4.8", False, 3, "0.8333", "11778.78"),
        ("W7 d", "1.9425", "4.8", False, 4, "1", "14135.10"),
        ("W8", "1.0103", "2.8", False, 1, "0.7143", "5251.33"),
        ("W9", "1.9289", "1.9", False, 1, "1", "14036.14"),
    ],
)
def test_transfer(name, weight, gmlos, special, los, fraction, total):
    share = transfer_fraction(los, D(gmlos), special=special)
    assert share == D(fraction), name
    paid = ipps_payment(FY2026, D(weight), fraction=share)
    assert paid is not None
    assert paid.total == D(total), name


def test_transfer_fraction_is_rounded_before_it_multiplies():  # W10
    assert D(14000) * transfer_fraction(3, D(7)) == D("7999.60")
    assert D(14000) * transfer_fraction(3, D(7), special=True) == D("10999.80")


def test_cost_outlier():  # W11
    paid = ipps_payment(FY2026, D("1.9425"))
    assert paid is not None
    ratios = CostToCharge(D("0.22"), D("0.02"))
    found = outlier_payment(FY2026, paid, D(310000), ratios, uncompensated_care=D(450))
    assert found is not None
    assert (found.operating_limit, found.capital_limit) == (D("50598.87"), D("4383.23"))
    assert (found.operating, found.capital, found.total) == (D("14080.90"), D("1453.42"), D("15534.32"))
    none = outlier_payment(FY2026, paid, D(100000), ratios, uncompensated_care=D(450))
    assert none is not None
    assert none.total == 0


def test_what_comes_after_the_last_rate_is_unknown():
    later = date(2027, 10, 1)
    assert ipps_payment(later, D(1)) is None
    assert ipps_payment(date(2024, 9, 30), D(1)) is None
    assert inpatient_share(CY2027, 3) is None
    assert part_b_share(CY2027, D(100)) is None
    assert home_health_period(CY2027, D(1)) is None
    assert snf_rates(later, CaseMix("TF", "SA", "CBC1", "NE")) is None


W12 = CaseMix("TF", "SA", "CBC1", "NE")
W14 = CaseMix("TJ", "SA", "CBC1", "NB")


def test_snf_urban():  # W12
    rates = snf_rates(FY2026, W12)
    assert rates is not None
    assert W12.hipps == "FAPE1"
    assert [snf_day(rates, n) for n in (1, 3, 4, 20, 21, 27)] == [
        *[D("797.39")] * 2,
        *[D("616.13")] * 2,
        *[D("611.70")] * 2,
    ]
    assert snf_stay(rates, 25) == D("15924.88")
    assert snf_share(CY2026, 25) == (D("1085.00"), 0)


def test_snf_wage_index():  # W13
    rates = snf_rates(FY2026, W12)
    assert rates is not None
    assert snf_day(rates, 1, wage_index=D("0.95")) == D("768.72")
    assert snf_day(rates, 4, wage_index=D("0.95")) == D("593.98")
    assert snf_stay(rates, 25, wage_index=D("0.95")) == D("15352.37")


def test_snf_rural_bone_infection():  # W14
    rates = snf_rates(FY2026, W14, rural=True)
    assert rates is not None
    assert W14.hipps == "JAPB1"
    expected = ["1209.91", "755.09", "750.61", "746.11", "741.63"]
    assert [snf_day(rates, n) for n in (1, 4, 21, 28, 35)] == [D(amount) for amount in expected]
    assert snf_stay(rates, 42) == D("32871.86")
    assert snf_share(CY2026, 42) == (D("4774.00"), 0)


def test_snf_hiv():  # W15
    with_hiv = snf_rates(FY2026, CaseMix("TK", "SA", "CBC1", ancillary_group(2 + 8)), hiv=True)
    without = snf_rates(FY2026, CaseMix("TK", "SA", "CBC1", ancillary_group(2)))
    assert with_hiv is not None
    assert without is not None
    assert with_hiv.amounts[3] == D("197.82")
    assert [snf_day(with_hiv, n) for n in (1, 4)] == [D("1260.16"), D("784.12")]
    assert [snf_day(without, n) for n in (1, 4)] == [D("787.81"), D("606.55")]


def test_snf_proposed_rates_say_so():  # W16
    rates = snf_rates(FY2027, CaseMix("TN", "SD", "HBC1", "ND"))
    assert rates is not None
    assert [snf_day(rates, n) for n in (1, 4)] == [D("994.17"), D("737.51")]
    assert any("proposed" in label for label in rates.placeholders)
    final = snf_rates(FY2026, W12)
    assert final is not None
    assert final.placeholders == ()


def test_snf_variable_factor():  # W17
    rates = snf_rates(FY2026, W12)
    assert rates is not None
    found = [factor_on(rates.therapy_factors, n) for n in (20, 21, 28, 84, 91, 98)]
    assert found == [D("1.00"), D("0.98"), D("0.96"), D("0.80"), D("0.78"), D("0.76")]


@pytest.mark.parametrize(
    ("score", "group"), [(0, "TE"), (5, "TE"), (6, "TF"), (9, "TF"), (10, "TG"), (23, "TG"), (24, "TH")]
)
def test_therapy_group_bands(score, group):
    assert therapy_group("orthopaedic", score) == group


def test_therapy_group_refuses_a_score_out_of_range():
    with pytest.raises(ValueError, match="between 0 and 24"):
        therapy_group("medical", 25)


def test_home_health_period():  # W18
    found = home_health_period(CY2026, D("1.15"), wage_index=D("0.92"))
    assert found is not None
    assert found[0] == D("2203.50")
    earlier = home_health_period(CY2025, D("1.15"), wage_index=D("0.92"))
    assert earlier is not None
    assert earlier[0] == D("2224.18")


def test_low_utilization_visits():  # W19, W20
    assert home_health_visits(CY2026, ["sn", "sn", "sn"]) == D("658.29")
    assert home_health_visits(CY2026, ["pt", "pt", "sn"]) == D("684.20")
    assert home_health_visits(CY2026, ["pt", "pt", "sn"], initial=False) == 2 * D("193.42") + D("176.96")
    assert home_health_visits(CY2025, ["sn"]) == D("297.10")  # 172.73 x 1.72
    assert home_health_visits(date(2024, 12, 31), ["sn"]) is None
    assert home_health_visits(CY2027, ["sn"]) is None


@pytest.mark.parametrize(
    ("day", "weight", "wage_index", "amount"),
    [
        (FY2026, "1.60", "0.95", "29840.64"),
        (FY2025, "1.60", "0.95", "29125.86"),
        (FY2026, "2.10", "1.08", "43100.32"),
    ],
)
def test_rehabilitation(day, weight, wage_index, amount):  # W21, W22
    found = rehabilitation_payment(day, D(weight), wage_index=D(wage_index))
    assert found is not None
    assert found[0] == D(amount)


def test_home_infusion():  # W26
    found = home_infusion_visits(CY2025, 1, 6)
    assert found is not None
    assert found[0] == D("1157.22")
    assert part_b_share(CY2025, found[0], deductible_left=D(0)) == D("231.44")
    nothing = home_infusion_visits(CY2025, 1, 0)
    assert nothing is not None
    assert nothing[0] == 0


def test_estimated_infusion_rates_say_so():
    found = home_infusion_visits(CY2026, 1, 1)
    assert found is not None
    assert found[0] == D("230.95")
    assert all(source.placeholder for source in found[1])


def test_hospice():  # W23, W24
    found = hospice_days(FY2026, 75)
    assert found is not None
    assert found.amount == D("16578.90")
    early = hospice_days(FY2025, 1, wage_index=D("0.90"))
    assert early is not None
    assert early.amount == D("209.80")


def test_continuous_home_care_is_not_rounded_by_the_hour():  # W25
    found = continuous_hours(FY2026, D(10))
    assert found is not None
    assert found.amount == D("697.62")


def test_long_term_care_hospital():  # W32
    found = ltch_standard(FY2026, D("1.1"), wage_index=D("0.95"))
    assert found is not None
    assert found.amount == D("53869.15")


def test_observation():  # W27, W28
    found = observation_payment(CY2026)
    assert found is not None
    assert found[0] == D("2672.15")
    assert observation_share(CY2026, found[0]) == D("760.83")
    assert observation_share(CY2026, found[0], deductible_left=D(0)) == D("534.43")
    adjusted = observation_payment(CY2026, wage_index=D("0.92"))
    assert adjusted is not None
    assert adjusted[0] == D("2543.89")


def test_observation_share_is_capped_at_the_inpatient_deductible():
    assert observation_share(CY2026, D(10283)) == D(283) + D(1736)


@pytest.mark.parametrize(
    ("days", "share"),
    [(0, "0"), (1, "1736"), (60, "1736"), (61, "2170"), (75, "8246"), (90, "14756"), (95, "19096")],
)
def test_inpatient_share(days, share):  # W29, W30
    assert inpatient_share(CY2026, days) == D(share)


def test_inpatient_share_of_a_running_benefit_period():
    assert inpatient_share(CY2026, 5, used_days=58, deductible_met=True) == 3 * D(434)
    assert inpatient_share(CY2026, 95, reserve_left=4) is None
    assert inpatient_share(date(2025, 6, 1), 61) == D(1676) + D(419)


def test_snf_share():  # W31
    assert snf_share(CY2026, 60) == (D("8680.00"), 0)
    assert snf_share(date(2025, 6, 1), 21) == (D("209.50"), 0)
    assert snf_share(CY2026, 10, used_days=95) == (5 * D("217.00"), 5)


def test_office_infusion():  # W33
    found = infusion_visit(CY2025, 4, place="office")
    assert found is not None
    assert found[0] == D("116.13")
    hospital = infusion_visit(CY2025, 1, place="hospital")
    assert hospital is not None
    assert hospital[0] == D("210.69")


def test_sequester():
    assert after_sequester(CY2026, D("1000.00")) == D("980.00")
    assert after_sequester(date(2022, 6, 30), D("1000.00")) == D("1000.00")
