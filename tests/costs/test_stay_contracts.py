"""What each basis of a contract pays for a stay, by hand; MS-DRG 871 weighs 1.9425 and lasts 4.8 days."""

from datetime import date
from decimal import Decimal as D

import pytest
from profiles import profile
from views import view

from discharge.costs.stay import day_cost, days_payment, stay_money, transfer_loss
from discharge.costs.terms import payer_terms
from discharge.drg import stay_drg

pytestmark = pytest.mark.content  # arithmetic: the wheel changes nothing

SEPSIS = {
    "diagnosis.principal": "A419",
    "diagnosis.stay_codes": ("A419", "J189", "R6520"),
    "patient.age_years": 70.0,
    "patient.sex": "female",
    "stay.inpatient_days": 4.0,
}
GONE = {"stay.discharged_at": "2026-06-10T10:00", "stay.discharge_disposition": "home"}
TO_SNF = GONE | {"stay.discharge_disposition": "snf", "stay.inpatient_days": 2.0}


def plan(payer_class="commercial", planning=None, **inpatient):
    return profile(payer_class, contract={"inpatient": inpatient}, planning=planning or {})


def own(unit="1", **values):
    return {
        f"hospital.{name}": {"unit": unit, "values": {"2025-10-01": {"value": value}}}
        for name, value in values.items()
    }


def paid(payer, **facts):
    return stay_money(view(SEPSIS | GONE | {k.replace("__", "."): v for k, v in facts.items()}, payer=payer))


# ---- MS-DRG


def test_a_multiple_of_medicares_payment():
    assert paid(plan(basis="ms_drg", multiplier="1.40")).payment.expected == D("19789.14")  # 14,135.10 x 1.4


def test_an_own_base_rate_times_the_weight():
    payer = plan(basis="ms_drg", multiplier="1.10", base_rate_usd="9800.00")
    money = paid(payer)
    assert money.payment.expected == D("20940.15")  # 9,800 x 1.9425 x 1.1
    assert [one.name for one in money.components] == ["contract base rate"]
    assert stay_money(view(SEPSIS | TO_SNF, payer=payer)).transfer is None
    early = plan(basis="ms_drg", multiplier="1.10", base_rate_usd="9800.00", applies_transfer_policy=True)
    cut = stay_money(view(SEPSIS | TO_SNF, payer=early))
    assert (cut.transfer.fraction, cut.payment.expected) == (D("0.6250"), D("13087.59"))
    loss = transfer_loss(stay_drg(view(SEPSIS)), payer_terms(early), date(2026, 6, 15), 2, "snf")
    assert loss == D("20940.15") - D("13087.59")


def test_the_hospitals_own_factors_come_from_the_profile():
    payer = plan(basis="ms_drg", multiplier="1.00", planning=own(wage_index="0.90"))
    money = paid(payer)
    assert money.payment.expected == D("13250.99")  # W4
    assert money.assumptions[0] == "wage index 0.90, no teaching or disproportionate-share addition"
    teaching = plan(basis="ms_drg", multiplier="1.00", planning=own(ime_operating="0.10"))
    assert paid(teaching).payment.expected == D(
        "15446.79"
    )  # operating 13,116.94 and a tenth of it, capital 1,018.16


def test_very_high_charges_bring_an_outlier():
    factors = own(ccr_operating="0.22", ccr_capital="0.02") | own("USD", uncompensated_care="450.00")
    payer = plan("medicare_ffs", basis="ms_drg", multiplier="1.00", planning=factors)
    money = paid(payer, stay__charges_usd=310000.0)
    amounts = {one.name: one.amount_usd for one in money.components}
    assert amounts["cost outlier"] == D("15534.32")  # W11
    assert money.payment.expected == D("14135.10") + D("450.00") + D("15534.32")
    assert not any("no outlier" in text for text in money.assumptions)
    usual = paid(payer, stay__charges_usd=60000.0)
    assert usual.payment.expected == D("14585.10")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, "the charges are not known"),
        ({"stay__charges_usd": 310000.0}, "cost-to-charge ratios are not known"),
    ],
)
def test_an_outlier_that_cannot_be_told_is_said(facts, reason):
    money = paid(plan("medicare_ffs", basis="ms_drg", multiplier="1.00"), **facts)
    assert money.payment.expected == D("14135.10")
    assert any(reason in text for text in money.assumptions)


def test_a_plan_that_pays_like_medicare_loses_on_an_early_transfer_too():
    terms = payer_terms(plan("medicare_advantage", basis="ms_drg", multiplier="1.05"))
    loss = transfer_loss(stay_drg(view(SEPSIS)), terms, date(2026, 6, 15), 2, "snf")
    assert loss == D("14841.86") - D("9276.16")  # 1.05 times 14,135.10 and 8,834.44


# ---- by the day

TIERS = [
    {"from_day": 1, "through_day": 2, "usd": "4000.00"},
    {"from_day": 3, "usd": "2500.00"},
    {"level": "icu", "usd": "6000.00"},
]


def test_day_tiers():
    money = paid(plan(basis="per_diem", per_diem_tiers=TIERS), stay__intensive_care_days=0.0)
    assert money.payment.expected == D("13000.00")  # 2 x 4,000 + 2 x 2,500


def test_intensive_days_have_a_rate_of_their_own():
    money = paid(plan(basis="per_diem", per_diem_tiers=TIERS), stay__intensive_care_days=1.0)
    assert money.payment.expected == D("15000.00")  # 6,000, then day 2 at 4,000 and days 3 and 4 at 2,500
    assert [(one.name, one.amount_usd) for one in money.components] == [
        ("per diem", D("9000.00")),
        ("per diem, intensive care", D("6000.00")),
    ]
    unknown = paid(plan(basis="per_diem", per_diem_tiers=TIERS))
    assert (unknown.payment.low, unknown.payment.expected, unknown.payment.high) == (
        D("13000.00"),
        D("13000.00"),
        D("24000.00"),
    )
    assert any("intensive care are not known" in text for text in unknown.assumptions)


def test_a_day_without_a_rate_leaves_the_stay_unknown():
    gap = [{"from_day": 1, "through_day": 3, "usd": "4000.00"}]
    money = paid(plan(basis="per_diem", per_diem_tiers=gap))
    assert money.payment.expected is None
    assert "no rate for every one" in money.unknown_because
    assert paid(plan(basis="per_diem", per_diem_tiers=gap, per_diem_usd="2000.00")).payment.expected == 14000


def test_further_days_by_contract():
    day_rates = payer_terms(plan(basis="per_diem", per_diem_tiers=TIERS))
    assert days_payment(day_rates, 1, 2) == D("6500.00")
    assert days_payment(day_rates, 4, D("0.5")) == D("1250.00")
    assert days_payment(payer_terms(plan(basis="ms_drg", multiplier="1.40")), 4, 3) == 0
    assert days_payment(payer_terms(plan(basis="case_rate", case_rate_usd="9000.00")), 4, 3) == 0
    assert days_payment(payer_terms(plan(basis="percent_of_charges", multiplier="0.4")), 4, 3) is None


# ---- by the case


def test_case_rates():
    by_group = plan(basis="case_rate", case_rates_usd={'"871"': "18000.00"}, case_rate_usd="12000.00")
    assert paid(by_group).payment.expected == D("18000.00")
    other = plan(basis="case_rate", case_rates_usd={'"470"': "21000.00"}, case_rate_usd="12000.00")
    assert paid(other).payment.expected == D("12000.00")
    none = paid(plan(basis="case_rate", case_rates_usd={'"470"': "21000.00"}))
    assert none.payment.expected is None
    assert none.unknown_because == "the contract has no case rate for MS-DRG 871"
    ungrouped = paid(other, diagnosis__principal=None, diagnosis__stay_codes=None)
    assert ungrouped.payment.expected is None
    one = paid(plan(basis="case_rate", case_rate_usd="12000.00"), diagnosis__principal=None)
    assert one.payment.expected == D("12000.00")


# ---- by charges


def test_a_share_of_charges():
    money = paid(plan(basis="percent_of_charges", multiplier="0.42"), stay__charges_usd=81234.56)
    assert money.payment.expected == D("34118.52")  # 34,118.5152
    here = stay_money(
        view(
            SEPSIS | {"stay.charges_usd": 40000.0}, payer=plan(basis="percent_of_charges", multiplier="0.50")
        )
    )
    assert (here.payment.low, here.payment.expected) == (D("20000.00"), D("24000.00"))  # 4.8 days of 10,000


def test_without_charges_a_ratio_gives_a_range_and_no_ratio_nothing():
    money = paid(plan(basis="percent_of_charges", multiplier="0.40", cost_to_charge="0.25"))
    # 2,296.00 and 3,132.00 a day / 0.25 x 0.40, four days
    assert (money.payment.low, money.payment.expected, money.payment.high) == (
        D("14694.40"),
        D("17369.60"),
        D("20044.80"),
    )
    assert "estimated charges" in money.placeholders
    assert paid(plan(basis="percent_of_charges", multiplier="0.40")).payment.expected is None


def test_fee_schedules_have_no_rate_for_a_stay():
    money = paid(plan(basis="fee_schedule"))
    assert money.payment.expected is None
    assert "fee schedule" in money.unknown_because


# ---- clauses

STOP = {"charges_above_usd": "200000.00", "share_of_charges": "0.55"}


@pytest.mark.parametrize(
    ("of", "charges", "expected"),
    [
        ("all", 200000.0, "12000.00"),
        ("all", 200000.01, "110000.01"),
        ("excess", 200000.0, "12000.00"),
        ("excess", 300000.0, "67000.00"),
    ],
)
def test_stop_loss(of, charges, expected):
    payer = plan(basis="case_rate", case_rate_usd="12000.00", stop_loss=STOP | {"of": of})
    assert paid(payer, stay__charges_usd=charges).payment.expected == D(expected)


def test_never_more_than_the_charges():
    payer = plan(basis="case_rate", case_rate_usd="12000.00", at_most_charges=True)
    money = paid(payer, stay__charges_usd=9500.0)
    assert money.payment.expected == D("9500.00")
    assert money.components[-1].amount_usd == D("-2500.00")
    assert paid(payer, stay__charges_usd=12500.0).payment.expected == D("12000.00")
    assert "lesser-of clause is not applied" in " ".join(paid(payer).assumptions)


def test_the_hospitals_own_cost_of_a_day():
    terms = payer_terms(
        plan(basis="per_diem", per_diem_usd="1.00", planning=own("USD", day_average="4000.00"))
    )
    cost = day_cost(date(2026, 6, 15), terms)
    assert (cost.average_usd, cost.marginal.low, cost.marginal.high) == (
        D("4000.00"),
        D("600.00"),
        D("1600.00"),
    )
    assert (
        paid(plan(basis="per_diem", per_diem_usd="1.00", planning=own("USD", day_average="4000.00"))).day_cost
        == cost
    )
