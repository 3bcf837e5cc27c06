"""Facts and criteria to findings: every criterion of every pack, for all stays at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discharge.criteria import kleene
from discharge.criteria.columns import Columns, FactsLike
from discharge.criteria.kleene import FloatArray, StatusArray
from discharge.dated import Dated
from discharge.packs import Packs, RuleFile, Score
from discharge.packs.model import ScoreItem
from discharge.packs.tree import (
    All,
    AnyOf,
    AtLeast,
    ConditionsApplyLeaf,
    CriterionLeaf,
    ElapsedLeaf,
    FlagLeaf,
    KnownLeaf,
    Leaf,
    Not,
    NumberLeaf,
    OtherLeaf,
    RoleLeaf,
    ScoreLeaf,
    SetLeaf,
    TextLeaf,
    Threshold,
    Tree,
)


@dataclass
class Findings:
    """What holds of each stay; all arrays follow ``index`` (stay ids).

    ``status``: full criterion name -> 0 not met, 1 unknown, 2 met. ``applies``: file id -> the same, of its
    ``applies_to``. ``scores``: full score name -> lowest and highest possible total. ``parameters_used``: full
    parameter name -> the value that held for each stay (NaN where none did). A criterion of a file that does not
    apply is evaluated all the same; whoever reports it looks at ``applies``.
    """

    index: pd.Index[Any]
    zone: str
    status: dict[str, StatusArray] = field(default_factory=dict)
    applies: dict[str, StatusArray] = field(default_factory=dict)
    scores: dict[str, tuple[FloatArray, FloatArray]] = field(default_factory=dict)
    parameters_used: dict[str, FloatArray] = field(default_factory=dict)
    evaluator: Evaluator | None = field(default=None, repr=False, compare=False)

    def position(self, stay_id: str) -> int:
        """Return the row of a stay (KeyError if it isn't there)."""
        place = self.index.get_loc(stay_id)
        if not isinstance(place, int):
            raise KeyError(stay_id)
        return place

    def word(self, full_id: str, stay_id: str) -> str:
        """Return met, not_met or unknown."""
        return kleene.WORDS[self.status[full_id][self.position(stay_id)]]


def evaluate_criteria(packs: Packs, facts: FactsLike, *, zone: str) -> Findings:
    """Evaluate every criterion and score of ``packs`` for every row of ``facts``; days are those of ``zone``."""
    findings = Findings(facts.values.index, zone)
    evaluator = Evaluator(packs, Columns(facts, zone, packs.numbers_asked), findings)
    findings.evaluator = evaluator
    for file in packs.files.values():
        evaluator.applies(file)
    for full_id in packs.criteria:
        evaluator.criterion(full_id)
    for full_id in packs.scores:
        evaluator.score(full_id)
    return findings


class Evaluator:
    """Evaluates each distinct leaf, criterion and score once and keeps it."""

    def __init__(self, packs: Packs, columns: Columns, findings: Findings) -> None:
        self.packs = packs
        self.columns = columns
        self.findings = findings
        self._nodes: dict[Tree, StatusArray] = {}
        self._points: dict[ScoreItem, tuple[FloatArray, FloatArray]] = {}
        self.tables: dict[str, object] = {}  # of missing facts, by criterion

    def constant(self, value: int) -> StatusArray:
        return np.full(self.columns.size, value, np.int8)

    def criterion(self, full_id: str) -> StatusArray:
        """Return the status of a criterion by full name."""
        known = self.findings.status.get(full_id)
        if known is None:
            known = self.findings.status[full_id] = self.tree(self.packs.criteria[full_id].tree)
        return known

    def tree(self, tree: Tree) -> StatusArray:
        """Return the status of a tree; equal trees are evaluated once."""
        known = self._nodes.get(tree)
        if known is None:
            known = self._nodes[tree] = self._tree(tree)
        return known

    def _tree(self, tree: Tree) -> StatusArray:
        match tree:
            case All(of=of):
                return kleene.all_of([self.tree(child) for child in of])
            case AnyOf(of=of):
                return kleene.any_of([self.tree(child) for child in of])
            case Not(of=(child,)):
                return kleene.negated(self.tree(child))
            case AtLeast(of=of, count=count):
                return kleene.at_least(count, [self.tree(child) for child in of])
            case _:
                return self._leaf(tree)

    def _leaf(self, leaf: Leaf) -> StatusArray:
        columns = self.columns
        match leaf:
            case NumberLeaf(fact=fact, threshold=threshold):
                values, missing = columns.numbers(fact), columns.is_missing(fact)
                return kleene.compare(values, threshold.op, self.threshold(threshold), missing)
            case OtherLeaf(fact=fact, op=op, other=other):
                return kleene.compare(columns.numbers(fact), op, columns.numbers(other))
            case FlagLeaf(fact=fact, wanted=wanted):
                return kleene.status(
                    columns.numbers(fact) == (1.0 if wanted else 0.0), columns.is_missing(fact)
                )
            case TextLeaf(fact=fact, values=values, negated=negated):
                found = columns.text_matches(fact, frozenset(values).__contains__)
                return kleene.negated(found) if negated else found
            case SetLeaf(fact=fact, value_set=value_set):
                return self.in_value_set(fact, value_set)
            case KnownLeaf(fact=fact):
                return kleene.status(~columns.is_missing(fact))
            case ElapsedLeaf(start=start, end=end, threshold=threshold):
                length = columns.elapsed(start, end, threshold.unit)
                return kleene.compare(length, threshold.op, self.threshold(threshold))
            case ScoreLeaf(score=score, threshold=threshold):
                low, high = self.score(score)
                return kleene.compare_interval(low, high, threshold.op, self.threshold(threshold))
            case CriterionLeaf(criterion=criterion):
                return self.criterion(criterion)
            case RoleLeaf(role=role, combine=combine):
                return self._role(role, combine)
            case ConditionsApplyLeaf():
                return kleene.any_of([self.constant(0), *map(self.applies, self.packs.condition_files)])

    def threshold(self, threshold: Threshold) -> float | FloatArray:
        """Return what to compare with: one number, or the dated parameter of each row."""
        if threshold.parameter is None:
            return float(threshold.value) if threshold.value is not None else float("nan")
        return self.parameter(threshold.parameter)

    def parameter(self, full_id: str) -> FloatArray:
        """Return the value of a parameter on each row's day: that of its ``by`` fact, else of ``t``."""
        known = self.findings.parameters_used.get(full_id)
        if known is None:
            dated = self.packs.parameters[full_id]
            known = _values_on(dated, self.columns.days(dated.by or "t"))
            self.findings.parameters_used[full_id] = known
        return known

    def in_value_set(self, fact: str, value_set: str) -> StatusArray:
        """Return whether a code (text fact) or any of some codes lies in a value set."""
        test = self.packs.names.value_sets[value_set].matches
        described = self.packs.names.facts.get(fact)
        if described is not None and described.type == "codes":
            return self.columns.any_code_matches(fact, test)
        return self.columns.text_matches(fact, test)

    def applies(self, file: RuleFile) -> StatusArray:
        """Return whether a file applies: to the payer's class and to the condition, where it names them."""
        known = self.findings.applies.get(file.id)
        if known is None:
            parts = [self.constant(kleene.MET)]
            if file.applies.payer_class is not None:
                parts.append(
                    self.tree(TextLeaf("coverage.payer_class", tuple(sorted(file.applies.payer_class))))
                )
            if file.applies.condition is not None:
                parts.append(self.condition(file.applies.condition))
            known = self.findings.applies[file.id] = kleene.all_of(parts)
        return known

    def condition(self, value_set: str) -> StatusArray:
        """Match a condition: on the principal diagnosis, else the admission's, else any code."""
        result = self.tree(SetLeaf("diagnosis.codes", value_set))
        for fact in ("diagnosis.admission", "diagnosis.principal"):
            result = np.where(self.columns.is_missing(fact), result, self.tree(SetLeaf(fact, value_set)))
        return result

    def _role(self, role: str, combine: str) -> StatusArray:
        parts = [self.constant(kleene.NOT_MET if combine == "any" else kleene.MET)]
        for file in self.packs.condition_files:
            full_id = next((full for name, full in file.roles.items() if name == role), None)
            if full_id is None:
                continue
            applies, said = self.applies(file), self.criterion(full_id)
            if combine == "any":
                parts.append(kleene.all_of([applies, said]))
            else:
                parts.append(kleene.any_of([kleene.negated(applies), said]))
        return kleene.any_of(parts) if combine == "any" else kleene.all_of(parts)

    def score(self, full_id: str) -> tuple[FloatArray, FloatArray]:
        """Return the lowest and highest total that the known inputs allow."""
        known = self.findings.scores.get(full_id)
        if known is None:
            known = self.findings.scores[full_id] = self._total(self.packs.scores[full_id])
        return known

    def _total(self, score: Score) -> tuple[FloatArray, FloatArray]:
        low = np.zeros(self.columns.size)
        high = np.zeros(self.columns.size)
        for item in score.items:
            least, most = self.points(item)
            low, high = low + least, high + most
        return low, high

    def points(self, item: ScoreItem) -> tuple[FloatArray, FloatArray]:
        """Return the fewest and most points of one item."""
        known = self._points.get(item)
        if known is None:
            known = self._points[item] = self._item(item)
        return known

    def _item(self, item: ScoreItem) -> tuple[FloatArray, FloatArray]:
        if item.when is not None:
            found = self.tree(item.when)
            points = float(item.points)
            ends = np.array([0.0, min(points, 0.0), points]), np.array([0.0, max(points, 0.0), points])
            return ends[0][found], ends[1][found]
        values = self.columns.numbers(item.fact or "")
        found_points = points_of(item, values)
        possible = [0.0, *(float(band.points) for band in item.bands)]
        absent = np.isnan(values)
        return np.where(absent, min(possible), found_points), np.where(absent, max(possible), found_points)


def _values_on(dated: Dated, days: NDArray[np.datetime64]) -> FloatArray:
    """Return the number in force on each day; NaN where none is known."""
    starts = sorted(dated.values)
    amounts = [math.nan, *(_number(dated.values[start].value) for start in starts)]
    places = np.searchsorted(np.array(starts, dtype="datetime64[D]"), days, side="right")
    places[np.isnat(days)] = 0
    return np.array(amounts)[places]


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, Decimal)) else math.nan


def points_of(item: ScoreItem, values: FloatArray) -> FloatArray:
    """Return the points of a banded item; 0 outside every band, and where the value is NaN."""
    found = np.zeros(len(values))
    for band in item.bands:
        inside = ~np.isnan(values)
        if band.start is not None:
            inside &= kleene.holds(values, ">=", float(band.start))
        if band.below is not None:
            inside &= kleene.holds(values, "<", float(band.below))
        found[inside] = float(band.points)
    return found
