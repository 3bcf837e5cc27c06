"""What `discharge price` shows: an amount, its steps, the rates looked at, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from discharge.cli.pricing.keys import Key, Values
from discharge.costs import sharing
from discharge.costs.priced import Priced, Step
from discharge.costs.rates import Rate, RateTable, rate, table

LEAST, MOST_WEIGHT, MOST_SHARE = Decimal("0.0001"), Decimal(1000), Decimal(10)
WAGE = Key("wage_index", "number", "wage index of the place", "1", least=Decimal("0.01"), most=Decimal(10))
QUALITY = Key("quality", "yes", "reports quality data", "yes")
DEDUCTIBLE = Key("deductible_left", "number", "Part B deductible still due; all of it if not given")


@dataclass
class Rates:
    """Looks rates up, and keeps what was looked at, and the day on which what isn't known was asked for."""

    seen: list[Rate] = field(default_factory=list)
    missing: dict[str, date] = field(default_factory=dict)

    def rate(self, name: str, day: date) -> Rate:
        found = rate(name, day)
        if found.value is None:
            self.missing.setdefault(name, day)
        elif found not in self.seen:
            self.seen.append(found)
        return found

    def table(self, name: str, day: date) -> RateTable:
        found = table(name, day)
        if found.rows is None:
            self.missing.setdefault(name, day)
        return found


@dataclass
class Answer:
    """An amount with its steps and rates.

    ``also`` holds amounts that follow from it, by what they are; ``estimates`` say what besides rates is a
    placeholder.
    """

    amount: Decimal
    steps: list[Step]
    rates: list[Rate]
    notes: list[str] = field(default_factory=list)
    also: dict[str, Decimal] = field(default_factory=dict)
    estimates: list[str] = field(default_factory=list)


Price: TypeAlias = Callable[[date, Values, Rates], Answer | None]


@dataclass(frozen=True)
class PriceKind:
    """One kind: its title, its keys, and the function that prices it (None where a rate isn't known)."""

    title: str
    keys: tuple[Key, ...]
    price: Price


def answer_of(found: Priced | None, *, notes: Iterable[str] = ()) -> Answer | None:
    """Return what a formula found as an answer, None where it didn't know a rate."""
    return None if found is None else Answer(found.amount, list(found.steps), list(found.seen), list(notes))


def share_out(
    answer: Answer, day: date, patient: Decimal | None, *, not_covered: Decimal | None = None
) -> None:
    """Add what the patient owes of an allowed amount, and what Medicare pays after the sequester.

    ``not_covered`` is the part of the amount that Medicare doesn't pay and the patient's share isn't reckoned on.
    """
    if patient is None:
        answer.notes.append("the patient's part is not known for this day: its deductible was not found")
        return
    medicare = answer.amount - patient - (not_covered or Decimal(0))
    answer.also["patient"] = patient
    if not_covered is not None:
        answer.also["not covered"] = not_covered
    answer.also["Medicare"] = medicare
    answer.also["Medicare, after the sequester"] = sharing.after_sequester(day, medicare)
