"""The shortest lists of missing facts, against trying everything."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rulekit import packs_of, table

from discharge.criteria import MET, NOT_MET, UNKNOWN, evaluate_criteria, missing_facts
from discharge.packs import Packs

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing

K = "citations: {k: {title: K, verified: false}}\n"
LOW = '{fact: vitals.spo2, op: "<", value: 90, unit: "%", cite: k}'
LOWER = '{fact: vitals.spo2, op: "<", value: 80, unit: "%", cite: k}'
FAST = '{fact: vitals.heart_rate, op: ">=", value: 100, unit: /min, cite: k}'
ALONE = "{fact: social.lives_alone, is: true, cite: k}"
HELPED = "{fact: social.has_caregiver, is: true, cite: k}"


def sets(packs: Packs, row: dict[str, Any], name: str = "a.a.c", limit: int = 3) -> list[set[str]]:
    facts = table([row])
    findings = evaluate_criteria(packs, facts, zone="UTC")
    return [set(one) for one in missing_facts(packs, findings, facts, name, "s0", limit)]


CASES: list[tuple[str, dict[str, Any], list[set[str]]]] = [
    (LOW, {}, [{"vitals.spo2"}]),
    (LOW, {"vitals.spo2": 95}, []),
    (f"{{any: [{LOW}, {FAST}]}}", {}, [{"vitals.heart_rate"}, {"vitals.spo2"}]),
    (f"{{all: [{LOW}, {FAST}]}}", {}, [{"vitals.heart_rate", "vitals.spo2"}]),
    (f"{{all: [{LOW}, {FAST}]}}", {"vitals.spo2": 80}, [{"vitals.heart_rate"}]),
    (f"{{at_least: 2, of: [{LOW}, {FAST}, {ALONE}]}}", {"social.lives_alone": True},
     [{"vitals.heart_rate"}, {"vitals.spo2"}]),
    (f"{{any: [{ALONE}, {{all: [{LOW}, {FAST}]}}]}}", {},
     [{"social.lives_alone"}, {"vitals.heart_rate", "vitals.spo2"}]),
    (f"{{not: {{any: [{LOW}, {FAST}]}}}}", {}, [{"vitals.heart_rate", "vitals.spo2"}]),
    # One number can't be below 80 and not below 90: only the other way is left.
    (f"{{any: [{{all: [{LOWER}, {{not: {LOW}}}]}}, {FAST}]}}", {}, [{"vitals.heart_rate"}]),
    # Nothing can make it met; what could make it not met is given instead.
    (f"{{all: [{LOWER}, {{not: {LOW}}}]}}", {}, [{"vitals.spo2"}]),
    (f"{{all: [{{known: vitals.heart_rate, cite: k}}, {LOW}]}}", {"vitals.heart_rate": 1}, [{"vitals.spo2"}]),
    (f"{{any: [{{all: [{{known: vitals.heart_rate, cite: k}}, {ALONE}]}}, {LOW}]}}", {"social.lives_alone": True},
     [{"vitals.heart_rate"}, {"vitals.spo2"}]),
    ("{elapsed: {from: stay.admitted_at, to: stay.discharged_at}, op: '<', value: 9, unit: h, cite: k}", {},
     [{"stay.admitted_at", "stay.discharged_at"}]),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "row", "wanted"), CASES)
def test_smallest_sets(tree: str, row: dict[str, Any], wanted: list[set[str]], tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"a/a": f"{K}criteria: {{c: {tree}}}"})
    assert sets(packs, row) == wanted


def test_sets_of_more_facts_than_the_limit_are_left_out(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"a/a": f"{K}criteria: {{c: {{all: [{LOW}, {FAST}, {ALONE}]}}}}"})
    assert len(sets(packs, {}, limit=3)) == 1
    # At most two facts can't make it met, but each can make it not met.
    assert sets(packs, {}, limit=2) == [{"social.lives_alone"}, {"vitals.heart_rate"}, {"vitals.spo2"}]


SCORE = f"""
    {K.strip()}
    scores:
      s:
        title: S
        cite: k
        items:
          - {{name: alone, when: {ALONE}, points: 1}}
          - {{name: low, when: {LOW}, points: 2}}
          - name: rate
            fact: vitals.heart_rate
            unit: /min
            bands: [{{from: 90, below: 110, points: 1}}, {{from: 110, points: 3}}]
    criteria:
      c: {{score: s, op: ">=", value: 3, unit: "{{score}}", cite: k}}
      d: {{score: s, op: "<", value: 3, unit: "{{score}}", cite: k}}
"""


def test_scores_count_what_each_item_could_bring(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"a/a": SCORE})
    assert sets(packs, {}) == [{"vitals.heart_rate"}, {"social.lives_alone", "vitals.spo2"}]
    assert sets(packs, {"social.lives_alone": True}) == [{"vitals.heart_rate"}, {"vitals.spo2"}]
    assert sets(packs, {"vitals.heart_rate": 80, "social.lives_alone": False}) == []
    assert sets(packs, {}, "a.a.d") == [
        {"social.lives_alone", "vitals.heart_rate"},
        {"vitals.heart_rate", "vitals.spo2"},
    ]


def test_a_parameter_without_value_cannot_be_settled_by_charting(tmp_path: Path) -> None:
    body = f"""
        {K.strip()}
        parameters: {{p: {{unit: "%", values: {{2030-01-01: {{value: 9, cite: k}}}}}}}}
        criteria: {{c: {{fact: vitals.spo2, op: "<", parameter: p}}, e: {{any: [{{criterion: c}}, {ALONE}]}}}}
    """
    packs = packs_of(tmp_path, {"a/a": body})
    assert sets(packs, {}) == []
    assert sets(packs, {}, "a.a.e") == [{"social.lives_alone"}]


def test_a_parameter_is_settled_by_the_day_it_goes_by(tmp_path: Path) -> None:
    body = f"""
        {K.strip()}
        parameters: {{p: {{unit: "%", by: stay.admitted_at, values: {{2020-01-01: {{value: 9, cite: k}}}}}}}}
        criteria: {{c: {{fact: vitals.spo2, op: "<", parameter: p}}}}
    """
    packs = packs_of(tmp_path, {"a/a": body})
    assert sets(packs, {"vitals.spo2": 5}) == [{"stay.admitted_at"}]
    assert sets(packs, {}) == [{"stay.admitted_at", "vitals.spo2"}]


def test_the_condition_files_are_looked_into(tmp_path: Path) -> None:
    condition = f"""
        {K.strip()}
        applies_to: {{condition: {{value_set: pneumonia}}}}
        criteria: {{c: {LOW}}}
        roles: {{admission: c}}
    """
    generic = "generic: true\ncriteria: {c: {role: admission, combine: any}}"
    packs = packs_of(tmp_path, {"a/cap": condition, "a/g": generic})
    assert sets(packs, {}, "a.g.c") == [{"diagnosis.principal", "vitals.spo2"}]
    assert sets(packs, {"diagnosis.principal": "J189"}, "a.g.c") == [{"vitals.spo2"}]
    assert sets(packs, {"diagnosis.codes": ()}, "a.g.c") == []


def test_a_role_that_no_condition_file_plays_settles_nothing(tmp_path: Path) -> None:
    tree = f"{{any: [{{role: continued_stay, combine: any}}, {{all: [{{role: admission, combine: all}}, {LOW}]}}]}}"
    packs = packs_of(tmp_path, {"a/a": f"generic: true\n{K}criteria: {{c: {tree}}}"})
    assert sets(packs, {}) == [{"vitals.spo2"}]


VALUES: dict[str, list[Any]] = {
    "vitals.spo2": [79, 80, 85, 90, 95],
    "vitals.heart_rate": [80, 90, 100, 110, 120],
    "social.lives_alone": [True, False],
    "social.has_caregiver": [True, False],
}
LEAF = st.sampled_from(
    [LOW, LOWER, FAST, ALONE, HELPED, '{score: s, op: ">=", value: 2, unit: "{score}", cite: k}']
)


def trees(leaf: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        lists = st.lists(inner, min_size=1, max_size=3)
        return st.one_of(
            lists.map(lambda of: f"{{all: [{', '.join(of)}]}}"),
            lists.map(lambda of: f"{{any: [{', '.join(of)}]}}"),
            inner.map(lambda one: f"{{not: {one}}}"),
            lists.map(lambda of: f"{{at_least: {(len(of) + 1) // 2}, of: [{', '.join(of)}]}}"),
        )

    return st.recursive(leaf, wider, max_leaves=7)


def by_trying_everything(packs: Packs, row: dict[str, Any]) -> list[set[str]]:
    """The definition, literally: sets for which some values give met (else not met) with the rest missing."""
    absent = sorted(name for name in VALUES if row.get(name) is None)
    for target in (MET, NOT_MET):
        kept: list[set[str]] = []
        for size in range(1, 4):
            for chosen in combinations(absent, size):
                if any(one <= set(chosen) for one in kept):
                    continue
                rows = [
                    {**row, **dict(zip(chosen, values, strict=True))}
                    for values in product(*[VALUES[name] for name in chosen])
                ]
                if target in evaluate_criteria(packs, table(rows), zone="UTC").status["a.a.c"]:
                    kept.append(set(chosen))
        if kept:
            return kept
    return []


@settings(max_examples=60, deadline=None)
@given(
    tree=trees(LEAF),
    row=st.fixed_dictionaries({name: st.none() | st.sampled_from(values) for name, values in VALUES.items()}),
)
def test_random_trees_agree_with_trying_everything(tree: str, row: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        body = SCORE.partition("    criteria:")[0] + f"    criteria: {{c: {tree}, used: {LOW}}}\n"
        packs = packs_of(Path(folder), {"a/a": body})
    facts = table([row])
    findings = evaluate_criteria(packs, facts, zone="UTC")
    found = sets(packs, row)
    if findings.status["a.a.c"][0] != UNKNOWN:
        assert found == []
    else:
        assert sorted(map(sorted, found)) == sorted(map(sorted, by_trying_everything(packs, row)))
