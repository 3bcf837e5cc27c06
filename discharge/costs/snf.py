"""Skilled nursing facility payment (PDPM, 42 CFR 413.330-413.360), day by day. US dollars as Decimal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import groupby

from discharge.costs.amounts import ONE, ZERO, cents, wage_adjusted
from discharge.costs.priced import Desk, LookUp, Priced, TableLookUp
from discharge.costs.rates import Rate, RateTable, rate, table
from discharge.costs.spans import spans, whole_days

_HIPPS_NURSING = (
    *("ES3", "ES2", "ES1", "HDE2", "HDE1", "HBC2", "HBC1", "LDE2", "LDE1", "LBC2", "LBC1"),
    *("CDE2", "CDE1", "CBC2", "CA2", "CBC1", "CA1", "BAB2", "BAB1", "PDE2", "PDE1", "PBC2"),
    *("PA2", "PBC1", "PA1"),
)
NURSING_GROUPS: tuple[str, ...] = _HIPPS_NURSING
THERAPY_GROUPS = tuple(f"T{letter}" for letter in "ABCDEFGHIJKLMNOP")
SPEECH_GROUPS = tuple(f"S{letter}" for letter in "ABCDEFGHIJKL")
ANCILLARY_GROUPS = tuple(f"N{letter}" for letter in "ABCDEF")
_INDEXES = ("pt", "ot", "slp", "nursing", "nta")
_DATED = (
    *("snf.urban", "snf.rural", *(f"snf.index.{name}" for name in _INDEXES)),
    *("snf.therapy_factor_from_day", "snf.ancillary_factor_from_day"),
    *("snf.labor_share", "snf.hiv_nursing_factor"),
)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ASSESSMENTS: Mapping[str, str] = {"1": "5-day", "0": "interim", "6": "not a PPS assessment"}
"""The fifth character of a HIPPS code."""


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
        return self.code()

    def code(self, assessment: str = "1") -> str:
        """Return the HIPPS code: letters of therapy, speech, nursing and ancillary group, then the assessment."""
        nursing = _LETTERS[_HIPPS_NURSING.index(self.nursing)]
        return f"{self.therapy[1]}{self.speech[1]}{nursing}{self.ancillary[1]}{assessment}"

    @classmethod
    def from_hipps(cls, code: str) -> CaseMix:
        """Return the groups that a HIPPS code names.

        >>> CaseMix.from_hipps("JAPB1")
        CaseMix(therapy='TJ', speech='SA', nursing='CBC1', ancillary='NB')

        Raises:
            ValueError: the code isn't one, saying which character is wrong.
        """
        allowed = (
            "ABCDEFGHIJKLMNOP",
            "ABCDEFGHIJKL",
            _LETTERS[: len(_HIPPS_NURSING)],
            "ABCDEF",
            "".join(ASSESSMENTS),
        )
        if len(code) != len(allowed):
            raise ValueError(f"a HIPPS code of a nursing facility has {len(allowed)} characters")
        pairs = enumerate(zip(code, allowed, strict=True), start=1)
        wrong = [f"character {n} is one of {known}" for n, (letter, known) in pairs if letter not in known]
        if wrong:
            raise ValueError(f"not a HIPPS code: {', '.join(wrong)}")
        therapy, speech, nursing, ancillary, _ = list(code)
        return cls(f"T{therapy}", f"S{speech}", _HIPPS_NURSING[_LETTERS.index(nursing)], f"N{ancillary}")


@dataclass(frozen=True, slots=True)
class SnfRates:
    """Components and indexes of one group on one day, before the variable factors."""

    amounts: tuple[Decimal, ...]  # pt, ot, slp, nursing, nta, non-case-mix
    therapy_factors: tuple[tuple[int, Decimal], ...]
    ancillary_factors: tuple[tuple[int, Decimal], ...]
    labor_share: Decimal
    placeholders: tuple[str, ...]
    unverified: tuple[str, ...]
    used: tuple[Rate | RateTable, ...] = field(default=(), compare=False, repr=False)


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
    used: list[Rate | RateTable] = [base, *indexes, therapy, ancillary, labor, *([factor] if hiv else [])]
    return SnfRates(
        (*amounts, base.rows["ncm"]),
        _steps(therapy.rows),
        _steps(ancillary.rows),
        labor.value,
        tuple(sorted({source.label for source in used if source.placeholder})),
        tuple(sorted({s.citation.title for s in used if s.citation and not s.citation.verified})),
        tuple(used),
    )


def _factors(rates: SnfRates, number: int) -> tuple[Decimal, Decimal]:
    return factor_on(rates.therapy_factors, number), factor_on(rates.ancillary_factors, number)


def _components(desk: Desk, rates: SnfRates, group: CaseMix) -> None:
    """Put the components of the group on the desk, with the rates and indexes they come from."""
    groups = (group.therapy, group.therapy, group.speech, group.nursing, group.ancillary)
    base, *indexes = (one for one in rates.used[: 1 + len(_INDEXES)] if isinstance(one, RateTable))
    has_hiv = any(one.name == "snf.hiv_nursing_factor" for one in rates.used)
    for name, index, key, amount in zip(_INDEXES, indexes, groups, rates.amounts, strict=False):
        desk.look_at(base, name)
        desk.look_at(index, key)
        hiv = " x HIV factor" if name == "nursing" and has_hiv else ""
        figures = f"{(base.rows or {})[name]} x {(index.rows or {})[key]}{hiv}"
        desk.step(f"{name} component, {key}", figures, amount)
    desk.look_at(base, "ncm")
    desk.step("non-case-mix component", "as published", rates.amounts[-1])
    for one in rates.used[1 + len(_INDEXES) :]:
        desk.used.append(one)
        if isinstance(one, Rate):
            desk.seen.append(one)


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
def snf_stay(rates: SnfRates, days: int, *, wage_index: Decimal = ONE, first_day: int = 1) -> Decimal:
    """Return what ``days`` days of a stay pay together, the first of them day ``first_day`` of the stay."""
    whole_days(days=days, first_day=first_day - 1)
    numbers = range(first_day, first_day + days)
    return sum((snf_day(rates, number, wage_index=wage_index) for number in numbers), Decimal(0))


@lru_cache(maxsize=8192)
def snf_run(
    day: date,
    group: CaseMix,
    days: int,
    *,
    first_day: int = 1,
    rural: bool = False,
    hiv: bool = False,
    wage_index: Decimal = ONE,
    look_up: LookUp = rate,
    tables: TableLookUp = table,
) -> tuple[Decimal, tuple[str, ...]] | None:
    """Return what ``days`` days from ``day`` pay, each at its own date's rates, and the placeholders among these."""
    total, placeholders = ZERO, dict[str, None]()
    for span in spans(day, days, _DATED):
        rates = snf_rates(span.day, group, rural=rural, hiv=hiv, tables=tables, look_up=look_up)
        if rates is None:
            return None
        total += snf_stay(rates, span.days, wage_index=wage_index, first_day=first_day + span.before)
        placeholders.update(dict.fromkeys(rates.placeholders))
    return total, tuple(placeholders)


def snf_days(
    day: date,
    group: CaseMix,
    days: int,
    *,
    first_day: int = 1,
    rural: bool = False,
    hiv: bool = False,
    wage_index: Decimal = ONE,
    look_up: LookUp = rate,
    tables: TableLookUp = table,
) -> Priced | None:
    """Return what ``days`` days from ``day`` pay, each at its own date's rates; None where not known.

    There is a step for each run of days with one amount.
    """
    whole_days(days=days, first_day=first_day - 1)
    desk, total = Desk(day, look_up, tables), ZERO
    for span in spans(day, max(days, 1), _DATED):
        rates = snf_rates(span.day, group, rural=rural, hiv=hiv, tables=tables, look_up=look_up)
        if rates is None:
            return None
        desk.day = span.day
        _components(desk, rates, group)
        if wage_index != 1:
            desk.step("wage index", f"on a labor share of {rates.labor_share} of each day", wage_index)
        first = first_day + span.before
        total += _runs(desk, rates, range(first, first + min(span.days, days)), wage_index)
    return desk.priced(desk.step("stay", f"{days} days", total))


def _runs(desk: Desk, rates: SnfRates, numbers: range, wage_index: Decimal) -> Decimal:
    total = ZERO
    for factors, run in groupby(numbers, key=lambda number: _factors(rates, number)):
        alike = list(run)
        amount = snf_day(rates, alike[0], wage_index=wage_index)
        name = f"days {alike[0]} to {alike[-1]}" if len(alike) > 1 else f"day {alike[0]}"
        name += f" (PT and OT x {factors[0]}, NTA x {factors[1]})"
        total += desk.step(name, f"{len(alike)} x {amount}", len(alike) * amount)
    return total


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
    if points < 0:
        raise ValueError("a comorbidity score can't be less than 0")
    floors = ((12, "NA"), (9, "NB"), (6, "NC"), (3, "ND"), (1, "NE"), (0, "NF"))
    return next(group for floor, group in floors if points >= floor)


def speech_group(conditions: int, diet_and_swallowing: int) -> str:
    """Return the speech group of a resident.

    ``conditions`` counts acute neurologic condition, speech-related comorbidity and cognitive impairment (0-3);
    ``diet_and_swallowing`` counts altered diet and swallowing disorder (0-2).

    >>> [speech_group(0, 0), speech_group(1, 2), speech_group(3, 1)]
    ['SA', 'SF', 'SK']
    """
    if not (0 <= conditions <= 3 and 0 <= diet_and_swallowing <= 2):
        raise ValueError("there are at most three speech conditions, and two of diet and swallowing")
    return "S" + _LETTERS[3 * conditions + diet_and_swallowing]


def ancillary_points(day: date, conditions: Iterable[str], *, tables: TableLookUp = table) -> int | None:
    """Return the ancillary score of ``conditions`` (rows of ``snf.ancillary_points``); None where not known."""
    rows = tables("snf.ancillary_points", day).rows
    return None if rows is None else int(sum(rows[name] for name in conditions))


def capped_wage_index(day: date, current: Decimal, last_year: Decimal, *, look_up: LookUp = rate) -> Decimal:
    """Return the wage index of the year: it falls at most by a share of last year's.

    >>> capped_wage_index(date(2026, 1, 1), Decimal("0.90"), Decimal("1.00"))
    Decimal('0.9500')
    """
    fall = look_up("wage_index.largest_fall", day).value
    return current if fall is None else max(current, last_year * (1 - fall))


def _steps(rows: Mapping[str, Decimal]) -> tuple[tuple[int, Decimal], ...]:
    return tuple(sorted((int(start), factor) for start, factor in rows.items()))
