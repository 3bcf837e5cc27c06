"""Destinations: safety, then what can be had, then cost; never dropped for payment; unknown recommends nothing."""

from datetime import date
from decimal import Decimal

import pytest
from profiles import profile
from views import conclude, view

from discharge.costs.catalog import option_table
from discharge.costs.stay import stay_money
from discharge.facts import catalogue
from discharge.needs import Need
from discharge.options import PriorAuthorization, options, recommend
from discharge.options.rank import ranked
from discharge.packs.conclusions import NeedId, OptionId

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


@pytest.mark.parametrize(
    ("option", "asked_by"),
    [
        ("ltch", "long_term_acute"),
        ("hospice_home", "hospice_care"),
        ("hospice_inpatient", "hospice_care"),
        ("behavioural_partial", "behavioural_programme"),
        ("behavioural_residential", "behavioural_programme"),
        ("home_infusion_self", "iv_therapy"),
        ("long_acting", "iv_therapy"),
        ("oral_step_down", "iv_therapy"),
        ("medical_respite", "housing"),
    ],
)
def test_the_new_places_are_offered_only_where_something_calls_for_them(option, asked_by):
    assert option not in ids(found()[1])
    _, ranked = found(needs=(asked_by,))
    assert next(one for one in ranked if one.id == option).meets == [asked_by]


def test_what_a_new_place_leaves_unmet_counts_before_any_price():
    _, ranked = found(
        *fits(home="met", hospice_home="met"),
        *eligible(home="met", hospice_home="met"),
        needs=("hospice_care",),
    )
    assert ids(ranked)[0] == "hospice_home"


def test_where_fit_is_unknown_a_rules_guess_comes_first_then_its_second():
    guesses = [
        conclude("advice", advice="likely_snf", text="t"),
        conclude("advice", advice="next_likely_home_health", text="t"),
    ]
    unknown = fits(home="unknown", home_health="unknown", snf="unknown")
    one, ranked = found(*guesses, *unknown, *eligible(snf="not_met", home="met"))
    outside = [option for option in ranked if option.id != "stay"]
    assert ids(outside)[:2] == ["snf", "home_health"]
    assert [option.id for option in ranked if option.is_likely] == ["snf"]
    assert recommend(one, ranked).destination is None
    assert "a rule of thumb points to it while the chart is thin" in outside[0].reason


def test_a_guess_does_not_lift_a_place_that_is_known_not_to_fit_or_over_one_that_fits():
    guess = conclude("advice", advice="likely_snf", text="t")
    _, ranked = found(guess, *fits(home="met", snf="unknown"))
    assert ids(ranked)[0] == "home"
    _, ranked = found(guess, *fits(home="unknown", snf="not_met"))
    assert ids(ranked).index("home") < ids(ranked).index("snf")


def test_a_guess_is_shown_though_nothing_else_calls_for_it():
    assert "irf" not in ids(found()[1])
    _, ranked = found(conclude("advice", advice="likely_irf", text="t"))
    assert ids(ranked)[0] == "irf"


def _set(option, **changes):
    return option.model_copy(update=changes)


def _equal(first, second):
    """Two options that nothing tells apart but what a test changes."""
    keys = ("fit", "leaves", "coverage", "eligibility", "prior_authorization", "availability", "cost")
    same = {key: getattr(first, key) for key in (*keys, "readmission", "waiting_days")}
    return second.model_copy(update=same)


@pytest.fixture
def pair():
    _, ranked = found(*fits(home="met", snf="met"), *eligible(home="met", snf="met"))
    home, snf = (next(o for o in ranked if o.id == name) for name in ("home", "snf"))
    return home, _equal(home, snf)


def test_each_step_decides_where_those_before_are_equal_and_says_so(pair):
    home, snf = pair
    full = home.availability.model_copy(update={"status": "not_met"})
    asked = PriorAuthorization(required=True, approved="not_met")
    slow = home.waiting_days.model_copy(update={"expected": 3})
    dear = home.cost.model_copy(update={"total_expected_usd": Decimal(1000)})
    cheap = home.cost.model_copy(update={"total_expected_usd": Decimal(400)})
    unpriced = home.cost.model_copy(update={"total_expected_usd": None})
    riskier = home.readmission.model_copy(update={"expected": Decimal("0.2")})
    safer = home.readmission.model_copy(update={"expected": Decimal("0.1")})
    unpaid = home.coverage.model_copy(update={"status": "not_met"})
    doubtful = home.fit.model_copy(update={"status": "unknown"})
    for worse, better, why in [
        ({"fit": doubtful}, {}, "it fits what is charted"),
        ({"leaves": ["pt"]}, {}, "it leaves no need unmet"),
        ({"readmission": riskier}, {"readmission": safer}, "the risk of coming back is lower"),
        ({"coverage": unpaid}, {}, "it can be paid for as things stand"),
        ({"availability": full}, {}, "no place is known there that can take the patient"),
        ({"prior_authorization": asked}, {}, "the payer's leave is still missing there"),
        ({"waiting_days": slow}, {}, "it is usually arranged in 0 days against 3 days"),
        ({"cost": dear}, {"cost": cheap}, "payer, patient and hospital together pay less"),
        ({"cost": unpriced}, {"cost": cheap}, "its cost is known"),
    ]:
        first, second = ranked([_set(home, **worse), _set(snf, **better)], ())
        assert (first.id, first.rank, second.rank) == ("snf", 1, 2), why
        assert first.reason.endswith(f"Ranks above home with follow-up because {why}.")
        assert "Ranks above" not in second.reason


def test_equals_are_told_apart_by_name_alone(pair):
    first, _ = ranked(list(pair), ())
    assert first.id == "home"
    assert "because nothing else tells them apart" in first.reason


def test_no_word_on_leave_or_places_does_not_lower_an_option(pair):
    home, snf = pair
    silent = PriorAuthorization(required=None, approved="unknown")
    untold = home.availability.model_copy(update={"status": "unknown"})
    known = home.availability.model_copy(update={"status": "met"})
    asked = _set(home, prior_authorization=silent, availability=untold)
    first, _ = ranked([asked, _set(snf, availability=known)], ())
    assert first.id == "home"


def test_options_carry_the_patients_risk_but_neither_staying_nor_hospice_does():
    scores = {"instruments.readmission.hospital_2016": (7.0, 7.0)}
    _, placed = found(*fits(home="met"), needs=("hospice_care",), scores=scores.get)
    risk = {option.id: option.readmission.expected for option in placed}
    assert risk["home"] == risk["snf"] == Decimal("0.228")
    assert risk["stay"] is None
    assert risk["hospice_home"] is None


@pytest.mark.parametrize("option", [o for o in OptionId.__args__ if o != "stay"])
def test_every_option_that_needs_leave_shows_by_when_it_would_be_answered(option):
    row = option_table().options[option]
    plan = profile("medicare_advantage", benefits={})
    _, placed = found(*fits(**{option: "met"}), payer=plan)
    asked = next(o for o in placed if o.id == option).prior_authorization
    if row.service is None:
        assert asked is None
    else:
        assert (asked.clock_id, asked.answer_by is not None) == ("MA-PA", True)


def test_home_infusion_given_by_the_patient_shares_the_benefit_of_home_infusion():
    plan = profile("commercial", benefits={"home_infusion": {"covered": False, "note": "excluded"}})
    _, placed = found(*eligible(home_infusion_self="met"), needs=("iv_therapy",), payer=plan)
    own = next(o for o in placed if o.id == "home_infusion_self")
    assert (own.coverage.status, own.coverage.notes) == ("not_met", ["excluded"])
    assert own.cost.patient is not None


def test_every_row_names_a_known_option_and_known_needs():
    rows = option_table().options
    assert set(rows) == set(OptionId.__args__)
    assert {need for row in rows.values() for need in row.meets} <= set(NeedId.__args__)
    facts = {row.order.fact for row in rows.values() if row.order}
    assert facts <= set(catalogue())
