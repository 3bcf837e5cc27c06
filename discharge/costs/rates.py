"""Looks up dated rates and tables of ``reference/rates.yaml``.

A day on which an amount is not known is answered with ``value=None``. :func:`planning_rate` carries the last known
amount forward for estimates, and marks it a placeholder.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache

from pydantic import Field, field_validator

from discharge import yaml
from discharge.dated import Citation, Dated, DatedValue, Strict
from discharge.resources import reference_file


class TableValue(Strict):
    """A table of amounts from one day on; ``rows: null`` says that from this day it is not known."""

    rows: dict[str, Decimal] | None
    cite: str | None = None
    placeholder: bool = False
    note: str | None = None

    @field_validator("rows", mode="before")
    @classmethod
    def _whole_numbers(cls, rows: object) -> object:
        """A whole number may be written without a point."""
        if not isinstance(rows, dict):
            return rows
        return {key: Decimal(value) if type(value) is int else value for key, value in rows.items()}


class DatedTable(Strict):
    """Rows of amounts that change together."""

    unit: str
    values: dict[date, TableValue]


class RateBook(Strict):
    """The whole of ``rates.yaml``."""

    title: str
    licence: str
    read_on: date
    citations: dict[str, Citation]
    rates: dict[str, Dated]
    tables: dict[str, DatedTable] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rate:
    """An amount as it stood on a day. ``value`` is None where it isn't known; ``since`` is its first day.

    ``label`` names it for people when it must be shown as a placeholder, e.g. ``snf.urban (proposed)``.
    """

    name: str
    value: Decimal | None
    unit: str
    since: date | None
    citation: Citation | None
    placeholder: bool
    note: str | None = None

    @property
    def verified(self) -> bool:
        return self.citation is not None and self.citation.verified

    @property
    def label(self) -> str:
        return f"{self.name} ({self.note})" if self.note else self.name


@dataclass(frozen=True)
class RateTable:
    """A table of amounts as it stood on a day; same fields as :class:`Rate`."""

    name: str
    rows: Mapping[str, Decimal] | None
    unit: str
    since: date | None
    citation: Citation | None
    placeholder: bool
    note: str | None = None

    @property
    def label(self) -> str:
        return f"{self.name} ({self.note})" if self.note else self.name


@cache
def rate_book() -> RateBook:
    """Return all rates, read once."""
    path = reference_file("rates.yaml")
    return RateBook.model_validate(yaml.load(path.read_bytes(), where="reference/rates.yaml"))


@cache
def _starts() -> tuple[date, ...]:
    book = rate_book()
    starts = {start for entry in book.rates.values() for start in entry.values}
    starts.update(start for entry in book.tables.values() for start in entry.values)
    return tuple(sorted(starts))


def period_start(day: date) -> date:
    """Return the first day from which every rate was as it is on ``day``: equal for days that are priced alike.

    >>> period_start(date(2026, 6, 15)), period_start(date(2026, 10, 3))
    (datetime.date(2026, 1, 1), datetime.date(2026, 10, 1))
    """
    place = bisect_right(_starts(), day)
    return _starts()[place - 1] if place else day


@lru_cache(maxsize=8192)
def rate(name: str, day: date) -> Rate:
    """Return the rate ``name`` in force on ``day``; ``value`` is None before the first and where not known.

    Raises:
        KeyError: there is no such rate (a defect of the caller).
    """
    dated = rate_book().rates[name]
    found = dated.on(day)
    since = _start(sorted(dated.values), day) if found else None
    return _rate(name, dated.unit or "", found, since)


@lru_cache(maxsize=8192)
def planning_rate(name: str, day: date) -> Rate:
    """Return the rate on ``day`` or, where that isn't known, the last one known before it, as a placeholder."""
    current = rate(name, day)
    if current.value is not None:
        return current
    dated = rate_book().rates[name]
    earlier = [
        start for start in sorted(dated.values) if start <= day and dated.values[start].value is not None
    ]
    if not earlier:
        return current
    last = _rate(name, dated.unit or "", dated.values[earlier[-1]], earlier[-1])
    return Rate(
        name, last.value, last.unit, last.since, last.citation, True, _carried(last.note, earlier[-1])
    )


@lru_cache(maxsize=4096)
def table(name: str, day: date) -> RateTable:
    """Return the table ``name`` in force on ``day``; ``rows`` is None where not known."""
    dated = rate_book().tables[name]
    start = _start(sorted(dated.values), day)
    found = dated.values[start] if start else None
    return _table(name, dated.unit, found, start)


@lru_cache(maxsize=4096)
def planning_table(name: str, day: date) -> RateTable:
    """Return the table on ``day`` or the last one known before it, as a placeholder."""
    current = table(name, day)
    if current.rows is not None:
        return current
    dated = rate_book().tables[name]
    earlier = [
        start for start in sorted(dated.values) if start <= day and dated.values[start].rows is not None
    ]
    if not earlier:
        return current
    last = _table(name, dated.unit, dated.values[earlier[-1]], earlier[-1])
    note = _carried(last.note, earlier[-1])
    return RateTable(name, last.rows, last.unit, last.since, last.citation, True, note)


def _carried(note: str | None, since: date) -> str:
    carried = f"carried forward from {since.isoformat()}"
    return f"{note}; {carried}" if note else carried


def _start(starts: list[date], day: date) -> date | None:
    return max((start for start in starts if start <= day), default=None)


def _rate(name: str, unit: str, found: DatedValue | None, since: date | None) -> Rate:
    if found is None:
        return Rate(name, None, unit, None, None, False)
    value = found.value
    number = Decimal(value) if isinstance(value, (int, Decimal)) else None
    return Rate(name, number, unit, since, _citation(found.cite), found.placeholder, found.note)


def _table(name: str, unit: str, found: TableValue | None, since: date | None) -> RateTable:
    if found is None:
        return RateTable(name, None, unit, None, None, False)
    return RateTable(name, found.rows, unit, since, _citation(found.cite), found.placeholder, found.note)


def _citation(key: str | None) -> Citation | None:
    return rate_book().citations[key] if key else None
