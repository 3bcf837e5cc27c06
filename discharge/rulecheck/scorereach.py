"""Which items and bands of scores the cases reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from discharge.criteria.kleene import MET, NOT_MET, FloatArray, holds
from discharge.criteria.scores import spans_of
from discharge.packs import RuleFile, Score
from discharge.packs.amounts import Band
from discharge.rulecheck.caserun import CaseRun
from discharge.yaml import YamlPath

Found: TypeAlias = tuple[Literal["score item", "score band"], YamlPath, str, bool]


def score_branches(run: CaseRun, file: RuleFile, name: str, score: Score) -> Iterator[Found]:
    """Yield (kind, path, what case is missing, is one there) of a score: its total, items and published bands."""
    path: YamlPath = ("scores", name)
    rows = run.rows[file.id]
    every = run.findings.scores[score.id]
    low, high = (end[rows] for end in every)
    exact = low == high
    yield "score item", path, f"no case in which the total of '{name}' is known", bool(exact.any())
    open_when_empty = bool(every[0][run.empty] < every[1][run.empty])
    if open_when_empty or (low < high).any():
        said = f"no case in which '{name}' lacks an input (an interval)"
        yield "score item", path, said, bool((low < high).any())
    if score.valid_when is not None:
        said = f"no case in which '{name}' is not valid"
        yield "score item", (*path, "valid_when"), said, bool(np.isnan(low).any())
    if score.formula is None:
        for place, item in enumerate(score.items):
            yield from _item(run, item, (*path, "items", place), rows)
    else:
        for variable in score.formula.variables:
            here = (*path, "formula", "variables", variable.name)
            yield _two_values(run, variable, here, rows)
    yield from _published(score, path, low, exact)


def _published(score: Score, path: YamlPath, totals: FloatArray, exact: Any) -> Iterator[Found]:
    """Yield the bands of the total, those of each published set."""
    sets = [((*path, "bands"), score.bands)]
    sets += [((*path, "band_sets", one.name, "bands"), one.bands) for one in score.band_sets.values()]
    for here, bands in sets:
        for place, band in enumerate(bands):
            said = f"no case whose total lies in the band '{band.name}'"
            yield "score band", (*here, place), said, bool((_inside(totals, band) & exact).any())


def _item(run: CaseRun, item: Any, here: YamlPath, rows: NDArray[np.intp]) -> Iterator[Found]:
    """Yield what one item can bring."""
    low, high = (end[rows] for end in spans_of(item.amount, run.evaluator))
    exact = low == high
    values = run.evaluator.columns.numbers(item.fact)[rows] if item.fact is not None else None
    for place, band in enumerate(item.bands):
        reached = exact & (low == float(band.points))
        if values is not None:
            reached = reached & _inside(values, band)
        said = f"no case in which '{item.name}' gives the {band.points} points of this band"
        yield "score item", (*here, "bands", place), said, bool(reached.any())
    for place, tree in enumerate(item.count):
        said = f"no case in which this part of '{item.name}' is met"
        reached = run.evaluator.tree(tree)[rows] == MET
        yield "score item", (*here, "count", place), said, bool(reached.any())
    if item.when is not None:
        points = float(item.points)
        said = f"no case in which '{item.name}' counts its {points:g} points"
        yield "score item", here, said, bool((exact & (low == points)).any())
        silent = bool((exact & (low == 0)).any())
        if silent or item.only_when is not None or run.worlds.can_be(item.when, NOT_MET):
            yield "score item", here, f"no case in which '{item.name}' is known not to count", silent
    elif not item.bands:
        yield _two_values(run, item, here, rows)


def _two_values(run: CaseRun, part: Any, here: YamlPath, rows: NDArray[np.intp]) -> Found:
    low, high = (end[rows] for end in spans_of(part.amount, run.evaluator))
    seen = np.unique(low[low == high])
    return "score item", here, f"no two cases in which '{part.name}' is known and differs", len(seen) > 1


def _inside(values: FloatArray, band: Band) -> Any:
    found = ~np.isnan(values)
    if band.start is not None:
        found &= holds(values, ">=", float(band.start))
    if band.below is not None:
        found &= holds(values, "<", float(band.below))
    return found
