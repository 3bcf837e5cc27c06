"""The shortest lists of missing facts.

**Definition.** A set of facts that are not charted *could settle* an unknown criterion as met when there are values
for them which make it met whatever the facts still missing may be. Sets are minimal (no part of one would do) and
ordered by size, then name. Where no values of missing facts can make the criterion met (a dated parameter has no
value, say), the sets that could make it not met are given instead.

The search first looks at the tree alone, as if every question had its own answer: to meet an OR, meet one part; to
meet an AND, all parts; at least n, any n parts; a score, enough items. Then each set found is tried with real values
(numbers at, below, between and above the thresholds asked of the same fact), so that questions about one fact are
answered consistently; a set that fails is widened by one fact at a time. Questions about two missing facts at once
(time between two moments, one number against another) are taken as free. Of a part of a tree at most 64 sets are
kept, the smallest first; that bites only where dozens of facts could each do.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from threading import Lock
from typing import TypeAlias

from discharge.criteria.columns import FactsLike
from discharge.criteria.evaluate import Findings
from discharge.criteria.kleene import MET, NOT_MET, UNKNOWN
from discharge.criteria.pattern import Pattern, PatternTable
from discharge.criteria.program import AtomNode, GateNode, NotNode, ScoreNode, TotalNode
from discharge.criteria.scores import ends_of
from discharge.criteria.trial import Trial
from discharge.packs import Packs
from discharge.packs.amounts import (
    NOTHING,
    Amount,
    Choice,
    Const,
    Ends,
    OfScore,
    fact_amounts,
    scores_in,
    trees_in,
)
from discharge.packs.tree import KnownLeaf

Family: TypeAlias = tuple[int, ...]  # sets of facts as bits

_WIDEST = 64
_WIDENED = 60  # sets tried beyond those that the tree proposes
_REMEMBERED = 100_000
_NOTHING: Family = (0,)


def missing_facts(
    packs: Packs, findings: Findings, facts: FactsLike, full_id: str, stay_id: str, limit: int = 3
) -> list[frozenset[str]]:
    """Return the smallest sets (of at most ``limit`` facts) that could settle an unknown criterion of a stay.

    Empty for a criterion that is known. See the module for what "could settle" means.
    """
    row = findings.position(stay_id)
    if findings.status[full_id][row] != UNKNOWN:
        return []
    table = _table(packs, findings, full_id, row)
    key = (packs.digest, full_id, table.foreign, limit, table.key(row))
    with _lock:
        known = _found.get(key)
    if known is None:
        known = _search(packs, table, table.pattern(row), limit)
        with _lock:
            _found[key] = known
            if len(_found) > _REMEMBERED:
                _found.popitem(last=False)
    return list(known)


_Key: TypeAlias = tuple[str, str, frozenset[str], int, bytes]
_found: OrderedDict[_Key, tuple[frozenset[str], ...]] = OrderedDict()
_lock = Lock()


def _table(packs: Packs, findings: Findings, full_id: str, row: int) -> PatternTable:
    evaluator = findings.evaluator
    if evaluator is None:
        raise ValueError("these findings were not made by evaluate_criteria")
    foreign = evaluator.foreign(row)
    known = evaluator.tables.get((full_id, foreign))
    if not isinstance(known, PatternTable):
        known = evaluator.tables[full_id, foreign] = PatternTable(packs, evaluator, full_id, foreign)
    return known


def _search(packs: Packs, table: PatternTable, pattern: Pattern, limit: int) -> tuple[frozenset[str], ...]:
    trial = Trial(packs, table.program, pattern)
    search = _Search(table, pattern, trial, limit)
    for target in (MET, NOT_MET):
        kept = _tried(trial, target, search.family(len(table.program.nodes) - 1, target), limit)
        if kept:
            named = [pattern.names(mask) for mask in kept]
            return tuple(sorted(named, key=lambda names: (len(names), sorted(names))))
    return ()


def _tried(trial: Trial, target: int, family: Family, limit: int) -> Family:
    """Keep the sets for which values exist; widen those for which none do."""
    queue = deque(family)
    seen = set(family)
    kept: list[int] = []
    tries = 0
    while queue and tries < len(family) + _WIDENED:
        facts = queue.popleft()
        if any(one & facts == one for one in kept):
            continue
        tries += 1
        if trial.can_be(target, facts):
            kept.append(facts)
            continue
        for other in trial.open_facts if facts.bit_count() < limit else ():
            wider = facts | other
            if wider not in seen:
                seen.add(wider)
                queue.append(wider)
    return _minimal(kept, limit)


class _Search:
    """Families of sets by the tree alone; only what is unknown is looked into."""

    def __init__(self, table: PatternTable, pattern: Pattern, trial: Trial, limit: int) -> None:
        self.program = table.program
        self.pattern = pattern
        self.tried = trial.tried
        self.base = base = trial.base
        self.limit = limit
        # A part that asks whether something is charted may change though it is known.
        asking = self.program.known_mask
        self.may_change = [
            status == UNKNOWN or below & asking != 0
            for status, below in zip(base, self.program.below, strict=True)
        ]
        self._known: dict[tuple[int, int], Family] = {}

    def family(self, place: int, target: int) -> Family:
        """Return the sets that could give node ``place`` the status ``target``."""
        if not self.may_change[place]:
            return _NOTHING if self.base[place] == target else ()
        key = (place, target)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._family(place, target)
        return known

    def _family(self, place: int, target: int) -> Family:
        node = self.program.nodes[place]
        match node:
            case GateNode(of=of, count=count):
                wanted = count if target == MET else len(of) - count + 1
                return self._choose([self.family(child, target) for child in of], wanted)
            case NotNode(of=child):
                return self.family(child, MET - target)
            case TotalNode():
                return self._total(node, target)
            case AtomNode(place=atom):
                return self._atom(atom, target)
            case ScoreNode():
                return ()

    def _atom(self, place: int, target: int) -> Family:
        needed = self.pattern.needed[place]
        if isinstance(self.program.atoms[place], KnownLeaf):
            if not needed:  # charted already
                return _NOTHING if self.pattern.status[place] == target else ()
            return (needed,) if target == MET else _NOTHING
        return (needed,) if needed and needed.bit_count() <= self.limit else ()

    def _choose(self, families: list[Family], count: int) -> Family:
        """Return the sets that bring about ``count`` of several parts."""
        open_ones = [family for family in families if family and family != _NOTHING]
        count -= sum(family == _NOTHING for family in families)
        if count <= 0:
            return _NOTHING
        if count > len(open_ones):
            return ()
        if count == 1:
            return _minimal((mask for family in open_ones for mask in family), self.limit)
        chosen: list[Family] = [_NOTHING] + [()] * count
        for seen, family in enumerate(open_ones):
            # What can still lead to `count` in the end; the rest need not be kept.
            for place in range(count, max(count - len(open_ones) + seen, 0), -1):
                more = self._both(chosen[place - 1], family)
                chosen[place] = _minimal((*chosen[place], *more), self.limit) if chosen[place] else more
        return chosen[count]

    def _both(self, one: Family, other: Family) -> Family:
        if one == _NOTHING or other == _NOTHING:
            return other if one == _NOTHING else one
        return _minimal((a | b for a in one for b in other), self.limit)

    def _total(self, node: TotalNode, target: int) -> Family:
        """A score is met when enough items go the right way, whatever the rest does."""
        limit, op = self.pattern.limit(node.threshold), node.threshold.op
        if math.isnan(limit):
            return ()
        if op in ("==", "!="):
            everything = self._needed(self.program.below[node.of])
            whole = 0
            for facts in everything:
                whole |= facts
            return _minimal([whole], self.limit)
        return self._enough(node.of, (op in (">", ">=")) == (target == MET), limit)

    def _enough(self, score: int, upward: bool, limit: float) -> Family:
        """Return the sets that could bring the total as far as ``limit`` (the trial settles ties)."""
        sure, slack = 0.0, 1e-9
        gains: dict[int, float] = {0: 0.0}
        for part in self._parts_of(score, upward=upward):
            sure += part.worst
            slack = max(slack, part.slack)
            for mask, so_far in list(gains.items()) if part.gain else ():
                for more in part.family:
                    wider = mask | more
                    if wider.bit_count() <= self.limit and gains.get(wider, -1.0) < so_far + part.gain:
                        gains[wider] = so_far + part.gain
        need = limit - sure if upward else sure - limit
        return _minimal((mask for mask, gain in gains.items() if gain >= need - slack), self.limit)

    def _parts_of(self, place: int, *, upward: bool) -> Iterator[_Part]:
        """Yield the parts of a score: those of a plain sum one by one, else the whole."""
        node = self.program.nodes[place]
        score = self.program.tables[node.score] if isinstance(node, ScoreNode) else None
        if score is None or score.formula is not None or score.combine != "sum":
            yield self._whole(self.tried.totals[place], self.program.below[place], upward=upward)
            return
        slack = 1e-9 if score.round is None else 1.0
        for item in score.items:
            amount = item.amount
            if isinstance(amount, OfScore) and amount.by is None:
                yield from self._parts_of(self.program.scores[amount.score], upward=upward)
            else:
                yield self._part(amount, slack, upward=upward)

    def _part(self, amount: Amount, slack: float, *, upward: bool) -> _Part:
        """Return an item's points at worst, what more it could bring, and the sets that could bring it."""
        if isinstance(amount, Choice) and isinstance(amount.then, Const) and amount.otherwise is NOTHING:
            points, child = amount.then.value, self.program.trees[amount.tree]
            if not self.may_change[child]:
                return _Part(points if self.base[child] == MET else 0.0, 0.0, _NOTHING, slack)
            helps = (points > 0) == upward
            worst = 0.0 if helps else points
            return _Part(worst, abs(points), self.family(child, MET if helps else NOT_MET), slack)
        below = 0
        for one in fact_amounts(amount):
            below |= 1 << self.program.amounts[one]
        for tree in trees_in(amount):
            below |= self.program.below[self.program.trees[tree]]
        for score in scores_in(amount):
            below |= self.program.below[self.program.scores[score]]
        part = self._whole(ends_of(amount, self.tried), below, upward=upward)
        return replace(part, slack=slack)

    def _whole(self, ends: Ends, below: int, *, upward: bool) -> _Part:
        """Return something that any of its missing facts could move; how far, the trial tells."""
        low, high = ends
        if low != low or low == high:
            return _Part(0.0 if low != low else low, 0.0, _NOTHING, 1e-9)
        family = _minimal(self._needed(below), self.limit)
        return _Part(low if upward else high, high - low, family, 1e-9)

    def _needed(self, below: int) -> list[int]:
        """Return the missing facts of each atom of ``below`` that has some."""
        return [facts for place, facts in enumerate(self.pattern.needed) if facts and below >> place & 1]


@dataclass(frozen=True)
class _Part:
    """Points at worst, what more there could be, the sets of facts that could bring it, and how far rounding goes."""

    worst: float
    gain: float
    family: Family
    slack: float


def _minimal(sets: Iterable[int], limit: int) -> Family:
    """Drop sets that hold another, and those of more than ``limit`` facts; smallest first."""
    small = {one for one in sets if one.bit_count() <= limit}
    if len(small) < 2:
        return tuple(small)
    kept: list[int] = []
    for mask in sorted(small, key=lambda one: (one.bit_count(), one)):
        if not any(smaller & mask == smaller for smaller in kept):
            kept.append(mask)
            if len(kept) == _WIDEST:
                break
    return tuple(kept)
