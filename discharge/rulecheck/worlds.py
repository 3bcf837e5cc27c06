"""Which statuses criteria can have together, found by trying every combination of what their facts can be.

Criteria are written out down to leaves. Leaves about one fact hang together: a number lies below, at or above each
limit; a code lies in the value sets that hold it. Roles and scores stand for themselves (a role any status, a
score any interval, but one number where the flags that make it are all known), and so do moments between which time
elapses: what is found possible through these alone may in truth not be. What is found impossible is so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from discharge.criteria import kleene
from discharge.criteria.kleene import MET, UNKNOWN, WORDS, StatusArray
from discharge.packs import Packs
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
from discharge.packs.when import Test
from discharge.rulecheck.walk import children, nodes, scores_in, trees_in

MOST = 200_000  # combinations tried one and all
DRAWN = 60_000  # where there are more, as many are drawn
STEP = 1e-3  # how far beside a limit a value is tried, relative to its size
KEPT = 12  # worlds at a time
OTHER = "\0 any other"
ALWAYS = frozenset({"t", "stay.reviewed_at"})  # moments that every review has

Variable: TypeAlias = tuple[str, ...]
Answer: TypeAlias = Literal["yes", "no", "perhaps"]


@dataclass
class World:
    """``columns``: for each variable its value in each combination. ``is_whole``: all combinations are there."""

    packs: Packs
    choices: dict[Variable, list[Any]] = field(default_factory=dict)
    columns: dict[Variable, NDArray[Any]] = field(default_factory=dict)
    is_whole: bool = True
    size: int = 1
    inside: frozenset[str] | None = None  # the only criteria that are written out; None: all
    _known: dict[Tree, StatusArray] = field(default_factory=dict)

    @classmethod
    def of(cls, packs: Packs, trees: Sequence[Tree], inside: frozenset[str] | None = None) -> World:
        """Return the world of all facts behind some trees; criteria outside ``inside`` stand for themselves."""
        world = cls(packs, inside=inside)
        world.choices = _choices(packs, [leaf for tree in trees for leaf in world._written_out(tree)])
        sizes = [len(one) for one in world.choices.values()]
        total = math.prod(sizes)
        world.is_whole, world.size = total <= MOST, total if total <= MOST else DRAWN
        if world.is_whole:
            places: Any = np.unravel_index(np.arange(total), sizes) if sizes else []
        else:
            places = _drawn(sizes, world.size)
        for (variable, options), place in zip(world.choices.items(), places, strict=True):
            kind: Any = np.float64 if all(isinstance(one, float) for one in options) else object
            table = np.empty(len(options), kind)
            table[:] = options
            world.columns[variable] = table[place]
        return world

    @property
    def closed(self) -> frozenset[str]:
        """The criteria that stand for themselves."""
        return frozenset(name for kind, *rest in self.choices for name in rest if kind == "criterion")

    def _is_open(self, name: str) -> bool:
        return self.inside is None or name in self.inside

    def _written_out(self, tree: Tree) -> Iterator[Any]:
        """Yield the leaves of a tree, criteria that it names written out."""
        if isinstance(tree, (All, AnyOf, AtLeast, Not)):
            for child in tree.of:
                yield from self._written_out(child)
        elif isinstance(tree, CriterionLeaf) and self._is_open(tree.criterion):
            yield from self._written_out(self.packs.criteria[tree.criterion].tree)
        else:
            yield tree

    def status(self, tree: Tree) -> StatusArray:
        """Return the status of a tree in every combination."""
        known = self._known.get(tree)
        if known is None:
            known = self._known[tree] = self._status(tree)
        return known

    def _status(self, tree: Tree) -> StatusArray:
        match tree:
            case All(of=of):
                return kleene.all_of([self.status(child) for child in of])
            case AnyOf(of=of):
                return kleene.any_of([self.status(child) for child in of])
            case AtLeast(of=of, count=count):
                return kleene.at_least(count, [self.status(child) for child in of])
            case Not(of=of):
                return kleene.negated(self.status(of[0]))
            case CriterionLeaf(criterion=name) if self._is_open(name):
                return self.status(self.packs.criteria[name].tree)
            case CriterionLeaf(criterion=name):
                return np.asarray(self.columns["criterion", name], np.int8)
            case RoleLeaf() | ConditionsApplyLeaf():
                return np.asarray(self.columns["free", _free(tree)], np.int8)
            case ScoreLeaf(score=name, threshold=threshold):
                ends = np.array(self.columns["score", name].tolist(), np.float64).reshape(-1, 2)
                flags = _flags_behind(self.packs, name)
                if flags and all(("fact", flag) in self.columns for flag in flags):
                    known = ~np.any([self._absent(flag) for flag in flags], axis=0)
                    ends[known, 1] = ends[known, 0]
                return kleene.compare_interval(ends[:, 0], ends[:, 1], threshold.op, self._limit(threshold))
            case _:
                return self._leaf(tree)

    def _leaf(self, leaf: Any) -> StatusArray:
        match leaf:
            case NumberLeaf(fact=fact, threshold=threshold):
                return kleene.compare(self.columns["fact", fact], threshold.op, self._limit(threshold))
            case OtherLeaf(fact=fact, op=op, other=other):
                return kleene.compare(self.columns["fact", fact], op, self.columns["fact", other])
            case FlagLeaf(fact=fact, wanted=wanted):
                values = self.columns["fact", fact]
                return kleene.status(values == float(wanted), np.isnan(values))
            case KnownLeaf(fact=fact):
                return kleene.status(~self._absent(fact))
            case ElapsedLeaf(start=start, end=end, threshold=threshold):
                lengths = self.columns["elapsed", start, end, threshold.unit].copy()
                lengths[self._absent(start) | self._absent(end)] = np.nan
                return kleene.compare(lengths, threshold.op, self._limit(threshold))
            case TextLeaf(fact=fact, values=values, negated=negated):
                found = self._words(fact, lambda word: word in values)
                return kleene.negated(found) if negated else found
            case SetLeaf(fact=fact, value_set=name):
                matches = self.packs.names.value_sets[name].matches
                return self._words(fact, lambda word: word != OTHER and matches(word))
        raise TypeError(f"no such leaf: {type(leaf).__name__}")

    def _words(self, fact: str, test: Any) -> StatusArray:
        """Ask every word of a text, or any of the codes; unknown where there is none."""
        column = self.columns["fact", fact]
        answers = {
            cell: UNKNOWN if cell is None else MET if any(map(test, cell)) else 0 for cell in set(column)
        }
        return np.array([answers[cell] for cell in column], np.int8)

    def _absent(self, fact: str) -> NDArray[np.bool_]:
        column = self.columns.get(("fact", fact))
        if column is None:
            return np.zeros(self.size, np.bool_)
        if column.dtype == np.float64:
            return np.asarray(np.isnan(column), np.bool_)
        return np.array([cell is None for cell in column], np.bool_)

    def _limit(self, threshold: Threshold) -> Any:
        if threshold.parameter is not None:
            return self.columns["parameter", threshold.parameter]
        return float(threshold.value) if threshold.value is not None else float("nan")


def _drawn(sizes: Sequence[int], count: int) -> list[NDArray[np.intp]]:
    """Draw combinations, the same each time: in the first third few facts are known, in the last all are."""
    draw = np.random.default_rng(20260101)
    share = np.repeat([0.25, 0.75, 1.0], [count // 3, count // 3, count - 2 * (count // 3)])
    places = []
    for size in sizes:  # the first choice of every variable is: not known
        place = draw.integers(0, size, count)
        place[draw.random(count) > share] = 0
        places.append(place)
    return places


def _free(leaf: Any) -> str:
    """Return the name of a leaf that stands for itself."""
    return f"{leaf.combine} {leaf.role}" if isinstance(leaf, RoleLeaf) else "conditions apply"


def _flags_behind(packs: Packs, score: str) -> frozenset[str] | None:
    """Return the flags that a score is made of, where it is made of nothing else."""
    trees = [tree for _, tree in trees_in(packs.scores[score], ())]
    leaves = [leaf for tree in trees for _, leaf in nodes(tree, ()) if not list(children(leaf, ()))]
    if (
        packs.scores[score].facts
        or scores_in(packs, score)
        or not all(isinstance(one, FlagLeaf) for one in leaves)
    ):
        return None
    return frozenset(leaf.fact for leaf in leaves if isinstance(leaf, FlagLeaf))


def _choices(packs: Packs, leaves: Sequence[Any]) -> dict[Variable, list[Any]]:
    limits: dict[Variable, set[float]] = {}
    words: dict[str, set[str]] = {}
    sets: dict[str, set[str]] = {}
    found: dict[Variable, list[Any]] = {}
    for leaf in leaves:
        match leaf:
            case NumberLeaf(fact=fact, threshold=threshold):
                limits.setdefault(("fact", fact), set()).update(_values(packs, threshold, found))
            case OtherLeaf(fact=fact, other=other):
                for name in (fact, other):
                    limits.setdefault(("fact", name), set()).update({0.0, 1.0})
            case ElapsedLeaf(start=start, end=end, threshold=threshold):
                here = ("elapsed", start, end, threshold.unit)
                limits.setdefault(here, set()).update(_values(packs, threshold, found))
                for name in (start, end):
                    if name not in ALWAYS:
                        found["fact", name] = [None, (OTHER,)]
            case ScoreLeaf(score=score, threshold=threshold):
                limits.setdefault(("score", score), set()).update(_values(packs, threshold, found))
            case FlagLeaf(fact=fact):
                found["fact", fact] = [math.nan, 0.0, 1.0]
            case TextLeaf(fact=fact, values=values):
                words.setdefault(fact, set()).update(values)
            case SetLeaf(fact=fact, value_set=name):
                sets.setdefault(fact, set()).add(name)
            case CriterionLeaf(criterion=name):
                found["criterion", name] = [UNKNOWN, 0, MET]
            case RoleLeaf() | ConditionsApplyLeaf():
                found["free", _free(leaf)] = [UNKNOWN, 0, MET]
            case KnownLeaf(fact=fact) if packs.names.facts[fact].type == "number":
                limits.setdefault(("fact", fact), set())
            case KnownLeaf(fact=fact) if packs.names.facts[fact].type == "flag":
                found["fact", fact] = [math.nan, 0.0, 1.0]
            case KnownLeaf(fact=fact) if fact not in ALWAYS:
                words.setdefault(fact, set())
    for variable, ends in limits.items():
        found[variable] = _around(ends, variable[0])
    for fact in dict.fromkeys([*words, *sets]):
        several = packs.names.facts[fact].type == "codes"
        found["fact", fact] = _cells(packs, words.get(fact, set()), sets.get(fact, set()), several)
    return found


def _values(packs: Packs, threshold: Threshold, found: dict[Variable, list[Any]]) -> set[float]:
    """Return the limits that a threshold may have; a dated one becomes a variable."""
    if threshold.parameter is None:
        return {float(threshold.value)} if threshold.value is not None else set()
    dated = packs.parameters[threshold.parameter]
    values = {
        float(one.value)
        for one in dated.values.values()
        if one.value is not None and not isinstance(one.value, (str, list))
    }
    unknown = dated.by is not None or any(one.value is None for one in dated.values.values())
    found["parameter", threshold.parameter] = [math.nan] * unknown + sorted(values)
    return values


def _around(limits: set[float], kind: str) -> list[Any]:
    """Return a value at and on each side of every limit, and not known; for a score, intervals of these.

    Whether an elapsed time is known, its moments say.
    """
    points = sorted({point for one in limits for point in (one - _beside(one), one, one + _beside(one))})
    points = points or [0.0]
    if kind == "score":
        return [(low, high) for place, low in enumerate(points) for high in reversed(points[place:])]
    return points if kind == "elapsed" else [math.nan, *points]


def _beside(limit: float) -> float:
    return max(abs(limit), 1.0) * STEP


def _cells(packs: Packs, words: set[str], sets: set[str], several: bool) -> list[Any]:
    """Return not known, another word, each word asked for, and for codes one of each kind that the sets tell apart."""
    kinds: dict[tuple[bool, ...], str] = {}
    tests = [packs.names.value_sets[name] for name in sorted(sets)]
    for one in tests:
        listed: Any = getattr(one, "codes", None) or getattr(one, "prefixes", ())
        for code in listed:
            kinds.setdefault(tuple(test.matches(code) for test in tests), code)
    kinds.pop((False,) * len(tests), None)
    single = [*sorted(words), *sorted(kinds.values())]
    cells: list[Any] = [None, (OTHER,), *((word,) for word in single)]
    if several:
        cells += [(one, other) for place, one in enumerate(single) for other in single[place + 1 :]]
        cells += [tuple(single)] if len(single) > 2 else []
    return cells


class Worlds:
    """Answers what trees of some packs can be together; worlds made are kept for the next question."""

    def __init__(self, packs: Packs) -> None:
        self.packs = packs
        self._pairs: dict[tuple[Test, ...], Answer] = {}
        self._made: dict[tuple[tuple[Tree, ...], frozenset[str] | None], World] = {}

    def can(self, trees: Sequence[Tree], holds: Callable[[World], Any], inside: Iterable[str] = ()) -> Answer:
        """Say whether ``holds`` (a column of True and False) is true in some world of the facts behind ``trees``.

        First, criteria that the trees name stand for themselves, but for those ``inside``; then they are written out,
        and those that they name, and so on. What is impossible even while some stand for themselves is impossible.
        """
        opened = frozenset(inside)
        while True:
            world = self._world(tuple(trees), opened)
            is_true = bool(holds(world).any())
            if world.is_whole and not is_true:
                return "no"
            deeper = opened | world.closed
            if deeper == opened:
                return "yes" if is_true else "perhaps"
            if not world.is_whole:
                world = self._world(tuple(trees), None)
                return "yes" if holds(world).any() else "perhaps"
            opened = deeper

    def joint(self, tests: Iterable[Test]) -> Answer:
        """Say whether tests of criteria can hold together: yes, no, or perhaps (too many combinations to try)."""
        asked = sorted({test for test in tests if test.kind == "criterion"})
        names = [test.name for test in asked]
        if len(set(names)) < len(names):
            return "no"
        for pair in (
            combinations(asked, 2) if len(asked) > 2 else ()
        ):  # two are tried whole where all are too many
            if pair not in self._pairs:
                self._pairs[pair] = self.joint(pair)
            if self._pairs[pair] == "no":
                return "no"
        trees = [self.packs.criteria[name].tree for name in names]
        codes = [WORDS.index(test.word) for test in asked]

        def holds(world: World) -> Any:
            found = np.ones(world.size, np.bool_)
            for tree, code in zip(trees, codes, strict=True):
                found &= world.status(tree) == code
            return found

        return self.can(trees, holds, names)

    def can_be(self, tree: Tree, code: int) -> bool:
        """Say whether a tree can have a status, as far as can be told (too many combinations: it can)."""
        return self.can([tree], lambda world: world.status(tree) == code) != "no"

    def can_be_unknown(self, criterion: str) -> bool:
        """Say whether a criterion is seen to be unknown in some combination (one made of `known` alone can't be)."""
        return self.joint([Test("criterion", criterion, "unknown")]) == "yes"

    def _world(self, trees: tuple[Tree, ...], inside: frozenset[str] | None) -> World:
        key = (trees, inside)
        if key not in self._made:
            self._made[key] = World.of(self.packs, trees, inside)
            if len(self._made) > KEPT:
                self._made.pop(next(iter(self._made)))
        return self._made[key]
