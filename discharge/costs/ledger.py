"""Adds up what an option costs, component by component, for payer, patient and hospital."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from pydantic import Field

from discharge.costs.amounts import ZERO, Range, Usd, cents
from discharge.costs.rates import Rate, RateTable
from discharge.stayview import Result

Purse: TypeAlias = Literal["payer", "patient", "hospital"]
PURSES: tuple[Purse, ...] = ("payer", "patient", "hospital")


class Three(NamedTuple):
    """Low, expected and high amount in dollars."""

    low: Decimal
    expected: Decimal
    high: Decimal

    def times(self, factor: Decimal | int) -> Three:
        return Three(*(cents(amount * factor) for amount in self))

    def plus(self, other: Three) -> Three:
        return Three(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def minus(self, other: Three) -> Three:
        """Subtract place by place: what the patient pays of a high amount is taken from that amount."""
        return Three(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


NOTHING = Three(ZERO, ZERO, ZERO)


def same(amount: Decimal) -> Three:
    """Return an amount that has no range."""
    return Three(amount, amount, amount)


class CostComponent(Result):
    """One line of an option's cost: who pays it and how it was counted."""

    name: str
    purse: Purse
    low: Usd
    expected: Usd
    high: Usd
    quantity: str | None = None


class OptionCost(Result):
    """What an option costs over ``horizon_days``. A purse that can't be told is empty, never zero.

    ``payer_after_sequester`` is what Original Medicare pays out. ``not_priced`` names what is left out of the sums,
    ``placeholders`` every proposed, estimated, judged or carried-forward figure in them. ``total_expected_usd`` adds
    the three purses, for ranking only. ``rates_since`` is the day since which all rates have been as used here.
    """

    payer: Range
    payer_after_sequester: Range | None
    patient: Range
    hospital: Range
    horizon_days: int
    rates_since: date
    coverage: Literal["met", "not_met", "unknown"]
    components: list[CostComponent] = Field(default_factory=list)
    assumptions: list[str] = Field(default_factory=list)
    placeholders: list[str] = Field(default_factory=list)
    not_priced: list[str] = Field(default_factory=list)
    total_expected_usd: Usd | None = None


class Ledger:
    """Collects components, assumptions and placeholders of one option."""

    def __init__(self) -> None:
        self.components: list[CostComponent] = []
        self.assumptions: list[str] = []
        self.placeholders: list[str] = []
        self.not_priced: list[str] = []
        self.sums: dict[Purse, Three | None] = dict.fromkeys(PURSES, NOTHING)

    def add(self, purse: Purse, name: str, amount: Three, quantity: str | None = None) -> None:
        """Add an amount; whatever order a subtraction left it in, low comes first."""
        current = self.sums[purse]
        if current is not None:
            self.sums[purse] = current.plus(amount)
        low, high = min(amount), max(amount)
        self.components.append(
            CostComponent(
                name=name, purse=purse, low=low, expected=amount.expected, high=high, quantity=quantity
            )
        )

    def lose(self, purse: Purse, reason: str) -> None:
        """Say that a purse can't be told any more."""
        self.sums[purse] = None
        self.leave_out(reason)

    def leave_out(self, what: str) -> None:
        if what not in self.not_priced:
            self.not_priced.append(what)

    def assume(self, *assumptions: str) -> None:
        self.assumptions += [text for text in assumptions if text not in self.assumptions]

    def used(self, *sources: Rate | RateTable) -> None:
        """Note the rates that went in, so that placeholders among them are shown."""
        self.note(source.label for source in sources if source.placeholder)

    def note(self, labels: Iterable[str]) -> None:
        self.placeholders += [label for label in labels if label not in self.placeholders]

    def range(self, purse: Purse) -> Range:
        found = self.sums[purse]
        if found is None:
            return Range()
        return Range(low=min(found), expected=found.expected, high=max(found))

    def total_expected(self) -> Decimal | None:
        known = [found.expected for found in self.sums.values() if found is not None]
        return sum(known, ZERO) if len(known) == len(PURSES) else None
