"""What a stay pays under each contract, what a day costs, and what is at stake; unknown is never zero."""

from decimal import Decimal as D

import pytest
from profiles import profile
from views import view

from discharge.costs.stay import day_cost, stay_money, transfer_loss
from discharge.costs.terms import payer_terms
from discharge.drg import stay_drg

SEPSIS = {
    "diagnosis.principal": "A419",
    "diagnosis.stay_codes": ("A419", "J189", "R6520"),
    "patient.age_years": 70.0,
    "patient.sex": "female",
    "stay.inpatient_days": 2.0,
}
GONE = {"stay.discharged_at": "2026-06-10T10:00", "stay.discharge_disposition": "home"}
MEDICARE = profile(contract={"inpatient": {"basis": "ms_drg", "multiplier": "1.00"}})


def test_medicare_pays_by_drg():
    money = stay_money(view(SEPSIS | GONE, payer=MEDICARE))
    assert money.payment.expected == D("14135.10")  # W7, full
    assert money.exposures["stay_payment"].amount_usd == D("14135.10")
    assert money.placeholders == []
    assert any("wage index 1.0" in text for text in money.assumptions)


def test_early_transfer_pays_less():
    money = stay_money(view(SEPSIS | GONE | {"stay.discharge_disposition": "snf"}, payer=MEDICARE))
    assert (money.transfer.fraction, money.payment.expected) == (D("0.6250"), D("8834.44"))
    assert money.transfer.full_usd == D("14135.10")


def test_acute_transfer_never_uses_the_special_formula():
    hip = {
        "diagnosis.principal": "S72001A",
        "stay.inpatient_days": 1.0,
        "stay.discharge_disposition": "acute_transfer",
    }
    money = stay_money(view(SEPSIS | {"diagnosis.stay_codes": ()} | GONE | hip, payer=MEDICARE), ("0QS604Z",))
    assert (money.drg.ms_drg, money.drg.special_pay) == ("482", True)
    assert money.transfer.fraction == D("0.6452")  # 2 / 3.1, not the special formula's 0.8226


def test_a_working_drg_says_so():
    money = stay_money(view(SEPSIS, payer=MEDICARE))
    assert money.drg.status == "working"
    assert any("working" in text for text in money.assumptions)


def test_plan_multiplier_is_marked_when_invented():
    plan = profile(
        "medicare_advantage",
        contract={"inpatient": {"basis": "ms_drg", "multiplier": "1.05", "placeholder": True}},
    )
    money = stay_money(view(SEPSIS | GONE, payer=plan))
    assert money.payment.expected == D("14841.86")
    assert "the plan's contract multiplier" in money.placeholders


def test_per_diem_counts_days():
    plan = profile("commercial", contract={"inpatient": {"basis": "per_diem", "per_diem_usd": "3100.00"}})
    gone = stay_money(view(SEPSIS | GONE, payer=plan))
    assert gone.payment.expected == D("6200.00")
    here = stay_money(view(SEPSIS, payer=plan))
    assert (here.payment.low, here.payment.expected) == (D("6200.00"), D("14880.00"))  # 4.8 days expected
    assert here.exposures["days_beyond"].amount_usd == D("3100.00")


@pytest.mark.parametrize(
    ("payer", "facts", "reason"),
    [
        (None, {}, "no payer profile"),
        (profile("self_pay", contract={"inpatient": {"basis": "self_pay"}}), {}, "charity"),
        (
            profile(
                "commercial", contract={"inpatient": {"basis": "percent_of_charges", "multiplier": "0.4"}}
            ),
            {},
            "charges",
        ),
        (profile("commercial"), {}, "no basis"),
        (MEDICARE, {"diagnosis.principal": None}, "principal"),
        (MEDICARE, {"stay.discharged_at": "2020-01-01T10:00"}, "no inpatient rate"),
    ],
)
def test_what_cannot_be_told_is_unknown(payer, facts, reason):
    money = stay_money(view(SEPSIS | GONE | facts, payer=payer))
    assert money.payment.expected is None
    assert money.exposures["stay_payment"].amount_usd is None
    assert reason in money.unknown_because
    assert money.exposures["rework"].amount_usd > 0


def test_later_years_carry_rates_forward_as_placeholders():
    money = stay_money(
        view(SEPSIS | GONE | {"stay.discharged_at": "2180-01-01T10:00"}, as_of="2190-01-01", payer=MEDICARE)
    )
    assert money.payment.expected is not None
    assert any("carried forward from 2026-10-01" in label for label in money.placeholders)
    assert any("FY2026 Table 5" in label for label in money.placeholders)


def test_days_beyond_the_mean():
    long = stay_money(view(SEPSIS | {"stay.inpatient_days": 9.0}, payer=MEDICARE))
    assert long.days_beyond_gmlos == pytest.approx(4.2)
    assert long.exposures["days_beyond"].amount_usd == D("3617.46")  # 4.2 x 861.30
    unknown = stay_money(view(SEPSIS | {"stay.inpatient_days": None}, payer=MEDICARE))
    assert unknown.exposures["days_beyond"].amount_usd is None


def test_a_day_costs_more_on_average_than_it_adds():
    cost = day_cost(view(SEPSIS).day)
    assert (cost.marginal.low, cost.marginal.expected, cost.marginal.high) == (
        D("469.80"),
        D("861.30"),
        D("1252.80"),
    )
    assert cost.average_usd == D("3132.00")
    assert cost.is_placeholder


def test_transfer_loss_before_anyone_leaves():
    drg = stay_drg(view(SEPSIS))
    terms, day = payer_terms(MEDICARE), view(SEPSIS).day
    assert transfer_loss(drg, terms, day, 2, "snf") == D("14135.10") - D("8834.44")
    assert transfer_loss(drg, terms, day, 4, "snf") == 0
    assert transfer_loss(drg, terms, day, None, "snf") is None
    assert transfer_loss(drg, payer_terms(profile("commercial")), day, 2, "snf") == 0


def test_money_is_text_in_json():
    data = stay_money(view(SEPSIS | GONE, payer=MEDICARE)).model_dump(mode="json")
    assert data["payment"]["expected"] == "14135.10"
    assert data["exposures"]["stay_payment"]["amount_usd"] == "14135.10"
