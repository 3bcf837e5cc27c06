"""What is charted, what is silent, and the rows behind it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from chartkit import chart, dose, facts, reading, side_by_side, stay, value

from discharge.chart import Scope
from discharge.facts import extract

pytestmark = pytest.mark.content  # arithmetic: the wheel changes nothing

AS_OF = "2026-04-12T12:00:00Z"
TODAY = "2026-04-12T08:00:00Z"
YESTERDAY = "2026-04-11T08:00:00Z"


# ---- silence


def test_a_chart_without_drugs_says_nothing_about_drugs() -> None:
    table = facts(AS_OF)
    unknown = [
        name for name in table.values if name.startswith("treatment.") and value(table, name) is not None
    ]
    assert unknown == []


def test_a_drug_not_given_is_no_only_beside_other_doses_in_the_window() -> None:
    beside = facts(AS_OF, medications=[dose("acetaminophen", TODAY, "oral")])
    assert value(beside, "treatment.iv_antibiotic_24h") == 0
    assert value(beside, "treatment.iv_antibiotics") == ()
    assert value(beside, "treatment.nebulizer_doses_24h") == 0
    before = facts(AS_OF, medications=[dose("acetaminophen", YESTERDAY, "oral")])
    assert value(before, "treatment.iv_antibiotic_24h") is None


def test_a_dose_that_might_be_it_leaves_the_flag_unknown() -> None:
    no_route = facts(AS_OF, medications=[dose("vancomycin", TODAY, None)])
    assert value(no_route, "treatment.iv_antibiotic_24h") is None
    unknown_drug = facts(AS_OF, medications=[dose("zzyzx", TODAY, "iv")])
    assert value(unknown_drug, "treatment.vasopressor_24h") is None
    assert value(unknown_drug, "treatment.oral_diuretic_24h") == 0  # it was given IV
    assert value(unknown_drug, "treatment.any_iv_drug_24h") == 1
    assert value(unknown_drug, "treatment.iv_drugs") == ("zzyzx",)


def test_a_drug_that_exists_for_the_vein_only_needs_no_route() -> None:
    assert (
        value(facts(AS_OF, medications=[dose("norepinephrine", TODAY, None)]), "treatment.vasopressor_24h")
        == 1
    )


@pytest.mark.parametrize("status", ["not-done", "entered-in-error"])
def test_a_dose_not_given_is_not_a_dose(status: str) -> None:
    table = facts(
        AS_OF, medications=[dose("ceftriaxone", TODAY, status=status), dose("acetaminophen", TODAY, "oral")]
    )
    assert value(table, "treatment.iv_antibiotic_24h") == 0


def test_an_order_is_not_an_administration() -> None:
    assert (
        value(
            facts(AS_OF, medications=[dose("ceftriaxone", TODAY, kind="request")]),
            "treatment.iv_antibiotic_24h",
        )
        is None
    )


def test_an_infusion_begun_before_the_window_that_runs_into_it_counts() -> None:
    rows = [dose("dobutamine", "2026-04-10T08:00:00Z", end="2026-04-11T13:00:00Z")]
    assert value(facts(AS_OF, medications=rows), "treatment.inotrope_24h") == 1


def test_treatment_by_class_route_and_count() -> None:
    rows = [
        dose("ceftriaxone", "2026-04-10T08:00:00Z"),
        dose("ceftriaxone", YESTERDAY),
        dose("ceftriaxone", TODAY),
        dose("albuterol", "2026-04-12T02:00:00Z", "inhaled"),
        dose("ipratropium", "2026-04-12T02:00:00Z", "inhaled"),
        dose("albuterol", "2026-04-12T06:00:00Z", "inhaled"),
        dose("heparin flush", TODAY),
        dose("sodium chloride 0.9%", TODAY),
    ]
    table = facts(AS_OF, medications=rows)
    assert value(table, "treatment.iv_antibiotic_days") == 3
    assert value(table, "treatment.iv_antibiotics") == ("ceftriaxone",)
    assert value(table, "treatment.iv_drugs") == ("ceftriaxone",)  # neither flush nor plain fluid
    assert value(table, "treatment.iv_fluids_24h") == 1
    assert value(table, "treatment.iv_anticoagulant_24h") == 0  # a flush is none
    assert value(table, "treatment.nebulizer_doses_24h") == 2  # two drugs of one nebulization are one dose
    assert value(table, "treatment.bronchodilator_interval_h") == 4
    assert value(table, "treatment.antibiotic_started_at") == pd.Timestamp("2026-04-10T08:00:00Z")
    assert value(table, "treatment.oral_equivalent_available") == 0


def test_an_insulin_infusion_is_told_from_single_iv_doses() -> None:
    single = facts(AS_OF, medications=[dose("insulin regular", TODAY)])
    assert value(single, "treatment.insulin_infusion_24h") is None  # given IV: it might be one
    running = facts(AS_OF, medications=[dose("insulin regular", TODAY, is_continuous=True)])
    assert (
        value(running, "treatment.insulin_infusion_24h") == 1
        and value(running, "treatment.titrated_infusion_24h") == 1
    )
    hourly = facts(
        AS_OF, medications=[dose("insulin regular", f"2026-04-12T{hour:02d}:00:00Z") for hour in range(6)]
    )
    assert value(hourly, "treatment.insulin_infusion_24h") == 1


def test_no_authorization_is_known_only_where_the_feed_brings_any() -> None:
    silent = chart()
    assert value(extract(silent, as_of=pd.Timestamp(AS_OF), zone="UTC"), "authorization.has_any") is None
    kept = extract(silent, as_of=pd.Timestamp(AS_OF), zone="UTC", scope=Scope(frozenset({"authorizations"})))
    assert (
        value(kept, "authorization.has_any") == 0 and value(kept, "authorization.inpatient_is_approved") == 0
    )


def test_authorization_of_the_stay() -> None:
    row = {
        "encounter_id": "s1",
        "service": "inpatient_acute",
        "requested_at": "2026-04-09T13:00:00Z",
        "number": "A1",
        "known_at": "2026-04-09T13:00:00Z",
    }
    asked = facts(AS_OF, authorizations=[row | {"status": "requested"}])
    assert (
        value(asked, "authorization.inpatient_is_pending") == 1
        and value(asked, "authorization.inpatient_is_approved") == 0
    )
    assert value(asked, "authorization.snf_is_approved") == 0
    decided = row | {"status": "approved", "decided_at": "2026-04-10T13:00:00Z", "days_approved": 3}
    approved = facts(AS_OF, authorizations=[decided])
    assert value(approved, "authorization.inpatient_is_approved") == 1
    assert value(approved, "authorization.inpatient_days_approved") == 3
    early = facts("2026-04-10T00:00:00Z", authorizations=[decided])
    assert value(early, "authorization.inpatient_is_pending") == 1
    assert value(early, "authorization.inpatient_decided_at") is None


# ---- coverage


def test_coverage_active_on_the_day() -> None:
    def row(payer: str, **columns: Any) -> dict[str, Any]:
        return {"patient_id": "p1", "payer_id": payer, "status": "active"} | columns

    assert value(facts(AS_OF), "coverage.has_coverage") is None
    table, (ended, last_day, both, cancelled, at_once) = side_by_side(
        AS_OF,
        {"coverages": [row("A", end="2026-04-11T00:00:00Z")]},
        {"coverages": [row("A", end="2026-04-12T00:00:00Z", member_id="1")]},
        {"coverages": [row("B", priority=2), row("A", priority=1)]},
        {"coverages": [row("A", status="cancelled", end="2026-12-31T00:00:00Z")]},
        {"coverages": [row("A", status="cancelled")]},
    )
    assert value(table, "coverage.has_coverage", ended) == 0
    assert value(table, "coverage.payer_id", ended) is None
    assert value(table, "coverage.has_coverage", last_day) == 1
    assert value(table, "coverage.member_id_on_file", last_day) == 1
    assert value(table, "coverage.payer_id", both) == "A"
    assert value(table, "coverage.secondary_payer_id", both) == "B"
    assert value(table, "coverage.is_active", cancelled) == 1  # cancelled later than t
    assert value(table, "coverage.is_active", at_once) == 0


# ---- diagnoses and social situation


def test_diagnoses() -> None:
    rows = [
        {
            "encounter_id": "s1",
            "code": "J44.1",
            "system": "icd-10-cm",
            "role": "discharge",
            "rank": 1,
            "known_at": YESTERDAY,
        },
        {"encounter_id": "s1", "code": "J18.9", "system": "icd-10-cm", "role": "admission"},
        {"encounter_id": "s1", "code": "4019", "system": "icd-9-cm", "role": "comorbidity"},
        {
            "patient_id": "p1",
            "code": "E11.9",
            "system": "icd-10-cm",
            "role": "problem",
            "clinical_status": "active",
            "recorded_at": "2020-01-01T00:00:00Z",
        },
        {
            "patient_id": "p1",
            "code": "C61",
            "system": "icd-10-cm",
            "role": "problem",
            "clinical_status": "resolved",
            "recorded_at": "2020-01-01T00:00:00Z",
        },
    ]
    table = facts(AS_OF, diagnoses=rows)
    assert value(table, "diagnosis.principal") == "J441"
    assert value(table, "diagnosis.admission") == "J189"
    assert value(table, "diagnosis.codes") == ("E119", "J189", "J441")
    assert value(table, "diagnosis.stay_codes") == ("J189", "J441")
    assert value(table, "diagnosis.coding_systems") == ("icd-10-cm", "icd-9-cm")
    assert value(table, "condition.history_of_diabetes") == 1


def _coded(encounter: str | None, code: str, role: str = "principal", rank: int = 1) -> dict[str, Any]:
    return {
        "encounter_id": encounter,
        "patient_id": "p1",
        "code": code,
        "system": "icd-10-cm",
        "role": role,
        "rank": rank,
        "recorded_at": YESTERDAY,
    }


CLINIC = stay(
    encounter_id="clinic", class_code="AMB", start="2025-12-01T12:00:00Z", end="2025-12-01T12:20:00Z"
)


def test_the_first_diagnosis_of_a_clinic_visit_is_not_the_stays() -> None:
    # recorded while the patient lay here, so that the row was given the stay; the visit was at another time
    rows = [_coded("s1", "J44.9"), _coded("clinic", "I10"), _coded("clinic", "E78.5", "admission")]
    table = facts(AS_OF, [stay(reason_code="J44.1"), CLINIC], diagnoses=rows)
    assert value(table, "diagnosis.principal") == "J449"
    assert value(table, "diagnosis.admission") == "J441"
    assert value(table, "diagnosis.stay_codes") == ("J449",) and value(table, "diagnosis.count") == 1
    assert value(table, "diagnosis.codes") == ("E785", "I10", "J449")


def test_a_stay_that_has_no_principal_diagnosis_takes_none_from_a_clinic_visit() -> None:
    rows = [_coded("s1", "E11.9", "comorbidity", 2), _coded("clinic", "I10")]
    table = facts(AS_OF, [stay(), CLINIC], diagnoses=rows)
    assert value(table, "diagnosis.principal") is None and value(table, "diagnosis.principal_is_known") == 0


def test_the_stays_own_first_diagnosis_goes_before_those_of_its_parts() -> None:
    parts = [
        stay(encounter_id="ed", class_code="EMER", start="2026-04-09T08:00:00Z", end="2026-04-09T12:00:00Z"),
        stay(encounter_id="icu", class_code="ACUTE", part_of="s1"),
        stay(encounter_id="dialysis", class_code="AMB", part_of="s1"),
    ]
    ed, icu, dialysis = _coded("ed", "B95.61"), _coded("icu", "C34.90"), _coded("dialysis", "A41.9")
    unnamed, own = _coded(None, "D62"), _coded("s1", "J44.9", "discharge")

    wanted = [
        ([ed, icu, dialysis, unnamed, own], "J449"),
        ([ed, icu, dialysis, unnamed], "C3490"),
        ([ed, dialysis, unnamed], "D62"),
        ([ed, dialysis], "B9561"),
        ([dialysis], None),
    ]
    table, ids = side_by_side(
        AS_OF, *({"encounters": [stay(), *parts], "diagnoses": rows} for rows, _ in wanted)
    )
    assert [value(table, "diagnosis.principal", one) for one in ids] == [code for _, code in wanted]


def test_a_visit_that_is_itself_the_stay_gives_its_diagnosis() -> None:
    held = stay(class_code="AMB", unit="4 West", bed="12")
    table = facts(AS_OF, [held], diagnoses=[_coded("s1", "I10")])
    assert value(table, "diagnosis.principal") == "I10"


def test_a_chart_coded_in_icd_9_has_no_icd_10_codes() -> None:
    table = facts(AS_OF, diagnoses=[{"encounter_id": "s1", "code": "25000", "system": "icd-9-cm"}])
    assert value(table, "diagnosis.codes") is None and value(table, "diagnosis.principal") is None
    assert value(table, "diagnosis.coding_systems") == ("icd-9-cm",)
    assert value(table, "condition.history_of_diabetes") is None


def test_a_z_code_says_yes_and_its_absence_nothing() -> None:
    homeless = facts(AS_OF, diagnoses=[{"encounter_id": "s1", "code": "Z59.02", "system": "icd-10-cm"}])
    assert value(homeless, "social.is_homeless") == 1
    assert value(homeless, "social.food_insecure") is None
    alone = facts(AS_OF, diagnoses=[{"encounter_id": "s1", "code": "Z742", "system": "icd-10-cm"}])
    assert value(alone, "social.has_caregiver") == 0


def test_coded_answers() -> None:
    wanted = {"Heavy drinker": 1, "Social drinker": 0, "86933000": 1, "unsure": None}
    row = {"encounter_id": "s1", "concept": "alcohol", "effective_at": TODAY}
    table, ids = side_by_side(AS_OF, *({"observations": [row | {"value_text": said}]} for said in wanted))
    found = [value(table, "social.alcohol_use_heavy", one) for one in ids]
    assert dict(zip(wanted, found, strict=True)) == wanted


# ---- assessments


def test_an_assessment_gives_a_fact_and_the_newer_one_wins() -> None:
    code = {
        "encounter_id": "s1",
        "code": "Z602",
        "system": "icd-10-cm",
        "recorded_at": "2026-04-10T00:00:00Z",
    }

    def said(at: str, answer: str) -> dict[str, list[dict[str, Any]]]:
        row = {"encounter_id": "s1", "item": "social.lives_alone", "value_text": answer, "assessed_at": at}
        return {"diagnoses": [code], "assessments": [row]}

    table, (newer, older, unread) = side_by_side(
        AS_OF,
        said("2026-04-11T00:00:00Z", "no"),
        said("2026-04-09T13:00:00Z", "no"),
        said("2026-04-11T00:00:00Z", "refused"),
    )
    assert value(table, "social.lives_alone", newer) == 0 and value(table, "social.lives_alone", older) == 1
    assert [row.table for row in table.evidence("social.lives_alone", newer)] == ["assessments"]
    assert [row.table for row in table.evidence("social.lives_alone", older)] == ["diagnoses"]
    assert value(table, "social.lives_alone", unread) == 1  # not readable: as it was


def test_assessments_of_numbers_and_times_and_what_follows_from_them() -> None:
    rows = [
        {"encounter_id": "s1", "item": "function.ampac_mobility_t", "value": 41.5, "assessed_at": TODAY},
        {"encounter_id": "s1", "item": "documents.moon_given_at", "value_text": "yes", "assessed_at": TODAY},
        {
            "encounter_id": "s1",
            "item": "readiness.clinically_ready_at",
            "value_text": "2026-04-12T06:00:00-04:00",
            "assessed_at": TODAY,
        },
        {
            "encounter_id": "s1",
            "item": "respiratory.has_home_oxygen",
            "value_text": "no",
            "assessed_at": TODAY,
        },
        {
            "encounter_id": "s1",
            "item": "labs.sodium_first",
            "value": 111,
            "assessed_at": TODAY,
        },  # not to be assessed
    ]
    table = facts(AS_OF, assessments=rows, observations=[reading("oxygen_flow", 2, TODAY)])
    assert value(table, "function.ampac_mobility_t") == 41.5
    assert value(table, "documents.moon_given_at") == pd.Timestamp(TODAY)
    assert value(table, "readiness.clinically_ready_at") == pd.Timestamp("2026-04-12T10:00:00Z")
    assert value(table, "respiratory.oxygen_above_baseline") == 1
    assert value(table, "labs.sodium_first") is None


# ---- oxygen, consciousness, procedures


def test_oxygen() -> None:
    on = facts(
        AS_OF,
        observations=[reading("oxygen_flow", 3, "2026-04-11T02:00:00Z"), reading("oxygen_flow", 2, TODAY)],
    )
    assert value(on, "respiratory.on_oxygen") == 1 and value(on, "respiratory.oxygen_flow_change_24h") == -1
    off = facts(
        AS_OF, observations=[reading("oxygen_flow", 0, "2026-04-12T06:00:00Z"), reading("spo2", 93, TODAY)]
    )
    assert value(off, "respiratory.on_oxygen") == 0 and value(off, "respiratory.spo2_room_air_min_24h") == 93
    never = facts(AS_OF, observations=[reading("spo2", 93, TODAY)])
    assert (
        value(never, "respiratory.on_oxygen") is None
        and value(never, "respiratory.spo2_room_air_min_24h") is None
    )


def test_oxygen_charted_before_and_not_in_the_last_day_was_taken_off() -> None:
    rows = [reading("oxygen_flow", 3, "2026-04-10T08:00:00Z"), reading("spo2", 91, TODAY)]
    table = facts(AS_OF, observations=rows)
    assert (
        value(table, "respiratory.on_oxygen") == 0 and value(table, "respiratory.spo2_room_air_min_24h") == 91
    )
    without = facts(AS_OF, observations=rows[:1])
    assert value(without, "respiratory.on_oxygen") is None


def test_oxygen_to_inspired_fraction_ratio() -> None:
    at = "2026-04-09T14:00:00Z"
    rows = [reading("fio2", 50, "2026-04-09T13:30:00Z"), reading("pao2", 80, at)]
    late = [reading("fio2", 50, "2026-04-09T12:30:00Z"), reading("pao2", 80, at)]
    charted = [*rows, reading("pf_ratio", 150, at)]
    table, ids = side_by_side(AS_OF, *({"observations": given} for given in (rows, late, charted)))
    assert [value(table, "respiratory.pf_ratio_admit_min", one) for one in ids] == [160, None, 150]


def test_consciousness() -> None:
    def row(text: str, at: str) -> dict[str, Any]:
        return {"encounter_id": "s1", "concept": "consciousness", "value_text": text, "effective_at": at}

    table = facts(AS_OF, observations=[row("Responds to voice", "2026-04-09T13:00:00Z"), row("Alert", TODAY)])
    assert value(table, "neuro.consciousness") == "alert"
    assert (
        value(table, "neuro.altered_mental_status_admit") == 1
        and value(table, "neuro.altered_mental_status_24h") == 0
    )
    drowsy = facts(AS_OF, observations=[row("Alert", TODAY), reading("gcs", 14, TODAY)])
    assert value(drowsy, "neuro.altered_mental_status_24h") == 1
    assert [r.text for r in drowsy.evidence("neuro.altered_mental_status_24h", "s1")] == ["gcs 14 {score}"]


def test_procedures() -> None:
    def row(**columns: Any) -> dict[str, Any]:
        return {"encounter_id": "s1", "status": "completed", "start": TODAY} | columns

    vent = facts(AS_OF, procedures=[row(name="Intubation_and_mechanical_ventilation TV 6mL/kg")])
    assert value(vent, "respiratory.invasive_ventilation_24h") == 1 and value(vent, "stay.had_surgery") == 0
    niv = facts(AS_OF, procedures=[row(name="Non-invasive Ventilation", code="225794")])
    assert value(niv, "respiratory.invasive_ventilation_24h") == 0 and value(niv, "respiratory.niv_24h") == 1
    assert value(facts(AS_OF), "stay.had_surgery") is None
    wrong_system = facts(AS_OF, procedures=[row(code="232717001", system="cpt", name="hearing screen")])
    assert value(wrong_system, "stay.had_surgery") == 0  # nine digits are no CPT number


def test_surgery_by_code() -> None:
    wanted = {
        ("cpt", "27125"): 1,
        ("cpt", "36556"): 0,
        ("cpt", "51702"): 0,
        ("cpt", "99223"): 0,
        ("icd-10-pcs", "0SR90JZ"): 1,
        ("icd-10-pcs", "02703ZZ"): 0,
        ("icd-10-pcs", "0BH17EZ"): 0,
        ("icd-10-pcs", "0DTJ4ZZ"): 1,
    }
    row = {"encounter_id": "s1", "status": "completed", "start": TODAY}
    table, ids = side_by_side(
        AS_OF, *({"procedures": [row | {"system": system, "code": code}]} for system, code in wanted)
    )
    found = [value(table, "stay.had_surgery", one) for one in ids]
    assert dict(zip(wanted, found, strict=True)) == wanted


# ---- orders, documents, places, history


def test_orders_and_documents() -> None:
    orders = [{"encounter_id": "s1", "name": "PT eval and treat", "status": "active", "ordered_at": TODAY}]
    documents = [
        {
            "encounter_id": "s1",
            "name": "Important Message from Medicare",
            "written_at": "2026-04-09T15:00:00Z",
        },
        {"encounter_id": "s1", "name": "Important Message from Medicare", "written_at": TODAY},
    ]
    table = facts(AS_OF, orders=orders, documents=documents)
    assert value(table, "function.pt_ordered") == 1 and value(table, "function.therapy_disciplines") == 1
    assert value(table, "documents.discharge_summary") == 0
    assert value(table, "documents.important_message_first_at") == pd.Timestamp("2026-04-09T15:00:00Z")
    assert value(table, "documents.important_message_followup_at") == pd.Timestamp(TODAY)
    assert value(facts(AS_OF), "function.pt_ordered") is None


def test_intensive_care_from_parts_and_units() -> None:
    parts = [
        {
            "encounter_id": "s1",
            "unit": "MICU",
            "start": "2026-04-09T12:00:00Z",
            "end": "2026-04-10T12:00:00Z",
        },
        {"encounter_id": "s1", "unit": "Ward 4E", "start": "2026-04-10T12:00:00Z"},
    ]
    table = facts(AS_OF, segments=parts)
    assert value(table, "stay.is_in_intensive_care") == 0 and value(table, "stay.intensive_care_days") == 1
    assert value(table, "stay.unit") == "Ward 4E"
    assert value(facts("2026-04-10T00:00:00Z", segments=parts), "stay.is_in_intensive_care") == 1
    assert value(facts(AS_OF), "stay.is_in_intensive_care") is None
    assert value(facts(AS_OF, [stay(unit="Surgical ICU")]), "stay.is_in_intensive_care") == 1


def test_history_is_known_where_the_feed_covers_it() -> None:
    before = stay(
        encounter_id="s0", start="2026-03-20T12:00:00Z", end="2026-03-25T12:00:00Z", status="finished"
    )
    alone = facts(AS_OF, [before, stay()])
    assert (
        value(alone, "stay.is_readmission_30d") == 1 and value(alone, "stay.days_since_last_discharge") == 15
    )
    assert value(alone, "stay.admissions_12mo") is None  # the feed has nothing of the other months
    assert value(facts(AS_OF), "stay.is_readmission_30d") is None
    weeks = pd.date_range("2025-03-01", "2026-04-08", freq="6D", tz="UTC")
    others = [
        {
            "encounter_id": f"o{n}",
            "patient_id": "p2",
            "class_code": "AMB",
            "status": "finished",
            "start": at,
            "end": at,
        }
        for n, at in enumerate(weeks)
    ]
    covered = facts(AS_OF, [before, stay(), *others])
    assert value(covered, "stay.admissions_12mo") == 1 and value(covered, "stay.ed_visits_6mo") == 0
    none_before = facts(AS_OF, [stay(), *others])
    assert (
        value(none_before, "stay.is_readmission_30d") == 0 and value(none_before, "stay.admissions_12mo") == 0
    )


def test_source_and_destination() -> None:
    table = facts(
        AS_OF,
        [stay(end="2026-04-11T12:00:00Z", discharge_disposition="03", admit_source="TRANSFER FROM HOSPITAL")],
    )
    assert value(table, "stay.discharge_disposition") == "snf" and value(table, "stay.died") == 0
    assert value(table, "stay.transferred_in") == 1 and value(table, "stay.came_from_facility") == 1
    assert value(facts(AS_OF, [stay(admit_source="emd")]), "stay.came_from_facility") is None


def test_the_discharge_status_is_kept_beside_the_place() -> None:
    end = "2026-04-11T12:00:00Z"
    wanted = {
        ("61", end): ("snf", "61"),
        ("5", end): ("acute_transfer", "05"),
        ("SNF", end): ("snf", None),
        ("61", None): (None, None),
    }
    table, ids = side_by_side(
        AS_OF, *({"encounters": [stay(end=end, discharge_disposition=text)]} for text, end in wanted)
    )
    for one, left in zip(ids, wanted.values(), strict=True):
        assert value(table, "stay.discharge_disposition", one) == left[0]
        assert value(table, "stay.discharge_status", one) == left[1]


def test_age_on_the_day_of_arrival() -> None:
    born = [{"patient_id": "p1", "birth_date": "1961-04-10", "sex": "female", "language": "es"}]
    table = facts(AS_OF, patients=born)
    assert value(table, "patient.age_years") == 64  # the birthday is the day after
    assert value(table, "patient.needs_interpreter") is None


# ---- trends and evidence


def test_trends() -> None:
    rows = [
        reading("creatinine", 1.0, "2026-04-09T13:00:00Z"),
        reading("creatinine", 1.2, "2026-04-11T09:00:00Z"),
        reading("creatinine", 1.8, TODAY),
        reading("wbc", 14, YESTERDAY),
        reading("wbc", 11, TODAY),
        reading("lactate", 2.0, TODAY),
        {"patient_id": "p1", "concept": "creatinine", "value": 0.9, "effective_at": "2026-01-01T00:00:00Z"},
    ]
    table = facts(AS_OF, observations=rows)
    assert value(table, "trend.creatinine_baseline") == 0.9
    assert value(table, "trend.creatinine_rise_48h") == pytest.approx(0.6)
    assert value(table, "trend.creatinine_ratio_baseline") == pytest.approx(2.0)
    assert value(table, "trend.creatinine_admit_ratio_baseline") == pytest.approx(1.0 / 0.9)
    assert value(table, "trend.wbc_is_falling") == 1
    assert value(table, "trend.lactate_is_cleared") == 0  # below 2, not 2


def test_creatinine_on_arrival_stays_when_the_patient_recovers() -> None:
    before = {
        "patient_id": "p1",
        "concept": "creatinine",
        "value": 1.0,
        "effective_at": "2026-01-01T00:00:00Z",
    }
    high, at_24_h = reading("creatinine", 2.0, "2026-04-09T13:00:00Z"), "2026-04-10T12:00:00Z"
    wanted = [
        ([before, high, reading("creatinine", 1.1, TODAY)], (2.0, 1.1)),
        ([before, high, reading("creatinine", 3.0, at_24_h)], (3.0, 3.0)),
        ([before, high, reading("creatinine", 3.0, "2026-04-10T12:00:01Z")], (2.0, 3.0)),
        ([before, reading("creatinine", 1.1, TODAY)], (None, 1.1)),
        ([high, reading("creatinine", 1.0, TODAY)], (2.0, 1.0)),  # the lowest of the stay stands in
        ([], (None, None)),
    ]
    table, ids = side_by_side(AS_OF, *({"observations": rows} for rows, _ in wanted))
    for one, (admit, last) in zip(ids, (ratios for _, ratios in wanted), strict=True):
        assert value(table, "trend.creatinine_admit_ratio_baseline", one) == admit
        assert value(table, "trend.creatinine_ratio_baseline", one) == last


def test_evidence_is_the_row_of_the_value() -> None:
    rows = [
        reading("spo2", 91, "2026-04-12T01:00:00Z", row_id="a", source="f:1"),
        reading("spo2", 86, "2026-04-12T02:00:00Z", row_id="b", source="f:2"),
        reading("spo2", 97, "2026-04-12T03:00:00Z", row_id="c", source="f:3"),
    ]
    table = facts(AS_OF, observations=rows)
    (lowest,) = table.evidence("vitals.spo2_min_24h", "s1")
    assert (lowest.row_id, lowest.source, lowest.at, lowest.text) == (
        "b",
        "f:2",
        pd.Timestamp("2026-04-12T02:00:00Z"),
        "spo2 86 %",
    )
    assert [row.row_id for row in table.evidence("vitals.spo2_last", "s1")] == ["c"]
    assert [row.row_id for row in table.evidence("vitals.spo2_max_24h", "s1")] == ["c"]
    assert table.evidence("vitals.spo2_admit_min", "s1") == []
    assert [row.table for row in table.evidence("stay.benchmark_midnights", "s1")] == ["encounters"]
    with pytest.raises(KeyError):
        table.evidence("vitals.spo2_last", "nobody")


def test_evidence_follows_stays_that_are_taken() -> None:
    encounters = [stay(), stay(encounter_id="s2", patient_id="p2")]
    rows = [reading("spo2", 91, TODAY, row_id="a"), reading("spo2", 92, TODAY, row_id="b", encounter_id="s2")]
    table = facts(AS_OF, encounters, observations=rows).take(["s2"])
    assert [row.row_id for row in table.evidence("vitals.spo2_last", "s2")] == ["b"]


def test_rows_are_found_whatever_the_order_in_which_stays_are_asked() -> None:
    stays = [stay(encounter_id=f"e{place:03}", patient_id=f"p{place:03}") for place in range(150)]
    beats = [reading("heart_rate", 60 + place, TODAY, encounter_id=f"e{place:03}") for place in range(150)]
    patients = [{"patient_id": f"p{place:03}", "birth_date": f"{1850 + place}-01-01"} for place in range(150)]
    table = facts(AS_OF, stays, observations=beats, patients=patients)
    few = table.take(["e149", "e000", "e070"])
    for asked in (table, few):
        for place in (149, 0, 70, 0, 149):
            (beat,) = asked.evidence("vitals.heart_rate_last", f"e{place:03}")
            assert (beat.table, beat.at) == ("observations", pd.Timestamp(TODAY))
            assert f" {60 + place} " in beat.text
            (patient,) = asked.evidence("patient.age_years", f"e{place:03}")
            assert (patient.table, patient.at) == ("patients", None)
            assert str(1850 + place) in patient.text
