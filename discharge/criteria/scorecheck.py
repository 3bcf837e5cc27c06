"""Totals that a score can come to, against the range that was published for it.

Items that share facts (one for men, one for women) can't all bring their most at once. So stays are made up in which
the facts that items share have every combination of values that tells them apart, and the rest is not charted; the
bounds of their totals are those of the score. Where there are too many combinations, the highest and lowest that
changing one value after another leads to are taken: they may not be the very ends, but they can be had.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discharge.criteria.evaluate import evaluate_criteria
from discharge.errors import Fault
from discharge.packs import Packs, RuleFile, Score
from discharge.packs.amounts import fact_amounts
from discharge.packs.tree import (
    CriterionLeaf,
    FlagLeaf,
    Leaf,
    NumberLeaf,
    ScoreLeaf,
    SetLeaf,
    TextLeaf,
    Tree,
    facts_of,
    leaves,
)

FloatArray: TypeAlias = NDArray[np.float64]
_Choice: TypeAlias = tuple[str, list[Any]]  # a fact, and values of it
_Row: TypeAlias = tuple[int, ...]  # the place of the value chosen, by choice

_MOST = 20_000  # combinations


@dataclass(frozen=True)
class _Table:
    """Facts by name, as evaluation reads them."""

    columns: dict[str, Any]
    size: int

    @property
    def index(self) -> pd.Index[Any]:
        return pd.RangeIndex(self.size)

    @property
    def t(self) -> pd.Series[Any]:
        return pd.Series(pd.Timestamp("2026-01-01", tz="UTC"), index=self.index)

    def column(self, fact: str) -> Any | None:
        return self.columns.get(fact)

    def evidence(self, fact: str, stay_id: str) -> Sequence[Any]:
        return ()


def range_faults(packs: Packs, files: Iterable[RuleFile] | None = None) -> list[Fault]:
    """Return a fault for each score (of all files, or of some) that can come to a total outside its published range."""
    faults = []
    for file in packs.files.values() if files is None else files:
        for score in file.scores.values():
            if score.range is None or score.range.clamp:
                continue
            low, high = possible_totals(packs, score)
            least, most = float(score.range.low), float(score.range.high)
            if low < least - 1e-9 or high > most + 1e-9:
                said = f"totals from {low:g} to {high:g} are possible, the range says {least:g} to {most:g}"
                hint = "mend the items or the range, or clamp: true"
                faults.append(Fault(f"{file.path}: scores.{score.name}.range", said, hint))
    return faults


def possible_totals(packs: Packs, score: Score) -> tuple[float, float]:
    """Return the lowest and highest total of a score that some stay could have, its range left aside."""
    part = _alone(packs, replace(score, range=None))
    choices = [choice for fact in _shared(packs, score) for choice in _choices(packs, score, fact)]

    def totals(rows: Sequence[_Row]) -> tuple[FloatArray, FloatArray]:
        found = evaluate_criteria(part, _table(choices, rows), zone="UTC").scores[score.id]
        return np.nan_to_num(found[0], nan=np.inf), np.nan_to_num(found[1], nan=-np.inf)

    if math.prod(len(values) for _, values in choices) <= _MOST:
        low, high = totals(list(product(*(range(len(values)) for _, values in choices))))
        least, most = float(low.min()), float(high.max())
    else:
        least = -_climbed(choices, lambda rows: -totals(rows)[0])
        most = _climbed(choices, lambda rows: totals(rows)[1])
    return least, most


def _climbed(choices: Sequence[_Choice], height: Callable[[Sequence[_Row]], FloatArray]) -> float:
    """Return the highest that is reached by changing one value after another, each time the best."""
    here: _Row = tuple(0 for _ in choices)
    best = float(height([here])[0])
    while True:
        rows = [
            (*here[:turn], place, *here[turn + 1 :])
            for turn, (_, values) in enumerate(choices)
            for place in range(len(values))
        ]
        heights = height(rows)
        top = int(heights.argmax())
        if heights[top] <= best + 1e-9:
            return best
        here, best = rows[top], float(heights[top])


def _table(choices: Sequence[_Choice], rows: Sequence[_Row]) -> _Table:
    """Return stays with the values chosen; a fact chosen in several parts (codes) has all of them."""
    columns: dict[str, list[Any]] = {}
    for turn, (fact, values) in enumerate(choices):
        chosen = [values[row[turn]] for row in rows]
        known = columns.get(fact)
        columns[fact] = chosen if known is None else [a + b for a, b in zip(known, chosen, strict=True)]
    return _Table({fact: _column(values) for fact, values in columns.items()}, len(rows))


def _alone(packs: Packs, score: Score) -> Packs:
    """Return packs that hold one score and what it rests on."""
    names = {score.id}
    for _ in _trees(packs, score, names):
        pass
    files: dict[str, RuleFile] = {}
    for file in packs.files.values():
        scores = {key: one for key, one in file.scores.items() if one.id in names}
        criteria = {key: one for key, one in file.criteria.items() if one.id in names}
        if scores or criteria:
            scores = {key: score if one.id == score.id else one for key, one in scores.items()}
            files[file.id] = replace(file, scores=scores, criteria=criteria, roles={}, rules=())
    return replace(packs, files=files)


def _column(values: list[Any]) -> Any:
    if all(value is None or isinstance(value, (bool, int, float)) for value in values):
        return np.array([np.nan if value is None else float(value) for value in values])
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _trees(packs: Packs, score: Score, seen: set[str]) -> Iterator[Tree]:
    """Yield the trees that a score rests on; names of criteria and scores are noted in ``seen``."""
    for tree in score.trees:
        yield from _whole(packs, tree, seen)
    for other in score.scores:
        if other not in seen:
            seen.add(other)
            yield from _trees(packs, packs.scores[other], seen)


def _whole(packs: Packs, tree: Tree, seen: set[str]) -> Iterator[Tree]:
    yield tree
    for leaf in leaves(tree):
        if isinstance(leaf, CriterionLeaf) and leaf.criterion not in seen:
            seen.add(leaf.criterion)
            yield from _whole(packs, packs.criteria[leaf.criterion].tree, seen)
        elif isinstance(leaf, ScoreLeaf) and leaf.score not in seen:
            seen.add(leaf.score)
            yield from _trees(packs, packs.scores[leaf.score], seen)


def _shared(packs: Packs, score: Score) -> list[str]:
    """Return the facts that several items look at."""
    counted: Counter[str] = Counter()
    for part in score.parts:
        asked = set(part.facts)
        for tree in part.trees:
            asked |= {
                fact
                for inner in _whole(packs, tree, set())
                for leaf in leaves(inner)
                for fact in facts_of(leaf)
            }
        if part.score is not None:
            asked |= set(packs.facts_of_score(part.score))
        counted.update(asked)
    return sorted(fact for fact, count in counted.items() if count > 1)


def _choices(packs: Packs, score: Score, fact: str) -> Iterator[_Choice]:
    """Yield what a fact may be, so that every answer to what is asked of it comes about; nothing where not told."""
    limits: set[float] = set()
    words: set[str] = set()
    sets: set[str] = set()
    for leaf in _asked(packs, score, fact):
        match leaf:
            case NumberLeaf(threshold=threshold) if threshold.value is not None:
                limits.add(float(threshold.value))
            case TextLeaf(values=values):
                words |= set(values)
            case SetLeaf(value_set=name):
                sets.add(name)
            case FlagLeaf():
                yield fact, [True, False]
                return
            case _:
                pass
    for other in _added(packs, score):
        for part in other.parts:
            for amount in fact_amounts(part.amount):
                if amount.fact == fact:
                    limits |= set(getattr(amount.by, "limits", ()))
                    words |= set(getattr(amount.by, "table", ()))
    codes = [code for name in sorted(sets) for code in getattr(packs.names.value_sets[name], "codes", ())[:1]]
    described = packs.names.facts.get(fact)
    if codes and described is not None and described.type == "codes":
        yield from ((fact, [(), (code,)]) for code in codes)
    elif words or codes:
        yield fact, [*sorted({*words, *codes}), "another word"]
    elif limits:
        ordered = sorted(limits)
        between = [(one + other) / 2 for one, other in pairwise(ordered)]
        yield fact, [ordered[0] - 1, *ordered, *between, ordered[-1] + 1]


def _asked(packs: Packs, score: Score, fact: str) -> Iterator[Leaf]:
    for tree in _trees(packs, score, set()):
        yield from (leaf for leaf in leaves(tree) if fact in facts_of(leaf))


def _added(packs: Packs, score: Score) -> Iterator[Score]:
    """Yield a score and those that it adds up."""
    yield score
    for other in score.scores:
        yield from _added(packs, packs.scores[other])
