"""What the parts of a score come to: a few forms of amount, each with bounds where its inputs are not known.

An amount over one number is told by what is done with the number: points by bands (:class:`Steps`), or a straight or
logarithmic line between two limits (:class:`Line`). Both take the lowest and highest possible value and return the
lowest and highest possible amount; a known value is an interval of one. Numbers are floats: sums of points are exact,
and comparisons allow for the rest (see :mod:`discharge.criteria.kleene`).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Literal, TypeAlias

from discharge.packs.tree import Tree

Ends: TypeAlias = tuple[float, float]

NOT_VALID: Ends = (math.nan, math.nan)
MARGIN, SMALLEST = 1e-9, 1e-3  # a value this near to a limit is on it


@dataclass(frozen=True)
class Band:
    """From (>=) and below (<), either open; ``points`` of a score item, ``name`` of a published band."""

    start: Decimal | None
    below: Decimal | None
    points: Decimal = Decimal(0)
    name: str = ""


@dataclass(frozen=True, eq=False)
class Steps:
    """Points by bands; 0 outside every band. ``points`` has one more entry than ``limits``."""

    limits: tuple[float, ...]  # values at which the points may change
    points: tuple[float, ...]

    @classmethod
    def of(cls, bands: Sequence[Band]) -> Steps:
        limits = sorted({end for band in bands for end in (band.start, band.below) if end is not None})
        starts: list[Decimal | None] = [None, *limits]
        points = [
            next((float(band.points) for band in bands if _holds(band, start)), 0.0) for start in starts
        ]
        return cls(tuple(float(limit) for limit in limits), tuple(points))

    @cached_property
    def edges(self) -> tuple[float, ...]:
        """The limits as values are held against them: a hair lower, so that what is on a limit has reached it."""
        return tuple(limit - max(abs(limit), SMALLEST) * MARGIN for limit in self.limits)

    @cached_property
    def bounds(self) -> tuple[tuple[Ends, ...], ...]:
        """Lowest and highest points from one place in ``points`` to another."""
        places = range(len(self.points))
        return tuple(
            tuple(
                (min(self.points[low : high + 1]), max(self.points[low : high + 1]))
                if high >= low
                else NOT_VALID
                for high in places
            )
            for low in places
        )

    @cached_property
    def widest(self) -> Ends:
        return min(self.points), max(self.points)

    def ends(self, low: float, high: float) -> Ends:
        """Return the bounds of the points of values from ``low`` to ``high``."""
        if low != low or high != high:
            return NOT_VALID
        return self.bounds[bisect_right(self.edges, low)][bisect_right(self.edges, high)]

    @property
    def direction(self) -> int:
        """1 where more never brings less, -1 where it never brings more, 0 else."""
        rises = [other - one for one, other in pairwise(self.points)]
        return 1 if all(rise >= 0 for rise in rises) else -1 if all(rise <= 0 for rise in rises) else 0


def _holds(band: Band, start: Decimal | None) -> bool:
    if start is None:
        return band.start is None
    return (band.start is None or band.start <= start) and (band.below is None or start < band.below)


@dataclass(frozen=True, eq=False)
class Line:
    """``times * f(value) + plus``, the value held between ``low`` and ``high``; f is ln, the value, or base - value."""

    low: float = -math.inf
    high: float = math.inf
    form: Literal["value", "ln", "minus_from"] = "value"
    base: float = 0.0
    times: float = 1.0
    plus: float = 0.0

    def at(self, value: float) -> float:
        held = min(max(value, self.low), self.high)
        if self.form == "ln":
            held = math.log(held)
        elif self.form == "minus_from":
            held = self.base - held
        return self.times * held + self.plus

    def ends(self, low: float, high: float) -> Ends:
        """Return the bounds of the amounts of values from ``low`` to ``high``."""
        if low != low or high != high:
            return NOT_VALID
        one, other = self.at(low), self.at(high)
        return (one, other) if one <= other else (other, one)

    @property
    def widest(self) -> Ends:
        return self.ends(self.low, self.high)

    @property
    def limits(self) -> tuple[float, ...]:
        return tuple(end for end in (self.low, self.high) if math.isfinite(end))

    @property
    def direction(self) -> int:
        return -1 if (self.times < 0) != (self.form == "minus_from") else 1


@dataclass(frozen=True, eq=False)
class Words:
    """Points by word; a word that is not listed brings ``other``, or anything listed where there is no other."""

    points: tuple[tuple[str, float], ...]
    other: float | None = None

    @cached_property
    def table(self) -> dict[str, float]:
        return dict(self.points)

    @cached_property
    def widest(self) -> Ends:
        listed = [*self.table.values(), *(() if self.other is None else (self.other,))]
        return min(listed), max(listed)

    def ends(self, word: str | None) -> Ends:
        """Return the bounds of the points of a word; None: not charted."""
        found = None if word is None else self.table.get(word, self.other)
        return self.widest if found is None else (found, found)


@dataclass(frozen=True, eq=False)
class Const:
    value: float


@dataclass(frozen=True, eq=False)
class FromFact:
    """An amount that follows from one numeric fact."""

    fact: str
    by: Steps | Line


@dataclass(frozen=True, eq=False)
class FromWord:
    """An amount that follows from one text fact."""

    fact: str
    by: Words


@dataclass(frozen=True, eq=False)
class Choice:
    """One amount where a tree is met, another where it is not; both bound it where that is unknown."""

    tree: Tree
    then: Amount
    otherwise: Amount


@dataclass(frozen=True, eq=False)
class Count:
    """By how many trees are met: the number itself, or its points."""

    trees: tuple[Tree, ...]
    by: Steps | None = None


@dataclass(frozen=True, eq=False)
class OfScore:
    """By the total of another score (full name): the total itself, or what is made of it."""

    score: str
    by: Steps | Line | None = None


@dataclass(frozen=True, eq=False)
class Mean:
    of: tuple[Amount, ...]


Amount: TypeAlias = Const | FromFact | FromWord | Choice | Count | OfScore | Mean
FactAmount: TypeAlias = FromFact | FromWord

NOTHING = Const(0.0)


def fact_amounts(amount: Amount) -> Iterator[FactAmount]:
    """Yield the amounts of single facts in an amount."""
    match amount:
        case FromFact() | FromWord():
            yield amount
        case Choice(then=then, otherwise=otherwise):
            yield from fact_amounts(then)
            yield from fact_amounts(otherwise)
        case Mean(of=of):
            for one in of:
                yield from fact_amounts(one)
        case _:
            pass


def trees_in(amount: Amount) -> Iterator[Tree]:
    """Yield the trees that an amount asks."""
    match amount:
        case Choice(tree=tree, then=then, otherwise=otherwise):
            yield tree
            yield from trees_in(then)
            yield from trees_in(otherwise)
        case Count(trees=trees):
            yield from trees
        case _:
            pass


def scores_in(amount: Amount) -> Iterator[str]:
    """Yield the other scores (full names) in an amount."""
    match amount:
        case OfScore(score=score):
            yield score
        case Choice(then=then, otherwise=otherwise):
            yield from scores_in(then)
            yield from scores_in(otherwise)
        case _:
            pass


def bounds_of(amount: Amount) -> Ends:
    """Return bounds that hold whatever is charted; infinite where another score decides."""
    match amount:
        case Const(value=value):
            return value, value
        case FromFact(by=by):
            return by.widest
        case FromWord(by=words):
            return words.widest
        case Choice(then=then, otherwise=otherwise):
            one, other = bounds_of(then), bounds_of(otherwise)
            return min(one[0], other[0]), max(one[1], other[1])
        case Count(trees=trees, by=by):
            if by is None:
                return 0.0, float(len(trees))
            points = [by.ends(number, number)[0] for number in map(float, range(len(trees) + 1))]
            return min(points), max(points)
        case OfScore(by=by):
            return by.widest if isinstance(by, Steps) else (-math.inf, math.inf)
        case Mean(of=of):
            ends = [bounds_of(one) for one in of]
            return sum(low for low, _ in ends) / len(ends), sum(high for _, high in ends) / len(ends)
