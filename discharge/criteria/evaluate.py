"""Facts and criteria to findings: every criterion of every pack, for all stays at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from discharge.criteria import kleene
from discharge.criteria.columns import Columns, FactsLike
from discharge.criteria.kleene import FloatArray, StatusArray
from discharge.criteria.order import MOST_STAYS, plan_of
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
    findings = Findings(facts.index, zone)
    evaluator = Evaluator(packs, Columns(facts, zone), findings)
    findings.evaluator = evaluator
    for file in packs.files.values():
        evaluator.applies(file)
    evaluator.run()
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
        self._plan = plan_of(packs)
        self._slots: list[StatusArray] = []
        self._nodes: dict[Tree, StatusArray] = {}  # trees that stand in no file
        self._conditions: dict[str, StatusArray] = {}
        self._points: dict[ScoreItem, tuple[FloatArray, FloatArray]] = {}
        self.tables: dict[str, object] = {}  # of missing facts, by criterion

    def run(self) -> None:
        """Evaluate all trees of the packs."""
        plan = self._plan
        nothing = self.constant(kleene.UNKNOWN)
        slots = self._slots = [nothing] * plan.size
        if self.columns.size <= MOST_STAYS:
            plan.answer(self.columns, slots)
        else:
            for slot, leaf in plan.single:
                slots[slot] = _EVALUATE[type(leaf)](self, leaf)
        for slot, tree in plan.rest:
            slots[slot] = _EVALUATE[type(tree)](self, tree)

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
        slot = self._plan.slots.get(id(tree))
        if slot is not None:
            return self._slots[slot]
        known = self._nodes.get(tree)
        if known is None:
            known = self._nodes[tree] = _EVALUATE[type(tree)](self, tree)
        return known

    def _all(self, node: All) -> StatusArray:
        return kleene.all_of([self.tree(child) for child in node.of])

    def _any(self, node: AnyOf) -> StatusArray:
        return kleene.any_of([self.tree(child) for child in node.of])

    def _not(self, node: Not) -> StatusArray:
        return kleene.negated(self.tree(node.of[0]))

    def _at_least(self, node: AtLeast) -> StatusArray:
        return kleene.at_least(node.count, [self.tree(child) for child in node.of])

    def _number(self, leaf: NumberLeaf) -> StatusArray:
        values, missing = self.columns.numbers(leaf.fact), self.columns.is_missing(leaf.fact)
        return kleene.compare(values, leaf.threshold.op, self.threshold(leaf.threshold), missing)

    def _other(self, leaf: OtherLeaf) -> StatusArray:
        return kleene.compare(self.columns.numbers(leaf.fact), leaf.op, self.columns.numbers(leaf.other))

    def _flag(self, leaf: FlagLeaf) -> StatusArray:
        wanted = 1.0 if leaf.wanted else 0.0
        return kleene.status(self.columns.numbers(leaf.fact) == wanted, self.columns.is_missing(leaf.fact))

    def _text(self, leaf: TextLeaf) -> StatusArray:
        found = self.columns.text_matches(leaf.fact, frozenset(leaf.values).__contains__)
        return kleene.negated(found) if leaf.negated else found

    def _set(self, leaf: SetLeaf) -> StatusArray:
        return self.in_value_set(leaf.fact, leaf.value_set)

    def _known(self, leaf: KnownLeaf) -> StatusArray:
        return kleene.status(~self.columns.is_missing(leaf.fact))

    def _elapsed(self, leaf: ElapsedLeaf) -> StatusArray:
        length = self.columns.elapsed(leaf.start, leaf.end, leaf.threshold.unit)
        return kleene.compare(length, leaf.threshold.op, self.threshold(leaf.threshold))

    def _score(self, leaf: ScoreLeaf) -> StatusArray:
        low, high = self.score(leaf.score)
        return kleene.compare_interval(low, high, leaf.threshold.op, self.threshold(leaf.threshold))

    def _criterion(self, leaf: CriterionLeaf) -> StatusArray:
        return self.criterion(leaf.criterion)

    def _conditions_apply(self, _: ConditionsApplyLeaf) -> StatusArray:
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
            known = dated.numbers_on(self.columns.days(dated.by or "t"))
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
        result = self._conditions.get(value_set)
        if result is None:
            result = self.tree(SetLeaf("diagnosis.codes", value_set))
            for fact in ("diagnosis.admission", "diagnosis.principal"):
                result = np.where(self.columns.is_missing(fact), result, self.tree(SetLeaf(fact, value_set)))
            self._conditions[value_set] = result
        return result

    def _role(self, leaf: RoleLeaf) -> StatusArray:
        is_any = leaf.combine == "any"
        parts = [self.constant(kleene.NOT_MET if is_any else kleene.MET)]
        for file in self.packs.condition_files:
            full_id = file.roles.get(leaf.role)
            if full_id is None:
                continue
            applies, said = self.applies(file), self.criterion(full_id)
            if is_any:
                parts.append(kleene.all_of([applies, said]))
            else:
                parts.append(kleene.any_of([kleene.negated(applies), said]))
        return kleene.any_of(parts) if is_any else kleene.all_of(parts)

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


_EVALUATE: dict[type[Any], Callable[[Evaluator, Any], StatusArray]] = {
    All: Evaluator._all,
    AnyOf: Evaluator._any,
    Not: Evaluator._not,
    AtLeast: Evaluator._at_least,
    NumberLeaf: Evaluator._number,
    OtherLeaf: Evaluator._other,
    FlagLeaf: Evaluator._flag,
    TextLeaf: Evaluator._text,
    SetLeaf: Evaluator._set,
    KnownLeaf: Evaluator._known,
    ElapsedLeaf: Evaluator._elapsed,
    ScoreLeaf: Evaluator._score,
    CriterionLeaf: Evaluator._criterion,
    RoleLeaf: Evaluator._role,
    ConditionsApplyLeaf: Evaluator._conditions_apply,
}


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
