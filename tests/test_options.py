"""Destinations: safety, then what can be had, then cost; never dropped for payment; unknown recommends nothing."""

from datetime import date

import pytest
from profiles import profile
from views import conclude, view

from discharge.costs.stay import stay_money
from discharge.facts import catalogue
from discharge.needs import Need
from discharge.options import options, recommend
from discharge.packs.conclusions import OptionId

HERE = {"stay.is_in_house": 1.0, "stay.inpatient_days": 5.0, "stay.admitted_at": "2026-06-10T13:00"}
MEDICARE = profile(
    contract={"inpatient": {"basis": "ms_drg", "multiplier": "1.00"}},
    authorizations=[{"service": "snf", "when": "never"}],
    benefits={"snf": {"covered": True}},
)


def fits(**by_option):
    return [
        conclude("fit", option=option, status=status, on=((f"options.{option}.fit", status),))
        for option, status in by_option.items()
    ]


def eligible(**by_option):
    return [conclude("eligibility", option=option, status=status) for option, status in by_option.items()]


def need(name):
    return Need(
        need=name, title=name, for_payer=True, because=[], evidence=[], unknown=[], rule="r", version="1"
    )


def found(*conclusions, needs=(), facts=None, payer=MEDICARE, **more):
    said = [conclude("need", need=name) for name in needs]
    one = view(HERE | (facts or {}), *conclusions, *said, payer=payer, **more)
    ranked = options(one, [need(name) for name in needs], stay_money(one))
    return one, ranked


def ids(ranked):
    return [option.id for option in ranked]


def test_nothing_charted_recommends_nothing():
    one, ranked = found(*fits(home="unknown"), unknown_facts=lambda name: ("function.walks_independently",))
    advice = recommend(one, ranked)
    assert (advice.option, advice.destination) == (None, None)
    walks = catalogue()["function.walks_independently"].title
    assert advice.reason == f"No destination can be recommended. Not charted: {walks}."
    assert len(ranked) >= 2


def test_an_option_without_any_rule_is_unknown_not_wrong():
    _, ranked = found()
    assert {option.fit.status for option in ranked} == {"unknown"}


def test_a_patient_who_manages_goes_home():
    one, ranked = found(*fits(home="met", snf="not_met", home_health="not_met", stay="not_met"))
    assert recommend(one, ranked).destination == "home"
    assert ranked[0].id == "home"
    assert ranked[0].coverage.status == "met"
    assert ranked[0].reason.startswith("Fits what is charted; covered")


def test_fit_goes_before_coverage_and_cost():
    conclusions = [
        *fits(snf="met", home="not_met", home_health="unknown"),
        *eligible(snf="not_met", home_health="met"),
    ]
    one, ranked = found(*conclusions, needs=("skilled_nursing",))
    assert recommend(one, ranked).destination == "snf"
    assert ids(ranked).index("home_health") < ids(ranked).index("home")


def test_what_is_left_unmet_goes_before_coverage():
    conclusions = [*fits(irf="met", snf="met"), *eligible(irf="unknown", snf="met")]
    _, ranked = found(*conclusions, needs=("pt", "ot", "intensive_rehab"))
    assert ids(ranked)[0] == "irf"
    snf = next(option for option in ranked if option.id == "snf")
    assert snf.leaves == ["intensive_rehab"]
    assert "leaves intensive rehabilitation unmet" in snf.reason


def test_coverage_goes_before_cost():
    conclusions = [*fits(home_infusion="met", snf="met"), *eligible(home_infusion="not_met", snf="met")]
    one, ranked = found(*conclusions, needs=("iv_therapy",), facts={"treatment.planned_iv_days_left": 28.0})
    infusion, snf = (next(o for o in ranked if o.id == option) for option in ("home_infusion", "snf"))
    assert infusion.cost.total_expected_usd < snf.cost.total_expected_usd
    assert recommend(one, ranked).destination == "snf"
    assert infusion.coverage.status == "not_met"  # shown with its price all the same
    assert infusion.cost.patient.expected > 0


def test_cost_decides_between_equals():
    conclusions = [*fits(home_infusion="met", snf="met"), *eligible(home_infusion="met", snf="met")]
    _, ranked = found(*conclusions, needs=("iv_therapy",), facts={"treatment.planned_iv_days_left": 28.0})
    assert ids(ranked)[:2] == ["home_infusion", "snf"]


def test_hospital_care_that_goes_on_comes_first_and_the_destination_is_still_named():
    one, ranked = found(*fits(stay="met", home="met"))
    advice = recommend(one, ranked)
    assert (advice.option, advice.destination) == ("stay", "home")


def test_staying_is_no_option_for_a_patient_who_has_left():
    gone = {"stay.is_in_house": 0.0, "stay.discharged_at": "2026-06-14T10:00"}
    _, ranked = found(*fits(home="met"), facts=gone)
    assert "stay" not in ids(ranked)
    assert all(option.cost.hospital.expected == 0 for option in ranked)


@pytest.mark.parametrize(
    "facts", [{"stay.died": 1.0}, {"stay.discharge_disposition": "ama"}, {"stay.left_ama": 1.0}]
)
def test_no_destination_for_the_dead_and_those_who_left(facts):
    one, ranked = found(*fits(home="met"), facts=facts)
    assert ranked == []
    assert recommend(one, ranked).option is None


def test_the_worst_of_several_rules_holds():
    _, ranked = found(*fits(home="met"), *fits(home="not_met"))
    home = next(option for option in ranked if option.id == "home")
    assert (home.fit.status, [b.status for b in home.fit.because]) == ("not_met", ["not_met"])


def test_infusion_is_offered_only_where_something_calls_for_it():
    assert not {"home_infusion", "infusion_suite", "irf"} & set(ids(found()[1]))
    assert {"home_infusion", "infusion_suite"} <= set(ids(found(needs=("iv_therapy",))[1]))


def test_a_policy_that_excludes_is_not_covered_whatever_the_rules_say():
    plan = profile(
        "commercial", benefits={"home_infusion": {"covered": False, "note": "excluded by the policy"}}
    )
    _, ranked = found(*eligible(home_infusion="met"), needs=("iv_therapy",), payer=plan)
    infusion = next(option for option in ranked if option.id == "home_infusion")
    assert (infusion.coverage.status, infusion.coverage.notes) == ("not_met", ["excluded by the policy"])


def test_prior_authorization_with_its_clock():
    plan = profile("medicare_advantage", authorizations=[{"service": "snf", "when": "before_service"}])
    _, ranked = found(facts={"authorization.snf_is_approved": 0.0}, payer=plan)
    asked = next(option for option in ranked if option.id == "snf").prior_authorization
    assert (asked.required, asked.approved, asked.clock_id) == (True, "not_met", "MA-PA")
    assert asked.answer_by.date() == date(2026, 6, 22)
    none = next(option for option in found()[1] if option.id == "snf").prior_authorization
    assert (none.required, none.clock_id) == (False, None)


def test_barriers_say_who_removes_them():
    barrier = conclude(
        "barrier",
        option="snf",
        cause="snf_no_3day",
        carc="A6",
        who="case_manager",
        remedy="Look for a waiver.",
    )
    _, ranked = found(barrier)
    (seen,) = next(option for option in ranked if option.id == "snf").barriers
    assert (seen.cause, seen.carc, seen.who, seen.remedy) == (
        "snf_no_3day",
        "A6",
        "case_manager",
        "Look for a waiver.",
    )
    assert all(not option.barriers for option in ranked if option.id != "snf")


def test_ranks_and_horizons():
    _, ranked = found(needs=("iv_therapy", "pt"))
    assert [option.rank for option in ranked] == list(range(1, len(ranked) + 1))
    assert len({option.cost.horizon_days for option in ranked}) == 1
    assert set(ids(ranked)) <= set(OptionId.__args__)


def test_a_rules_guess_is_shown_as_such():
    one, ranked = found(
        conclude("advice", advice="likely_home", text="Walked in from home."), *fits(home="unknown")
    )
    advice = recommend(one, ranked)
    assert (advice.destination, advice.likely) == (None, "home")


def test_a_place_without_prices_is_shown_as_not_priced():
    _, ranked = found(*fits(hospice="met"), *eligible(hospice="met"), needs=("hospice_care",))
    hospice = next(option for option in ranked if option.id == "hospice")
    assert hospice.reason.endswith("not priced.")
    assert hospice.cost.total_expected_usd is None
    assert (hospice.cost.payer.expected, hospice.cost.patient.expected) == (None, None)
    assert hospice.cost.components == []
    assert hospice.cost.not_priced == ["not priced: this version has no prices for this kind of place"]


@pytest.mark.parametrize("option", ["ltch", "hospice", "behavioural"])
def test_the_new_places_are_offered_only_where_something_calls_for_them(option):
    need_of = {"ltch": "long_term_acute", "hospice": "hospice_care", "behavioural": "behavioural_programme"}
    assert option not in ids(found()[1])
    _, ranked = found(needs=(need_of[option],))
    assert next(one for one in ranked if one.id == option).meets == [need_of[option]]


@pytest.mark.parametrize(("days", "order"), [(0, "hospice first"), (2, "between"), (9, "last")])
def test_among_equals_the_usual_wait_places_what_has_no_price(monkeypatch, days, order):
    from discharge import options as module

    _, ranked = found(
        *fits(home="met", snf="met", hospice="met"), *eligible(home="met", snf="met", hospice="met")
    )
    priced = [option for option in ranked if option.id in ("home", "snf")]
    hospice = next(option for option in ranked if option.id == "hospice")
    same = [
        option.model_copy(
            update={
                "leaves": [],
                "coverage": priced[0].coverage,
                "eligibility": priced[0].eligibility,
                "waiting_days": option.waiting_days.model_copy(update={"expected": wait}),
            }
        )
        for option, wait in ((priced[0], 1), (priced[1], 5), (hospice, days))
    ]
    placed = ids(module._ranked(same))
    by_price = ids(module._ranked(same[:2]))
    assert [one for one in placed if one != "hospice"] == by_price
    assert placed.index("hospice") == {"hospice first": 0, "between": 1, "last": 2}[order]


def test_what_a_new_place_leaves_unmet_counts_before_any_price():
    _, ranked = found(
        *fits(home="met", hospice="met"), *eligible(home="met", hospice="met"), needs=("hospice_care",)
    )
    assert ids(ranked)[0] == "hospice"
