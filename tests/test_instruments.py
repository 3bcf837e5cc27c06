"""The pack of instruments against worked examples of the literature and against tables written a second time here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discharge.cli import main
from discharge.criteria import evaluate_criteria
from discharge.criteria.scorecheck import range_faults
from discharge.facts import FactTable
from discharge.packs import Packs, load_packs
from discharge.resources import data_folder
from discharge.review.model import Score
from discharge.review.scores import ScoreBook

pytestmark = pytest.mark.content
T = pd.Timestamp("2026-02-10T12:00", tz="UTC")

COMPUTED = [
    "lace", "hospital_2013", "hospital_2016", "hospital_simplified", "news2", "qsofa", "sofa",
    "sirs_1992", "sirs_sep1", "curb_65", "psi", "psi_class", "pesi", "spesi", "hestia", "wells_pe",
    "wells_dvt", "heart", "glasgow_blatchford", "oakland", "aims65", "rockall", "rockall_pre_endoscopy",
    "ciwa_ar", "barthel", "katz", "rapt", "cha2ds2_vasc", "abcd2", "canadian_syncope", "meld_i",
    "meld_na", "meld_3", "child_pugh", "kdigo_aki_stage", "phq_2", "ahc_hrsn", "gg_pt_ot", "gg_nursing",
    "four_at", "bisap", "alvarado", "charlson_1987", "charlson_1987_age", "charlson_2011",
    "charlson_1987_cm26", "elixhauser_van_walraven",
]  # fmt: skip
INPUTS_ONLY = ["braden", "morse", "ampac_mobility", "ampac_activity", "hits", "pawss", "phq_9", "gad_7"]


@cache
def packs() -> Packs:
    return load_packs(data_folder("rules"), with_cases=False)


def scored(rows: Sequence[Mapping[str, Any]], *names: str) -> list[dict[str, Score]]:
    """Return, per row of named facts, the scores named (in full)."""
    table = FactTable.from_named([dict(row) for row in rows], T)
    book = ScoreBook(packs(), evaluate_criteria(packs(), table, zone="America/New_York"))
    return [{name: book.score(name, row) for name in names} for row in range(len(rows))]


def test_every_instrument_of_the_list_is_there_with_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "--json"]) == 0
    listed = {one["id"].rpartition(".")[2]: one for one in json.loads(capsys.readouterr().out)}
    assert [name for name in COMPUTED if listed.get(name, {}).get("kind") != "computed"] == []
    assert [name for name in INPUTS_ONLY if listed.get(name, {}).get("kind") != "inputs only"] == []
    assert "easi" in listed
    assert [name for name, one in listed.items() if not one["version"]] == []


def test_no_instrument_can_leave_its_published_range() -> None:
    assert [str(fault) for fault in range_faults(packs())] == []


# Worked examples of clinical.md section 7; what they don't say of a patient is normal here.

CALM = {"respiratory.on_oxygen": False, "neuro.consciousness": "alert"}
UPPER = {"condition.melaena": True, "condition.syncope_at_presentation": False, "diagnosis.codes": ["K922"]}
VIEWS = ("respiratory_rate", "spo2", "systolic_bp", "heart_rate", "temperature")


def signs(*values: float, **more: object) -> dict[str, Any]:
    return {**CALM, **{f"vitals.{name}_last": one for name, one in zip(VIEWS, values, strict=True)}, **more}


def upper(bun: float, hb: float, sex: str, sbp: float, pulse: float) -> dict[str, Any]:
    return UPPER | {
        "labs.bun_first": bun,
        "labs.hemoglobin_first": hb,
        "patient.sex": sex,
        "vitals.systolic_bp_first": sbp,
        "vitals.heart_rate_first": pulse,
    }


def liver(creatinine: float, bilirubin: float, inr: float, sodium: float, **more: object) -> dict[str, Any]:
    values = {"creatinine": creatinine, "bilirubin": bilirubin, "inr": inr, "sodium": sodium}
    return {f"labs.{name}_last_stay": one for name, one in values.items()} | more


def kidney(ratio: float, rise: float, creatinine: float) -> dict[str, Any]:
    return {
        "trend.creatinine_ratio_baseline": ratio,
        "trend.creatinine_rise_48h": rise,
        "labs.creatinine_last_stay": creatinine,
    }


def gg(codes: str) -> dict[str, Any]:
    items = [
        "eating",
        "oral_hygiene",
        "toileting_hygiene",
        "sit_to_lying",
        "lying_to_sitting",
        "sit_to_stand",
        "chair_transfer",
    ]
    items += ["toilet_transfer", "walk_50_feet", "walk_150_feet"]
    return {f"function.gg_{item}": code for item, code in zip(items, codes.split(), strict=True)}


SICK_LIVER = liver(1.9, 4.2, 1.8, 128) | {"labs.albumin_last_stay": 2.6, "patient.sex": "female"}
SCALE_2 = {"condition.oxygen_target_88_92": True}
CHARLSON = {"diagnosis.codes": ["I25.2", "I50.22", "J44.1", "E11.22", "N18.4"], "patient.age_years": 78}
OLD_WOMAN = {"patient.age_years": 76, "patient.sex": "female"}
STIFF_POINTS = {
    "feeding": 10,
    "bathing": 0,
    "grooming": 5,
    "dressing": 5,
    "bowels": 10,
    "bladder": 5,
    "toilet": 5,
}
STIFF_POINTS |= {"transfer": 10, "mobility": 10, "stairs": 0}
STIFF = {f"function.barthel_{name}": points for name, points in STIFF_POINTS.items()}

EXAMPLES: list[tuple[str, Mapping[str, Any], float]] = [
    ("news2", signs(22, 94, 105, 112, 38.4) | {"respiratory.on_oxygen": True}, 9),
    ("news2", signs(24, 95, 128, 104, 37.2) | SCALE_2 | {"respiratory.on_oxygen": True}, 7),
    ("news2", signs(18, 95, 128, 88, 37.2) | SCALE_2, 0),
    ("glasgow_blatchford", upper(24, 11.2, "male", 104, 102), 9),
    ("glasgow_blatchford", upper(15, 13.4, "female", 122, 84), 1),
    ("meld_i", SICK_LIVER, 25),
    ("meld_na", SICK_LIVER, 29),
    ("meld_3", SICK_LIVER, 31),
    ("meld_na", liver(1.0, 1.0, 1.1, 130), 7),
    ("child_pugh", SICK_LIVER | {"condition.ascites": "mild", "condition.encephalopathy_grade": 2}, 12),
    ("gg_pt_ot", gg("05 04 03 04 03 03 03 02 02 88"), 14),
    ("gg_nursing", gg("05 04 03 04 03 03 03 02 02 88"), 10),
    ("gg_pt_ot", gg(" ".join(["06"] * 10)), 24),
    ("gg_nursing", gg(" ".join(["06"] * 10)), 16),
    ("charlson_1987", CHARLSON, 7),
    ("charlson_1987_age", CHARLSON, 10),
    ("barthel", STIFF, 60),
    ("kdigo_aki_stage", kidney(2.22, 0, 2.0), 2),
    ("kdigo_aki_stage", kidney(1.39, 0.35, 1.25), 1),
    ("kdigo_aki_stage", kidney(1, 0, 4.1), 0),
    (
        "cha2ds2_vasc",
        {**OLD_WOMAN, "diagnosis.codes": ["I48.91", "I50.9", "I10"]},
        5,
    ),
]


@pytest.mark.parametrize(("name", "facts", "total"), EXAMPLES)
def test_a_worked_example_comes_out(name: str, facts: Mapping[str, Any], total: float) -> None:
    full = next(one for one in packs().scores if one.endswith("." + name))
    found = scored([facts], full)[0][full]
    assert (found.total, found.missing) == (total, [])


def test_the_command_says_the_same_with_band_and_source(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stay.json").write_text(json.dumps([SICK_LIVER, {**SICK_LIVER, "labs.inr_last_stay": None}]))
    assert main(["score", "meld_na", "--facts", str(tmp_path / "stay.json"), "--json"]) == 0
    whole, part = json.loads(capsys.readouterr().out)
    assert (whole["total"], whole["missing"], whole["version"]) == (29, [], "OPTN 2016")
    assert part["total"] is None and part["low"] < 29 <= part["high"]
    assert "labs.inr_last_stay" in {one["fact"] for one in part["missing"]}
    assert [one["verified"] for one in whole["sources"]] == [False]


# The tables once more, as a program and not as rule data.


def steps(value: float, *limits: tuple[float, int]) -> int:
    """Return the points of the last limit that the value reaches, 0 below all."""
    return next((points for limit, points in reversed(limits) if value >= limit), 0)


def nearest(value: float) -> int:
    return int(Decimal(repr(round(value, 9))).quantize(Decimal(1), ROUND_HALF_UP))


def held(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def meld_i(stay: Mapping[str, Any]) -> int:
    creatinine = held(stay["labs.creatinine_last_stay"], 1.0, 4.0)
    if stay["condition.dialysis_twice_week"]:
        creatinine = 4.0
    bilirubin, inr = max(stay["labs.bilirubin_last_stay"], 1.0), max(stay["labs.inr_last_stay"], 1.0)
    raw = 0.957 * math.log(creatinine) + 0.378 * math.log(bilirubin) + 1.120 * math.log(inr) + 0.643
    return int(held(nearest(10 * raw), 6, 40))


def meld_na(stay: Mapping[str, Any]) -> int:
    meld, gap = meld_i(stay), 137 - held(stay["labs.sodium_last_stay"], 125, 137)
    return int(held(nearest(meld + 1.32 * gap - 0.033 * meld * gap), 6, 40)) if meld > 11 else meld


def meld_3(stay: Mapping[str, Any]) -> int:
    creatinine = (
        3.0 if stay["condition.dialysis_twice_week"] else held(stay["labs.creatinine_last_stay"], 1.0, 3.0)
    )
    ln_bili = math.log(max(stay["labs.bilirubin_last_stay"], 1.0))
    gap = 137 - held(stay["labs.sodium_last_stay"], 125, 137)
    low = 3.5 - held(stay["labs.albumin_last_stay"], 1.5, 3.5)
    raw = 1.33 * (stay["patient.sex"] == "female") + 4.56 * ln_bili + 0.82 * gap - 0.24 * gap * ln_bili
    raw += 9.09 * math.log(max(stay["labs.inr_last_stay"], 1.0)) + 11.14 * math.log(creatinine)
    raw += 1.85 * low - 1.83 * low * math.log(creatinine) + 6
    return int(held(nearest(raw), 6, 40))


def blatchford(stay: Mapping[str, Any]) -> int:
    hb, sbp = stay["labs.hemoglobin_first"], stay["vitals.systolic_bp_first"]
    points = steps(stay["labs.bun_first"], (18.2, 2), (22.4, 3), (28.0, 4), (70.0, 6))
    if stay["patient.sex"] == "male":
        points += 6 if hb < 10 else 3 if hb < 12 else 1 if hb < 13 else 0
    else:
        points += 6 if hb < 10 else 1 if hb < 12 else 0
    points += 3 if sbp < 90 else 2 if sbp < 100 else 1 if sbp < 110 else 0
    points += (stay["vitals.heart_rate_first"] >= 100) + stay["condition.melaena"]
    codes = stay["diagnosis.codes"]
    diseases = (
        stay["condition.syncope_at_presentation"],
        any(code.startswith(("K70", "K74")) for code in codes),
        any(code.startswith("I50") for code in codes),
    )
    return int(points) + 2 * sum(map(bool, diseases))


PSI_CODES = {"C349": 30, "K7460": 20, "I509": 10, "I639": 10, "N183": 10}


def psi(stay: Mapping[str, Any]) -> int:
    points = stay["patient.age_years"] - 10 * (stay["patient.sex"] == "female")
    points += 10 * stay["social.from_nursing_facility"] + sum(
        PSI_CODES.get(one, 0) for one in stay["diagnosis.codes"]
    )
    points += sum(bedside(stay))
    points += 30 * (stay["labs.ph_admit_min"] < 7.35) + 20 * (stay["labs.bun_admit_max"] >= 30)
    points += 20 * (stay["labs.sodium_admit_min"] < 130) + 10 * (stay["labs.glucose_admit_max"] >= 250)
    points += 10 * (stay["labs.hematocrit_admit_min"] < 30) + 10 * stay["condition.pleural_effusion"]
    points += 10 * (stay["vitals.spo2_admit_min"] < 90 or stay["labs.pao2_admit_min"] < 60)
    return int(points)


def bedside(stay: Mapping[str, Any]) -> list[int]:
    temperature = stay["vitals.temperature_admit_min"] < 35 or stay["vitals.temperature_admit_max"] >= 40
    return [
        20 * stay["neuro.altered_mental_status_admit"],
        20 * (stay["vitals.respiratory_rate_admit_max"] >= 30),
        20 * (stay["vitals.systolic_bp_admit_min"] < 90),
        15 * temperature,
        10 * (stay["vitals.heart_rate_admit_max"] >= 125),
    ]


def psi_class(stay: Mapping[str, Any]) -> int:
    is_first = stay["patient.age_years"] <= 50 and not any(bedside(stay))
    if is_first and not any(code in PSI_CODES for code in stay["diagnosis.codes"]):
        return 1
    return 2 + steps(psi(stay), (71, 1), (91, 2), (131, 3))


LACE_CODES = {
    "I252": 1,
    "I639": 1,
    "E119": 1,
    "I509": 2,
    "E1122": 2,
    "J449": 2,
    "C349": 2,
    "F0390": 3,
    "B20": 4,
    "C787": 6,
}


def lace(stay: Mapping[str, Any]) -> int:
    codes = set(stay["diagnosis.codes"]) & set(LACE_CODES)
    for worse, milder in (("E1122", "E119"), ("C787", "C349")):
        codes -= {milder} if worse in codes else set()
    comorbidity = sum(LACE_CODES[code] for code in codes)
    days, visits = stay["stay.benchmark_midnights"], stay["stay.ed_visits_6mo"]
    points = steps(days, (1, 1), (2, 2), (3, 3), (4, 4), (7, 5), (14, 7)) + 3 * (not stay["stay.is_elective"])
    return points + (5 if comorbidity >= 4 else comorbidity) + min(visits, 4)


def tenths(low: float, high: float) -> st.SearchStrategy[float]:
    return st.integers(round(low * 10), round(high * 10)).map(lambda whole: whole / 10)


def codes_of(known: Mapping[str, int]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(known)), unique=True, max_size=3).map(
        lambda found: ["I10", *found]
    )


SEX = st.sampled_from(["male", "female"])
LIVER = {
    "patient.sex": SEX,
    "condition.dialysis_twice_week": st.booleans(),
    "labs.creatinine_last_stay": tenths(0.3, 7),
    "labs.bilirubin_last_stay": tenths(0.2, 40),
    "labs.inr_last_stay": tenths(0.8, 6),
    "labs.sodium_last_stay": st.integers(115, 150),
    "labs.albumin_last_stay": tenths(1, 5),
}
BLEEDING = {
    "patient.sex": SEX,
    "labs.bun_first": tenths(5, 90),
    "labs.hemoglobin_first": tenths(4, 16),
    "vitals.systolic_bp_first": st.integers(60, 180),
    "vitals.heart_rate_first": st.integers(50, 150),
    "condition.melaena": st.booleans(),
    "condition.syncope_at_presentation": st.booleans(),
    "diagnosis.codes": codes_of({"K7460": 2, "I509": 2, "K922": 0}),
}
LUNG = {
    "patient.age_years": st.integers(18, 100),
    "patient.sex": SEX,
    "social.from_nursing_facility": st.booleans(),
    "diagnosis.codes": codes_of(PSI_CODES),
    "neuro.altered_mental_status_admit": st.booleans(),
    "vitals.respiratory_rate_admit_max": st.integers(10, 45),
    "vitals.systolic_bp_admit_min": st.integers(70, 160),
    "vitals.temperature_admit_min": tenths(33, 37),
    "vitals.temperature_admit_max": tenths(37, 41.5),
    "vitals.heart_rate_admit_max": st.integers(60, 160),
    "labs.ph_admit_min": st.integers(710, 750).map(lambda whole: whole / 100),
    "labs.bun_admit_max": st.integers(8, 60),
    "labs.sodium_admit_min": st.integers(115, 148),
    "labs.glucose_admit_max": st.integers(80, 400),
    "labs.hematocrit_admit_min": st.integers(20, 48),
    "vitals.spo2_admit_min": st.integers(80, 100),
    "labs.pao2_admit_min": st.integers(40, 100),
    "condition.pleural_effusion": st.booleans(),
}
RETURN = {
    "stay.benchmark_midnights": st.integers(0, 30),
    "stay.is_elective": st.booleans(),
    "stay.ed_visits_6mo": st.integers(0, 8),
    "diagnosis.codes": codes_of(LACE_CODES),
}
SAME = [
    (LIVER, {f"instruments.liver.{one.__name__}": one for one in (meld_i, meld_na, meld_3)}),
    (BLEEDING, {"instruments.gi_bleeding.glasgow_blatchford": blatchford}),
    (LUNG, {"instruments.pneumonia.psi": psi, "instruments.pneumonia.psi_class": psi_class}),
    (RETURN, {"instruments.readmission.lace": lace}),
]


@pytest.mark.parametrize(("facts", "tables"), SAME, ids=["meld", "glasgow_blatchford", "psi", "lace"])
@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_a_table_written_a_second_time_gives_the_same_totals(
    facts: Mapping[str, st.SearchStrategy[Any]], tables: Mapping[str, Any], data: st.DataObject
) -> None:
    stays = data.draw(st.lists(st.fixed_dictionaries(dict(facts)), min_size=1, max_size=60))
    for stay, found in zip(stays, scored(stays, *tables), strict=True):
        assert {name: one.total for name, one in found.items()} == {
            name: table(stay) for name, table in tables.items()
        }


@pytest.mark.parametrize(("facts", "tables"), SAME, ids=["meld", "glasgow_blatchford", "psi", "lace"])
@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_with_inputs_missing_the_interval_holds_the_total_and_says_what_is_missing(
    facts: Mapping[str, st.SearchStrategy[Any]], tables: Mapping[str, Any], data: st.DataObject
) -> None:
    whole = data.draw(st.fixed_dictionaries(dict(facts)))
    gone = data.draw(
        st.sets(st.sampled_from(sorted(set(facts) - {"condition.dialysis_twice_week"})), min_size=1)
    )
    known = {name: value for name, value in whole.items() if name not in gone}
    for name, one in scored([known], *tables)[0].items():
        assert one.low is not None and one.high is not None
        assert one.low - 1e-9 <= tables[name](whole) <= one.high + 1e-9
        assert not set(one.missing) & set(known)
        assert bool(one.missing) == bool(gone & set(one.missing)) == (one.low < one.high)


def test_a_score_is_not_given_for_a_patient_in_whom_it_does_not_hold() -> None:
    ciwa = "instruments.alcohol.ciwa_ar"
    mute, able = (
        scored([{"condition.can_communicate": able, "condition.ciwa_ar_total": 12}], ciwa)[0][ciwa]
        for able in (False, True)
    )
    assert (mute.valid, mute.total) == (False, None)
    assert (able.valid, able.total, able.band, able.band_sets) == (
        True,
        12,
        "moderate",
        {"literature": "moderate"},
    )
