"""Codes that are suggested with their reasons, and safety flags that reach a person and no paper."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pandas as pd
import pytest
from rulekit import HEAD

from discharge.documents import payer_summary, plan_paper
from discharge.documents.paper import to_html
from discharge.errors import RuleError
from discharge.explain import explain, summarize
from discharge.packs import load_packs
from discharge.payers import load_payers
from discharge.resources import data_folder
from discharge.review import evaluate_facts
from discharge.social import dotted, z_codes
from discharge.worklist import next_steps, table_of

PACKS = load_packs(data_folder("rules"), with_cases=False)
PAYERS = load_payers(data_folder("payer_profiles"))
HARMED = {
    "patient.age_years": 82,
    "stay.is_in_house": True,
    "diagnosis.principal": "J189",
    "diagnosis.codes": ["J189"],
    "social.has_caregiver": True,
    "safety.afraid_of_caregiver": True,
    "safety.malnourished_for_illness": True,
    "safety.caregiver_answers": False,
}


ONE = """
id: tests.one
title: One
stage: needs
citations: {a: {title: A, verified: false}}
criteria: {lonely: {fact: social.lives_alone, is: true, cite: a}}
rules: [{when: {met: lonely}, then: THEN}]
cases: [{name: alone, as_of: 2026-02-10, given: {social.lives_alone: true}, expect: {lonely: met}}]
"""


def evaluated(facts, as_of="2026-02-10T12:00Z"):
    at = pd.Timestamp(as_of)
    return evaluate_facts(
        [facts], "original_medicare", as_of=at, packs=PACKS, payers=PAYERS, zone="America/New_York"
    ).reviews[0]


def test_a_code_comes_with_the_facts_behind_it():
    outside = {"social.is_homeless": True, "social.homeless_kind": "unsheltered"}
    alone = {"social.lives_alone": True, "social.has_caregiver": False}
    review = evaluated({**outside, **alone, "diagnosis.codes": ["J189", "Z602"]})
    found = {one.code: one for one in review.suggested_codes}
    assert list(found) == ["Z59.02", "Z60.2"]
    assert [(seen.fact, seen.value) for seen in found["Z59.02"].evidence] == [
        ("social.is_homeless", "1"),
        ("social.homeless_kind", "unsheltered"),
    ]
    assert (found["Z59.02"].is_cc, found["Z59.02"].is_current, found["Z59.02"].is_coded) == (
        True,
        True,
        False,
    )
    assert found["Z60.2"].is_coded


def test_after_the_year_that_was_read_a_code_is_not_called_current():
    facts = {"social.food_insecure": True}
    assert [one.is_current for one in evaluated(facts, "2026-09-30T12:00Z").suggested_codes] == [True]
    assert [one.is_current for one in evaluated(facts, "2026-10-01T12:00Z").suggested_codes] == [False]


@pytest.mark.filterwarnings("ignore:.*deprecated.*:DeprecationWarning")
def test_every_code_is_one_of_the_tabular_list():
    icd = pytest.importorskip("simple_icd_10_cm", reason="development dependency, not in this environment")
    for code in z_codes().codes:
        assert icd.is_valid_item(dotted(code)) and icd.is_leaf(dotted(code)), code


def test_a_rule_suggests_only_codes_of_the_table():
    said = {
        str(one.payload.code)
        for file in PACKS.files.values()
        for rule in file.rules
        for one in rule.then
        if one.kind == "code_suggestion"
    }
    assert said <= set(z_codes().codes) and len(said) > 20


def test_a_safety_flag_says_what_was_seen_and_whom_to_call():
    review = evaluated(HARMED)
    flags = {one.flag: one for one in review.safety}
    assert sorted(flags) == ["possible_abuse", "possible_neglect"]
    assert "safety.afraid_of_caregiver" in [seen.fact for seen in flags["possible_abuse"].observed]
    assert "safety.caregiver_answers" not in [seen.fact for seen in flags["possible_abuse"].observed]
    assert (
        flags["possible_neglect"].state_rule_unverified
        and "Social work" in flags["possible_neglect"].who_to_call
    )


def test_a_safety_flag_is_in_no_paper_worklist_or_explanation():
    review = evaluated(HARMED)
    said = [
        to_html("payer_summary", payer_summary(review)),
        to_html("discharge_plan", plan_paper(review)),
        explain(review),
        summarize(review),
        str(next_steps(review)),
        str(table_of([review]).to_pylist()),
        review.model_dump_json(exclude={"safety": True, "scores": True, "provenance": {"rules"}}),
    ]
    for text in said:
        plain = html.unescape(re.sub(r"<style.*?</style>", "", text, flags=re.S)).lower()
        for word in (
            "possible abuse",
            "neglect",
            "safety.adults",
            "safety.afraid",
            "afraid of",
            "malnourished",
            "protective services",
        ):
            assert word not in plain, word


def test_what_a_sensitive_file_advises_is_on_the_screen_and_not_in_the_plan():
    review = evaluated({"diagnosis.codes": ["B20", "F1120"], "programme.art_lasts_until": "2026-02-09"})
    assert {"hiv_treatment_lapsed", "give_naloxone"} <= {task.task for task in review.tasks}
    page = to_html("discharge_plan", plan_paper(review))
    for word in ("HIV", "naloxone", "buprenorphine", "42 CFR part 2"):
        assert word not in page, word
    assert "naloxone" not in to_html("payer_summary", payer_summary(review))


@pytest.mark.parametrize(
    ("confidential", "then"),
    [
        ("true", "{task: {task: call, title: Call somebody, owner: nurse}}"),
        ("false", "{safety_flag: {flag: a, category: abuse, title: A, call: B}}"),
    ],
)
def test_a_pack_is_either_confidential_or_not(tmp_path: Path, confidential, then):
    folder = tmp_path / "rules" / "tests"
    folder.mkdir(parents=True)
    folder.joinpath("pack.yaml").write_text(f"id: tests\n{HEAD}confidential: {confidential}\n")
    folder.joinpath("one.yaml").write_text(ONE.replace("THEN", then))
    with pytest.raises(RuleError, match="confidential"):
        load_packs(folder.parent)
