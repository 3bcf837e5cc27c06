"""Citations, and values keyed by the first day on which they hold."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Scalar: TypeAlias = Decimal | int | bool | str | None


class Strict(BaseModel):
    """Base of everything read from YAML: unknown keys and silent conversions are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


class Citation(Strict):
    """Where a number or a rule comes from.

    ``verified`` is True only when somebody read the source named; ``read_on`` says when.
    """

    title: str
    url: str | None = None
    read_on: date | None = None
    verified: bool
    note: str | None = None


class DatedValue(Strict):
    """One value from its first day on. ``value: null`` says that from this day it is not known.

    ``placeholder`` marks a proposed, estimated or judged figure: it is shown as such wherever used.
    """

    value: Scalar | list[Scalar]
    cite: str | None = None
    placeholder: bool = False
    note: str | None = None


class Dated(Strict):
    """A value that changes on days; ``unit`` is UCUM, or ``USD``, ``1`` for a pure number or ratio.

    >>> days = Dated(unit="d", values={date(1967, 1, 1): DatedValue(value=3), date(2020, 3, 1): DatedValue(value=0)})
    >>> days.on(date(2020, 2, 29)).value, days.on(date(2020, 3, 1)).value
    (3, 0)
    >>> days.on(date(1966, 12, 31)) is None
    True
    """

    unit: str | None = None
    by: str | None = Field(
        default=None, description="date fact that picks the value; the review's own day if absent"
    )
    values: dict[date, DatedValue]

    @cached_property
    def _starts(self) -> list[date]:
        return sorted(self.values)

    def on(self, day: date) -> DatedValue | None:
        """Return the value in force on ``day``, or None before the first one."""
        index = bisect_right(self._starts, day) - 1
        return self.values[self._starts[index]] if index >= 0 else None

    def numbers_on(self, days: NDArray[np.datetime64]) -> NDArray[np.float64]:
        """Return the value in force on each day (datetime64[D], NaT allowed); NaN where none is known."""
        starts, amounts = self._table
        places = np.searchsorted(starts, days, side="right")
        places[np.isnat(days)] = 0
        return amounts[places]

    @cached_property
    def _table(self) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
        """First days, and the values from each on; before them, in the first place, NaN."""
        amounts = [np.nan, *(_number(self.values[start].value) for start in self._starts)]
        return np.array(self._starts, dtype="datetime64[D]"), np.array(amounts, np.float64)


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, Decimal)) else float("nan")
