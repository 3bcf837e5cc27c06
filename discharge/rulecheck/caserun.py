"""All cases beside all rules in one table, evaluated once: what the checks look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discharge.casetests import ZONE
from discharge.criteria import Findings, evaluate_criteria
from discharge.criteria.evaluate import Evaluator
from discharge.criteria.kleene import MET, WORDS, BoolArray, StatusArray
from discharge.errors import FactError
from discharge.facts import FactTable
from discharge.inference import Conclusions, infer
from discharge.packs import Case, Packs, Rule, RuleFile
from discharge.packs.tree import Tree
from discharge.packs.when import Alternative, Test
from discharge.rulecheck.worlds import Worlds

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class CaseRun:
    """``rows``: the rows of each file's own cases; ``empty``: a row of which nothing is charted.

    ``broken``: cases whose given facts can't be read.
    """

    packs: Packs
    findings: Findings
    evaluator: Evaluator
    conclusions: Conclusions
    cases: tuple[tuple[RuleFile, Case], ...]
    rows: Mapping[str, Rows]
    broken: tuple[tuple[RuleFile, Case], ...]
    empty: int
    worlds: Worlds

    def statuses(self, tree: Tree, file: RuleFile) -> StatusArray:
        """Return the status of a tree in each case of a file."""
        return self.evaluator.tree(tree)[self.rows[file.id]]

    def applies(self, file: RuleFile) -> StatusArray:
        """Return whether a file applies in each of its cases."""
        return self.findings.applies[file.id][self.rows[file.id]]

    def held(self, test: Test, file: RuleFile) -> BoolArray:
        """Return the cases of a file in which one test of a rule holds."""
        if test.kind == "criterion":
            found = self.findings.status[test.name] == WORDS.index(test.word)
        else:
            found = self.conclusions.concluded(test.name) == (test.word == "yes")
        return np.asarray(found[self.rows[file.id]], np.bool_)

    def held_together(self, option: Alternative, file: RuleFile) -> BoolArray:
        """Return the cases of a file in which it applies and every test of an alternative holds."""
        found: Any = self.applies(file) == MET
        for test in option:
            found = found & self.held(test, file)
        return np.asarray(found, np.bool_)

    def fired(self, rule: Rule, file: RuleFile) -> BoolArray:
        """Return the cases of a file in which a rule fires."""
        found = np.zeros(len(self.rows[file.id]), np.bool_)
        for option in rule.when:
            found |= self.held_together(option, file)
        return found


def run_all(packs: Packs) -> CaseRun:
    """Evaluate every case of ``packs``, all in one table."""
    every = [(file, case) for file in packs.files.values() for case in file.cases]
    cases, facts = _readable(every)
    findings = evaluate_criteria(packs, facts, zone=ZONE)
    if findings.evaluator is None:
        raise ValueError("these findings were not made by evaluate_criteria")
    owners = np.array([file.id for file, _ in cases], dtype=object)
    rows = {name: np.flatnonzero(owners == name) for name in packs.files}
    kept = {(file.id, case.name) for file, case in cases}
    broken = tuple(one for one in every if (one[0].id, one[1].name) not in kept)
    conclusions = infer(packs, findings, engine="plain")
    return CaseRun(
        packs,
        findings,
        findings.evaluator,
        conclusions,
        tuple(cases),
        rows,
        broken,
        len(cases),
        Worlds(packs),
    )


def _readable(every: list[tuple[RuleFile, Case]]) -> tuple[list[tuple[RuleFile, Case]], FactTable]:
    """Return the cases whose facts can be read, and their facts, each at its own moment."""
    try:
        return every, _table(every)
    except FactError as error:
        wrong = {int(fault.where.removeprefix("row ").partition(":")[0]) - 1 for fault in error.faults}
        kept = [one for place, one in enumerate(every) if place not in wrong]
        return kept, _table(kept)


def _table(cases: list[tuple[RuleFile, Case]]) -> FactTable:
    """Return a row per case, and one more of which nothing is charted."""
    moments = [_moment(case.as_of) for _, case in cases]
    given: list[dict[str, object]] = [dict(case.given) for _, case in cases]
    given.append({})
    moments.append(max(moments, default=pd.Timestamp(0, tz="UTC")))
    return FactTable.from_named(given, moments)


def _moment(as_of: str) -> pd.Timestamp:
    moment = pd.Timestamp(as_of)
    return moment.tz_localize(ZONE) if moment.tzinfo is None else moment.tz_convert("UTC")
