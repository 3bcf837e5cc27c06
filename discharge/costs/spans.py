"""Splits a run of days where a rate changes within it, so that each day is priced by its own date."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from discharge.costs.rates import rate_book


class Span(NamedTuple):
    """Days of a run with the same rates: the first of them, how many, and how many of the run come before."""

    day: date
    days: int
    before: int


def whole_days(**counts: int) -> None:
    """Refuse counts of days below 0.

    Raises:
        ValueError: names the count.
    """
    for name, count in counts.items():
        if count < 0:
            raise ValueError(f"{name} can't be less than 0")


@lru_cache(maxsize=4096)
def spans(day: date, days: int, names: tuple[str, ...]) -> tuple[Span, ...]:
    """Return the spans of ``days`` days from ``day``, split where one of the rates or tables ``names`` changes.

    >>> [(one.day.isoformat(), one.days) for one in spans(date(2025, 12, 30), 5, ("part_a.deductible",))]
    [('2025-12-30', 2), ('2026-01-01', 3)]
    """
    last = day + timedelta(days=days)
    cuts = [day, *(start for start in _starts(names) if day < start < last), last]
    return tuple(Span(a, (b - a).days, (a - day).days) for a, b in pairwise(cuts) if b > a)


@cache
def _starts(names: tuple[str, ...]) -> tuple[date, ...]:
    book, starts = rate_book(), set[date]()
    for name in names:
        starts.update(book.rates[name].values if name in book.rates else book.tables[name].values)
    return tuple(sorted(starts))
