"""Scores with what is known: the lowest and highest total that the missing inputs allow.

Each amount has bounds; sums, means, counts and the highest of several keep them. A formula is a sum of products, so
its bounds lie at corners: every missing variable at one of its ends. A term that counts only above a value jumps
there, so that value is a corner as well, once without the term and once with it. A score that is not valid for a stay
has no total (NaN), nor has one that adds it up.

For few stays each amount is worked out by itself; starting numpy would take longer than the work.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np

from discharge.criteria import kleene
from discharge.criteria.columns import Columns
from discharge.criteria.kleene import MET, NOT_MET, UNKNOWN, FloatArray, StatusArray
from discharge.packs.amounts import (
    NOT_VALID,
    Amount,
    Choice,
    Const,
    Count,
    Ends,
    FactAmount,
    FromFact,
    FromWord,
    Line,
    Mean,
    OfScore,
    Steps,
)
from discharge.packs.scoretable import Formula, Score
from discharge.packs.tree import Tree

Span: TypeAlias = tuple[FloatArray, FloatArray]
_Number = TypeVar("_Number", float, FloatArray)

_EXACT = 1e-9


class Asker(Protocol):
    """What is known of one stay (or tried)."""

    def status(self, tree: Tree) -> int: ...
    def amount(self, amount: FactAmount) -> Ends: ...
    def total(self, full_id: str) -> Ends: ...


class ManyAsker(Protocol):
    """What is known of many stays."""

    columns: Columns

    def tree(self, tree: Tree) -> StatusArray: ...
    def score(self, full_id: str) -> Span: ...


def ends_of(amount: Amount, at: Asker) -> Ends:
    """Return the lowest and highest that an amount may be for one stay."""
    match amount:
        case FromFact() | FromWord():
            return at.amount(amount)
        case Const(value=value):
            return value, value
        case Choice(tree=tree, then=then, otherwise=otherwise):
            status = at.status(tree)
            if status != UNKNOWN:
                return ends_of(then if status == MET else otherwise, at)
            one, other = ends_of(then, at), ends_of(otherwise, at)
            if one[0] != one[0] or other[0] != other[0]:
                return NOT_VALID
            return min(one[0], other[0]), max(one[1], other[1])
        case Count(trees=trees, by=by):
            found = [at.status(tree) for tree in trees]
            sure = float(found.count(MET))
            most = len(found) - float(found.count(NOT_MET))
            return (sure, most) if by is None else _counted(by, sure, most)
        case OfScore(score=score, by=by):
            low, high = at.total(score)
            return (low, high) if by is None else by.ends(low, high)
        case Mean(of=of):
            ends = [ends_of(one, at) for one in of]
            return sum(low for low, _ in ends) / len(ends), sum(high for _, high in ends) / len(ends)


def _counted(by: Steps, sure: float, most: float) -> Ends:
    """Return the bounds of the points of whole numbers only."""
    points = [by.ends(number, number)[0] for number in map(float, range(int(sure), int(most) + 1))]
    return min(points), max(points)


def total_of(score: Score, at: Asker) -> Ends:
    """Return the lowest and highest total of a score for one stay; NaN where it is not valid."""
    if score.valid_when is not None and at.status(score.valid_when) == NOT_MET:
        return NOT_VALID
    ends = [ends_of(part.amount, at) for part in score.parts]
    if score.formula is not None:
        low, high = _formula(score.formula, [(np.float64(one), np.float64(other)) for one, other in ends])
        low, high = float(low), float(high)
    elif score.combine == "max":
        low, high = _highest([one for one, _ in ends]), _highest([other for _, other in ends])
    else:
        low, high = sum(one for one, _ in ends), sum(other for _, other in ends)
    if low != low or high != high:
        return NOT_VALID
    low, high = _rounded(score, low, math.floor), _rounded(score, high, math.floor)
    limits = score.range
    if limits is not None and (limits.clamp or low != high):
        least, most = float(limits.low), float(limits.high)
        low, high = min(max(low, least), most), min(max(high, least), most)
    return low, high


def _highest(numbers: Sequence[float]) -> float:
    return math.nan if any(number != number for number in numbers) else max(numbers)


def _rounded(score: Score, total: Any, floor: Any) -> Any:
    if score.round == "nearest":
        return floor(total + 0.5 + _EXACT) + 0.0
    return floor(total + _EXACT) + 0.0 if score.round == "down" else total


def totals(score: Score, at: ManyAsker) -> Span:
    """Return the lowest and highest total of a score for many stays."""
    spans = [spans_of(part.amount, at) for part in score.parts]
    if score.formula is not None:
        low, high = _formula(score.formula, spans)
    elif score.combine == "max":
        low = np.maximum.reduce([one for one, _ in spans])
        high = np.maximum.reduce([other for _, other in spans])
    else:
        low, high = (np.add.reduce([span[end] for span in spans]) for end in (0, 1))
    low, high = _rounded(score, low, np.floor), _rounded(score, high, np.floor)
    limits = score.range
    if limits is not None:
        inside = tuple(np.clip(end, float(limits.low), float(limits.high)) for end in (low, high))
        moved = limits.clamp | (low != high)
        low, high = (np.where(moved, new, old) for new, old in zip(inside, (low, high), strict=True))
    gone = np.isnan(low) | np.isnan(high)
    if score.valid_when is not None:
        gone |= at.tree(score.valid_when) == NOT_MET
    return np.where(gone, np.nan, low), np.where(gone, np.nan, high)


def spans_of(amount: Amount, at: ManyAsker) -> Span:
    """Return the lowest and highest that an amount may be, for many stays."""
    size = at.columns.size
    match amount:
        case FromFact(fact=fact, by=by):
            values = at.columns.numbers(fact)
            gone = at.columns.is_missing(fact)
            return _by(by, np.where(gone, -np.inf, values), np.where(gone, np.inf, values))
        case FromWord(fact=fact, by=words):
            places, found = at.columns.words(fact)
            table = np.array([*(words.ends(word) for word in found), words.ends(None)])
            ends = table[places]  # -1, not charted, looks at the last
            return ends[:, 0], ends[:, 1]
        case Const(value=value):
            return np.full(size, value), np.full(size, value)
        case Choice(tree=tree, then=then, otherwise=otherwise):
            return _chosen(at.tree(tree), spans_of(then, at), spans_of(otherwise, at))
        case Count(trees=trees, by=by):
            found_ = [at.tree(tree) for tree in trees]
            sure = np.add.reduce([one == MET for one in found_], dtype=np.intp)
            most = np.add.reduce([one != NOT_MET for one in found_], dtype=np.intp)
            numbers = range(len(trees) + 1)
            if by is None:
                return sure.astype(np.float64), most.astype(np.float64)
            ends = np.array(
                [
                    [_counted(by, low, high) if low <= high else NOT_VALID for high in numbers]
                    for low in numbers
                ]
            )
            return ends[sure, most, 0], ends[sure, most, 1]
        case OfScore(score=score, by=by):
            low, high = at.score(score)
            return (low, high) if by is None else _by(by, low, high)
        case Mean(of=of):
            spans = [spans_of(one, at) for one in of]
            low, high = (np.add.reduce([span[end] for span in spans]) / len(spans) for end in (0, 1))
            return low, high


def _chosen(status: StatusArray, then: Span, otherwise: Span) -> Span:
    """Return one span or the other, or, where it is not known which, what holds both."""
    known, is_met = status != UNKNOWN, status == MET
    low = np.where(known, np.where(is_met, then[0], otherwise[0]), np.minimum(then[0], otherwise[0]))
    high = np.where(known, np.where(is_met, then[1], otherwise[1]), np.maximum(then[1], otherwise[1]))
    return low, high


def _by(by: Steps | Line, low: FloatArray, high: FloatArray) -> Span:
    if isinstance(by, Steps):
        table = np.array(by.bounds)
        gone = np.isnan(low) | np.isnan(high)
        found = table[
            np.searchsorted(by.edges, low, "right") * ~gone, np.searchsorted(by.edges, high, "right") * ~gone
        ]
        return np.where(gone, np.nan, found[:, 0]), np.where(gone, np.nan, found[:, 1])
    ends = [_on_line(by, np.clip(end, by.low, by.high)) for end in (low, high)]
    return np.minimum(*ends), np.maximum(*ends)


def _on_line(line: Line, held: FloatArray) -> FloatArray:
    if line.form == "ln":
        held = np.log(held)
    elif line.form == "minus_from":
        held = line.base - held
    found: FloatArray = line.times * held + line.plus
    return found


_Corner: TypeAlias = tuple[
    Any, Mapping[int, Any]
]  # a value, and for each term whether it is above that term's limit


def _formula(formula: Formula, spans: Sequence[tuple[Any, Any]]) -> tuple[Any, Any]:
    """Return the least and most that a formula may come to, over the corners of what is not known."""
    corners = [list(_corners(formula, place, *span)) for place, span in enumerate(spans)]
    lows, highs = None, None
    for chosen in product(*corners):
        total: Any = 0.0
        for number, term in enumerate(formula.terms):
            part: Any = float(term.times)
            for place in term.of:
                part = part * chosen[place][0]
            if term.above is not None:
                part = np.where(chosen[term.above[0]][1][number], part, 0.0)
            total = total + part
        lows = total if lows is None else np.minimum(lows, total)
        highs = total if highs is None else np.maximum(highs, total)
    return lows, highs


def _corners(formula: Formula, place: int, low: Any, high: Any) -> Iterator[_Corner]:
    """Yield the values of a variable at which the formula may be least or most."""
    limits = {
        number: float(term.above[1])
        for number, term in enumerate(formula.terms)
        if term.above is not None and term.above[0] == place
    }
    above = {number: _is_above(low, limit) for number, limit in limits.items()}
    yield low, above
    if not np.any(low != high):
        return
    yield high, {number: _is_above(high, limit) for number, limit in limits.items()}
    for number, limit in limits.items():
        inside = (low <= limit) & (limit < high)  # else the lower end again
        here = np.where(inside, limit, low)
        others = {other: _is_above(here, one) for other, one in limits.items()}
        yield here, {**others, number: np.where(inside, False, above[number])}
        yield here, {**others, number: np.where(inside, True, above[number])}


def _is_above(value: Any, limit: float) -> Any:
    return kleene.holds(np.asarray(value), ">", limit)
