"""Waiting: further days purse by purse, what an avoidable day is worth, and from which day waiting costs more."""

from datetime import date
from decimal import Decimal as D
from typing import NamedTuple

import pytest
from profiles import profile
from views import conclude, view

from discharge.costs.horizon import price
from discharge.costs.inputs import StayPrices
from discharge.costs.stay import stay_money
from discharge.costs.waiting import LAST_DAY, waiting_cost

HERE = {"stay.is_in_house": 1.0, "stay.inpatient_days": 5.0, "stay.admitted_at": "2026-06-10T13:00"}
DAY = D("861.30")
MEDICARE = profile(contract={"inpatient": {"basis": "ms_drg", "multiplier": "1.00"}})
BY_DAY = profile(
    "commercial",
    benefits={
        "snf": {"covered": True, "member_cost": {"copay_usd_per_day": "0.00"}},
        "home_infusion": {"covered": False},
        "infusion_suite": {"covered": True, "member_cost": {"copay_usd_per_visit": "0.00"}},
        "outpatient": {"covered": True, "member_cost": {"copay_usd_per_visit": "0.00"}},
        "outpatient_therapy": {"covered": True, "member_cost": {"copay_usd_per_visit": "0.00"}},
    },
    contract={
        "inpatient": {"basis": "per_diem", "per_diem_usd": "2000.00"},
        "post_acute": {"snf_per_diem_usd": "500.00", "infusion_suite_visit_usd": "300.00"},
    },
    cost_sharing={
        "coinsurance": {"unit": "1", "values": {date(2025, 1, 1): {"value": "0.20"}}},
        "deductible_usd": {"unit": "USD", "values": {date(2025, 1, 1): {"value": "0.00"}}},
    },
)


class Said(NamedTuple):
    status: str


class Wait(NamedTuple):
    expected: int


class Place(NamedTuple):
    """An option as this room reads it."""

    id: str
    title: str
    fit: Said
    coverage: Said
    cost: object
    waiting_days: Wait


def asked(payer, *places, facts=None, needs=()):
    """Ask for places given as (id, fit, coverage, waiting days), best first."""
    one = view(HERE | (facts or {}), *(conclude("need", need=name) for name in needs), payer=payer)
    money = stay_money(one)
    prices = StayPrices.of(one, money)
    ranked = [
        Place(name, name.upper(), Said(fit), Said(coverage), price(prices.inputs(name, coverage)), Wait(days))
        for name, fit, coverage, days in places
    ]
    return waiting_cost(one, ranked, money), ranked


def break_even(found, instead, purse):
    return next(one for one in found.break_even if (one.instead, one.purse) == (instead, purse))


SNF_AND_HOME = (("snf", "met", "met", 3), ("home_health", "met", "met", 1), ("stay", "not_met", "met", 0))


def test_further_days_under_a_drg_cost_the_hospital_alone():
    found, _ = asked(MEDICARE, *SNF_AND_HOME)
    assert [point.day for point in found.points] == list(range(LAST_DAY + 1))
    assert [point.hospital for point in found.points] == [DAY * day for day in range(LAST_DAY + 1)]
    assert {point.payer for point in found.points} == {0}
    assert {point.patient for point in found.points} == {0}


def test_coinsurance_starts_after_day_sixty_and_doubles_after_ninety():
    found, _ = asked(MEDICARE, *SNF_AND_HOME, facts={"stay.inpatient_days": 58.0})
    assert [point.patient for point in found.points[:5]] == [0, 0, 0, D("434.00"), D("868.00")]
    assert found.points[3].payer == D("-434.00")  # taken off what Medicare pays for the stay
    late, _ = asked(MEDICARE, *SNF_AND_HOME, facts={"stay.inpatient_days": 89.0})
    assert [point.patient for point in late.points[:3]] == [0, D("434.00"), D("434.00") + D("868.00")]


def test_a_per_diem_is_paid_for_each_day_and_shared():
    found, _ = asked(BY_DAY, *SNF_AND_HOME)
    last = found.points[-1]
    assert (last.payer, last.patient) == (14 * D("1600.00"), 14 * D("400.00"))
    assert found.avoidable_day["payer"].expected == D("1600.00")


def test_an_avoidable_day_is_worth_from_its_marginal_to_its_average_cost():
    found, _ = asked(MEDICARE, *SNF_AND_HOME)
    day = found.avoidable_day["hospital"]
    assert (day.low, day.expected, day.high) == (D("469.80"), DAY, D("3132.00"))
    assert found.avoidable_day["payer"].expected == 0


def test_without_a_payer_only_the_hospitals_days_are_known():
    found, _ = asked(None, ("snf", "met", "unknown", 3), ("home_health", "met", "unknown", 1))
    assert found.points[2].hospital == 2 * DAY
    assert (found.points[2].payer, found.points[2].patient) == (None, None)
    assert break_even(found, "home_health", "all").day is None
    assert "can't be told" in break_even(found, "home_health", "payer").sentence
    assert break_even(found, "home_health", "hospital").day == 2


def test_the_day_on_which_waiting_costs_more_is_where_the_sums_cross():
    found, ranked = asked(MEDICARE, *SNF_AND_HOME)
    hospital = break_even(found, "home_health", "hospital")
    assert (hospital.day, hospital.days) == (2, D("1.0"))  # home health takes a day to arrange itself
    own = {
        place.id: sum(
            c.expected for c in place.cost.components if c.group not in ("hospital_days", "payment")
        )
        for place in ranked
    }
    gap = own["home_health"] + DAY - own["snf"]
    assert gap < 0
    assert break_even(found, "home_health", "all").day == 0
    assert "even without waiting" in break_even(found, "home_health", "all").sentence


def test_a_cheaper_place_is_worth_a_wait_of_so_many_days():
    found, ranked = asked(MEDICARE, ("home_health", "met", "met", 2), ("snf", "met", "met", 1))
    snf, home = (
        sum(c.expected for c in place.cost.components if c.group not in ("hospital_days", "payment"))
        for place in (ranked[1], ranked[0])
    )
    days = (snf + DAY - home) / DAY
    all_three = break_even(found, "snf", "all")
    assert all_three.days == days.quantize(D("0.1"))
    assert all_three.day == int(days) + 1
    assert f"from day {all_three.day} of waiting" in all_three.sentence
    payer = break_even(found, "snf", "payer")
    assert (payer.day, payer.days) == (None, None)
    assert "does not cost more" in payer.sentence


def test_days_of_treatment_go_by_while_waiting():
    places = (("snf", "met", "met", 3), ("infusion_suite", "met", "met", 1), ("stay", "not_met", "met", 0))
    found, _ = asked(BY_DAY, *places, facts={"treatment.planned_iv_days_left": 21.0}, needs=("iv_therapy",))
    payer = break_even(found, "infusion_suite", "payer")
    # 21 days at 500 against 20 visits at 300 after one day at 1,600: dearer from the start
    assert payer.day == 0
    stay = break_even(found, "stay", "payer")
    assert stay.day is None  # a day in the hospital costs the plan more than one in the facility
    assert "does not cost more" in stay.sentence
    hospital = break_even(found, "stay", "hospital")
    assert hospital.day is None


def test_an_infusion_at_home_that_nobody_covers_is_compared():
    places = (("snf", "met", "met", 2), ("home_infusion", "unknown", "not_met", 3))
    found, _ = asked(BY_DAY, *places, facts={"treatment.planned_iv_days_left": 21.0}, needs=("iv_therapy",))
    assert break_even(found, "home_infusion", "patient").day is None
    assert break_even(found, "home_infusion", "payer").day == 0


def test_a_facility_is_compared_with_an_infusion_that_nobody_covers_and_said_not_to_fit():
    places = (
        ("home_infusion", "met", "not_met", 1),
        ("snf", "not_met", "met", 2),
        ("irf", "not_met", "met", 2),
    )
    found, _ = asked(BY_DAY, *places, facts={"treatment.planned_iv_days_left": 21.0}, needs=("iv_therapy",))
    assert {one.instead for one in found.break_even} == {"snf"}
    assert "(which does not fit what is charted)" in break_even(found, "snf", "payer").sentence


def test_waiting_for_leave_to_go_to_rehabilitation_is_compared_with_a_facility_now():
    found, _ = asked(MEDICARE, ("irf", "met", "unknown", 2), ("snf", "met", "met", 2))
    assert {one.purse for one in found.break_even} == {"payer", "patient", "hospital", "all"}
    assert break_even(found, "snf", "hospital").day == 3


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ((("snf", "unknown", "met", 3), ("home", "not_met", "met", 0)), "No place is known to fit"),
        ((("home", "met", "met", 0), ("snf", "met", "met", 2)), "without a wait"),
        (
            (("snf", "met", "met", 2), ("irf", "met", "met", 3)),
            "No other place that fits is usually ready as soon",
        ),
    ],
)
def test_nothing_to_compare_is_said(places, words):
    found, _ = asked(MEDICARE, *places)
    assert found.break_even == []
    assert words in found.sentence


def test_no_words_advise_to_wait_for_payment():
    found, _ = asked(MEDICARE, *SNF_AND_HOME)
    assert "no discharge is hastened or delayed for payment" in found.sentence
    assert "the transfer policy is left out: no discharge is delayed for payment" in found.assumptions
    assert found.sentence.startswith("One more day costs the hospital about $861")


def test_who_has_left_waits_for_nothing():
    gone = {"stay.is_in_house": 0.0, "stay.discharged_at": "2026-06-14T12:00"}
    assert asked(MEDICARE, *SNF_AND_HOME, facts=gone)[0] is None
    assert asked(MEDICARE)[0] is None
