"""Strong Kleene logic on whole columns: 0 not met, 1 unknown, 2 met, as ``int8``.

AND is the minimum, OR the maximum, NOT is ``2 - x``. Comparing a number that isn't there gives unknown.

**Boundaries.** Thresholds are exact decimals, charted values are float64 and may have been converted between units
(95.54 °F is 35.300000000000004 °C). A value within one part in 10^9 of a threshold counts as equal to it, so that 35.3
is never above nor below 35.3. ``<`` and ``>=`` (and ``<=`` and ``>``) always complement each other.

>>> compare(np.array([89.0, 90.0, np.nan]), "<", 90.0).tolist()
[2, 0, 1]
>>> compare(np.array([0.1 + 0.2]), ">", 0.3).tolist(), compare(np.array([0.1 + 0.2]), "==", 0.3).tolist()
([0], [2])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from discharge.packs.tree import Op

NOT_MET, UNKNOWN, MET = 0, 1, 2
WORDS = ("not_met", "unknown", "met")

StatusArray: TypeAlias = NDArray[np.int8]
FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]

_RELATIVE = 1e-9
_SMALLEST = 1e-3  # thresholds nearer to 0 than this are held apart by as much as this one


def status(is_met: BoolArray, is_unknown: BoolArray | None = None) -> StatusArray:
    """Return met where ``is_met``, unknown where ``is_unknown`` (whatever ``is_met`` says), else not met."""
    if is_unknown is None:
        return is_met.view(np.int8) * np.int8(MET)
    result = np.greater(is_met, is_unknown).view(np.int8)  # met and known; whole columns, as masks are slow
    result += result
    result += is_unknown
    return result


def all_of(statuses: Sequence[StatusArray]) -> StatusArray:
    """AND: not met if one is not met, met if all are, else unknown."""
    result = statuses[0]
    for other in statuses[1:]:
        result = np.minimum(result, other)
    return result


def any_of(statuses: Sequence[StatusArray]) -> StatusArray:
    """OR: met if one is met, not met if none can be, else unknown."""
    result = statuses[0]
    for other in statuses[1:]:
        result = np.maximum(result, other)
    return result


def negated(one: StatusArray) -> StatusArray:
    """NOT: unknown stays unknown."""
    return np.int8(MET) - one


def at_least(count: int, statuses: Sequence[StatusArray]) -> StatusArray:
    """Met if ``count`` are met, not met if even all unknown ones would not make ``count``, else unknown."""
    counted = np.dtype(np.int8 if len(statuses) <= 127 else np.int16)
    sure: NDArray[Any] = np.zeros(len(statuses[0]), counted)
    possible: NDArray[Any] = np.zeros(len(statuses[0]), counted)
    for one in statuses:
        sure += one == MET
        possible += one != NOT_MET
    result: StatusArray = (sure >= count).view(np.int8) + (possible >= count).view(np.int8)
    return result


def holds(values: FloatArray, op: Op, threshold: float | FloatArray) -> BoolArray:
    """Compare numbers with thresholds (one, or one per row); where either is NaN the answer means nothing."""
    if isinstance(threshold, float):
        margin: float | FloatArray = max(abs(threshold), _SMALLEST) * _RELATIVE
    else:
        margin = np.maximum(np.abs(threshold), _SMALLEST) * _RELATIVE
    match op:
        case "<":
            result = values < threshold - margin
        case "<=":
            result = values <= threshold + margin
        case ">":
            result = values > threshold + margin
        case ">=":
            result = values >= threshold - margin
        case "==":
            result = np.abs(values - threshold) <= margin
        case _:
            result = np.abs(values - threshold) > margin
    return np.asarray(result, dtype=np.bool_)


def compare(
    values: FloatArray, op: Op, threshold: float | FloatArray, missing: BoolArray | None = None
) -> StatusArray:
    """Compare numbers with thresholds; unknown where the value (``missing``, if at hand) or the threshold is NaN."""
    unknown = np.isnan(values) if missing is None else missing
    if not isinstance(threshold, float):
        unknown = unknown | np.isnan(threshold)
    elif threshold != threshold:
        unknown = np.ones(len(values), np.bool_)
    return status(holds(values, op, threshold), unknown)


def holds_one(value: float, op: Op, threshold: float) -> bool:
    """Compare one number as :func:`holds` does many."""
    margin = max(abs(threshold), _SMALLEST) * _RELATIVE
    match op:
        case "<":
            return value < threshold - margin
        case "<=":
            return value <= threshold + margin
        case ">":
            return value > threshold + margin
        case ">=":
            return value >= threshold - margin
        case "==":
            return abs(value - threshold) <= margin
        case _:
            return abs(value - threshold) > margin


def compare_ends(low: float, high: float, op: Op, threshold: float) -> int:
    """Compare one interval as :func:`compare_interval` does many."""
    if threshold != threshold or low != low or high != high:
        return UNKNOWN
    if op in ("==", "!="):
        same = holds_one(low, "==", threshold) and holds_one(high, "==", threshold)
        outside = holds_one(low, ">", threshold) or holds_one(high, "<", threshold)
        equal = MET if same else NOT_MET if outside else UNKNOWN
        return equal if op == "==" else MET - equal
    ends = {holds_one(low, op, threshold), holds_one(high, op, threshold)}
    return UNKNOWN if len(ends) == 2 else (MET if ends == {True} else NOT_MET)


def compare_interval(low: FloatArray, high: FloatArray, op: Op, threshold: float | FloatArray) -> StatusArray:
    """Compare every value from ``low`` to ``high``: met if all satisfy, not met if none does, else unknown."""
    if op in ("==", "!="):
        same = holds(low, "==", threshold) & holds(high, "==", threshold)
        outside = holds(low, ">", threshold) | holds(high, "<", threshold)
        equal = status(same, ~(same | outside))
        result = equal if op == "==" else negated(equal)
    else:
        ends = (holds(low, op, threshold), holds(high, op, threshold))
        result = status(ends[0] & ends[1], ends[0] != ends[1])
    result[np.isnan(low) | np.isnan(high) | np.isnan(threshold)] = UNKNOWN
    return result
