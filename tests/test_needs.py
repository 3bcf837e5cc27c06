"""Needs with the chart rows behind them, and needs that can't be told."""

import pandas as pd
import pytest
from rulekit import packs_of
from views import GivenEvidence, conclude, view

from discharge.needs import facts_behind, need_table, needs, open_needs
from discharge.packs.conclusions import NeedId

OXYGEN = """
stage: needs
citations: {c: {title: "Source", verified: false}}
scores:
  risk:
    title: Risk
    cite: c
    items: [{name: rate, fact: vitals.heart_rate, unit: "/min", bands: [{from: 100, points: 1}]}]
criteria:
  low: {fact: vitals.spo2, op: "<", value: 90, unit: "%", cite: c}
  needed:
    any:
      - {criterion: low}
      - {fact: social.lives_alone, is: true}
      - {score: risk, op: ">=", value: 1, unit: "{score}", cite: c}
rules:
  - {when: {met: needed}, then: {need: {need: oxygen}}}
  - {when: {not_met: needed}, then: {advice: {advice: none, text: "No oxygen."}}}
"""


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    return packs_of(tmp_path_factory.mktemp("needs"), {"needs/oxygen": OXYGEN})


def oxygen(status="met"):
    return conclude("need", on=(("needs.oxygen.needed", status),), need="oxygen")


def test_a_need_goes_down_to_the_chart_row(packs):
    row = GivenEvidence(
        "observations",
        "Observation/1",
        "vitals.csv:7",
        pd.Timestamp("2026-06-15T10:00", tz="UTC"),
        "SpO2 86 %",
    )
    one = view({"vitals.spo2": 86.0}, oxygen(), evidence=lambda fact: (row,) if fact == "vitals.spo2" else ())
    (need,) = needs(one, packs)
    assert (need.need, need.title, need.for_payer, need.rule) == (
        "oxygen",
        "Oxygen at home",
        True,
        "test.rules",
    )
    assert [(because.criterion, because.status) for because in need.because] == [
        ("needs.oxygen.needed", "met")
    ]
    (seen,) = need.evidence
    assert (seen.fact, seen.value, seen.row_id, seen.source, seen.text) == (
        "vitals.spo2",
        "86",
        "Observation/1",
        "vitals.csv:7",
        "SpO2 86 %",
    )
    assert seen.at.isoformat() == "2026-06-15T06:00:00-04:00"
    assert need.unknown == ["social.lives_alone", "vitals.heart_rate"]


def test_a_need_concluded_twice_is_shown_once(packs):
    assert len(needs(view({}, oxygen(), oxygen()), packs)) == 1


def test_no_conclusion_is_no_need(packs):
    assert needs(view({"vitals.spo2": 86.0}), packs) == []


@pytest.mark.parametrize(("status", "open_"), [("unknown", ["oxygen"]), ("not_met", []), ("met", [])])
def test_a_need_that_cannot_be_told_is_open(packs, status, open_):
    one = view(findings={"needs.oxygen.needed": status}, unknown_facts=lambda name: ("vitals.spo2",))
    found = open_needs(one, packs)
    assert [need.need for need in found] == open_
    if found:
        assert found[0].missing == ["vitals.spo2"]


def test_a_concluded_need_is_not_open(packs):
    assert open_needs(view({}, oxygen()), packs) == []


def test_facts_behind_a_criterion_follow_references(packs):
    assert facts_behind(packs, "needs.oxygen.needed") == (
        "vitals.spo2",
        "social.lives_alone",
        "vitals.heart_rate",
    )
    assert facts_behind(packs, "needs.oxygen.nowhere") == ()


def test_every_need_of_the_rules_has_a_title():
    assert set(need_table().needs) == set(NeedId.__args__)
