"""The money of a place: three purses line by line with the standing of their rates; and what waiting costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from discharge.costs.amounts import Range
from discharge.costs.ledger import PURSES, CostComponent, OptionCost
from discharge.costs.waiting import LAST_DAY, BreakEven, WaitingCost
from discharge.pictures import marked
from discharge.review.model import Review

PURSE_NAMES = {"payer": "Payer pays", "patient": "Patient pays", "hospital": "Hospital bears"}
TABLE_DAYS = (1, 2, 3, 5, 7, 10, 14)
_ALL = (*PURSES, "all")

Standing = Literal["", "estimate", "rate not checked"]


@dataclass(frozen=True)
class Item:
    """One line of a purse. ``standing`` says where a rate behind it is estimated or was not checked."""

    name: str
    quantity: str | None
    low: Decimal
    expected: Decimal
    high: Decimal
    has_range: bool
    standing: Standing


@dataclass(frozen=True)
class PurseView:
    """What one purse pays; all None where it can't be told."""

    name: str
    low: Decimal | None
    expected: Decimal | None
    high: Decimal | None
    items: tuple[Item, ...]
    has_estimates: bool
    note: str


@dataclass(frozen=True)
class BreakEvenRow:
    """Waiting for one place against taking another: a cell for each purse and for all together."""

    wait_for: str
    instead: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class WaitingView:
    """What further hospital days cost. ``marks`` are the sentences that the picture numbers, from 1."""

    sentence: str
    avoidable: tuple[tuple[str, Range], ...]
    days: tuple[int, ...]
    rows: tuple[tuple[str, tuple[Decimal | None, ...]], ...]
    break_even: tuple[BreakEvenRow, ...]
    marks: tuple[str, ...]
    others: tuple[str, ...]
    assumptions: tuple[str, ...]
    last_day: int


def purse_views(review: Review, cost: OptionCost) -> tuple[PurseView, ...]:
    """Return the three purses of a place."""
    found = []
    for purse in PURSES:
        whole: Range = getattr(cost, purse)
        items = tuple(
            _item(review, one)
            for one in cost.components
            if one.purse == purse and (one.low or one.expected or one.high)
        )
        found.append(
            PurseView(
                name=PURSE_NAMES[purse],
                low=whole.low,
                expected=whole.expected,
                high=whole.high,
                items=tuple(sorted(items, key=lambda one: -abs(one.expected))),
                has_estimates=any(one.standing == "estimate" for one in items),
                note=_note(cost, purse),
            )
        )
    return tuple(found)


def _note(cost: OptionCost, purse: str) -> str:
    after = cost.payer_after_sequester
    if purse == "payer" and after is not None and after.expected is not None:
        return f"Medicare pays out ${after.expected:,.0f} after sequestration."
    average = cost.hospital_at_average_usd
    if purse == "hospital" and average is not None:
        return f"At the average cost of a day: ${average:,.0f}."
    return ""


def _item(review: Review, one: CostComponent) -> Item:
    rates = [review.provenance.rates[name] for name in one.rates if name in review.provenance.rates]
    standing: Standing = ""
    if any(rate.placeholder for rate in rates):
        standing = "estimate"
    elif any(not rate.verified for rate in rates):
        standing = "rate not checked"
    return Item(one.name, one.quantity, one.low, one.expected, one.high, one.low != one.high, standing)


def waiting_view(review: Review) -> WaitingView | None:
    """Return what waiting costs; None for a patient who has left."""
    waiting = review.waiting
    if waiting is None:
        return None
    points = {one.day: one for one in waiting.points}
    marks = marked(waiting)
    days = tuple(day for day in TABLE_DAYS if day in points)
    return WaitingView(
        sentence=waiting.sentence,
        avoidable=tuple(
            (PURSE_NAMES[purse], waiting.avoidable_day[purse])
            for purse in PURSES
            if purse in waiting.avoidable_day
        ),
        days=days,
        rows=tuple(
            (PURSE_NAMES[purse], tuple(getattr(points[day], purse) for day in days)) for purse in PURSES
        ),
        break_even=_break_even(review, waiting),
        marks=tuple(one.sentence for one in marks),
        others=tuple(one.sentence for one in waiting.break_even if one not in marks),
        assumptions=tuple(waiting.assumptions),
        last_day=LAST_DAY,
    )


def _break_even(review: Review, waiting: WaitingCost) -> tuple[BreakEvenRow, ...]:
    titles = {one.id: one.title for one in review.options}
    pairs: dict[tuple[str, str], dict[str, BreakEven]] = {}
    for one in waiting.break_even:
        pairs.setdefault((one.wait_for, one.instead), {})[one.purse] = one
    return tuple(
        BreakEvenRow(
            wait_for=titles.get(wait, wait),
            instead=titles.get(instead, instead),
            cells=tuple(_cell(found.get(purse)) for purse in _ALL),
        )
        for (wait, instead), found in pairs.items()
    )


def _cell(one: BreakEven | None) -> str:
    """From which day waiting costs more, in a few words; the whole sentence stands under the table."""
    if one is None:
        return "not compared"
    if one.day is None:
        return (
            "not all of it is priced"
            if "not all of it is priced" in one.sentence
            else f"not in {LAST_DAY} days"
        )
    if one.day == 0:
        return "dearer without any wait"
    return f"from day {one.day} (equal at {one.days})"
