"""Skilled nursing facility payment (PDPM, 42 CFR 413.330-413.360), day by day. US dollars as Decimal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from discharge.costs.amounts import ONE, cents, wage_adjusted
from discharge.costs.rates import Rate, RateTable, rate, table

TableLookUp: TypeAlias = Callable[[str, date], RateTable]
LookUp: TypeAlias = Callable[[str, date], Rate]

_HIPPS_NURSING = (
    *("ES3", "ES2", "ES1", "HDE2", "HDE1", "HBC2", "HBC1", "LDE2", "LDE1", "LBC2", "LBC1"),
    *("CDE2", "CDE1", "CBC2", "CA2", "CBC1", "CA1", "BAB2", "BAB1", "PDE2", "PDE1", "PBC2"),
    *("PA2", "PBC1", "PA1"),
)
_INDEXES = ("pt", "ot", "slp", "nursing", "nta")


@dataclass(frozen=True, slots=True)
class CaseMix:
    """The PDPM groups of a resident: PT and OT share one (``TF``), then speech, nursing and ancillary groups."""

    therapy: str
    speech: str
    nursing: str
    ancillary: str

    @property
    def hipps(self) -> str:
        """The HIPPS code of a 5-day assessment.

        >>> CaseMix("TF", "SA", "CBC1", "NE").hipps
        'FAPE1'
        """
        nursing = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[_HIPPS_NURSING.index(self.nursing)]
        return f"{self.therapy[1]}{self.speech[1]}{nursing}{self.ancillary[1]}1"


@dataclass(frozen=True, slots=True)
class SnfRates:
    """Components and indexes of one group on one day, before the variable factors."""

    amounts: tuple[Decimal, ...]  # pt, ot, slp, nursing, nta, non-case-mix
    therapy_factors: tuple[tuple[int, Decimal], ...]
    ancillary_factors: tuple[tuple[int, Decimal], ...]
    labor_share: Decimal
    placeholders: tuple[str, ...]
    unverified: tuple[str, ...]


@lru_cache(maxsize=4096)
def snf_rates(
    day: date,
    group: CaseMix,
    *,
    rural: bool = False,
    hiv: bool = False,
    tables: TableLookUp = table,
    look_up: LookUp = rate,
) -> SnfRates | None:
    """Return the group's components on ``day``; None where the year's rates aren't known."""
    base = tables("snf.rural" if rural else "snf.urban", day)
    indexes = [tables(f"snf.index.{name}", day) for name in _INDEXES]
    therapy = tables("snf.therapy_factor_from_day", day)
    ancillary = tables("snf.ancillary_factor_from_day", day)
    labor, factor = look_up("snf.labor_share", day), look_up("snf.hiv_nursing_factor", day)
    if base.rows is None or therapy.rows is None or ancillary.rows is None:
        return None
    if labor.value is None or factor.value is None:
        return None
    groups = (group.therapy, group.therapy, group.speech, group.nursing, group.ancillary)
    amounts = []
    for name, index, key in zip(_INDEXES, indexes, groups, strict=True):
        if index.rows is None:
            return None
        amounts.append(cents(base.rows[name] * index.rows[key]))
    if hiv:
        amounts[3] = cents(amounts[3] * factor.value)
    used: list[Rate | RateTable] = [base, *indexes, therapy, ancillary, labor]
    return SnfRates(
        (*amounts, base.rows["ncm"]),
        _steps(therapy.rows),
        _steps(ancillary.rows),
        labor.value,
        tuple(sorted({source.label for source in used if source.placeholder})),
        tuple(sorted({s.citation.title for s in used if s.citation and not s.citation.verified})),
    )


def factor_on(steps: tuple[tuple[int, Decimal], ...], snf_day: int) -> Decimal:
    """Return the factor in force on day ``snf_day`` (from 1) of the stay."""
    return next(factor for start, factor in reversed(steps) if start <= snf_day)


def snf_day(rates: SnfRates, day_of_stay: int, *, wage_index: Decimal = ONE) -> Decimal:
    """Return what day ``day_of_stay`` (from 1) pays."""
    pt, ot, slp, nursing, nta, other = rates.amounts
    therapy = factor_on(rates.therapy_factors, day_of_stay)
    ancillary = factor_on(rates.ancillary_factors, day_of_stay)
    total = cents(pt * therapy) + cents(ot * therapy) + slp + nursing + cents(nta * ancillary) + other
    return total if wage_index == 1 else wage_adjusted(total, rates.labor_share, wage_index)


@lru_cache(maxsize=8192)
def snf_stay(rates: SnfRates, days: int, *, wage_index: Decimal = ONE) -> Decimal:
    """Return what the first ``days`` days of a stay pay together."""
    return sum((snf_day(rates, number, wage_index=wage_index) for number in range(1, days + 1)), Decimal(0))


def therapy_group(category: str, function_score: int) -> str:
    """Return the PT/OT group of a clinical category and a section GG function score (0-24).

    Categories: ``joint`` (major joint or spinal surgery), ``orthopaedic``, ``medical``, ``neurologic`` (or
    non-orthopaedic surgery).

    >>> therapy_group("medical", 15)
    'TK'
    """
    first = {"joint": "A", "orthopaedic": "E", "medical": "I", "neurologic": "M"}[category]
    if not 0 <= function_score <= 24:
        raise ValueError("a section GG function score lies between 0 and 24")
    step = 0 if function_score <= 5 else 1 if function_score <= 9 else 2 if function_score <= 23 else 3
    return "T" + chr(ord(first) + step)


def ancillary_group(points: int) -> str:
    """Return the NTA group of a comorbidity score.

    >>> [ancillary_group(points) for points in (0, 2, 5, 8, 11, 12)]
    ['NF', 'NE', 'ND', 'NC', 'NB', 'NA']
    """
    floors = ((12, "NA"), (9, "NB"), (6, "NC"), (3, "ND"), (1, "NE"), (0, "NF"))
    return next(group for floor, group in floors if points >= floor)


def _steps(rows: Mapping[str, Decimal]) -> tuple[tuple[int, Decimal], ...]:
    return tuple(sorted((int(start), factor) for start, factor in rows.items()))
