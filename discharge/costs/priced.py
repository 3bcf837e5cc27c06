"""What a payment formula answers: an amount, its steps in order, and the rates it was made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import wraps
from typing import NamedTuple, ParamSpec, TypeAlias

from discharge.costs.amounts import cents
from discharge.costs.rates import Rate, RateTable, rate, table

LookUp: TypeAlias = Callable[[str, date], Rate]
TableLookUp: TypeAlias = Callable[[str, date], RateTable]

P = ParamSpec("P")


class Step(NamedTuple):
    """One step: what it is, how it was reckoned (``6,752.61 x 1.2838``), and its figure."""

    name: str
    figures: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Priced:
    """An amount in US dollars with everything that led to it.

    ``rates`` are the rates and whole tables used; ``seen`` the same one figure each, a table's as ``name, row``.
    """

    amount: Decimal
    steps: tuple[Step, ...]
    rates: tuple[Rate | RateTable, ...]
    seen: tuple[Rate, ...] = ()


class RateNotKnownError(LookupError):
    """A rate that isn't known on the day. Caught by :func:`none_if_not_known`; nobody else sees it."""


@dataclass
class Desk:
    """The rates of one day. Keeps those looked at and the steps taken."""

    day: date
    look_up: LookUp = rate
    tables: TableLookUp = table
    used: list[Rate | RateTable] = field(default_factory=list)
    seen: list[Rate] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def value(self, name: str) -> Decimal:
        found = self.look_up(name, self.day)
        if found.value is None:
            raise RateNotKnownError(name)
        if found not in self.seen:
            self.used.append(found)
            self.seen.append(found)
        return found.value

    def row(self, name: str, key: str) -> Decimal:
        """Return one row of a table.

        Raises:
            ValueError: the table of this day has no such row.
        """
        found = self.tables(name, self.day)
        if found.rows is None:
            raise RateNotKnownError(name)
        if key not in found.rows:
            known = ", ".join(sorted(found.rows))
            raise ValueError(f"{name} has no '{key}' on {self.day.isoformat()}; it has {known}")
        self.look_at(found, key)
        return found.rows[key]

    def look_at(self, found: RateTable, key: str) -> None:
        """Note that a row of a table was used."""
        if not any(one is found for one in self.used):
            self.used.append(found)
        value = found.rows[key] if found.rows is not None else None
        one = Rate(
            f"{found.name}, {key}",
            value,
            found.unit,
            found.since,
            found.citation,
            found.placeholder,
            found.note,
        )
        if one not in self.seen:
            self.seen.append(one)

    def step(self, name: str, figures: str, value: Decimal) -> Decimal:
        self.steps.append(Step(name, figures, value))
        return value

    def wages(self, base: Decimal, share: Decimal, wage_index: Decimal, *, name: str) -> Decimal:
        """Apply the wage index to the labor part of ``base``, each part in cents; two steps."""
        labor = cents(base * share)
        self.step("labor part", f"{base} x {share}", labor)
        adjusted = cents(labor * wage_index) + (base - labor)
        return self.step(name, f"{labor} x {wage_index} + {base - labor}", adjusted)

    def priced(self, amount: Decimal) -> Priced:
        return Priced(amount, tuple(self.steps), tuple(self.used), tuple(self.seen))


def none_if_not_known(formula: Callable[P, Priced]) -> Callable[P, Priced | None]:
    """Make a formula answer None where a rate of the day isn't known: it is never taken for zero."""

    @wraps(formula)
    def answer(*args: P.args, **kwargs: P.kwargs) -> Priced | None:
        try:
            return formula(*args, **kwargs)
        except RateNotKnownError:
            return None

    return answer
