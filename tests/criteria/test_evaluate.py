"""Criteria over facts: every leaf, dated parameters, scores as intervals, roles and applicability."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rulekit import NAMES, SmallTable, packs_of, table

from discharge.criteria import WORDS, Findings, evaluate_criteria
from discharge.criteria.order import MOST_STAYS
from discharge.packs import Packs

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing

K = "citations: {k: {title: K, verified: false}}\n"


def words(packs: Packs, name: str, facts: SmallTable, zone: str = "UTC") -> list[str]:
    found = evaluate_criteria(packs, facts, zone=zone).status[name]
    return [WORDS[one] for one in found]


LEAVES: list[tuple[str, list[dict[str, Any]], list[str]]] = [
    (
        '{fact: vitals.spo2, op: "<", value: 90, unit: "%", cite: k}',
        [{"vitals.spo2": 89}, {"vitals.spo2": 90}, {}],
        ["met", "not_met", "unknown"],
    ),
    (
        '{fact: vitals.heart_rate, op: "<", other: vitals.heart_rate_max, cite: k}',
        [
            {"vitals.heart_rate": 80, "vitals.heart_rate_max": 90},
            {"vitals.heart_rate": 90, "vitals.heart_rate_max": 90},
            {"vitals.heart_rate": 80},
        ],
        ["met", "not_met", "unknown"],
    ),
    (
        "{fact: social.lives_alone, is: false, cite: k}",
        [{"social.lives_alone": False}, {"social.lives_alone": True}, {}],
        ["met", "not_met", "unknown"],
    ),
    (
        '{fact: stay.service, op: "==", value: ICU, cite: k}',
        [{"stay.service": "ICU"}, {"stay.service": "icu"}, {}],
        ["met", "not_met", "unknown"],
    ),
    (
        '{fact: stay.service, op: "!=", value: ICU, cite: k}',
        [{"stay.service": "ICU"}, {"stay.service": "MED"}, {}],
        ["not_met", "met", "unknown"],
    ),
    (
        "{fact: stay.service, op: in, value: [A, B], cite: k}",
        [{"stay.service": "B"}, {"stay.service": "C"}, {}],
        ["met", "not_met", "unknown"],
    ),
    (
        "{fact: diagnosis.principal, in_value_set: pneumonia, cite: k}",
        [{"diagnosis.principal": "J189"}, {"diagnosis.principal": "J209"}, {}],
        ["met", "not_met", "unknown"],
    ),
    (
        "{fact: diagnosis.codes, in_value_set: pneumonia, cite: k}",
        [{"diagnosis.codes": ("I10", "J189")}, {"diagnosis.codes": ()}, {}],
        ["met", "not_met", "unknown"],
    ),
    (
        "{known: vitals.spo2, cite: k}",
        [{"vitals.spo2": 0}, {}],
        ["met", "not_met"],
    ),
    (
        "{elapsed: {from: stay.admitted_at, to: t}, op: '<=', value: 48, unit: h, cite: k}",
        [{"stay.admitted_at": "2026-02-08T12:00Z"}, {"stay.admitted_at": "2026-02-08T11:59Z"}, {}],
        ["met", "not_met", "unknown"],
    ),
    (
        "{elapsed: {from: stay.admitted_at, to: stay.discharged_at}, op: '<', value: 0, unit: h, cite: k}",
        [
            {"stay.admitted_at": "2026-02-08T12:00Z", "stay.discharged_at": "2026-02-08T11:00Z"},
            {"stay.admitted_at": "2026-02-08T12:00Z", "stay.discharged_at": "2026-02-08T12:00Z"},
            {"stay.admitted_at": "2026-02-08T12:00Z"},
        ],
        ["met", "not_met", "unknown"],
    ),
]


@pytest.mark.parametrize(("leaf", "rows", "wanted"), LEAVES, ids=[leaf[0][:40] for leaf in LEAVES])
def test_every_leaf(leaf: str, rows: list[dict[str, Any]], wanted: list[str], tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"a/a": f"{K}criteria: {{c: {leaf}}}"})
    assert words(packs, "a.a.c", table(rows)) == wanted
    assert words(packs, "a.a.c", table([])) == []
    # Many stays are evaluated leaf by leaf, few in a table.
    times = MOST_STAYS // len(rows) + 1
    assert words(packs, "a.a.c", table(rows * times)) == wanted * times


def test_a_fact_that_has_no_column_is_unknown(tmp_path: Path) -> None:
    packs = packs_of(
        tmp_path, {"a/a": f"{K}criteria: {{c: {LEAVES[0][0]}, d: {LEAVES[7][0]}, e: {LEAVES[4][0]}}}"}
    )
    facts = table([{}, {}])
    bare = SmallTable(facts.values[["stay.admitted_at"]], facts.t)
    for name in ("c", "d", "e"):
        assert words(packs, f"a.a.{name}", bare) == ["unknown", "unknown"]


def test_days_elapsed_are_local_calendar_days(tmp_path: Path) -> None:
    leaf = "{elapsed: {from: stay.admitted_at, to: t}, op: '==', value: 2, unit: d, cite: k}"
    packs = packs_of(tmp_path, {"a/a": f"{K}criteria: {{c: {leaf}}}"})
    facts = table([{"stay.admitted_at": "2026-02-08T02:00Z"}])  # the 7th in New York
    assert words(packs, "a.a.c", facts) == ["met"]
    assert words(packs, "a.a.c", facts, zone="America/New_York") == ["not_met"]


DATED = """
    citations: {old: {title: Old, verified: true}, new: {title: New, verified: true}}
    parameters:
      least: {unit: d, BY values: {2020-03-01: {value: 0, cite: new}, 1967-01-01: {value: 3, cite: old},
              2023-05-12: {value: 3, cite: old}, 2030-01-01: {value: null}}}
    criteria:
      enough: {fact: stay.inpatient_days, op: ">=", parameter: least}
"""


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        ("1966-12-31T12:00", "unknown"),
        ("1967-01-01T00:00", "not_met"),
        ("2020-02-29T23:59", "not_met"),
        ("2020-03-01T00:00", "met"),
        ("2023-05-11T23:59", "met"),
        ("2023-05-12T00:00", "not_met"),
        ("2030-01-01T00:00", "unknown"),
    ],
)
def test_a_parameter_holds_from_its_day(day: str, wanted: str, tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"a/a": DATED.replace("BY", "")})
    assert words(packs, "a.a.enough", table([{"stay.inpatient_days": 2}], day)) == [wanted]


def test_a_parameter_goes_by_its_own_date_fact_row_by_row(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"a/a": DATED.replace("BY", "by: stay.admitted_at,")})
    rows = [
        {"stay.inpatient_days": 2, "stay.admitted_at": "2020-02-29T12:00Z"},
        {"stay.inpatient_days": 2, "stay.admitted_at": "2020-03-01T03:00Z"},  # the day before in New York
        {"stay.inpatient_days": 2, "stay.admitted_at": "2020-03-02T03:00Z"},
        {"stay.inpatient_days": 2},
    ]
    assert words(packs, "a.a.enough", table(rows)) == ["not_met", "met", "met", "unknown"]
    assert words(packs, "a.a.enough", table(rows), "America/New_York") == [
        "not_met",
        "not_met",
        "met",
        "unknown",
    ]
    by_file = packs_of(
        tmp_path / "x", {"a/a": "by: stay.admitted_at\n" + DATED.replace("BY", "").replace("\n    ", "\n")}
    )
    assert words(by_file, "a.a.enough", table(rows)) == ["not_met", "met", "met", "unknown"]


SCORE = """
    citations: {k: {title: K, verified: false}}
    scores:
      s:
        title: S
        cite: k
        items:
          - {name: alone, when: {fact: social.lives_alone, is: true}, points: 2}
          - {name: helped, when: {fact: social.has_caregiver, is: true}, points: -1}
          - name: rate
            fact: vitals.heart_rate
            unit: /min
            bands: [{from: 90, below: 110, points: 1}, {from: 110, points: 3}]
    criteria:
      many: {score: s, op: ">=", value: 3, unit: "{score}", cite: k}
"""


@pytest.mark.parametrize(
    ("row", "interval", "wanted"),
    [
        ({}, (-1, 5), "unknown"),
        ({"social.lives_alone": True}, (1, 5), "unknown"),
        ({"social.lives_alone": True, "social.has_caregiver": False}, (2, 5), "unknown"),
        ({"social.lives_alone": True, "social.has_caregiver": False, "vitals.heart_rate": 90}, (3, 3), "met"),
        (
            {"social.lives_alone": True, "social.has_caregiver": False, "vitals.heart_rate": 89},
            (2, 2),
            "not_met",
        ),
        ({"social.lives_alone": True, "vitals.heart_rate": 110}, (4, 5), "met"),
        ({"social.lives_alone": False, "vitals.heart_rate": 109.9}, (0, 1), "not_met"),
    ],
)
def test_a_score_is_the_interval_of_its_possible_totals(
    row: dict[str, Any], interval: tuple[float, float], wanted: str, tmp_path: Path
) -> None:
    packs = packs_of(tmp_path, {"a/a": SCORE})
    findings = evaluate_criteria(packs, table([row]), zone="UTC")
    low, high = findings.scores["a.a.s"]
    assert (low[0], high[0]) == interval
    assert findings.word("a.a.many", "s0") == wanted


CONDITION = """
    applies_to: {condition: {value_set: SET}}
    criteria: {here: {fact: social.lives_alone, is: true}}
    roles: {admission: here}
"""
GENERIC = """
    generic: true
    criteria:
      any_admits: {role: admission, combine: any}
      all_admit: {role: admission, combine: all}
      nobody: {role: continued_stay, combine: any}
      everybody: {role: continued_stay, combine: all}
      some: {conditions_apply: true}
    roles: {admission: some}
"""


@pytest.mark.parametrize(
    ("row", "any_admits", "all_admit", "some"),
    [
        ({"diagnosis.codes": ("J189",), "social.lives_alone": True}, "met", "met", "met"),
        ({"diagnosis.codes": ("J189",), "social.lives_alone": False}, "not_met", "not_met", "met"),
        ({"diagnosis.codes": ("J189",)}, "unknown", "unknown", "met"),
        ({"diagnosis.codes": ("Z00",)}, "not_met", "met", "not_met"),
        ({"social.lives_alone": True}, "unknown", "met", "unknown"),
        ({"social.lives_alone": False}, "not_met", "unknown", "unknown"),
        ({}, "unknown", "unknown", "unknown"),
    ],
)
def test_roles_combine_the_condition_files_that_apply(
    row: dict[str, Any], any_admits: str, all_admit: str, some: str, tmp_path: Path
) -> None:
    files = {f"a/{name}": CONDITION.replace("SET", name) for name in ("pneumonia", "sepsis")}
    packs = packs_of(tmp_path, {**files, "a/generic": GENERIC})
    findings = evaluate_criteria(packs, table([row]), zone="UTC")
    found = {name: findings.word(f"a.generic.{name}", "s0") for name in packs.files["a.generic"].criteria}
    wanted = {
        "any_admits": any_admits,
        "all_admit": all_admit,
        "some": some,
        "nobody": "not_met",
        "everybody": "met",
    }
    assert found == wanted


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"diagnosis.principal": "J189", "diagnosis.admission": "I509", "diagnosis.codes": ("I509",)}, "met"),
        (
            {"diagnosis.principal": "I509", "diagnosis.admission": "J189", "diagnosis.codes": ("J189",)},
            "not_met",
        ),
        ({"diagnosis.admission": "J189", "diagnosis.codes": ("I509",)}, "met"),
        ({"diagnosis.codes": ("I509", "J189")}, "met"),
        ({"diagnosis.codes": ()}, "not_met"),
        ({}, "unknown"),
    ],
)
def test_a_condition_goes_by_the_best_known_diagnosis(
    row: dict[str, Any], wanted: str, tmp_path: Path
) -> None:
    packs = packs_of(tmp_path, {"a/a": CONDITION.replace("SET", "pneumonia")})
    assert WORDS[evaluate_criteria(packs, table([row]), zone="UTC").applies["a.a"][0]] == wanted


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"coverage.payer_class": "medicaid", "diagnosis.principal": "J189"}, "met"),
        ({"coverage.payer_class": "dual", "diagnosis.principal": "J189"}, "not_met"),
        ({"coverage.payer_class": "medicaid", "diagnosis.principal": "I10"}, "not_met"),
        ({"diagnosis.principal": "J189"}, "unknown"),
        ({"diagnosis.principal": "I10"}, "not_met"),
    ],
)
def test_all_limits_of_a_file_must_hold(row: dict[str, Any], wanted: str, tmp_path: Path) -> None:
    body = CONDITION.replace("{condition", "{payer_class: [medicaid, self_pay], condition").replace(
        "SET", "pneumonia"
    )
    packs = packs_of(tmp_path, {"a/a": body})
    findings = evaluate_criteria(packs, table([row]), zone="UTC")
    assert WORDS[findings.applies["a.a"][0]] == wanted
    assert findings.word("a.a.here", "s0") == "unknown"  # evaluated all the same


def test_rows_do_not_see_one_another(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"a/a": SCORE, "a/b": DATED.replace("BY", "")})
    rows: list[dict[str, Any]] = [
        {"vitals.heart_rate": 80 + place, "stay.inpatient_days": place % 5} for place in range(40)
    ]
    together = evaluate_criteria(packs, table(rows), zone="UTC")
    for place, row in enumerate(rows):
        alone: Findings = evaluate_criteria(packs, table([row]), zone="UTC")
        assert {name: int(one[0]) for name, one in alone.status.items()} == {
            name: int(one[place]) for name, one in together.status.items()
        }


def test_a_value_set_is_asked_once_per_distinct_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packs = packs_of(tmp_path, {"a/a": f"criteria: {{c: {LEAVES[7][0].replace(', cite: k', '')}}}"})
    asked: list[str] = []
    small = type(NAMES.value_sets["pneumonia"])
    monkeypatch.setattr(small, "matches", lambda self, code: asked.append(code) or False)
    findings = evaluate_criteria(packs, table([{"diagnosis.codes": ("I10", "E119")}] * 50), zone="UTC")
    assert findings.status["a.a.c"].tolist() == [0] * 50
    assert sorted(asked) == ["E119", "I10"]


def test_an_unknown_stay_is_a_key_error(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"a/a": SCORE})
    findings = evaluate_criteria(packs, table([{}]), zone="UTC")
    with pytest.raises(KeyError):
        findings.word("a.a.many", "nobody")
    assert isinstance(findings.index, pd.Index)


def test_packs_travel_to_other_processes(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"a/a": SCORE, "a/b": DATED.replace("BY", "")})
    facts = table([{"stay.inpatient_days": 3, "vitals.heart_rate": 120, "social.lives_alone": True}])
    here = evaluate_criteria(packs, facts, zone="UTC")
    sent = pickle.dumps(packs)
    assert b"_hash" not in sent  # text is hashed with another salt in every process
    there = evaluate_criteria(pickle.loads(sent), facts, zone="UTC")
    assert packs.criteria
    assert {name: int(there.status[name][0]) for name in packs.criteria} == {
        name: int(here.status[name][0]) for name in packs.criteria
    }
