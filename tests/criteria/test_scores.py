"""Scores: every kind of item and formula, with all known, and bounded where something is not."""

from __future__ import annotations

import math
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rulekit import packs_of, table

from discharge.criteria import WORDS, evaluate_criteria, missing_facts
from discharge.criteria.scorecheck import range_faults
from discharge.criteria.trace import explain_criterion
from discharge.packs import Packs

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing

K = "citations: {k: {title: K, verified: false}}\n"
ALONE = "{fact: social.lives_alone, is: true}"
HELPED = "{fact: social.has_caregiver, is: true}"
WARM = '{fact: vitals.temperature, op: ">", value: 38, unit: Cel, cite: k}'
SCORES = f"""
    {K}
    scores:
      plain:
        title: Plain
        version: "2001"
        cite: [k]
        range: {{min: -2, max: 9}}
        items:
          - {{name: alone, when: {ALONE}, points: 2}}
          - {{name: helped, when: {HELPED}, points: -2}}
          - {{name: rate, fact: vitals.heart_rate, unit: /min, bands: [{{below: 60, points: 1}}, {{from: 90,
             below: 110, points: 3}}, {{from: 110, points: 7}}]}}
        bands: [{{below: 3, name: low}}, {{from: 3, name: high}}]
        band_sets: {{old: {{cite: k, bands: [{{below: 5, name: calm}}, {{from: 5, name: wild}}]}}}}
      covered:
        title: No gap, so never 0
        cite: k
        items:
          - {{name: spo2, fact: vitals.spo2, unit: "%", bands: [{{below: 90, points: 4}}, {{from: 90, points: 1}}]}}
      straight:
        title: A line
        cite: k
        items:
          - {{name: days, fact: stay.inpatient_days, unit: d, value: true, times: -2, plus: 5, min: 1, max: 10}}
          - {{name: rate, only_when: {ALONE}, fact: vitals.heart_rate, unit: /min, value: true, min: 40, max: 180}}
      charted:
        title: Only the total
        cite: k
        inputs_only: true
        items: [{{name: total, fact: vitals.heart_rate, unit: /min, value: true, min: 6, max: 23}}]
      counted:
        title: Counted
        cite: k
        items:
          - {{name: how many, count: [{ALONE}, {HELPED}, {WARM}]}}
          - {{name: some, count: [{ALONE}, {HELPED}, {WARM}], bands: [{{from: 1, below: 2, points: 5}},
             {{from: 3, points: 1}}]}}
      highest:
        title: Highest
        cite: k
        combine: max
        items:
          - {{name: alone, when: {ALONE}, points: 1}}
          - {{name: men, only_when: {HELPED}, fact: vitals.spo2, unit: "%", bands: [{{below: 85, points: 3}},
             {{from: 85, below: 92, points: 2}}]}}
          - {{name: other, score: covered}}
      mean:
        title: Mean
        cite: k
        round: nearest
        items:
          - {{name: both, mean_of: [{{fact: stay.service}}, {{fact: coverage.payer_class}}],
             points_of: {{"06": 4, "05": 3, other: 0}}}}
          - {{name: one, fact: stay.service, points_of: {{"06": 2, "05": 1}}}}
      over:
        title: On another
        cite: k
        round: down
        valid_when: {HELPED}
        items:
          - {{name: plain, score: plain, bands: [{{from: 0, below: 4, points: 2}}, {{from: 4, points: 6}}]}}
          - {{name: mean, score: mean}}
          - {{name: part, fact: vitals.temperature, unit: Cel, value: true, times: 0.3, min: 30, max: 43}}
      upon:
        title: On one that may not be valid
        cite: k
        items: [{{name: over, score: over}}, {{name: alone, when: {ALONE}, points: 1}}]
      meld:
        title: A formula
        cite: k
        range: {{min: 6, max: 40, clamp: true}}
        round: nearest
        formula:
          variables:
            ln_rate: {{fact: vitals.heart_rate, unit: /min, min: 1.0, max: 4.0,
              of: ln, replaced_when: {{when: {ALONE}, value: 4.0}}}}
            below: {{fact: stay.inpatient_days, unit: d, min: 125, max: 137, of: {{minus_from: 137}}}}
            female: {{when: {HELPED}}}
            initial: {{score: straight, min: 0}}
          terms:
            - {{times: 9.57, of: [ln_rate]}}
            - {{times: 1.32, of: [below]}}
            - {{times: -0.9, of: [initial, below], only_above: {{variable: initial, value: 11}}}}
            - {{times: 1.33, of: [female]}}
            - {{times: 4, only_above: {{variable: below, value: 3}}}}
            - {{times: 6.43}}
    criteria:
      many: {{score: plain, op: ">=", value: 5, unit: "{{score}}", cite: k}}
      much: {{score: meld, op: ">", value: 20, unit: "{{score}}", cite: k}}
      mixed: {{score: upon, op: "<", value: 16, unit: "{{score}}", cite: k}}
      top: {{score: highest, op: ">=", value: 3, unit: "{{score}}", cite: k}}
      some: {{score: counted, op: "==", value: 6, unit: "{{score}}", cite: k}}
"""
NAMES = ("plain", "covered", "straight", "charted", "counted", "highest", "mean", "over", "upon", "meld")
VALUES: dict[str, list[Any]] = {
    "social.lives_alone": [True, False],
    "social.has_caregiver": [True, False],
    "vitals.heart_rate": [0.5, 2.5, 4, 15, 59, 60, 90, 109.9, 110, 200],
    "vitals.spo2": [84, 85, 89.9, 90, 92, 99],
    "vitals.temperature": [29, 36.6, 38, 38.1, 44],
    "stay.inpatient_days": [0, 1, 3, 10, 125, 133.9, 134, 134.1, 137, 140],
    "stay.service": ["06", "05", "88"],
    "coverage.payer_class": ["06", "05", "88"],
}


@cache
def packs() -> Packs:
    return packs_of(Path(mkdtemp()), {"a/a": SCORES})


def totals(rows: list[dict[str, Any]]) -> dict[str, Any]:
    found = evaluate_criteria(packs(), table(rows), zone="UTC").scores
    return {name: found[f"a.a.{name}"] for name in NAMES}


whole_rows = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()})


@settings(max_examples=400, deadline=None)
@given(whole=whole_rows, gone=st.sets(st.sampled_from(sorted(VALUES))))
def test_the_interval_holds_the_total_of_every_completion(whole: dict[str, Any], gone: set[str]) -> None:
    part = {name: value for name, value in whole.items() if name not in gone}
    for name, (low, high) in totals([whole, part]).items():
        if math.isnan(low[0]):  # not valid for the whole row: nothing said of it can be wrong
            continue
        if "88" not in (whole["stay.service"], whole["coverage.payer_class"]) or name not in (
            "mean",
            "over",
            "upon",
        ):
            assert low[0] == high[0], name
        assert low[1] <= low[0] + 1e-9, name
        assert high[1] >= high[0] - 1e-9, name


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries({}, optional={n: st.sampled_from(v) for n, v in VALUES.items()}),
        min_size=1,
        max_size=12,
    )
)
def test_many_stays_get_what_few_get(rows: list[dict[str, Any]]) -> None:
    many = totals(rows * 40)
    for name, ends in totals(rows).items():
        for one, other in zip(ends, many[name], strict=True):
            np.testing.assert_allclose(one, other[: len(rows)], atol=1e-9, err_msg=name)


def settling(row: dict[str, Any], facts: frozenset[str], criterion: str) -> set[str]:
    """The statuses that some values of ``facts`` give a criterion, unknown left out."""
    names = sorted(facts)
    rows = [
        {**row, **dict(zip(names, values, strict=True))} for values in product(*(VALUES[n] for n in names))
    ]
    found = evaluate_criteria(packs(), table(rows), zone="UTC")
    return {WORDS[code] for code in found.status[criterion].tolist()} - {"unknown"}


@settings(max_examples=80, deadline=None)
@given(
    row=st.fixed_dictionaries({}, optional={n: st.sampled_from(v) for n, v in VALUES.items()}),
    name=st.sampled_from(["many", "much", "mixed", "top"]),
)
def test_missing_facts_settle_a_threshold_on_a_score(row: dict[str, Any], name: str) -> None:
    facts = table([row])
    findings = evaluate_criteria(packs(), facts, zone="UTC")
    sets = missing_facts(packs(), findings, facts, f"a.a.{name}", "s0")
    if findings.word(f"a.a.{name}", "s0") != "unknown":
        assert sets == []
        return
    for one in sets:
        assert settling(row, one, f"a.a.{name}"), one
    for fact in VALUES.keys() - row.keys():
        if "met" in settling(row, frozenset([fact]), f"a.a.{name}"):
            assert frozenset([fact]) in sets


ROWS: list[tuple[str, dict[str, Any], tuple[float, float]]] = [
    ("plain", {}, (-2, 9)),
    ("plain", {"social.lives_alone": True, "social.has_caregiver": False, "vitals.heart_rate": 110}, (9, 9)),
    ("plain", {"vitals.heart_rate": 60, "social.lives_alone": False}, (-2, 0)),
    ("covered", {}, (1, 4)),  # no value brings 0
    ("straight", {"stay.inpatient_days": 4, "social.lives_alone": False}, (-3, -3)),
    ("straight", {"stay.inpatient_days": 4}, (-3, 177)),  # only where alone: nothing, or up to 180
    ("straight", {"stay.inpatient_days": 99, "social.lives_alone": True, "vitals.heart_rate": 20}, (25, 25)),
    ("charted", {}, (6, 23)),
    ("charted", {"vitals.heart_rate": 12}, (12, 12)),
    ("counted", {}, (0, 8)),  # one of three: 1 + 5; three: 3 + 1; two: 2 + 0
    ("counted", {"social.lives_alone": True}, (1, 8)),  # each item by itself
    ("counted", {"social.lives_alone": True, "social.has_caregiver": True}, (2, 4)),
    ("counted", {"social.lives_alone": True, "social.has_caregiver": True, "vitals.temperature": 39}, (4, 4)),
    ("highest", {"vitals.spo2": 84, "social.has_caregiver": False, "social.lives_alone": True}, (4, 4)),
    ("highest", {"vitals.spo2": 91}, (1, 2)),
    ("mean", {"stay.service": "06", "coverage.payer_class": "05"}, (6, 6)),  # 3.5 + 2, half up
    ("mean", {"stay.service": "05", "coverage.payer_class": "88"}, (3, 3)),
    ("mean", {"stay.service": "88", "coverage.payer_class": "88"}, (1, 2)),  # not listed, and no other given
    ("mean", {}, (1, 6)),
    ("meld", {"social.lives_alone": True, "social.has_caregiver": False, "stay.inpatient_days": 137,
              "vitals.heart_rate": 1}, (20, 20)),  # 9.57 ln 4 + 6.43 = 19.7; -15 + 40 = 25 > 11, but 137 - 137 = 0
    ("meld", {}, (6, 40)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "wanted"), ROWS)
def test_each_kind_of_item(name: str, row: dict[str, Any], wanted: tuple[float, float]) -> None:
    low, high = totals([row])[name]
    assert (round(low[0], 6), round(high[0], 6)) == wanted


def test_a_term_jumps_above_its_limit() -> None:
    """At the limit itself the term does not count; where the limit lies inside the interval, both ways are bounds."""
    row = {"social.lives_alone": False, "social.has_caregiver": False, "vitals.heart_rate": 1}
    days = [{**row, "stay.inpatient_days": day} for day in (134, 133.9, 137)]
    low, _ = totals(days)["meld"]
    assert low.tolist() == [10, 15, 6]  # 6.43 + 3 x 1.32; + 4 and 3.1 x 1.32; 6.43
    low, high = (float(end[0]) for end in totals([row])["meld"])
    assert (low, high) == (6, 26)  # 12 x 1.32 + 4 + 6.43 = 26.27


def test_a_score_that_is_not_valid_has_no_total() -> None:
    row = {name: values[0] for name, values in VALUES.items()}
    none = {**row, "social.has_caregiver": False}
    facts = table([none, row])
    findings = evaluate_criteria(packs(), facts, zone="UTC")
    for name in ("over", "upon"):
        assert np.isnan(findings.scores[f"a.a.{name}"]).tolist() == [[True, False], [True, False]]
    assert findings.word("a.a.mixed", "s0") == "unknown"
    assert missing_facts(packs(), findings, facts, "a.a.mixed", "s0") == []


def test_a_trace_tells_the_interval() -> None:
    facts = table([{"social.lives_alone": True}])
    findings = evaluate_criteria(packs(), facts, zone="UTC")
    trace = explain_criterion(packs(), findings, facts, "a.a.many", "s0")
    assert trace.text == "Plain 0 to 9 points: can't be told whether at least 5"
    assert [child.status for child in trace.children] == ["met", "unknown"]
    assert trace.citations == ("a.a.k", "a.a.k")


def test_totals_that_are_possible_against_the_published_range(tmp_path: Path) -> None:
    item = (
        '{{name: {0}, only_when: {{fact: stay.service, op: "==", value: {0}}}, fact: vitals.spo2, unit: "%", '
    )
    item += "bands: [{{from: 90, points: 6}}]}}"
    body = f"""
    {K}
    scores:
      either:
        title: Either
        cite: k
        range: {{min: 0, max: MOST}}
        items: [{item.format("men")}, {item.format("women")}, {{name: alone, when: {ALONE}, points: 3}}]
    """
    assert range_faults(packs_of(tmp_path / "a", {"a/a": body.replace("MOST", "9")})) == []
    (fault,) = range_faults(packs_of(tmp_path / "b", {"a/a": body.replace("MOST", "8")}))
    assert str(fault).startswith("rules/a/a.yaml: scores.either.range: totals from 0 to 9 are possible")
    assert range_faults(packs()) == []
