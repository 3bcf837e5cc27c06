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
Group: TypeAlias = Literal[
    "facility",
    "visits",
    "pharmacy",
    "drug",
    "supplies",
    "labs",
    "line",
    "equipment",
    "transport",
    "help_at_home",
    "hospital_days",
    "payment",
    "readmission",
]


class Three(NamedTuple):
    """Low, expected and high amount in dollars."""

    low: Decimal
    expected: Decimal
    high: Decimal

    def times(self, factor: Decimal | int) -> Three:
        return Three(*(cents(amount * factor) for amount in self))

    def times_exact(self, factor: Decimal) -> Three:
        """Multiply without rounding, as shares want it."""
        return Three(*(share * factor for share in self))

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
    """One line of an option's cost: who pays it, how it was counted, and the names of the rates it was made from."""

    name: str
    purse: Purse
    group: Group
    low: Usd
    expected: Usd
    high: Usd
    quantity: str | None = None
    rates: list[str] = Field(default_factory=list)


class RateSeen(Result):
    """A rate that an amount rests on: its value on the day, since when it holds, and where it comes from.

    Of a table ``value`` is None, as is the value of a rate that isn't known. ``source`` is the citation's title, or
    the payer profile that overrides the public rate.
    """

    value: Decimal | None
    unit: str
    since: date | None
    source: str | None
    verified: bool
    placeholder: bool
    note: str | None = None


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
    hospital_at_average_usd: Usd | None = Field(
        default=None, description="of staying on: the same days at the average cost of a day; not in the sums"
    )
    horizon_days: int
    rates_since: date
    coverage: Literal["met", "not_met", "unknown"]
    components: list[CostComponent] = Field(default_factory=list)
    assumptions: list[str] = Field(default_factory=list)
    placeholders: list[str] = Field(default_factory=list)
    not_priced: list[str] = Field(default_factory=list)
    total_expected_usd: Usd | None = None
    rates: list[str] = Field(default_factory=list)


_SERVICE: tuple[Group, ...] = ("facility", "visits", "pharmacy", "drug", "supplies", "labs", "equipment")


def service_expected(cost: OptionCost, purse: Purse) -> Decimal | None:
    """Return what a purse is expected to pay for the services themselves: no wait, transfer, ride or readmission."""
    whole = cost.payer if purse == "payer" else cost.patient if purse == "patient" else cost.hospital
    if whole.expected is None:
        return None
    return sum((c.expected for c in cost.components if c.purse == purse and c.group in _SERVICE), ZERO)


class Ledger:
    """Collects components, assumptions and placeholders of one option."""

    def __init__(self) -> None:
        self.components: list[CostComponent] = []
        self.assumptions: list[str] = []
        self.placeholders: list[str] = []
        self.not_priced: list[str] = []
        self.sums: dict[Purse, Three | None] = dict.fromkeys(PURSES, NOTHING)

    def copy(self) -> Ledger:
        """Return a ledger of its own with the same entries so far."""
        other = Ledger()
        other.components, other.assumptions = [*self.components], [*self.assumptions]
        other.placeholders, other.not_priced = [*self.placeholders], [*self.not_priced]
        other.sums = dict(self.sums)
        return other

    def add(
        self,
        purse: Purse,
        name: str,
        amount: Three,
        quantity: str | None = None,
        *,
        group: Group = "facility",
        rates: Iterable[str] = (),
    ) -> None:
        """Add an amount; whatever order a subtraction left it in, low comes first. Components add up to their purse."""
        low, high = min(amount), max(amount)
        current = self.sums[purse]
        if current is not None:
            self.sums[purse] = current.plus(Three(low, amount.expected, high))
        self.components.append(
            CostComponent(
                name=name,
                purse=purse,
                group=group,
                low=low,
                expected=amount.expected,
                high=high,
                quantity=quantity,
                rates=list(rates),
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
        return Range(low=found.low, expected=found.expected, high=found.high)

    def total_expected(self) -> Decimal | None:
        known = [found.expected for found in self.sums.values() if found is not None]
        return sum(known, ZERO) if len(known) == len(PURSES) else None
