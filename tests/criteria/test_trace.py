"""Explaining a criterion: sentences, values, thresholds, citations and chart rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rulekit import SmallTable, packs_of, table

from discharge.criteria import CriterionTrace, evaluate_criteria, explain_criterion

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing

BODY = """
    citations: {ats: {title: ATS, verified: false}, cfr: {title: CFR, verified: true}}
    parameters: {least: {unit: d, values: {2000-01-01: {value: 3, cite: cfr}}}}
    criteria:
      low: {fact: vitals.spo2, op: "<", value: 90, unit: "%", cite: ats, text: Hypoxaemia}
      days: {fact: stay.inpatient_days, op: ">=", parameter: least}
      alone: {fact: social.lives_alone, is: true}
      lungs: {fact: diagnosis.codes, in_value_set: pneumonia}
      admission:
        any: [{criterion: low}, {all: [{criterion: days}, {criterion: alone}, {criterion: lungs}]}]
        text: Admission
"""


@dataclass(frozen=True)
class Row:
    table: str
    row_id: str
    source: str
    at: pd.Timestamp | None
    text: str


@dataclass(frozen=True)
class WithEvidence(SmallTable):
    def evidence(self, fact: str, stay_id: str) -> Sequence[Any]:
        at = pd.Timestamp("2026-02-10T10:00Z")
        return (
            [Row("observations", f"{fact}@{stay_id}", "obs.csv:7", at, "SpO2 91 %")]
            if fact == "vitals.spo2"
            else []
        )


def trace_of(tmp_path: Path, row: dict[str, Any]) -> CriterionTrace:
    packs = packs_of(tmp_path, {"a/a": BODY})
    small = table([{}, row])
    facts = WithEvidence(small.values, small.t)
    findings = evaluate_criteria(packs, facts, zone="UTC")
    return explain_criterion(packs, findings, facts, "a.a.admission", "s1")


def test_every_test_is_told_in_words(tmp_path: Path) -> None:
    trace = trace_of(tmp_path, {"vitals.spo2": 91, "stay.inpatient_days": 2, "diagnosis.codes": ("J189",)})
    assert (trace.kind, trace.status, trace.criterion) == ("any", "not_met", "a.a.admission")
    assert trace.text == "Admission: not met"
    low, rest = trace.children
    assert low.text == "Lowest SpO2 91 %: not below 90 %"
    assert (low.op, low.threshold, low.value, low.citations) == ("<", 90.0, "91 %", ("a.a.ats",))
    assert [row.row_id for row in low.evidence] == ["vitals.spo2@s1"]
    assert low.evidence[0].at == "2026-02-10T10:00:00+00:00"
    days, alone, lungs = rest.children
    assert days.text == "Inpatient days 2 d: below 3 d"
    assert days.citations == ("a.a.cfr",)
    assert alone.text == "Lives alone: not charted"
    assert lungs.text == "Diagnoses: in Pneumonia"


def test_a_trace_is_json_and_back(tmp_path: Path) -> None:
    trace = trace_of(tmp_path, {"vitals.spo2": 85})
    assert trace.status == "met"
    assert trace.children[0].text == "Lowest SpO2 85 %: below 90 %"
    assert CriterionTrace.model_validate_json(trace.model_dump_json()) == trace
