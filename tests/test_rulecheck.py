"""Checks of rules beyond their form: each planted fault is found where it stands, and what is sound passes."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from rulekit import write

import discharge
from discharge.packs import Packs, load_packs
from discharge.packs.when import Test as WhenTest
from discharge.rulecheck import check_rules, coverage_of
from discharge.rulecheck.asked import CRITERIA_ASKED, VALUE_SETS_ASKED
from discharge.rulecheck.branches import branches
from discharge.rulecheck.caserun import run_all
from discharge.rulecheck.codelists import CodeList, check_codes, installed_icd_10_cm
from discharge.rulecheck.finding import Finding
from discharge.rulecheck.worlds import Worlds

pytestmark = pytest.mark.content

DAY = date(2026, 11, 22)
SOURCE = 'citations: {paper: {title: "A paper", read_on: 2026-11-21, verified: true}}'
LOW = '{fact: vitals.spo2_admit_min, op: "<", value: 90, unit: "%", cite: paper}'

SOUND = f"""
{SOURCE}
criteria:
  low: {LOW}
rules:
  - {{when: {{met: low}}, then: {{need: {{need: oxygen}}}}}}
cases:
  - {{name: below, as_of: 2026-02-10, given: {{vitals.spo2_admit_min: 89}}, expect: {{low: met}}}}
  - {{name: at the limit, as_of: 2026-02-10, given: {{vitals.spo2_admit_min: 90}}, expect: {{low: not_met}}}}
  - {{name: not charted, as_of: 2026-02-10, given: {{}}, expect: {{low: unknown}}}}
"""
BELOW = SOUND.splitlines()[7]


def packs_of(folder: Path, body: str) -> Packs:
    return load_packs(write(folder, {"tests/one": body}))


def found_in(folder: Path, body: str) -> list[Finding]:
    return check_rules(packs_of(folder, body), DAY)


def told(findings: list[Finding], severity: str = "fault") -> set[tuple[str, str]]:
    return {(one.check, one.path) for one in findings if one.severity == severity}


def test_a_sound_file_has_no_fault_and_is_reached_throughout(tmp_path: Path) -> None:
    assert found_in(tmp_path, SOUND) == []
    found = coverage_of(packs_of(tmp_path, SOUND))
    assert found["unreached"] == []
    assert found["totals"]["branches"] == found["totals"]["branches_reached"] == 5
    assert found["totals"]["share_verified"] == 1


def swapped(*pairs: tuple[str, str]) -> str:
    body = SOUND
    for old, new in pairs:
        assert old in body
        body = body.replace(old, new)
    return body


TWO_LIMITS = (
    "rules:",
    """  high: {fact: vitals.spo2_admit_min, op: ">=", value: 95, unit: "%", cite: paper}
rules:""",
)
HIGH_CASES = (
    BELOW,
    BELOW
    + """
  - {name: at 95, as_of: 2026-02-10, given: {vitals.spo2_admit_min: 95}, expect: {high: met}}""",
)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (
            swapped(("rules:", "  idle: {fact: social.lives_alone, is: true, cite: paper}\nrules:")),
            ("unused", "criteria.idle"),
        ),
        (
            swapped(
                (
                    "criteria:",
                    "scores:\n  sum: {title: Sum, cite: paper, items: [{name: a, when: {criterion: low}, points: 1}]}\n"
                    "criteria:",
                )
            ),
            ("unused", "scores.sum"),
        ),
        (swapped((BELOW + "\n", "")), ("threshold", "criteria.low")),
        (
            swapped(("vitals.spo2_admit_min: 90}", "vitals.spo2_admit_min: 91}")),
            ("threshold", "criteria.low"),
        ),
        (
            swapped(TWO_LIMITS, HIGH_CASES, ("{met: low}, then", "{all: [{met: low}, {met: high}]}, then")),
            ("unreachable", "rules[0]"),
        ),
        (
            swapped(
                (
                    "rules:",
                    "rules:\n"
                    "  - {when: {any: [{met: low}, {unknown: low}]}, then: {fit: {option: home, status: met}}}\n"
                    "  - {when: {unknown: low}, then: {fit: {option: home, status: unknown}}}",
                )
            ),
            ("contradiction", "rules[0]"),
        ),
        (
            swapped(
                (
                    "rules:",
                    "rules:\n  - {when: {any: [{met: low}, {unknown: low}]}, then: {need: {need: oxygen}}}",
                )
            ),
            ("repeated", "rules[1]"),
        ),
        (swapped(("2026-11-21", "2025-11-21")), ("citation old", "citations.paper")),
        (swapped((" read_on: 2026-11-21,", "")), ("citation never read", "citations.paper")),
        (
            swapped(
                ("rules:", "  alone: {fact: social.lives_alone, is: true}\nrules:"),
                ("{met: low}, then", "{any: [{met: low}, {met: alone}]}, then"),
            ),
            ("citation missing", "criteria.alone"),
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_planted_fault_is_found(tmp_path: Path, body: str, fault: tuple[str, str]) -> None:
    assert told(found_in(tmp_path, body)) == {fault}


def test_what_only_looks_like_a_contradiction_is_none(tmp_path: Path) -> None:
    fits = (
        "rules:",
        "rules:\n  - {when: {met: low}, then: {fit: {option: home, status: not_met}}}\n"
        "  - {when: {met: high}, then: {fit: {option: home, status: met}}}",
    )
    assert told(found_in(tmp_path, swapped(TWO_LIMITS, HIGH_CASES, fits))) == set()


def test_two_files_may_not_say_different_things_of_one_fit(tmp_path: Path) -> None:
    rule = "{{when: {{met: low}}, then: {{fit: {{option: home, status: {0}}}}}}}"
    old = "{when: {met: low}, then: {need: {need: oxygen}}}"
    bodies = [SOUND.replace(old, rule.format(status)) for status in ("met", "not_met")]
    packs = load_packs(write(tmp_path, {"tests/one": bodies[0], "tests/two": bodies[1]}))
    (fault,) = check_rules(packs, DAY)
    assert (fault.check, fault.path) == ("contradiction", "rules[0]")
    assert "tests/two.yaml" in fault.what


def test_a_citation_never_read_is_a_note(tmp_path: Path) -> None:
    found = found_in(tmp_path, swapped((" read_on: 2026-11-21, verified: true", " verified: false")))
    assert told(found) == set()
    assert told(found, "note") == {("citation never read", "citations.paper")}


def test_a_part_that_never_decides_is_a_note_and_needs_no_case_of_its_own(tmp_path: Path) -> None:
    below_80 = LOW.replace("90", "80")
    body = swapped(
        (f"low: {LOW}", f"low: {{any: [{LOW}, {below_80}]}}"),
        (
            BELOW,
            BELOW
            + "\n  - {name: seventy-nine, as_of: 2026-02-10, given: {vitals.spo2_admit_min: 79}, expect: {low: met}}"
            + "\n  - {name: eighty, as_of: 2026-02-10, given: {vitals.spo2_admit_min: 80}, expect: {low: met}}",
        ),
    )
    found = found_in(tmp_path, body)
    assert told(found) == set()
    assert told(found, "note") == {("redundant", "criteria.low.any[1]")}
    assert coverage_of(packs_of(tmp_path, body))["unreached"] == []


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        (swapped((BELOW + "\n", "")), {"criteria.low", "rules[0]"}),
        (
            swapped(
                (
                    "given: {}, expect: {low: unknown}",
                    "given: {vitals.spo2_admit_min: 95}, expect: {low: not_met}",
                )
            ),
            {"criteria.low"},
        ),
        (
            swapped(
                (f"low: {LOW}", f"low: {{any: [{LOW}, {{fact: social.lives_alone, is: true}}]}}"),
                ("90}, expect: {low: not_met}", "90, social.lives_alone: false}, expect: {low: not_met}"),
            ),
            {"criteria.low.any[1]"},
        ),
        (
            swapped(
                (f"low: {LOW}", f"low: {{all: [{LOW}, {{fact: social.lives_alone, is: true}}]}}"),
                ("89}", "89, social.lives_alone: true}"),
            ),
            {"criteria.low.all[1]"},
        ),
        (
            swapped(("criteria:", "applies_to: {payer_class: [medicaid]}\ncriteria:")),
            {"applies_to", "rules[0]"},
        ),
        (
            swapped(
                ("{met: low}, then", "{any: [{met: low}, {unknown: low}]}, then"),
                ("  - {name: not charted, as_of: 2026-02-10, given: {}, expect: {low: unknown}}\n", ""),
            ),
            {"criteria.low", "rules[0].when"},
        ),
    ],
)
def test_what_no_case_reaches_is_told(tmp_path: Path, body: str, missing: set[str]) -> None:
    assert {one["path"] for one in coverage_of(packs_of(tmp_path, body))["unreached"]} == missing


def test_bands_and_items_of_scores_must_be_reached(tmp_path: Path) -> None:
    score = """scores:
  sum:
    title: Sum
    cite: paper
    items:
      - {name: age, fact: patient.age_years, unit: a, bands: [{from: 65, below: 75, points: 1}, {from: 75, points: 2}]}
      - {name: alone, when: {fact: social.lives_alone, is: true}, points: 1}
    bands: [{below: 2, name: low}, {from: 2, name: high}]
criteria:
  two: {score: sum, op: ">=", value: 2, unit: "{score}", cite: paper}"""
    body = swapped(
        ("criteria:", score),
        ("{met: low}, then", "{all: [{met: low}, {met: two}]}, then"),
        (
            "89}, expect: {low: met}",
            "89, patient.age_years: 75, social.lives_alone: false}, expect: {low: met, sum: 2}",
        ),
        (
            "90}, expect: {low: not_met}",
            "90, patient.age_years: 60, social.lives_alone: false}, expect: {sum: 0}",
        ),
    )
    found = coverage_of(packs_of(tmp_path, body))
    assert {one["path"] for one in found["unreached"]} == {
        "scores.sum.items[0].bands[0]",
        "scores.sum.items[1]",
    }
    assert found["kinds"]["score band"] == {"all": 2, "reached": 2}


def test_statuses_of_criteria_hang_together_through_their_facts(tmp_path: Path) -> None:
    worlds = Worlds(packs_of(tmp_path, swapped(TWO_LIMITS)))

    def joint(**words: str) -> str:
        return worlds.joint(WhenTest("criterion", f"tests.one.{name}", word) for name, word in words.items())

    assert joint(low="met", high="met") == "no"
    assert joint(low="not_met", high="not_met") == "yes"
    assert joint(low="unknown", high="not_met") == "no"
    assert joint(low="unknown", high="unknown") == "yes"


def test_what_is_known_leaves_no_doubt_behind_it(tmp_path: Path) -> None:
    seizure, limit = "condition.withdrawal_seizure_at", 'op: "<", value: 24, unit: h, cite: paper'
    score = 'op: ">=", value: 1, unit: "{score}", cite: paper'
    text = f"""
{SOURCE}
scores:
  one_flag: {{title: One, cite: paper, items: [{{name: a, when: {{fact: safety.easi_concern, is: true}}, points: 1}}]}}
  with_age:
    title: Two
    cite: paper
    items:
      - {{name: a, when: {{fact: safety.easi_concern, is: true}}, points: 1}}
      - {{name: b, fact: patient.age_years, unit: a, bands: [{{from: 65, points: 1}}]}}
criteria:
  to_t: {{all: [{{known: {seizure}}}, {{elapsed: {{from: {seizure}, to: t}}, {limit}}}]}}
  to_review: {{all: [{{known: {seizure}}}, {{elapsed: {{from: {seizure}, to: stay.reviewed_at}}, {limit}}}]}}
  bare: {{elapsed: {{from: {seizure}, to: t}}, {limit}}}
  reviewed: {{known: stay.reviewed_at}}
  guarded: {{all: [{{known: safety.easi_concern}}, {{score: one_flag, {score}}}]}}
  unguarded: {{score: one_flag, {score}}}
  half_guarded: {{all: [{{known: safety.easi_concern}}, {{score: with_age, {score}}}]}}
rules:
  - when:
      all:
        - {{met: to_t}}
        - {{met: to_review}}
        - {{met: bare}}
        - {{met: reviewed}}
        - {{met: guarded}}
        - {{met: unguarded}}
        - {{met: half_guarded}}
    then: {{need: {{need: oxygen}}}}
cases:
  - {{name: nothing is charted, as_of: 2026-02-10, given: {{}}, expect: {{to_t: not_met}}}}
"""
    packs = packs_of(tmp_path, text)
    worlds = Worlds(packs)
    file = packs.files["tests.one"]
    doubtful = {name for name, one in file.criteria.items() if worlds.can_be_unknown(one.id)}
    assert doubtful == {"bare", "unguarded", "half_guarded"}
    assert not worlds.can_be(file.criteria["reviewed"].tree, 0)


def test_rules_fire_in_the_run_of_all_cases_as_they_do_in_inference(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, SOUND)
    run = run_all(packs)
    for file in packs.files.values():
        for rule in file.rules:
            said = [
                any(
                    (one.file_id, one.rule_index) == (file.id, rule.index)
                    for one in run.conclusions.rows[row]
                )
                for row in run.rows[file.id]
            ]
            assert run.fired(rule, file).tolist() == said
    assert [branch for branch in branches(run) if not branch.is_reached] == []


def test_codes_are_looked_up_by_their_beginning() -> None:
    listed = CodeList("FY2026", ("I50", "I509", "J18"))
    assert [listed.knows(one) for one in ("I5", "I50", "I509", "I5090", "J19")] == [
        True,
        True,
        True,
        False,
        False,
    ]

    class One:
        system, codes = "icd-10-cm", ("I50", "X99")

    faults = [one for one in check_codes({"some": One}, listed, set()) if one.severity == "fault"]
    assert [(one.path, one.what) for one in faults] == [
        ("value_sets.some", "'X99' is not in the ICD-10-CM list of FY2026")
    ]


def test_the_code_list_is_that_of_the_year_named() -> None:
    codes = installed_icd_10_cm()
    if codes is None:
        pytest.skip("simple-icd-10-cm is not installed")
    assert codes.knows("E11A")  # new in FY2026
    assert not codes.knows("ZZZ")


def test_names_that_code_asks_for_are_declared() -> None:
    home = Path(discharge.__file__).parent
    sources = {path: path.read_text("utf-8") for path in home.rglob("*.py") if path.name != "asked.py"}
    packs = "level_of_care|conditions|cms_medicare|denials|needs|options|instruments|status|social|safety|programmes"
    full = re.compile(rf'"((?:{packs})\.[a-z0-9_]+\.[a-z0-9_]+)"')
    asked = {name for text in sources.values() for name in full.findall(text)}
    assert asked <= set(CRITERIA_ASKED)
    sets = {
        name
        for text in sources.values()
        for name in re.findall(r'(?:_coded\(columns, |value_set\()"([a-z_0-9]+)"', text)
    }
    assert sets <= set(VALUE_SETS_ASKED)
