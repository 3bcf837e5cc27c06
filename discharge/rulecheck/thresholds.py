"""Every threshold has a case that passes, a case that fails, and one of the two lies at the limit itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from discharge import wording
from discharge.criteria.kleene import MET, NOT_MET, holds
from discharge.packs import RuleFile
from discharge.packs.tree import ElapsedLeaf, NumberLeaf, OtherLeaf, ScoreLeaf, Threshold
from discharge.rulecheck.caserun import CaseRun
from discharge.rulecheck.finding import Finding, fault, note
from discharge.rulecheck.walk import every_node
from discharge.yaml import YamlPath

CHECK = "threshold"
_PASSES = {
    "<": "below",
    "<=": "at or below",
    ">": "above",
    ">=": "at or above",
    "==": "equal to",
    "!=": "other than",
}
_FAILS = {
    "<": "at or above",
    "<=": "above",
    ">": "at or below",
    ">=": "below",
    "==": "other than",
    "!=": "equal to",
}


def check_thresholds(run: CaseRun, file: RuleFile) -> Iterator[Finding]:
    """Yield the thresholds of a file whose sides its cases don't show; equal questions are asked once."""
    asked = set()
    for path, leaf in every_node(file):
        if isinstance(leaf, (NumberLeaf, ElapsedLeaf, OtherLeaf, ScoreLeaf)) and leaf not in asked:
            asked.add(leaf)
            yield from _sides(run, file, path, leaf)
    yield from _bands(run, file)
    yield from _dated(run, file)


def _sides(run: CaseRun, file: RuleFile, path: YamlPath, leaf: Any) -> Iterator[Finding]:
    statuses = run.statuses(leaf, file)
    limit, op, at = _at(run, file, leaf)
    sides = ((MET, _PASSES), (NOT_MET, _FAILS))
    wanted = [words[op] for code, words in sides if not (statuses == code).any()]
    if op not in ("==", "!=") and not at.any():
        wanted.append("exactly at")
    if wanted:
        said = f"no case has {_of(leaf)} {', none '.join(wanted)} {limit}"
        yield fault(CHECK, file.path, path, said, "add cases")


def _at(run: CaseRun, file: RuleFile, leaf: Any) -> tuple[str, str, NDArray[np.bool_]]:
    """Return the limit in words, the operator, and which cases lie at the limit."""
    rows = run.rows[file.id]
    columns = run.evaluator.columns
    if isinstance(leaf, OtherLeaf):
        values, others = columns.numbers(leaf.fact)[rows], columns.numbers(leaf.other)[rows]
        return leaf.other, leaf.op, _equal(values, others)
    limits = _limits(run, leaf.threshold, rows)
    if isinstance(leaf, ScoreLeaf):
        low, high = (end[rows] for end in run.findings.scores[leaf.score])
        at = _equal(low, limits) & (low == high)
    elif isinstance(leaf, ElapsedLeaf):
        at = _equal(columns.elapsed(leaf.start, leaf.end, leaf.threshold.unit)[rows], limits)
    else:
        at = _equal(columns.numbers(leaf.fact)[rows], limits)
    return _limit_words(leaf.threshold), leaf.threshold.op, at


def _limits(run: CaseRun, threshold: Threshold, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    found = run.evaluator.threshold(threshold)
    return np.full(len(rows), found) if isinstance(found, float) else found[rows]


def _equal(values: NDArray[np.float64], limits: NDArray[np.float64]) -> NDArray[np.bool_]:
    known = ~np.isnan(values) & ~np.isnan(limits)
    return known & holds(values, "==", limits)


def _of(leaf: Any) -> str:
    match leaf:
        case ElapsedLeaf(start=start, end=end):
            return f"the time from {start} to {end}"
        case ScoreLeaf(score=score):
            return f"the score {score.rpartition('.')[2]}"
        case _:
            return str(leaf.fact)


def _limit_words(threshold: Threshold) -> str:
    if threshold.parameter is not None:
        return f"the parameter {threshold.parameter.rpartition('.')[2]}"
    unit = wording.UNITS.get(threshold.unit, threshold.unit)
    return f"{threshold.value:f} {unit}".rstrip()


def _bands(run: CaseRun, file: RuleFile) -> Iterator[Finding]:
    """Note the edges of bands of score items that no case has exactly."""
    rows = run.rows[file.id]
    for name, score in file.scores.items():
        for place, item in enumerate(score.items):
            if item.fact is None or not item.bands:
                continue
            values = run.evaluator.columns.numbers(item.fact)[rows]
            edges = {edge for band in item.bands for edge in (band.start, band.below) if edge is not None}
            bare = [
                edge for edge in sorted(edges) if not _equal(values, np.full(len(rows), float(edge))).any()
            ]
            if bare:
                listed = ", ".join(f"{edge:f}" for edge in bare)
                path: YamlPath = ("scores", name, "items", place, "bands")
                yield note(
                    CHECK, file.path, path, f"no case has {item.fact} exactly at {listed}", "add cases"
                )


def _dated(run: CaseRun, file: RuleFile) -> Iterator[Finding]:
    """Note the dated values of parameters in whose time no case falls."""
    rows = run.rows[file.id]
    for name, dated in file.parameters.items():
        if f"{file.id}.{name}" not in run.findings.parameters_used or len(dated.values) < 2:
            continue
        days = run.evaluator.columns.days(dated.by or "t")[rows]
        starts = sorted(dated.values)
        for place, start in enumerate(starts):
            inside = days >= np.datetime64(start)
            if place + 1 < len(starts):
                inside &= days < np.datetime64(starts[place + 1])
            if not inside.any():
                here: YamlPath = ("parameters", name, "values", start.isoformat())
                yield note(
                    CHECK, file.path, here, f"no case falls in the time of this value of '{name}'", "add one"
                )
