"""Teaching vignettes, end to end: short stories of a patient by named facts, and what the domain files say must come
out. Section numbers are those of clinical.md and coverage.md (K and W rows: the worked examples).

Names of the facts are those of ``discharge facts``; nothing here looks at how an answer is reached.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import pandas as pd
import pytest

from discharge.packs import load_packs
from discharge.payers import load_payers
from discharge.resources import data_folder
from discharge.review import evaluate_facts

pytestmark = pytest.mark.content

ZONE = "America/New_York"
MEDICARE, PLAN, HMO = "original_medicare", "example_ma_plan", "example_commercial_hmo"
PROFILES = (
    MEDICARE,
    PLAN,
    "state_medicaid",
    "medicare_medicaid_dual",
    "example_commercial_ppo",
    HMO,
    "self_pay",
)
LEVELS = (
    "admission",
    "continued_stay",
    "discharge_ready",
    "two_midnight_benchmark",
    "two_midnight_presumption",
)

HERE = {
    "stay.is_inpatient": True,
    "stay.is_in_house": True,
    "stay.hours_in_hospital": 54,
    "stay.admitted_at": "2026-11-18T06:00:00-05:00",
    "stay.inpatient_order_at": "2026-11-18T06:00:00-05:00",
    "stay.inpatient_days": 2,
    "stay.benchmark_midnights": 2,
    "stay.presumption_midnights": 2,
}
GONE = {"stay.is_in_house": False, "stay.is_discharged": True}
CALM_ARRIVAL = {
    "vitals.spo2_admit_min": 95,
    "vitals.systolic_bp_admit_min": 120,
    "vitals.diastolic_bp_admit_min": 70,
    "vitals.respiratory_rate_admit_max": 18,
    "vitals.heart_rate_admit_max": 88,
    "vitals.heart_rate_admit_min": 60,
    "vitals.temperature_admit_min": 36.8,
    "vitals.temperature_admit_max": 37.2,
    "neuro.altered_mental_status_admit": False,
    "labs.sodium_admit_min": 138,
    "labs.potassium_admit_min": 4.0,
    "labs.creatinine_admit_max": 1.0,
    "labs.glucose_admit_max": 110,
}
CALM_TODAY = {
    "vitals.temperature_max_24h": 37.2,
    "vitals.heart_rate_max_24h": 88,
    "vitals.respiratory_rate_max_24h": 18,
    "vitals.systolic_bp_min_24h": 118,
    "vitals.spo2_min_24h": 95,
    "respiratory.on_oxygen": False,
    "treatment.tolerates_oral_intake": True,
    "neuro.altered_mental_status_24h": False,
    "neuro.consciousness": "alert",
    "vitals.news2_last": 1,
    "vitals.respiratory_rate_last": 16,
    "vitals.systolic_bp_last": 120,
    "vitals.heart_rate_last": 80,
    "vitals.temperature_last": 36.9,
    "vitals.spo2_last": 96,
}
NO_HOSPITAL_TREATMENT = dict.fromkeys(
    (
        "treatment.vasopressor_24h",
        "treatment.inotrope_24h",
        "treatment.iv_vasodilator_24h",
        "treatment.insulin_infusion_24h",
        "treatment.iv_antiarrhythmic_24h",
        "treatment.titrated_infusion_24h",
        "treatment.transfusion_24h",
        "treatment.any_iv_drug_24h",
    ),
    False,
)
SETTLED = {**HERE, **CALM_ARRIVAL, **CALM_TODAY, **NO_HOSPITAL_TREATMENT}


@cache
def content():
    return load_packs(data_folder("rules"), with_cases=False), load_payers(data_folder("payer_profiles"))


def told(facts, payer=MEDICARE, at="2026-11-20T12:00"):
    """The review of a story told at local time ``at``."""
    packs, payers = content()
    as_of = pd.Timestamp(at, tz=ZONE).tz_convert("UTC")
    return evaluate_facts([facts], payer, as_of=as_of, packs=packs, payers=payers, zone=ZONE).reviews[0]


def ill(code, **more):
    return {"diagnosis.principal": code, "diagnosis.codes": [code], "patient.age_years": 50} | {
        name.replace("__", "."): value for name, value in more.items()
    }


def finding(review, criterion):
    return next((one.status for one in review.findings if one.criterion == criterion), None)


def causes(review, state="present"):
    return {risk.cause: risk.carc for risk in review.denial.risks if risk.state == state}


def option(review, name):
    return next(one for one in review.options if one.id == name)


def order(review):
    return [one.id for one in review.options]


def barriers(review, name):
    return {(one.cause, one.carc) for one in option(review, name).barriers}


def clock(review, name):
    return next((one for one in review.clocks if one.clock_id == name), None)


def score(review, name):
    return next((one.low, one.high) for one in review.scores if one.name.endswith(name))


# Nothing known


@pytest.mark.parametrize("payer", [None, MEDICARE, PLAN, "self_pay"])
def test_an_empty_chart_decides_nothing(payer):  # clinical 6.0; coverage 3.9
    """Nothing charted: no level of care, no present cause, no fit, no recommendation, no home health clock."""
    review = told({}, payer)
    levels = {name: getattr(review.level_of_care, name) for name in LEVELS}
    if payer in (PLAN, "self_pay"):  # whom the presumption doesn't bind, whatever the chart says
        assert levels.pop("two_midnight_presumption") == "not_met"
    assert set(levels.values()) == {"unknown"}
    assert not causes(review)
    assert {one.fit.status for one in review.options} == {"unknown"}
    assert review.recommended is None and "Not charted" in review.plan.reason
    assert clock(review, "HH-F2F") is None
    assert not [one.name for one in review.conclusions if one.name.startswith(("need.", "barrier."))] or (
        payer == "self_pay"
    )


# Level of care


@pytest.mark.parametrize(
    ("facts", "interval", "admission"),
    [
        ({"labs.bun_admit_max": 24, "vitals.diastolic_bp_admit_min": 58}, (3, 3), "met"),  # 7.5, worked
        ({"vitals.diastolic_bp_admit_min": 58}, (2, 3), "met"),
        ({}, (1, 2), "unknown"),
        ({"labs.bun_admit_max": 15}, (1, 1), "not_met"),
        ({"labs.bun_admit_max": {"value": 7.2, "unit": "mmol/L"}}, (2, 2), "met"),
        ({"labs.bun_admit_max": {"value": 6.9, "unit": "mmol/L"}}, (1, 1), "not_met"),
    ],
)
def test_curb_65_counts_what_is_known_and_leaves_the_rest_open(
    facts, interval, admission
):  # clinical 6.2, 7.5
    """A man of 71: two points admit; without a BUN one point stays open, and is never read as zero."""
    review = told({**HERE, **CALM_ARRIVAL, **ill("J18.9", patient__age_years=71), **facts})
    assert score(review, "curb_65") == interval
    assert finding(review, "conditions.pneumonia.admission") == admission
    assert ("labs.bun_admit_max",) in {
        tuple(one) for one in review.level_of_care.missing.get("admission", [])
    } or (admission != "unknown")


@pytest.mark.parametrize(("spo2", "status"), [(90, "not_met"), (89, "met")])
def test_a_saturation_of_89_admits_and_90_does_not(spo2, status):  # clinical 6.2
    review = told(
        {**HERE, **CALM_ARRIVAL, **ill("J18.9"), "labs.bun_admit_max": 12, "vitals.spo2_admit_min": spo2}
    )
    assert review.level_of_care.admission == status


BOUNDARY = {
    "vitals.temperature_max_24h": (37.8, 37.9),
    "vitals.heart_rate_max_24h": (100, 101),
    "vitals.respiratory_rate_max_24h": (24, 25),
    "vitals.systolic_bp_min_24h": (90, 89),
    "vitals.spo2_min_24h": (90, 89),
}


def test_every_halm_sign_exactly_on_its_line_is_stable():  # clinical 6.0.1
    review = told({**SETTLED, **ill("J18.9"), **{name: on for name, (on, _) in BOUNDARY.items()}})
    assert (review.level_of_care.discharge_ready, review.level_of_care.continued_stay) == ("met", "not_met")


@pytest.mark.parametrize("sign", BOUNDARY)
def test_one_halm_sign_beyond_its_line_is_a_reason_to_stay(sign):  # clinical 6.0.1
    on_the_line = {name: on for name, (on, _) in BOUNDARY.items()}
    review = told({**SETTLED, **ill("J18.9"), **on_the_line, sign: BOUNDARY[sign][1]})
    assert (review.level_of_care.discharge_ready, review.level_of_care.continued_stay) == ("not_met", "met")


@pytest.mark.parametrize(
    ("bun", "systolic", "creatinine", "status"),
    [
        (42, 115, 3.5, "not_met"),
        (42, 114, 3.5, "not_met"),
        (43, 115, 4.0, "not_met"),
        (43, 114, 2.74, "met"),
        (43, 114, 2.75, "met"),
    ],
)
def test_adhere_is_a_tree_and_not_any_of_three(bun, systolic, creatinine, status):  # clinical 6.3
    """Only a BUN of 43 or more with a systolic pressure below 115 reaches the branches above 12 percent."""
    facts = {
        "labs.bun_admit_max": bun,
        "vitals.systolic_bp_admit_min": systolic,
        "labs.creatinine_admit_max": creatinine,
    }
    review = told({**HERE, **CALM_ARRIVAL, **ill("I50.23"), **facts})
    assert finding(review, "conditions.heart_failure.adhere_over_12") == status


@pytest.mark.parametrize(
    ("ph", "paco2", "severe", "admission"),
    [
        (7.34, 46, "met", "met"),
        (7.35, 46, "not_met", "met"),  # not Rome severe, yet a gas that calls for NIV (pH 7.35 or less)
        (7.34, 45, "not_met", "met"),
        (7.36, 50, "not_met", "not_met"),
    ],
)
def test_rome_severe_needs_acid_below_7_35_and_carbon_dioxide_above_45(ph, paco2, severe, admission):
    # clinical 6.4
    facts = {"labs.ph_admit_min": ph, "labs.paco2_admit_max": paco2}
    review = told({**HERE, **CALM_ARRIVAL, **ill("J44.1"), **facts})
    assert finding(review, "conditions.copd.rome_severe_recorded") == severe
    assert finding(review, "conditions.copd.admission") == admission


@pytest.mark.parametrize(
    ("lactate", "severe", "admission"),
    [(1.9, "not_met", "not_met"), (2.0, "not_met", "met"), (2.1, "met", "met")],
)
def test_a_lactate_of_exactly_two_admits_sepsis_without_making_it_severe(lactate, severe, admission):
    # clinical 6.1: organ dysfunction above 2.0, admission from 2
    facts = {
        "labs.lactate_admit_max": lactate,
        "labs.wbc_admit_max": 13,
        "labs.wbc_admit_min": 13,
        "vitals.heart_rate_admit_max": 95,
        "labs.platelets_admit_min": 200,
        "vitals.gcs_admit_min": 15,
        "treatment.vasopressor_24h": False,
    }
    review = told({**HERE, **CALM_ARRIVAL, **ill("A41.9"), **facts})
    assert finding(review, "conditions.sepsis.severe_sepsis") == severe
    assert finding(review, "conditions.sepsis.admission") == admission


@pytest.mark.parametrize(
    ("day", "glucose", "known_diabetes", "status"),
    [
        ("2024-06-21", 210, False, "not_met"),  # the statement of 2009: above 250
        ("2024-06-22", 200, False, "met"),  # the consensus of 2024: 200 or more
        ("2024-06-22", 199, False, "not_met"),
        ("2026-11-20", 190, True, "met"),  # or any history of diabetes
        ("2024-06-21", 250, True, "not_met"),
        ("2024-06-21", 251, True, "met"),
    ],
)
def test_ketoacidosis_is_judged_by_the_figures_of_its_day(
    day, glucose, known_diabetes, status
):  # clinical 6.12
    facts = {
        "stay.admitted_at": f"{day}T06:00:00-04:00",
        "labs.glucose_admit_max": glucose,
        "condition.history_of_diabetes": known_diabetes,
        "labs.bohb_admit_max": 3.0,
        "labs.ph_admit_min": 7.29,
        "labs.bicarbonate_admit_min": 16,
    }
    review = told({**HERE, **CALM_ARRIVAL, **ill("E10.10"), **facts}, at=f"{day}T12:00")
    assert finding(review, "conditions.diabetic_ketoacidosis.admission") == status


@pytest.mark.parametrize(
    ("facts", "ready"),
    [
        ({"labs.bohb_last_stay": 0.5, "labs.ph_venous_last_stay": 7.30}, "met"),
        ({"labs.bohb_last_stay": 0.6, "labs.ph_venous_last_stay": 7.30}, "not_met"),
        ({"labs.bohb_last_stay": 0.5, "labs.bicarbonate_last_stay": 18}, "met"),
        ({"labs.bohb_last_stay": 0.5, "labs.bicarbonate_last_stay": 17}, "not_met"),
        ({"labs.bicarbonate_last_stay": 19, "labs.anion_gap_last_stay": 12}, "met"),  # ketones never measured
        ({"labs.bicarbonate_last_stay": 19, "labs.anion_gap_last_stay": 18}, "not_met"),
        (
            {
                "labs.bohb_last_stay": 0.5,
                "labs.bicarbonate_last_stay": 19,
                "labs.anion_gap_last_stay": 18,
            },
            "met",
        ),
    ],
)
def test_ketoacidosis_is_resolved_by_ketones_and_the_old_gap_stands_in_only_without_them(facts, ready):
    # clinical 6.12
    today = {"treatment.subcutaneous_insulin_24h": True, "labs.potassium_min_24h": 3.9}
    review = told({**SETTLED, **ill("E10.10"), **today, **facts})
    assert review.level_of_care.discharge_ready == ready


def test_pyelonephritis_afebrile_on_an_oral_drug_goes_home():  # clinical 6.10
    facts = {
        "treatment.oral_antibiotic_24h": True,
        "treatment.iv_antibiotic_24h": False,
        "treatment.planned_iv_days_left": 0,
        "function.walks_independently": True,
        "social.has_caregiver": True,
    }
    review = told({**SETTLED, **ill("N10"), **facts})
    assert review.level_of_care.discharge_ready == "met"
    assert review.recommended == "home"
    feverish = told({**SETTLED, **ill("N10"), **facts, "vitals.temperature_max_24h": 38.2})
    assert (feverish.level_of_care.discharge_ready, feverish.level_of_care.continued_stay) == (
        "not_met",
        "met",
    )
    assert order(feverish)[0] == "stay"


@pytest.mark.parametrize("code", ["E78.5", "M10.9"])
def test_a_condition_without_criteria_says_so_and_falls_to_the_generic_ones(code):  # issue 2, first content
    review = told({**SETTLED, **ill(code)})
    assert review.conditions == []
    assert review.conditions_note == "No condition criteria apply; generic criteria used."
    assert (review.level_of_care.admission, review.level_of_care.discharge_ready) == ("not_met", "met")
    sick = told({**SETTLED, **ill(code), "vitals.systolic_bp_admit_min": 85})
    assert sick.level_of_care.admission == "met"


def test_adult_thresholds_decide_nothing_about_a_newborn():  # clinical 6.0.1, 6.34, 7.3
    """A heart rate of 140, 45 breaths and a pressure of 65 are a well newborn's; neither met nor not met follows."""
    facts = {
        "vitals.heart_rate_admit_max": 140,
        "vitals.respiratory_rate_admit_max": 45,
        "vitals.systolic_bp_admit_min": 65,
        "vitals.heart_rate_max_24h": 140,
        "vitals.respiratory_rate_max_24h": 45,
    }
    review = told({**SETTLED, **ill("Z38.00", patient__age_years=0), **facts})
    assert [one.id for one in review.conditions] == ["conditions.newborn"]
    levels = review.level_of_care
    assert (levels.admission, levels.continued_stay, levels.discharge_ready) == ("unknown",) * 3
    assert "continued_stay_no_intensity" not in causes(review)
    assert any("younger than 16" in str(one.payload.get("text")) for one in review.conclusions)


# Two midnights, status, authorization


def midnights(care, inpatient, **more):
    facts = {"stay.benchmark_midnights": care, "stay.presumption_midnights": inpatient}
    return {**HERE, **facts, **{name.replace("__", "."): value for name, value in more.items()}}


def test_two_midnights_of_which_one_was_outpatient_meet_the_benchmark_and_not_the_presumption():
    # coverage 1.1, T8, K14; step 4 of the review: time before the order counts, so the stay is carried
    review = told(midnights(2, 1, documents__expectation_documented=False))
    assert review.level_of_care.two_midnight_benchmark == "met"
    assert review.level_of_care.two_midnight_presumption == "not_met"
    assert "status_expectation_undocumented" not in causes(review)
    assert any("status review" in str(one.payload.get("text")) for one in review.conclusions)


def test_the_benchmark_binds_medicare_advantage_and_the_presumption_does_not():  # coverage T8, 1.1a
    review = told(midnights(2, 2), PLAN)
    assert review.level_of_care.two_midnight_benchmark == "met"
    assert review.level_of_care.two_midnight_presumption == "not_met"
    assert told(midnights(2, 2)).level_of_care.two_midnight_presumption == "met"
    both = told(midnights(2, 2), "medicare_medicaid_dual")
    assert both.level_of_care.two_midnight_presumption == "met"


def test_a_written_expectation_carries_a_stay_that_turned_out_shorter():  # coverage 1.1, unforeseen shortening
    facts = midnights(1, 1, stay__expected_midnights=2, documents__expectation_documented=True)
    gone = {**GONE, "stay.discharged_at": "2026-11-19T10:00:00-05:00", "stay.discharge_disposition": "home"}
    review = told({**facts, **gone})
    assert review.level_of_care.two_midnight_benchmark == "met"
    assert not {"status_expectation_undocumented", "expected_under_two_midnights"} & set(
        causes(review) | causes(review, "possible")
    )


def test_an_unwritten_expectation_has_no_weight():  # coverage 1.1, documentation checklist
    review = told(midnights(1, 1, documents__expectation_documented=False))
    assert review.level_of_care.two_midnight_benchmark == "not_met"
    assert causes(review)["status_expectation_undocumented"] == ["50", "58"]


def test_a_missing_inpatient_order_is_asked_for_and_never_a_denial_by_itself():  # coverage T1
    facts = {name: value for name, value in HERE.items() if name != "stay.inpatient_order_at"}
    review = told(facts)
    assert "stay.inpatient_order_at" in {gap.ask for gap in review.gaps}
    assert not causes(review)


REQUIRED = {"authorization.has_any": False}
APPROVED = {
    "authorization.has_any": True,
    "authorization.inpatient_status": "approved",
    "authorization.inpatient_is_approved": True,
    "authorization.inpatient_is_pending": False,
    "authorization.inpatient_is_denied": False,
}


def test_no_authorization_is_present_possible_or_absent_as_the_chart_says():  # coverage 5.2 (197), 5.7
    assert causes(told({**HERE, **REQUIRED}, PLAN))["no_auth"] == ["197"]
    assert "no_auth" in causes(told(HERE, PLAN), "possible")
    for approved in (APPROVED, {"authorization.inpatient_is_approved": True}):
        review = told({**HERE, **approved}, PLAN)
        assert not {"no_auth", "auth_denied"} & set(causes(review) | causes(review, "possible"))
    assert "no_auth" not in causes(told({**HERE, **REQUIRED})) | causes(
        told({**HERE, **REQUIRED}), "possible"
    )


@pytest.mark.parametrize(("hours", "late"), [(24, False), (24.1, True)])
@pytest.mark.parametrize("payer", [PLAN, HMO])
def test_notice_is_late_only_after_the_contract_hour(payer, hours, late):  # coverage 5.2 (210)
    found = causes(told({**HERE, **APPROVED, "authorization.hours_to_notice": hours}, payer))
    assert found.get("late_notification") == (["210"] if late else None)


@pytest.mark.parametrize(("days", "exceeded"), [(5, False), (6, True)])
def test_days_beyond_the_authorized_ones(days, exceeded):  # coverage 5.2 (198)
    facts = {**APPROVED, "authorization.inpatient_days_approved": 5, "stay.inpatient_days": days}
    found = causes(told({**HERE, **facts}, PLAN))
    assert found.get("auth_days_exceeded") == (["198"] if exceeded else None)


@pytest.mark.parametrize(("last_day", "expired"), [("2026-11-19", True), ("2026-11-20", False)])
def test_an_authorization_whose_last_day_is_over_is_302_and_not_198(last_day, expired):  # coverage T23
    facts = {**APPROVED, "authorization.inpatient_valid_through": f"{last_day}T23:59:00-05:00"}
    found = causes(told({**HERE, **facts}, PLAN))
    assert found.get("auth_expired") == (["302"] if expired else None)


def test_nobody_denies_a_patient_who_pays_alone():  # coverage 5.7
    review = told({**HERE, **REQUIRED}, "self_pay")
    assert review.denial.risks == [] and review.denial.summary.band == "none"


def test_with_no_payer_every_cause_is_only_possible_and_says_what_would_tell():  # coverage 5.7
    review = told(HERE, None)
    assert not causes(review)
    assert all(risk.missing for risk in review.denial.risks)
    assert not review.payer.matched


def test_present_causes_stand_before_those_that_merely_cannot_be_ruled_out():  # coverage 5.7
    facts = {**SETTLED, **ill("N10"), "stay.hours_in_hospital": 80, "documents.discharge_summary": False}
    for payer in (MEDICARE, PLAN, "state_medicaid"):
        states = [risk.state for risk in told(facts, payer).denial.risks]
        assert "present" in states
        assert states == sorted(states, key=["present", "possible"].index)


# Destinations

OSTEOMYELITIS = {
    **SETTLED,
    **ill("M46.26", patient__age_years=68),
    "stay.inpatient_days": 6,
    "stay.hours_in_hospital": 150,
    "treatment.iv_antibiotic_24h": True,
    "treatment.any_iv_drug_24h": True,
    "treatment.iv_drugs": ["ceftriaxone"],
    "treatment.iv_antibiotics": ["ceftriaxone"],
    "treatment.iv_antibiotic_days": 21,
    "treatment.planned_iv_days_left": 21,
    "treatment.oral_equivalent_available": False,
    "treatment.has_picc": True,
    "condition.bone_infection_kind": "vertebral",
    "condition.bone_infection_course_days": 42,
    "condition.cultures_negative_h": 96,
    "condition.line_in_place": True,
    "condition.monitoring_interval_h": 8,
    "documents.opat_plan": True,
    "documents.opat_monitor_named": True,
    "social.home_is_safe_for_infusion": True,
    "social.has_phone": True,
    "social.has_refrigeration": True,
    "social.willing_to_self_administer": True,
    "social.has_caregiver": True,
    "social.injects_drugs": False,
    "social.transport_needed": False,
    "social.is_homeless": False,
    "function.walks_independently": True,
    "function.needs_device_to_leave_home": False,
    "function.needs_help_to_leave_home": False,
    "function.leaving_home_contraindicated": False,
    "function.normally_unable_to_leave_home": False,
    "function.leaving_home_is_taxing": False,
}
CANNOT_INFUSE_AT_HOME = {
    "social.home_is_safe_for_infusion": False,
    "social.willing_to_self_administer": False,
    "social.has_caregiver": False,
}


@pytest.mark.parametrize("payer", PROFILES)
def test_three_weeks_of_ceftriaxone_under_each_payer(payer):  # clinical 6.11; coverage 3.6, 3.9
    """Home infusion and the suite both fit; nothing is dropped for want of payment, and no place leaves the drug."""
    review = told(OSTEOMYELITIS, payer)
    assert review.level_of_care.discharge_ready == "met"
    assert {"home_infusion", "infusion_suite", "home_health", "snf", "home", "stay"} <= set(order(review))
    feasible = [one.id for one in review.options if one.fit.status == "met"]
    assert feasible == order(review)[:3]
    assert set(feasible) == {"home_infusion", "home_infusion_self", "infusion_suite"}
    asked_first = {"long_acting", "oral_step_down"}  # organism and active drug are not on record
    assert {review.recommended, *review.plan.alternatives} == set(feasible) | asked_first
    assert option(review, "home_health").fit.status == "not_met"
    assert "intravenous treatment" in option(review, "home_health").reason
    covered_at_home = option(review, "home_infusion").coverage.status
    assert covered_at_home == (
        "unknown" if payer in (PLAN, "state_medicaid", "example_commercial_ppo") else "not_met"
    )
    assert all("_" not in one.reason for one in review.options)


def test_an_hmo_without_home_infusion_points_to_the_suite_and_shows_the_price_at_home():  # coverage 3.6, 5.2 (204)
    review = told(OSTEOMYELITIS, HMO)
    assert order(review)[0] == "infusion_suite"
    assert ("benefit_excluded", "204") in barriers(review, "home_infusion")
    assert option(review, "home_infusion").cost.patient.expected > 0
    assert causes(review)["drug_not_in_benefit"] == ["96", "204"]


@pytest.mark.parametrize("drug", ["ceftriaxone", "vancomycin"])
def test_original_medicare_pays_no_common_antibiotic_at_home(drug):  # coverage 3.6
    review = told({**OSTEOMYELITIS, "treatment.iv_drugs": [drug], "treatment.iv_antibiotics": [drug]})
    assert option(review, "home_infusion").eligibility.status == "not_met"
    assert ("drug_not_in_benefit", "96") in barriers(review, "home_infusion")
    assert causes(review)["drug_not_in_benefit"] == ["96", "204"]
    assert order(review)[0] == "infusion_suite"


def test_original_medicare_pays_a_named_drug_by_pump_at_home():  # coverage 3.6, LCD L33794
    facts = {**OSTEOMYELITIS, "treatment.iv_drugs": ["acyclovir"], "orders.dme_order": True}
    assert option(told(facts), "home_infusion").coverage.status == "unknown"
    review = told({**facts, "documents.pump_policy_conditions": True})
    assert option(review, "home_infusion").coverage.status == "met"
    assert "drug_not_in_benefit" not in causes(review) | causes(review, "possible")
    assert option(review, "home_infusion_self").coverage.status == "met"
    assert order(review)[:2] == ["home_infusion_self", "home_infusion"]


@pytest.mark.parametrize(("days", "status"), [(3, "met"), (2, "not_met")])
def test_a_facility_for_the_drug_needs_three_inpatient_days(days, status):  # coverage 3.1, T9
    facts = {**OSTEOMYELITIS, **CANNOT_INFUSE_AT_HOME, "stay.inpatient_days": days}
    review = told(facts)
    facility = option(review, "snf")
    assert (facility.fit.status, facility.eligibility.status) == ("met", status)
    assert (("SNF_no_3day", "A6") in barriers(review, "snf")) == (status == "not_met")
    assert option(review, "home_infusion").fit.status == "not_met"
    assert "snf" in (review.recommended, *review.plan.alternatives)
    assert facility.cost.patient.expected is not None


def test_a_plan_needs_no_three_days():  # coverage 3.1, 422.101(c)(2)
    review = told({**OSTEOMYELITIS, **CANNOT_INFUSE_AT_HOME, "stay.inpatient_days": 2}, PLAN)
    assert option(review, "snf").eligibility.status != "not_met"
    assert not {cause for cause, _ in barriers(review, "snf")} & {"SNF_no_3day"}


def test_a_homebound_patient_is_not_sent_to_a_suite_every_day():  # coverage 3.3, 3.9
    homebound = {"function.normally_unable_to_leave_home": True, "function.leaving_home_is_taxing": True}
    review = told({**OSTEOMYELITIS, **homebound, "function.needs_device_to_leave_home": True})
    assert option(review, "infusion_suite").fit.status == "not_met"
    assert order(review)[:2] == ["home_infusion_self", "home_infusion"]
    assert "patient" in review.plan.reason and "not covered" in review.plan.reason


def test_a_place_that_leaves_the_infusion_unmet_is_never_recommended():  # coverage 3.9, safety before cost
    """Home for infusion not charted, travel not charted: home health alone would send the patient without the drug."""
    unknown = {
        "social.home_is_safe_for_infusion",
        "social.has_phone",
        "social.has_refrigeration",
        "social.transport_needed",
    }
    facts = {name: value for name, value in OSTEOMYELITIS.items() if name not in unknown}
    review = told({**facts, "orders.home_health_order": True})
    assert review.recommended is None
    assert option(review, "home_health").fit.status == "not_met"
    assert {"home_infusion", "infusion_suite"} <= set(review.plan.alternatives)


@pytest.mark.parametrize(
    ("day", "inpatient_days", "status"),
    [
        ("2020-02-29", 2, "not_met"),
        ("2020-03-01", 0, "met"),
        ("2023-05-11", 1, "met"),
        ("2023-05-12", 2, "not_met"),
        ("2023-05-12", 3, "met"),
        ("2026-11-20", None, "unknown"),
    ],
)
def test_the_three_day_rule_and_its_waiver_of_the_emergency(day, inpatient_days, status):  # coverage 3.1
    facts = {
        **HERE,
        "stay.admitted_at": f"{day}T06:00:00-05:00",
        "stay.inpatient_days": inpatient_days,
        "treatment.planned_iv_days_left": 21,
        "social.is_homeless": True,
    }
    assert option(told(facts, at=f"{day}T12:00"), "snf").eligibility.status == status


@pytest.mark.parametrize(
    ("start", "status"), [("2026-11-03", "met"), ("2026-11-04", "not_met"), (None, "unknown")]
)
def test_facility_care_begins_by_the_thirtieth_day(start, status):  # coverage 3.1, SNF-30
    """Discharged on 4 October: 3 November is day 30, 4 November is too late."""
    facts = {
        **HERE,
        **GONE,
        "stay.inpatient_days": 5,
        "stay.discharged_at": "2026-10-04T12:00:00-04:00",
        "stay.discharge_disposition": "home",
        "treatment.planned_iv_days_left": 21,
        "social.is_homeless": True,
        "authorization.snf_is_approved": True,
        "readiness.post_acute_start_at": f"{start}T09:00:00-05:00" if start else None,
    }
    review = told(facts)
    assert option(review, "snf").eligibility.status == status
    assert causes(review).get("snf_thirty_day_gap") == (["A6"] if status == "not_met" else None)
    if start:
        assert clock(review, "SNF-30").due_at.date() == date(2026, 11, 3)


STROKE = {
    **SETTLED,
    **ill("I63.9", patient__age_years=74),
    "stay.inpatient_days": 5,
    "stay.hours_in_hospital": 130,
    "function.pt_ordered": True,
    "function.ot_ordered": True,
    "function.slp_ordered": True,
    "function.therapy_disciplines": 3,
    "function.walks_independently": False,
    "function.barthel_last": 45,
    "function.swallow_safe": True,
    "function.tolerates_3h_therapy": True,
    "function.expected_significant_gain": True,
    "function.needs_physician_supervision_rehab": True,
    "documents.irf_screening_at": "2026-11-19T15:00:00-05:00",
    "condition.neuro_stable_24h": True,
    "social.has_caregiver": False,
    "social.is_homeless": False,
    "treatment.planned_iv_days_left": 0,
}


@pytest.mark.parametrize("payer", [MEDICARE, PLAN])
def test_after_a_stroke_rehabilitation_goes_before_a_facility(payer):  # clinical 6.7; coverage 3.2, 3.9
    review = told(STROKE, payer)
    assert review.recommended == "irf" and review.plan.alternatives[0] == "snf"
    assert option(review, "irf").eligibility.status == ("met" if payer == MEDICARE else "unknown")
    assert "social_custodial" not in causes(review)  # waiting for a skilled place is not custody
    assert "condition.symptom_minutes" not in {gap.ask for gap in review.gaps}  # no TIA, no ABCD2 question


def test_a_stroke_patient_who_cannot_bear_three_hours_goes_to_a_facility():  # clinical 6.7; coverage 3.2, T10
    review = told({**STROKE, "function.tolerates_3h_therapy": False})
    assert review.recommended == "snf" and review.plan.likely == "snf"
    assert option(review, "irf").eligibility.status == "not_met"
    asked = {name: value for name, value in STROKE.items() if name != "function.tolerates_3h_therapy"}
    review = told(asked)
    assert "irf" in review.plan.alternatives and option(review, "irf").fit.status == "unknown"
    assert "function.tolerates_3h_therapy" in {gap.ask for gap in review.gaps}


HOMEBOUND = {
    "function.needs_device_to_leave_home": True,
    "function.normally_unable_to_leave_home": True,
    "function.leaving_home_is_taxing": True,
}


@pytest.mark.parametrize(
    ("facts", "status", "present"),
    [
        (HOMEBOUND, "met", False),
        ({**HOMEBOUND, "function.leaving_home_is_taxing": False}, "not_met", True),  # the second half of C2
        (
            {
                **HOMEBOUND,
                "function.needs_device_to_leave_home": False,
                "function.needs_help_to_leave_home": False,
                "function.leaving_home_contraindicated": False,
            },
            "not_met",
            True,
        ),  # C2 alone
        ({"function.needs_device_to_leave_home": True}, None, False),  # C2 not charted: neither
    ],
)
def test_homebound_takes_both_criteria(facts, status, present):  # coverage 3.3
    review = told({**HERE, "orders.home_health_order": True, **facts})
    if status is not None:
        assert finding(review, "cms_medicare.home_health.homebound") == status
    assert causes(review).get("hh_not_homebound") == (["272"] if present else None)
    assert option(review, "home_health").eligibility.status == ("not_met" if present else "unknown")


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        ("2026-07-02", "unknown"),
        ("2026-07-03", "met"),
        ("2026-10-31", "met"),
        ("2026-11-01", "unknown"),
    ],
)
def test_the_face_to_face_window_is_ninety_days_before_to_thirty_after(seen, status):  # coverage 3.3
    facts = {
        **HERE,
        **HOMEBOUND,
        "orders.home_health_order": True,
        "documents.home_health_plan_of_care": True,
        "documents.face_to_face_at": f"{seen}T10:00:00-04:00",
        "readiness.post_acute_start_at": "2026-10-01T09:00:00-04:00",
    }
    review = told(facts)
    assert option(review, "home_health").eligibility.status == status
    assert ("hh_face_to_face" in causes(review)) == (status != "met")


def test_the_face_to_face_clock_runs_only_where_home_health_is_considered():  # coverage 2.8, HH-F2F
    assert clock(told({**HERE, "treatment.planned_iv_days_left": 0}), "HH-F2F") is None
    for payer in (MEDICARE, PLAN, "medicare_medicaid_dual"):
        assert clock(told({**HERE, "orders.home_health_order": True}, payer), "HH-F2F") is not None
    gone = {"stay.discharged_at": "2026-04-20T10:00:00-04:00", "stay.discharge_disposition": "home_health"}
    window = clock(told({**HERE, **GONE, **gone}, at="2026-04-21T08:00"), "HH-F2F")  # K11
    assert (window.opens_at.date(), window.due_at.date()) == (date(2026, 1, 20), date(2026, 5, 20))


@pytest.mark.parametrize(
    ("admitted", "therapy", "meeting"),
    [
        ("2026-10-13T09:00:00-04:00", "2026-10-15T12:00", "2026-10-16T23:59"),  # K12: day 4
        ("2026-09-29T09:00:00-04:00", "2026-10-01T12:00", "2026-10-05T23:59"),  # before: the first week
    ],
)
def test_rehabilitation_clocks_before_and_after_october_2026(admitted, therapy, meeting):  # coverage T2, 2.8
    facts = {**HERE, **GONE, "stay.discharged_at": admitted, "stay.discharge_disposition": "irf"}
    facts["stay.admitted_at"] = "2026-09-20T10:00:00-04:00"
    review = told(facts, at=admitted[:13] + ":30")
    assert clock(review, "IRF-TX").due_at == pd.Timestamp(therapy, tz=ZONE)
    assert clock(review, "IRF-TEAM").due_at == pd.Timestamp(meeting, tz=ZONE)


def test_the_observation_notice_is_due_at_the_thirty_sixth_hour():  # coverage K1
    facts = {
        "stay.is_observation": True,
        "stay.is_inpatient": False,
        "stay.is_in_house": True,
        "stay.observation_start_at": "2026-03-10T08:15:00-04:00",
        "stay.hours_in_observation": 25,
    }
    assert clock(told(facts, at="2026-03-11T09:15"), "MOON").due_at == pd.Timestamp(
        "2026-03-11T20:15", tz=ZONE
    )
