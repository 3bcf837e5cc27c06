"""Facts and criteria to findings: every criterion of every pack, for all stays at once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discharge.criteria import kleene
from discharge.criteria.columns import Columns, FactsLike
from discharge.criteria.kleene import FloatArray, StatusArray
from discharge.criteria.order import MOST_STAYS, plan_of
from discharge.criteria.scores import Span, ends_of, spans_of, total_of, totals
from discharge.packs import Packs, RuleFile
from discharge.packs.amounts import Ends, FactAmount, FromFact
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

_ONE_BY_ONE = 32  # stays; with more, whole columns are quicker
_Found = TypeVar("_Found")


class Asked(dict[str, _Found]):
    """Values by name, each worked out when it is first asked for. A name that the packs don't have isn't there."""

    def __init__(self, names: Collection[str] = (), make: Callable[[str], _Found] | None = None) -> None:
        super().__init__()
        self._names, self._make = names, make

    def __missing__(self, name: str) -> _Found:
        if self._make is None or name not in self._names:
            raise KeyError(name)
        made = self[name] = self._make(name)
        return made

    def get(self, name: str, otherwise: Any = None) -> Any:
        """Return the value of ``name``, ``otherwise`` where there is no such name."""
        return self[name] if name in self._names or name in self else otherwise


@dataclass
class Findings:
    """What holds of each stay; all arrays follow ``index`` (stay ids).

    ``status``: full criterion name -> 0 not met, 1 unknown, 2 met. ``applies``: file id -> the same, of its
    ``applies_to``. ``scores``: full score name -> lowest and highest possible total. ``parameters_used``: full
    parameter name -> the value that held for each stay (NaN where none did). Statuses and scores are worked out when
    they are first asked for: most conditions apply to few stays. A criterion of a file that does not apply is
    evaluated all the same if somebody asks; whoever reports it looks at ``applies``.
    """

    index: pd.Index[Any]
    zone: str
    status: Asked[StatusArray] = field(default_factory=Asked)
    applies: dict[str, StatusArray] = field(default_factory=dict)
    scores: Asked[tuple[FloatArray, FloatArray]] = field(default_factory=Asked)
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
    """Return every criterion and score of ``packs`` for every row of ``facts``; days are those of ``zone``."""
    findings = Findings(facts.index, zone)
    evaluator = Evaluator(packs, Columns(facts, zone), findings)
    findings.evaluator = evaluator
    findings.status = Asked(packs.criteria, evaluator.criterion)
    findings.scores = Asked(packs.scores, evaluator.score)
    for file in packs.files.values():
        evaluator.applies(file)
    return findings


class Evaluator:
    """Evaluates each distinct leaf, criterion and score once and keeps it."""

    def __init__(self, packs: Packs, columns: Columns, findings: Findings) -> None:
        self.packs = packs
        self.columns = columns
        self.findings = findings
        self._plan = plan_of(packs)
        self._slots: list[StatusArray | None] = [None] * self._plan.size
        self._nodes: dict[Tree, StatusArray] = {}  # trees that stand in no file
        self._conditions: dict[str, StatusArray] = {}
        self._points: dict[FactAmount, Span] = {}
        self._totals: dict[str, Span] = {}
        self._last: Row | None = None
        self._foreign: dict[bytes, frozenset[str]] = {}
        self.tables: dict[tuple[str, frozenset[str]], object] = {}  # of missing facts, by criterion
        if columns.size <= MOST_STAYS:
            self._plan.answer(columns, self._slots)

    def constant(self, value: int) -> StatusArray:
        return np.full(self.columns.size, value, np.int8)

    def criterion(self, full_id: str) -> StatusArray:
        """Return the status of a criterion by full name."""
        return self.tree(self.packs.criteria[full_id].tree)

    def tree(self, tree: Tree) -> StatusArray:
        """Return the status of a tree; equal trees are evaluated once."""
        slot = self._plan.slots.get(id(tree))
        if slot is not None:
            here = self._slots[slot]
            if here is None:
                here = self._slots[slot] = _EVALUATE[type(tree)](self, tree)
            return here
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
            result = self.tree(SetLeaf("diagnosis.principal", value_set))
            absent = self.columns.is_missing("diagnosis.principal")
            for fact in ("diagnosis.admission", "diagnosis.codes"):
                if absent.any():
                    result = np.where(absent, self.tree(SetLeaf(fact, value_set)), result)
                    absent = absent & self.columns.is_missing(fact)
            self._conditions[value_set] = result
        return result

    def foreign(self, row: int) -> frozenset[str]:
        """Return the condition files that do not apply to the stay of a row."""
        column = self._applicability[:, row]
        key = column.tobytes()
        known = self._foreign.get(key)
        if known is None:
            files = zip(self.packs.condition_files, column.tolist(), strict=True)
            known = self._foreign[key] = frozenset(file.id for file, here in files if here == kleene.NOT_MET)
        return known

    @cached_property
    def _applicability(self) -> NDArray[np.int8]:
        """A row per condition file, a column per stay."""
        rows = [self.applies(file) for file in self.packs.condition_files]
        return np.array(rows, np.int8).reshape(len(rows), self.columns.size)

    def _role(self, leaf: RoleLeaf) -> StatusArray:
        is_any = leaf.combine == "any"
        parts = [self.constant(kleene.NOT_MET if is_any else kleene.MET)]
        for file in self.packs.condition_files:
            full_id = file.roles.get(leaf.role)
            if full_id is None:
                continue
            applies = self.applies(file)
            if not applies.any():  # it applies to nobody, so what it says changes nothing
                continue
            said = self.criterion(full_id)
            if is_any:
                parts.append(kleene.all_of([applies, said]))
            else:
                parts.append(kleene.any_of([kleene.negated(applies), said]))
        return kleene.any_of(parts) if is_any else kleene.all_of(parts)

    def score(self, full_id: str) -> Span:
        """Return the lowest and highest total that the known inputs allow; NaN where the score is not valid."""
        known = self._totals.get(full_id)
        if known is None:
            score = self.packs.scores[full_id]
            if self.columns.size <= _ONE_BY_ONE:
                ends = np.array([total_of(score, row) for row in self.rows])
                low, high = ends.reshape(-1, 2).T
                known = low, high
            else:
                known = totals(score, self)
            self._totals[full_id] = known
        return known

    def row(self, place: int) -> Row:
        """Return one row; of many, the last one asked for is kept."""
        if self.columns.size <= _ONE_BY_ONE:
            return self.rows[place]
        if self._last is None or self._last.place != place:
            self._last = Row(self, place)
        return self._last

    @cached_property
    def rows(self) -> list[Row]:
        return [Row(self, place) for place in range(self.columns.size)]

    def points(self, amount: FactAmount) -> Span:
        """Return the least and most that an amount of one fact may be."""
        known = self._points.get(amount)
        if known is None:
            known = self._points[amount] = self._points_of(amount)
        return known

    def _points_of(self, amount: FactAmount) -> Span:
        if self.columns.size > _ONE_BY_ONE:
            return spans_of(amount, self)
        ends = np.array([row.amount(amount) for row in self.rows])
        low, high = ends.reshape(-1, 2).T
        return low, high

    def items(self, full_id: str, place: int) -> dict[str, Ends]:
        """Return, for one row, the fewest and most points of each item, or the ends of each variable of a formula."""
        row = self.row(place)
        return {part.name: ends_of(part.amount, row) for part in self.packs.scores[full_id].parts}


class Row:
    """One row, as a score asks it; what was asked is kept."""

    def __init__(self, evaluator: Evaluator, place: int) -> None:
        self._evaluator = evaluator
        self.place = place
        self._amounts: dict[FactAmount, Ends] = {}

    def status(self, tree: Tree) -> int:
        return int(self._evaluator.tree(tree)[self.place])

    def amount(self, amount: FactAmount) -> Ends:
        known = self._amounts.get(amount)
        if known is None:
            known = self._amounts[amount] = self._amount(amount)
        return known

    def _amount(self, amount: FactAmount) -> Ends:
        columns = self._evaluator.columns
        if isinstance(amount, FromFact):
            value = float(columns.numbers(amount.fact)[self.place])
            return amount.by.widest if value != value else amount.by.ends(value, value)
        return amount.by.ends(columns.word(amount.fact, self.place))

    def total(self, full_id: str) -> Ends:
        low, high = self._evaluator.score(full_id)
        return float(low[self.place]), float(high[self.place])


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
