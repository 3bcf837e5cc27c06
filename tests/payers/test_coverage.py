"""From coverages in the chart to profiles and ``coverage.*`` facts, many stays at once."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pandas as pd
import pytest

from discharge.chart import DTYPES, TABLES, Chart, empty
from discharge.facts import FactTable
from discharge.payers import Payers, coverage_facts, load_payers, profile_facts, stay_matches

T = pd.Timestamp("2026-02-10T12:00Z")
PROFILE = """
    id: {id}
    title: T
    payer_class: {kind}
    matches: {{coverage_payer_ids: [{payer}]}}
    {more}
    cases: [{{name: c, as_of: 2026-01-01, ask: payer_class, expect: {kind}}}]
"""


@pytest.fixture
def payers(tmp_path: Path) -> Payers:
    folder = tmp_path / "payer_profiles"
    folder.mkdir()
    plans = {
        "medicare": ("medicare_ffs", "CMS", ""),
        "medicaid": ("medicaid", "STATE", ""),
        "dual": ("dual", "DUAL", ""),
        "gap": ("other", "GAP", "pays_sharing_of_medicare: true"),
        "hmo": (
            "commercial",
            "HMO",
            "benefits: {home_infusion: {covered: false}, snf: {covered: null, prior_authorization: true}}\n    "
            "authorizations: [{service: inpatient_acute, when: on_admission, notify_within: 1 d}]",
        ),
    }
    for name, (kind, payer, more) in plans.items():
        body = dedent(PROFILE).format(id=name, kind=kind, payer=payer, more=more.replace("\n    ", "\n"))
        (folder / f"{name}.yaml").write_text(body, encoding="utf-8")
    return load_payers(folder)


def chart_of(coverages: dict[str, list[dict[str, Any]]]) -> tuple[FactTable, Chart]:
    """One stay per patient, with the coverages given."""
    facts = FactTable.from_named([{} for _ in coverages], T)
    tables = {name: empty(name) for name in TABLES}
    stays = pd.DataFrame({"stay_id": facts.values.index, "patient_id": list(coverages), "is_stay": True})
    tables["encounters"] = stays.reindex(columns=[*TABLES["encounters"], "stay_id", "is_stay"])
    tables["encounters"]["is_stay"] = True
    rows = [
        {"patient_id": who, "row_id": f"{who}-{n}", **row}
        for who, listed in coverages.items()
        for n, row in enumerate(listed)
    ]
    frame = pd.DataFrame(rows, columns=list(TABLES["coverages"]))
    tables["coverages"] = frame.astype(
        {name: DTYPES[column.kind] for name, column in TABLES["coverages"].items()}
    )
    return facts, Chart(tables)


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def test_the_best_coverage_in_force_decides(payers: Payers) -> None:
    facts, chart = chart_of(
        {
            "hmo": [{"payer_id": "hmo", "priority": 1, "member_id": "m"}],
            "second": [{"payer_id": "STATE", "priority": 2}, {"payer_id": "HMO", "priority": 1}],
            "ended": [
                {"payer_id": "HMO", "priority": 1, "end": day("2026-02-09")},
                {"payer_id": "CMS", "priority": 2},
            ],
            "cancelled": [{"payer_id": "HMO", "status": "cancelled"}],
            "later": [{"payer_id": "HMO", "start": day("2026-02-11")}],
            "wrong": [{"payer_id": "HMO", "status": "entered-in-error"}],
            "other": [{"payer_id": "NOBODY", "priority": 1}],
            "both": [{"payer_id": "CMS", "priority": 1}, {"payer_id": "STATE", "priority": 2}],
            "none": [],
        }
    )
    names = dict(
        zip(
            facts.values.index,
            ["hmo", "second", "ended", "cancelled", "later", "wrong", "other", "both", "none"],
            strict=True,
        )
    )
    matches = {names[stay]: match for stay, match in stay_matches(payers, facts, chart).items()}
    found = {name: match.profile.id if match.profile else match.reason for name, match in matches.items()}
    assert found == {
        "hmo": "hmo",
        "second": "hmo",
        "ended": "medicare",
        "cancelled": "hmo",
        "later": "hmo",
        "wrong": "no coverage in the chart",
        "other": "payer NOBODY has no profile",
        "both": "dual",
        "none": "no coverage in the chart",
    }
    values = coverage_facts(payers, facts, chart).values.rename(index=names)
    assert values.loc["other", "coverage.payer_class"] is None
    assert values.loc["other", "coverage.payer_id"] == "NOBODY"
    assert values.loc["both", ["coverage.payer_class", "coverage.secondary_payer_class"]].tolist() == [
        "dual",
        "medicaid",
    ]
    assert values.loc["second", "coverage.secondary_payer_class"] == "medicaid"


def test_what_a_profile_says_becomes_facts(payers: Payers) -> None:
    facts, chart = chart_of({"hmo": [{"payer_id": "HMO"}], "cms": [{"payer_id": "CMS"}], "none": []})
    values = coverage_facts(payers, facts, chart).values
    wanted = {
        "coverage.home_infusion_covered": [0, np.nan, np.nan],
        "coverage.requires_prior_authorization_inpatient": [1, np.nan, np.nan],
        "coverage.requires_prior_authorization_snf": [1, np.nan, np.nan],
        "coverage.notification_hours": [24, np.nan, np.nan],
        "coverage.follows_two_midnight_benchmark": [0, 1, np.nan],
    }
    for name, column in wanted.items():
        assert values[name].tolist() == pytest.approx(column, nan_ok=True), name
    named = profile_facts(payers.profiles["hmo"])
    assert named["coverage.home_infusion_covered"] is False
    assert named["coverage.payer_class"] == "commercial"
    assert profile_facts(None) == {}


def test_a_chart_that_keeps_no_coverages_leaves_them_unknown(payers: Payers) -> None:
    facts, chart = chart_of({"a": [], "b": []})
    values = coverage_facts(payers, facts, chart).values
    assert values["coverage.has_coverage"].isna().all()
    assert values["coverage.payer_class"].tolist() == [None, None]


def test_a_second_policy_may_meet_medicares_cost_sharing(payers: Payers) -> None:
    facts, chart = chart_of(
        {
            "gap": [{"payer_id": "CMS", "priority": 1}, {"payer_id": "GAP", "priority": 2}],
            "silent": [{"payer_id": "CMS", "priority": 1}, {"payer_id": "HMO", "priority": 2}],
            "alone": [{"payer_id": "CMS", "priority": 1}],
        }
    )
    values = coverage_facts(payers, facts, chart).values
    assert values["coverage.secondary_pays_cost_sharing"].tolist() == pytest.approx(
        [1, np.nan, np.nan], nan_ok=True
    )
