"""Scores as read from rule files: items with points, or a formula, and the published bands of the total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Literal, TypeAlias

from discharge.packs.amounts import (
    NOTHING,
    Amount,
    Band,
    Choice,
    Const,
    Count,
    FromFact,
    FromWord,
    Line,
    Mean,
    OfScore,
    Steps,
    Words,
)
from discharge.packs.tree import Tree

__all__ = ["Band", "BandSet", "Formula", "Range", "Score", "ScoreItem", "Span", "Term", "Variable"]

Round: TypeAlias = Literal["nearest", "down"]


@dataclass(frozen=True)
class Span:
    """How a number becomes points (``value: true``): held between ``low`` and ``high``, then ``times`` and ``plus``."""

    low: Decimal
    high: Decimal
    times: Decimal = Decimal(1)
    plus: Decimal = Decimal(0)


@dataclass(frozen=True)
class ScoreItem:
    """Points in one of the ways of the score language; which, is told by what is given.

    ``when`` and ``points``: a tree that is met. ``fact`` and ``bands``, or ``span``: a number. ``count``: how many
    trees are met, by ``bands``. ``score`` (full name): another total, by ``bands`` if given. ``mean_of`` and ``words``:
    the mean of what the words of text facts bring (``other``: a word not listed). With ``only_when``, 0 unless met.
    """

    name: str
    when: Tree | None = None
    points: Decimal = Decimal(0)
    fact: str | None = None
    unit: str | None = None
    bands: tuple[Band, ...] = ()
    span: Span | None = None
    count: tuple[Tree, ...] = ()
    score: str | None = None
    mean_of: tuple[str, ...] = ()
    words: tuple[tuple[str, Decimal], ...] = ()
    other: Decimal | None = None
    only_when: Tree | None = None

    @cached_property
    def amount(self) -> Amount:
        """What the item brings, made ready for evaluation."""
        plain = self._plain()
        return plain if self.only_when is None else Choice(self.only_when, plain, NOTHING)

    def _plain(self) -> Amount:
        steps = Steps.of(self.bands) if self.bands else None
        if self.when is not None:
            return Choice(self.when, Const(float(self.points)), NOTHING)
        if self.count:
            return Count(self.count, steps)
        if self.score is not None:
            return OfScore(self.score, steps)
        if self.mean_of:
            other = None if self.other is None else float(self.other)
            by = Words(tuple((word, float(points)) for word, points in self.words), other)
            return Mean(tuple(FromWord(fact, by) for fact in self.mean_of))
        if self.span is not None:
            span = self.span
            line = Line(float(span.low), float(span.high), times=float(span.times), plus=float(span.plus))
            return FromFact(self.fact or "", line)
        return FromFact(self.fact or "", steps or Steps.of(()))

    @property
    def trees(self) -> tuple[Tree, ...]:
        """The trees that the item asks."""
        return tuple(tree for tree in (self.only_when, self.when, *self.count) if tree is not None)

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that it looks at itself (not those of its trees or of another score)."""
        return (self.fact,) if self.fact is not None else self.mean_of


@dataclass(frozen=True)
class Variable:
    """A number of a formula: a fact, another score's total, or (``when``) 1 where a tree is met, else 0.

    It is held between ``low`` and ``high``, then taken as it is, as its natural logarithm, or from ``base``
    (``minus_from``). ``replaced_when``: instead of the charted value, where a tree is met.
    """

    name: str
    fact: str | None = None
    unit: str | None = None
    score: str | None = None
    when: Tree | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    form: Literal["value", "ln", "minus_from"] = "value"
    base: Decimal = Decimal(0)
    replaced_when: Tree | None = None
    replaced_by: Decimal = Decimal(0)

    @cached_property
    def line(self) -> Line:
        limits = {
            name: float(end) for name, end in (("low", self.low), ("high", self.high)) if end is not None
        }
        return Line(form=self.form, base=float(self.base), **limits)

    @cached_property
    def amount(self) -> Amount:
        if self.when is not None:
            return Choice(self.when, Const(1.0), NOTHING)
        found: Amount = (
            FromFact(self.fact, self.line) if self.fact is not None else OfScore(self.score or "", self.line)
        )
        if self.replaced_when is None:
            return found
        return Choice(self.replaced_when, Const(self.line.at(float(self.replaced_by))), found)

    @property
    def trees(self) -> tuple[Tree, ...]:
        return tuple(tree for tree in (self.when, self.replaced_when) if tree is not None)

    @property
    def facts(self) -> tuple[str, ...]:
        return (self.fact,) if self.fact is not None else ()


@dataclass(frozen=True)
class Term:
    """``times`` the product of variables (places in the formula); ``above``: only where a variable is above a value."""

    times: Decimal
    of: tuple[int, ...] = ()
    above: tuple[int, Decimal] | None = None


@dataclass(frozen=True)
class Formula:
    """A sum of products."""

    variables: tuple[Variable, ...]
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Range:
    """The published range; ``clamp``: a total outside becomes the nearest end, else there is none outside."""

    low: Decimal
    high: Decimal
    clamp: bool = False


@dataclass(frozen=True)
class BandSet:
    """Other published bands of the same score."""

    name: str
    cites: tuple[str, ...]
    bands: tuple[Band, ...]


@dataclass(frozen=True)
class Score:
    """A table of points or a formula; ``id`` is full. ``inputs_only``: by licence, only a total that is charted."""

    id: str
    name: str
    title: str
    cites: tuple[str, ...]
    items: tuple[ScoreItem, ...]
    bands: tuple[Band, ...] = ()
    version: str | None = None
    unit: str = "{score}"
    inputs_only: bool = False
    combine: Literal["sum", "max"] = "sum"
    round: Round | None = None
    range: Range | None = None
    valid_when: Tree | None = None
    formula: Formula | None = None
    band_sets: Mapping[str, BandSet] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[ScoreItem | Variable, ...]:
        """The items, or the variables of the formula."""
        return self.items if self.formula is None else self.formula.variables

    @property
    def trees(self) -> tuple[Tree, ...]:
        """Every tree that the score asks itself."""
        found = tuple(tree for part in self.parts for tree in part.trees)
        return found if self.valid_when is None else (self.valid_when, *found)

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that items and variables look at directly (not those of trees or of other scores)."""
        return tuple(dict.fromkeys(fact for part in self.parts for fact in part.facts))

    @property
    def scores(self) -> tuple[str, ...]:
        """The other scores (full names) that it adds up."""
        return tuple(dict.fromkeys(part.score for part in self.parts if part.score is not None))

    def band_of(self, low: float, high: float) -> str | None:
        """Return the published band if the whole interval of totals lies in one."""
        return _band_of(self.bands, low, high)

    def band_sets_of(self, low: float, high: float) -> dict[str, str | None]:
        """Return the band of each other set of bands."""
        return {name: _band_of(one.bands, low, high) for name, one in self.band_sets.items()}


def _band_of(bands: tuple[Band, ...], low: float, high: float) -> str | None:
    return next((band.name for band in bands if all(_inside(band, end) for end in (low, high))), None)


def _inside(band: Band, total: float) -> bool:
    if total != total:
        return False
    after = band.start is None or total >= float(band.start) - 1e-9
    return after and (band.below is None or total < float(band.below) - 1e-9)
