"""The plan: what is chosen and why, what must be ordered, when the stay ends and on what grounds, what is unknown."""

import pytest
from profiles import profile
from views import conclude, view

from discharge.clocks import clocks
from discharge.costs.stay import stay_money
from discharge.needs import Need, OpenNeed
from discharge.options import options
from discharge.plan import plan, planned_discharge

HERE = {
    "stay.is_in_house": 1.0,
    "stay.is_inpatient": 1.0,
    "stay.inpatient_days": 5.0,
    "stay.inpatient_order_at": "2026-06-10T13:00",
    "diagnosis.principal": "A419",
    "diagnosis.stay_codes": ("A419", "J189", "R6520"),
    "patient.age_years": 70.0,
}
MEDICARE = profile(contract={"inpatient": {"basis": "ms_drg", "multiplier": "1.00"}})


def made(*conclusions, facts=None, needs=(), payer=MEDICARE, open_needs=()):
    one = view(HERE | (facts or {}), *conclusions, payer=payer)
    wanted = [
        Need(
            need=name, title=name, for_payer=True, because=[], evidence=[], unknown=[], rule="r", version="1"
        )
        for name in needs
    ]
    money = stay_money(one)
    return plan(one, wanted, options(one, wanted, money), clocks(one), money, open_needs=open_needs)


def fit(option, status="met"):
    return conclude("fit", option=option, status=status)


def test_a_chosen_place_with_orders_barriers_and_costs():
    barrier = conclude(
        "barrier", option="home_health", cause="hh_face_to_face", who="physician", remedy="See the patient."
    )
    facts = {
        "orders.home_health_order": 0.0,
        "orders.therapy_order": 1.0,
        "stay.expected_discharge_at": "2026-06-17T11:00",
    }
    found = made(
        fit("home_health"), fit("home", "not_met"), barrier, facts=facts, needs=("pt", "skilled_nursing")
    )
    assert (found.recommended, found.recommended_title) == ("home_health", "Home with home health")
    assert [(order.fact, order.status) for order in found.orders_needed] == [
        ("orders.home_health_order", "not_met"),
        ("orders.therapy_order", "met"),
    ]
    assert found.barriers[0].owner == "physician"
    assert found.barriers[0].due_at.isoformat() == "2026-06-17T11:00:00-04:00"
    assert [service.from_option for service in found.services] == ["home_health", "home_health"]
    assert found.patient_cost.expected is not None
    assert found.horizon_days == 30
    assert "home" not in found.alternatives
    assert {"IM-1", "IM-2"} <= set(found.notices)
    assert any("falls through" in line for line in found.contingency)


def test_nothing_charted_plans_nothing_and_says_what_is_unknown():
    found = made(
        payer=None,
        facts={"diagnosis.principal": None},
        open_needs=[OpenNeed(need="pt", title="Physical therapy", missing=[])],
    )
    assert (found.recommended, found.goals) == (None, "unknown")
    assert "No destination can be recommended" in found.reason
    assert found.patient_cost.expected is None
    for line in (
        "which of these are needed: physical therapy",
        "when the patient can leave",
        "the patient's goals",
    ):
        assert line in found.unknown
    assert any("no payer profile" in line for line in found.unknown)
    assert found.contingency == []


def test_no_service_starts_on_an_estimated_day():
    needs = ("oxygen", "follow_up")
    estimated = made(fit("home"), needs=needs)
    assert [service.start for service in estimated.services] == [None, None]
    charted = made(fit("home"), needs=needs, facts={"stay.expected_discharge_at": "2026-06-17T11:00"})
    assert [service.start is not None for service in charted.services] == [True, False]


def test_iv_service_says_what_the_chart_says():
    facts = {"treatment.iv_antibiotics": ("ceftriaxone",), "treatment.planned_iv_days_left": 21.0}
    found = made(fit("home_infusion"), needs=("iv_therapy",), facts=facts)
    assert found.services[0].detail == "ceftriaxone; 21 d left as planned"
    assert found.orders_needed[0].status == "unknown"
    assert made(fit("home_infusion"), needs=("iv_therapy",)).services[0].detail is None


@pytest.mark.parametrize(
    ("facts", "at", "basis", "estimate"),
    [
        ({"stay.discharged_at": "2026-06-14T10:00"}, "2026-06-14T10:00:00-04:00", "discharged", False),
        ({"stay.expected_discharge_at": "2026-06-17T11:00"}, "2026-06-17T11:00:00-04:00", "charted", False),
        ({}, "2026-06-15T08:12:00-04:00", "geometric mean of 4.8 d for working MS-DRG 871", True),
        (
            {"stay.inpatient_order_at": "2026-06-01T13:00"},
            "2026-06-06T08:12:00-04:00",
            "already passed",
            True,
        ),
    ],
)
def test_when_the_stay_ends(facts, at, basis, estimate):
    one = view(HERE | facts, payer=MEDICARE)
    found = planned_discharge(one, stay_money(one))
    assert (found.at.isoformat(), found.is_estimate) == (at, estimate)
    assert basis in found.basis


def test_hospital_care_that_goes_on_is_said():
    found = made(fit("stay"), fit("home"))
    assert (found.stay_on, found.recommended) == ("met", "home")


def test_a_place_that_is_not_covered_says_so():
    excluded = profile("commercial", benefits={"home_infusion": {"covered": False}})
    found = made(fit("home_infusion"), needs=("iv_therapy",), payer=excluded)
    assert any("not covered" in line for line in found.contingency)


def test_json():
    data = made(fit("home")).model_dump(mode="json")
    assert data["recommended"] == "home"
    assert isinstance(data["patient_cost"]["expected"], str)
