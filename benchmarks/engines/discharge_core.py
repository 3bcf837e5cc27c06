"""This engine: the twelve rule files as a pack, criteria evaluated column by column, then the staged rules.

Nothing is left out of the timing that a review does at this point: `evaluate_criteria` gives every status, `infer`
runs the rules over them (durable_rules inside its fence) and gives every admission its conclusions. Both must say
what the reference says; an answer is lost where a rule concluded nothing or two things.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from trees import Tree, short

from discharge import __version__
from discharge.criteria import Findings, evaluate_criteria
from discharge.facts import FactTable
from discharge.inference import Conclusions, infer
from discharge.packs import load_packs

RULES = Path(__file__).resolve().parent.parent / "rules"
ZONE = "America/New_York"
AS_OF = pd.Timestamp("2026-06-15T07:00", tz=ZONE).tz_convert("UTC")
WORDS = ("not_met", "unknown", "met")
LOST = 3
ONE_BY_ONE = 200


class Engine:
    """Input: a fact table, a column per fact. Answers: findings (an array per rule) and conclusions per admission."""

    version = __version__

    def __init__(self, rules: dict[str, Tree], two_valued: bool) -> None:
        self.packs = load_packs(RULES)
        self.names = list(rules)
        self.full = {short(name): name for name in self.packs.names.facts}

    def load(self, admissions: list[dict[str, Any]]) -> FactTable:
        table = FactTable.from_named([{} for _ in admissions], AS_OF)
        columns = {self.full[fact]: [one[fact] for one in admissions] for fact in admissions[0]}
        return table.with_columns(**columns)

    def decide(self, facts: FactTable) -> tuple[Findings, Conclusions]:
        findings = evaluate_criteria(self.packs, facts, zone=ZONE)
        return findings, infer(self.packs, findings)

    def answers(self, decided: tuple[Findings, Conclusions]) -> list[list[int]]:
        findings, conclusions = decided
        found = np.column_stack([findings.status[f"admission.{name}.{name}"] for name in self.names])
        said = {
            f"advice.{name}_{word}": (place, status)
            for place, name in enumerate(self.names)
            for status, word in enumerate(WORDS)
        }
        for row, concluded in zip(found, conclusions.rows, strict=True):
            places = [said[one.name] for one in concluded]
            told = dict(places)
            for place, status in enumerate(row):
                if told.get(place) != status or len(places) != len(self.names):
                    row[place] = LOST
        return [row.tolist() for row in found]

    def aside(self, facts: FactTable) -> dict[str, float]:
        """Measure parts of the same work once: statuses alone; with every admission's conclusions read out as well;
        and one admission at a time, a table of one (median milliseconds)."""
        began = time.perf_counter()
        findings = evaluate_criteria(self.packs, facts, zone=ZONE)
        for name in self.names:  # worked out when asked for
            findings.status[f"admission.{name}.{name}"]
        decided = time.perf_counter()
        list(infer(self.packs, findings).rows)
        read_out = time.perf_counter()
        size = len(facts.values)
        return {
            "criteria_alone_per_second": round(size / (decided - began), 1),
            "conclusions_read_out_per_second": round(size / (read_out - began), 1),
            "one_admission_ms": round(statistics.median(self.one_by_one(facts)) * 1000, 3),
        }

    def one_by_one(self, facts: FactTable) -> list[float]:
        spent = []
        for stay in facts.values.index[:ONE_BY_ONE]:
            one = facts.take([stay])
            began = time.perf_counter()
            self.decide(one)
            spent.append(time.perf_counter() - began)
        return spent
