"""Takes the price of a place apart: the service that isn't covered, and the rest that stays with whoever pays it.

The service is what turns on coverage: components of the price as not covered that the price as covered doesn't name.
Nothing is priced here: every amount is a component of :func:`discharge.costs.horizon.price`. What follows any
discharge alike is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache

from discharge.costs.amounts import ZERO, Range
from discharge.costs.horizon import PriceInputs, price
from discharge.costs.inputs import StayPrices
from discharge.costs.ledger import PURSES, CostComponent, OptionCost
from discharge.negotiation.model import Party
from discharge.negotiation.table import arrangement_table

NOTHING = Range(low=ZERO, expected=ZERO, high=ZERO)
UNCOVERED = ", not covered"
OPEN_SHARE = "the member's share is not in the payer profile"


@dataclass(frozen=True)
class Bill:
    """One price: its components, without what follows any discharge, and the purses that can't be told."""

    cost: OptionCost
    lines: tuple[CostComponent, ...]
    lost: frozenset[Party]

    def of(self, party: Party) -> Range:
        """Return what a party pays in all, unknown where the purse is."""
        return self.parties[party]

    @cached_property
    def parties(self) -> dict[Party, Range]:
        return {party: Range() if party in self.lost else of_party(self.lines, party) for party in PURSES}

    def without(self, lines: Iterable[CostComponent]) -> Bill:
        """Return the bill less some of its lines."""
        gone = {_key(one) for one in lines}
        return Bill(self.cost, tuple(one for one in self.lines if _key(one) not in gone), self.lost)


@dataclass(frozen=True)
class Priced:
    """One place as not covered and as covered, each with the service set apart."""

    uncovered: Bill
    covered: Bill
    service: tuple[CostComponent, ...]
    covered_service: tuple[CostComponent, ...]

    @property
    def price(self) -> Range:
        """What the service costs in all, as somebody who pays alone would pay it."""
        return total(self.service)


def bill(cost: OptionCost) -> Bill:
    """Return the bill of one place, from its price."""
    return _bill(_Same(cost))


class _Same:
    """Lets a price be part of a key: prices of equal inputs are the very same object."""

    __slots__ = ("cost",)

    def __init__(self, cost: OptionCost) -> None:
        self.cost = cost

    def __hash__(self) -> int:
        return id(self.cost)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.cost is other.cost


@lru_cache(maxsize=8192)
def _bill(price_of: _Same) -> Bill:
    cost, left_out = price_of.cost, arrangement_table().left_out
    lines = [one for one in cost.components if one.group not in left_out.groups and not _follows(one.name)]
    purses = {"payer": cost.payer, "patient": cost.patient, "hospital": cost.hospital}
    lost: set[Party] = {party for party in PURSES if purses[party].expected is None}
    if any(OPEN_SHARE in reason and not _is_minor(reason) for reason in cost.not_priced):
        lost |= {"payer", "patient"}  # what the member's share leaves to the payer isn't known either
    return Bill(cost, tuple(lines), frozenset(lost))


def _is_minor(reason: str) -> bool:
    table = arrangement_table()
    return reason.startswith((*table.left_out.names, *table.minor.names))


def kept(texts: Iterable[str]) -> Iterator[str]:
    """Leave out what is said of parts that stand on neither side."""
    left_out = arrangement_table().left_out
    words = (*left_out.groups, *left_out.names)
    return (text for text in texts if not any(word in text for word in words))


def _follows(name: str) -> bool:
    return any(name.startswith(start) for start in arrangement_table().left_out.names)


def taken_apart(prices: StayPrices, option: str) -> Priced:
    """Return a place's price with the part that turns on coverage set apart."""
    return _apart(prices.inputs(option, "not_met"), prices.inputs(option, "met"))


@lru_cache(maxsize=8192)
def _apart(without: PriceInputs, with_cover: PriceInputs) -> Priced:
    uncovered, covered = bill(price(without)), bill(price(with_cover))
    if with_cover.terms is not None and with_cover.terms.payer_class == "self_pay":
        service = tuple(one for one in uncovered.lines if one.name.endswith(UNCOVERED))
        return Priced(uncovered, covered, service, ())
    here, there = {_key(one) for one in uncovered.lines}, {_key(one) for one in covered.lines}
    return Priced(
        uncovered=uncovered,
        covered=covered,
        service=tuple(one for one in uncovered.lines if one.purse == "patient" and _key(one) not in there),
        covered_service=tuple(one for one in covered.lines if _key(one) not in here),
    )


def _key(one: CostComponent) -> tuple[str, Party]:
    return one.name, one.purse


def total(lines: Iterable[CostComponent]) -> Range:
    """Return the sum of components; zero for none."""
    low = expected = high = ZERO
    for one in lines:
        low, expected, high = low + one.low, expected + one.expected, high + one.high
    return Range(low=low, expected=expected, high=high)


def of_party(lines: Iterable[CostComponent], party: Party) -> Range:
    """Return what one party pays of components."""
    return total(one for one in lines if one.purse == party)


def plus(*parts: Range) -> Range:
    """Add ranges end by end; an unknown part makes the sum unknown."""
    if any(part.expected is None for part in parts):
        return Range()
    return Range(
        low=sum((part.low or ZERO for part in parts), ZERO),
        expected=sum((part.expected or ZERO for part in parts), ZERO),
        high=sum((part.high or ZERO for part in parts), ZERO),
    )


def minus(first: Range, second: Range) -> Range:
    """Subtract ranges: low less high, high less low, so that the result holds whatever the true amounts are."""
    if first.low is None or first.expected is None or first.high is None:
        return Range()
    if second.low is None or second.expected is None or second.high is None:
        return Range()
    return Range(
        low=first.low - second.high, expected=first.expected - second.expected, high=first.high - second.low
    )


def days_for(prices: StayPrices) -> int | None:
    """Return the days of treatment that the service and further hospital days are both counted by."""
    common = prices.common
    if not common.needs_iv or common.iv_days is None:
        return None
    return max(1, min(common.iv_days, common.horizon_days))


def shares(assigned: Mapping[Party, Decimal]) -> dict[Party, Decimal] | None:
    """Return each party's part of an expected price to four decimals, adding up to 1; None where the price is zero.

    >>> from decimal import Decimal as D
    >>> shares({"payer": D(1), "patient": D(2)})
    {'payer': Decimal('0.3333'), 'patient': Decimal('0.6667')}
    """
    whole = sum(assigned.values(), ZERO)
    if whole <= 0:
        return None
    parts = {
        party: (part / whole).quantize(Decimal("0.0001")) for party, part in assigned.items() if part > 0
    }
    largest = max(parts, key=lambda party: parts[party])
    parts[largest] = 1 - sum((part for party, part in parts.items() if party != largest), Decimal(0))
    return parts
