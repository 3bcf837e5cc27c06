"""Loading scores and courses: what a sound file holds, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from rulekit import faults_of, packs_of

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing

K = "citations: {k: {title: K, verified: false}}\n"
ONE = "{name: n, when: {known: vitals.spo2}, points: 1}"
RATE = "fact: vitals.heart_rate, unit: /min"


def scores(body: str) -> str:
    return f"{K}scores:\n  s: {{title: S, cite: k, {body}}}\n"


def formula(variables: str, terms: str = "[{times: 2, of: [x]}]") -> str:
    return scores(f"formula: {{variables: {{{variables}}}, terms: {terms}}}")


LINE = f"x: {{{RATE}, min: 1, max: 4}}"
BAD = {
    "neither items nor formula": (scores('version: "1"'), "the key 'items' is missing"),
    "both": (scores(f"items: [], formula: {{variables: {{{LINE}}}, terms: [{{times: 1, of: [x]}}]}}"), "beside"),
    "misspelt key": (scores("itms: []"), "did you mean 'items'"),
    "unknown combine": (scores("combine: mean, items: []"), "no way to combine items 'mean'"),
    "unknown round": (scores("round: up, items: []"), "no way to round 'up'"),
    "range the wrong way": (scores("range: {min: 5, max: 2}, items: []"), "an empty range"),
    "range without max": (scores("range: {min: 5}, items: []"), "the key 'max' is missing"),
    "value without limits": (scores(f"items: [{{name: n, {RATE}, value: true}}]"), "the key 'min' is missing"),
    "value false": (
        scores(f"items: [{{name: n, {RATE}, value: false, min: 1, max: 2}}]"),
        "'False' where true belongs",
    ),
    "limits the wrong way": (
        scores(f"items: [{{name: n, {RATE}, value: true, min: 3, max: 2}}]"),
        "min 3 is not below max 2",
    ),
    "another unit": (
        scores("items: [{name: n, fact: vitals.spo2, unit: mg, value: true, min: 1, max: 2}]"),
        "isn't that of the fact",
    ),
    "words of a number": (scores('items: [{name: n, fact: vitals.spo2, points_of: {"06": 1}}]'), "is a number"),
    "no words": (scores("items: [{name: n, fact: stay.service, points_of: {}}]"), "no word and its points"),
    "mean of a bare name": (
        scores('items: [{name: n, mean_of: [stay.service], points_of: {"06": 1}}]'),
        "'stay.service' where 'key: value' pairs belong",
    ),
    "score that isn't there": (scores("items: [{name: n, score: t}]"), "no score 't' in this file"),
    "score that is nowhere": (scores("items: [{name: n, score: a.b.t}]"), "no score 'a.b.t'"),
    "a circle": (scores("items: [{name: n, score: s}]"), "a circle: a.a.s -> a.a.s"),
    "inputs only of points": (
        scores(f"inputs_only: true, items: [{ONE}]"),
        "a score of inputs only has one item, of kind value",
    ),
    "bands of a set without cite": (
        scores(f"items: [{ONE}], band_sets: {{a: {{bands: [{{from: 1, name: x}}]}}}}"),
        "the key 'cite' is missing",
    ),
    "formula: limits missing": (formula(f"x: {{{RATE}}}"), "the key 'max' is missing"),
    "formula: logarithm of nothing": (
        formula(f"x: {{{RATE}, min: 0, max: 4, of: ln}}"),
        "a logarithm needs a min above 0",
    ),
    "formula: unknown form": (formula(f"x: {{{RATE}, min: 1, max: 4, of: log}}"), "'log' isn't possible here"),
    "formula: unknown variable": (formula(LINE, "[{times: 2, of: [x, y]}]"), "no variable 'y' in this formula"),
    "formula: unused variable": (formula(LINE, "[{times: 2}]"), "no term uses the variable 'x'"),
    "formula: above an unknown": (
        formula(LINE, "[{times: 2, of: [x], only_above: {variable: z, value: 1}}]"),
        "no variable 'z'",
    ),
    "formula: too many": (
        formula(
            ", ".join(f"x{n}: {{{RATE}, min: 1, max: 4}}" for n in range(11)),
            "[" + ", ".join(f"{{times: 1, of: [x{n}]}}" for n in range(11)) + "]",
        ),
        "11 variables (at most 10)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "said"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_said(body: str, said: str, tmp_path: Path) -> None:
    faults = faults_of(tmp_path, {"a/a": body})
    assert any(said in fault for fault in faults), faults


def test_what_a_score_asks_is_known(tmp_path: Path) -> None:
    packs = packs_of(
        tmp_path,
        {
            "a/a": scores("items: [{name: n, when: {criterion: b.b.c}, points: 1}, {name: o, score: b.b.t}]"),
            "b/b": f"""
                {K}
                criteria: {{c: {{fact: social.lives_alone, is: true}}}}
                scores:
                  t:
                    title: T
                    cite: k
                    version: "2019"
                    valid_when: {{fact: stay.service, op: "==", value: x}}
                    formula: {{variables: {{{LINE}}}, terms: [{{times: 1, of: [x]}}]}}
            """,
        },
    )
    assert packs.facts_of_score("a.a.s") == ("social.lives_alone", "vitals.heart_rate", "stay.service")
    assert packs.scores["a.a.s"].scores == ("b.b.t",)
    assert packs.numbers_asked == ("social.lives_alone", "vitals.heart_rate")
    assert packs.scores["b.b.t"].version == "2019"


def test_only_files_with_roles_are_about_a_condition(tmp_path: Path) -> None:
    body = "applies_to: {condition: {value_set: sepsis}}\ncriteria: {c: {known: vitals.spo2}}\n"
    packs = packs_of(tmp_path, {"instruments/a": body, "conditions/b": body + "roles: {admission: c}\n"})
    assert [file.id for file in packs.condition_files] == ["conditions.b"]


COURSE = """
    citations: {k: {title: K, verified: false}}
    applies_to: {condition: {value_set: sepsis}}
    criteria: {c: {known: vitals.spo2}}
    roles: {admission: c}
    course:
      days: {low: 3, high: 5.5, unit: d, cite: k}
      steps: ["Day 1: antibiotics", "Day 3: by mouth"]
      usual_destinations: [home, snf]
      typical_needs: [follow_up]
      follow_up: "Visit within 7 days"
      cite: k
"""


def test_a_course_is_read(tmp_path: Path) -> None:
    course = packs_of(tmp_path, {"a/a": COURSE}).files["a.a"].course
    assert course is not None and course.days is not None
    assert (course.days.low, course.days.high, course.cites) == (3, Decimal("5.5"), ("k",))
    assert course.steps == ["Day 1: antibiotics", "Day 3: by mouth"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("low: 3", "low: 9", "9 to 5.5 days"),
        ("unit: d", "unit: h", "course.days.unit"),
        ("      cite: k\n", "", "the key 'cite' is missing"),
        ("      cite: k\n", "      cite: kk\n", "no citation 'kk'"),
        ("[home, snf]", "[home, nursing]", "'nursing' isn't possible here"),
        ("[follow_up]", "[followup]", "did you mean 'follow_up'"),
        ("steps:", "step:", "unknown key 'step'"),
        ('"Day 3: by mouth"', '" "', "course.steps[1]: an empty text"),
        ("    applies_to: {condition: {value_set: sepsis}}\n", "    generic: true\n", "a file that is about no"),
    ],
)  # fmt: skip
def test_a_course_that_is_wrong_is_refused(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in COURSE
    faults = faults_of(tmp_path, {"a/a": COURSE.replace(old, new)})
    assert any(said in fault for fault in faults), faults
