"""Codes: concepts, units, systems, drugs, routes, destinations, value sets."""

from __future__ import annotations

import bisect
import subprocess
import sys

import pytest

from discharge import codes, drugs, units
from discharge.codes import (
    concept_for,
    concepts,
    convert,
    disposition,
    drug_ingredients,
    route_name,
    system_name,
)
from discharge.reference import load_yaml


def _is_valid_loinc(code: str) -> bool:
    """Mod-10 (Luhn) check digit over the number."""
    number, _, check = code.partition("-")
    doubled = [int(d) * (2 if place % 2 == 0 else 1) for place, d in enumerate(reversed(number))]
    return (10 - sum(n - 9 if n > 9 else n for n in doubled) % 10) % 10 == int(check)


def test_check_digit_catches_the_known_wrong_codes() -> None:
    assert _is_valid_loinc("3150-0")
    assert not any(_is_valid_loinc(code) for code in ("3150-6", "11454-5", "22763-8"))


def test_every_loinc_has_a_valid_check_digit_and_stands_for_one_concept() -> None:
    loinc = [code for concept in concepts().values() for system, code in concept.codes if system == "loinc"]
    assert len(loinc) > 90
    assert [code for code in loinc if not _is_valid_loinc(code)] == []
    assert len(set(loinc)) == len(loinc)


def test_catalogue_concepts_have_units_and_ranges() -> None:
    for concept in concepts().values():
        if concept.kind == "number":
            assert concept.unit and concept.low is not None and concept.high is not None, concept.name
            assert concept.low < concept.high, concept.name


@pytest.mark.parametrize(
    ("system", "code", "name"),
    [
        ("http://loinc.org", "2708-6", "spo2"),
        ("loinc", "59408-5", "spo2"),
        ("http://clinosim.dev/fhir/CodeSystem/nursing-scores", "NEWS2", "news2"),
        ("http://snomed.info/sct", "1104051000000101", "news2"),
        ("loinc", "42637-9", "bnp"),
        ("loinc", "48066-5", "ddimer_ddu"),  # half of FEU: never the same concept
    ],
)
def test_concept_for(system: str, code: str, name: str) -> None:
    found = concept_for(system, code)
    assert found is not None and found.name == name


def test_concept_for_refuses_a_code_of_another_system() -> None:
    assert concept_for("http://example.org/local", "2708-6") is None
    assert concept_for(None, "2708-6") is None
    assert concept_for("loinc", "88330-6") is None  # the older NEWS


@pytest.mark.parametrize(
    ("name", "value", "unit", "expected"),
    [
        ("temperature", 100.4, "[degF]", 38.0),
        ("temperature", 98.6, "°F", 37.0),
        ("wbc", 13814.0, "/uL", 13.814),
        ("wbc", 9.1, "10*9/L", 9.1),
        ("wbc", 9.1, "K/uL", 9.1),
        ("bun", 7.0, "mmol/L", 19.6),
        ("creatinine", 88.4, "umol/L", 1.0),
        ("bilirubin", 17.1, "umol/L", 1.0),
        ("glucose", 10.0, "mmol/L", 180.0),
        ("lactate", 18.02, "mg/dL", 2.0),
        ("hemoglobin", 120.0, "g/L", 12.0),
        ("sodium", 140.0, "meq/L", 140.0),
        ("alt", 40.0, "IU/L", 40.0),
        ("fio2", 0.4, "1", 40.0),
        ("ddimer", 500.0, "ng/mL{FEU}", 0.5),
        ("egfr", 55.0, "mL/min/{1.73_m2}", 55.0),
        ("ph", 7.31, None, 7.31),
        ("news2", 5.0, None, 5.0),
        ("news2", 5.0, "{score}", 5.0),
    ],
)
def test_convert(name: str, value: float, unit: str | None, expected: float) -> None:
    assert convert(value, unit, concepts()[name]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("sodium", None),
        ("sodium", ""),
        ("spo2", "mg/dL"),
        ("creatinine", "nonsense"),
        ("potassium", "mg/dL"),
        ("bnp", "pmol/L"),
    ],
)
def test_a_unit_that_does_not_convert_gives_nothing(name: str, unit: str | None) -> None:
    assert convert(5.0, unit, concepts()[name]) is None


def test_pascals_need_the_units_library_and_agree_with_the_table() -> None:
    assert convert(8.0, "kPa", concepts()["pao2"]) == pytest.approx(8 * 7.5, rel=1e-3)


def test_known_factors_agree_with_the_units_library() -> None:
    for row in load_yaml("concepts.yaml")["known_factors"]:
        listed, worked_out = units.scale(row["from"], row["to"]), units.calculated(row["from"], row["to"])
        assert listed is not None and worked_out is not None, row
        assert listed == pytest.approx(worked_out, rel=1e-9, abs=1e-9), row


def test_every_alias_is_a_unit_that_the_library_reads() -> None:
    for alias, ucum in load_yaml("concepts.yaml")["unit_aliases"].items():
        bare = units.bare(ucum)
        assert units.calculated(bare, bare) is not None, alias


def test_the_units_library_is_not_loaded_for_listed_pairs() -> None:
    program = (
        "import sys; from discharge.codes import concepts, convert\n"
        "assert convert(9000.0, '/uL', concepts()['wbc']) == 9.0\n"
        "assert convert(100.4, '[degF]', concepts()['temperature']) == 38.0\n"
        "assert convert(7.0, 'mmol/L', concepts()['bun']) == 19.6\n"
        "sys.exit('pint' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_unit_that_a_concept_crosses_from_is_of_another_dimension() -> None:
    crossed = [one for one in concepts().values() if one.through is not None]
    assert crossed
    for one in crossed:
        assert units.calculated(units.bare(one.through["unit"]), units.bare(one.unit or "")) is None, one.name


def test_ranges_take_in_the_ends() -> None:
    spo2 = concepts()["spo2"]
    assert spo2.is_possible(100) and not spo2.is_possible(101) and not spo2.is_possible(0)


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("http://hl7.org/fhir/sid/icd-10-cm", "icd-10-cm"),
        ("http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd10", "icd-10-cm"),
        ("http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-procedure-icd9", "icd-9-pcs"),
        ("urn:oid:2.16.840.1.113883.6.1", "loinc"),
        ("http://www.ama-assn.org/go/cpt", "cpt"),
        ("SNOMED-CT", "snomed"),
        ("urn:oid:1.2.392.200119.4.401", "1.2.392.200119.4.401"),
    ],
)
def test_system_name(uri: str, name: str) -> None:
    assert system_name(uri) == name


@pytest.mark.parametrize(
    ("name", "ingredients"),
    [
        ("Piperacillin/Tazobactam", "piperacillin / tazobactam"),
        ("Salbutamol", "albuterol"),
        ("Sulfameth/Trimethoprim DS", "sulfamethoxazole / trimethoprim"),
        ("Oxycodone-Acetaminophen (5mg-325mg)", "acetaminophen / oxycodone"),
        ("Sodium Chloride 0.9%  Flush", "sodium chloride flush"),
        ("Heparin Flush (10 units/ml)", "heparin flush"),
        ("Heparin", "heparin"),
        ("Vancomycin 1 g in NS", "vancomycin"),  # the carrier is not a drug
        ("Potassium Chl 20 mEq / 1000 mL D5 1/2 NS", "potassium chloride / iv fluid"),
        ("Alteplase (Catheter Clearance)", "alteplase catheter clearance"),
        ("Broad spectrum antibiotic", "antibiotic not named"),
        ("Zzyzx", None),
    ],
)
def test_drug_names(name: str, ingredients: str | None) -> None:
    assert drug_ingredients(None, None, name) == ingredients


def test_the_name_as_charted_wins_over_a_code_that_says_otherwise() -> None:
    # clinosim codes some cefazolin as RxNorm 309090, a ceftriaxone product
    assert drug_ingredients("rxnorm", "309090", "Cefazolin") == "cefazolin"
    assert drug_ingredients("rxnorm", "309090", None) == "ceftriaxone"


def test_no_drug_name_means_two_drugs() -> None:
    rows = load_yaml("drugs.yaml")["drugs"]
    seen: dict[str, str] = {}
    for drug, row in rows.items():
        for name in (drug, *row.get("names", ())):
            assert seen.setdefault(name.lower(), drug) == drug, name


def test_classes_of_a_mixture_are_those_of_its_parts() -> None:
    assert "opioid" in drugs.classes_of("acetaminophen / oxycodone")


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("47625008", "iv"),
        ("IV DRIP", "iv"),
        ("PO/NG", "oral"),
        ("NEB", "inhaled"),
        ("SUBCUT", "sc"),
        ("IT", "other"),
        ("DWELL", "other"),
        ("", None),
        (None, None),
    ],
)
def test_routes(text: str | None, route: str | None) -> None:
    assert route_name(text) == route


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("home", "home"),
        ("01", "home"),
        ("1", "home"),
        ("06", "home_health"),
        ("HOME HEALTH CARE", "home_health"),
        ("CHRONIC/LONG TERM ACUTE CARE", "ltch"),
        ("AGAINST ADVICE", "ama"),
        ("exp", "expired"),
        ("62", "irf"),
        ("02", "acute_transfer"),
        ("somewhere new", "other"),
        ("unknown", None),
        ("30", None),
        (None, None),
    ],
)
def test_dispositions(text: str | None, place: str | None) -> None:
    assert disposition(text) == place


def test_value_sets_match_prefixes_from_the_start() -> None:
    copd = codes.value_set("copd")
    assert copd.matches("J44.1") and copd.matches("J441") and not copd.matches("XJ44")
    assert not codes.value_set("pneumonia").matches("J111")


def test_sequela_and_later_encounters_are_out() -> None:
    hip = codes.value_set("hip_fracture")
    assert hip.matches("S72001A") and hip.matches("S72.001B")
    assert not any(hip.matches(f"S72001{seventh}") for seventh in "DGKPS")
    infection = codes.value_set("bone_joint_infection")
    assert (
        infection.matches("T8450XA") and not infection.matches("T8450XD") and not infection.matches("T8450XS")
    )


def test_drug_value_sets_name_known_drugs_exactly() -> None:
    for chosen in codes.value_sets().values():
        if chosen.system == "drug":
            assert chosen.codes and set(chosen.codes) <= set(drugs.drugs()), chosen.name
    assert codes.value_set("antibiotics").matches("ceftriaxone")
    assert not codes.value_set("antibiotics").matches("ceftriaxone sodium")


def test_every_value_set_is_cited() -> None:
    assert all(chosen.cite for chosen in codes.value_sets().values())


@pytest.mark.slow
def test_every_icd_prefix_hits_a_code_of_the_fy2026_list() -> None:
    simple_icd_10_cm = pytest.importorskip(
        "simple_icd_10_cm", reason="development dependency, not in this environment"
    )
    listed = sorted(simple_icd_10_cm.get_all_codes(with_dots=False))
    assert "Z59861" in listed and "E11A" in listed  # FY2026, not FY2025 under its name (clinical.md 8.2)

    def hits(prefix: str) -> bool:
        place = bisect.bisect_left(listed, prefix)
        return place < len(listed) and listed[place].startswith(prefix)

    missing = {
        f"{chosen.name} {prefix}"
        for chosen in codes.value_sets().values()
        if chosen.system == "icd-10-cm"
        for prefix in chosen.codes
        if not hits(prefix)
    }
    assert missing == set()
