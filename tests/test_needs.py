"""Needs with the chart rows behind them, and needs that can't be told."""

import pandas as pd
import pytest
from rulekit import packs_of
from views import GivenEvidence, conclude, view

from discharge.facts import catalogue
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


def details(need, facts, packs, evidence=None):
    more = {"evidence": evidence} if evidence else {}
    (found,) = needs(view(facts, conclude("need", need=need), **more), packs)
    return {detail.label: detail for detail in found.details}


def test_a_need_says_what_to_arrange_and_what_is_not_charted(packs):
    found = details(
        "iv_therapy",
        {
            "treatment.iv_antibiotics": ("ceftriaxone",),
            "treatment.planned_iv_days_left": 21.0,
            "treatment.has_picc": 1.0,
            "treatment.has_central_line": 0.0,
            "documents.opat_plan": 0.0,
        },
        packs,
    )
    assert found["Drug"].value == "ceftriaxone"
    assert (found["Days left"].value, found["Days left"].unit) == ("21", "d")
    assert found["Line"].value == catalogue()["treatment.has_picc"].title
    assert found["Infusion plan written"].value == "no"
    dose = found["Dose and route planned"]
    assert (dose.is_known, dose.value, dose.facts) == (False, None, ["treatment.iv_dose_planned"])


def test_drug_route_and_dose_are_shown_in_the_words_of_the_chart(packs):
    row = GivenEvidence("medications", "m1", "meds.csv:3", None, "ceftriaxone iv 2 g")
    found = details(
        "iv_therapy",
        {"treatment.iv_antibiotics": ("ceftriaxone",)},
        packs,
        lambda fact: (row,) if fact == "treatment.iv_antibiotics" else (),
    )
    given = found["Given in the last 24 hours (drug, route, dose)"]
    assert given.value == "ceftriaxone iv 2 g"
    assert given.evidence[0].row_id == "m1"


def test_several_no_are_said_as_none(packs):
    flags = ("treatment.oral_anticoagulant", "treatment.subcutaneous_insulin_24h")
    found = details("medication_management", dict.fromkeys(flags, 0.0), packs)
    assert (found["High-risk medicines"].value, found["High-risk medicines"].is_known) == ("none", True)


def test_every_need_has_details_and_every_detail_known_facts():
    table = need_table()
    assert set(table.details) == set(table.needs)
    asked = {fact for rows in table.details.values() for row in rows for fact in row.facts}
    assert asked <= set(catalogue())
