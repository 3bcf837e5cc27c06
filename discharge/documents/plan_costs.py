"""The money half of the discharge plan: three purses itemised, waiting and break-even, the rates behind them.

For utilization review inside the hospital: a copy that leaves the hospital goes without these pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from discharge import wording
from discharge.costs.amounts import Range
from discharge.costs.ledger import PURSES, CostComponent, Purse, RateSeen
from discharge.documents.common import Cell, Column, Grid, Line, capped
from discharge.options import Option
from discharge.pictures import Picture, compared, cost_picture, marked, waiting_picture
from discharge.pictures.words import dollars
from discharge.review.model import Review

ITEMISED = 3
ASSUMED = 8
NAMES: dict[Purse, str] = {"payer": "Payer pays", "patient": "Patient pays", "hospital": "Hospital bears"}
COSTS = (
    Column("Place, and what is counted", 37),
    *(Column(name, 21, "number") for name in NAMES.values()),
)
SHARE = ", the patient's share"


@dataclass(frozen=True, slots=True)
class Money:
    """Everything that the cost pages print."""

    note: str
    agreement: str
    picture: Picture | None
    items: Grid
    waiting: list[Line]
    waiting_picture: Picture | None
    remarks: list[Line]
    rates: list[Line]


def money(review: Review) -> Money:
    """Return the cost pages of a review."""
    places = itemised(review)
    return Money(
        note=_note(review),
        agreement="" if review.negotiation is None else review.negotiation.sentence,
        picture=cost_picture(review),
        items=Grid(COSTS, [row for option in places for row in _item_rows(review, option)], _others(review)),
        waiting=_waiting(review),
        waiting_picture=waiting_picture(review),
        remarks=_remarks(places),
        rates=_rates(review, places),
    )


def itemised(review: Review) -> list[Option]:
    """Return the chosen place, staying, and the best of the others: those whose amounts are shown line by line."""
    shown = compared(review)
    first = [one for one in shown if one.id in (review.plan.recommended, "stay")]
    rest = [one for one in shown if one not in first]
    kept = [*first, *rest[: max(0, ITEMISED - len(first))]]
    return sorted(kept, key=lambda one: (one.id != review.plan.recommended, one.rank))


def _note(review: Review) -> str:
    days = sorted({option.cost.horizon_days for option in review.options})
    if not days:
        return "No place is compared, so nothing is priced."
    over = " or ".join(map(str, days))
    return (
        f"Expected amounts over {over} days, the same for every place, with low and high where they differ."
    )


def _others(review: Review) -> str:
    shown = {option.id for option in itemised(review)}
    rest = [option.title for option in compared(review) if option.id not in shown]
    return f"Itemised in the review: {wording.joined(rest)}." if rest else ""


def _item_rows(review: Review, option: Option) -> list[list[Cell]]:
    """The sums of a place, then its lines; a purse that can't be told is "not known", never zero."""
    sums: list[Range] = [getattr(option.cost, purse) for purse in PURSES]
    chosen = " (chosen)" if option.id == review.plan.recommended else ""
    head = Cell(f"{option.title}{chosen}", strong=True)
    rows = [[head, *(Cell(dollars(one.expected), spread(one.low, one.high), strong=True) for one in sums)]]
    lines: list[dict[Purse, CostComponent]] = []
    for one in option.cost.components:
        if one.low or one.expected or one.high:
            of = next((line for line in lines if _is_share(one, line)), None)
            if of is None:
                lines.append({one.purse: one})
            else:
                of[one.purse] = one
    return rows + [_line(line) for line in lines]


def _is_share(one: CostComponent, line: dict[Purse, CostComponent]) -> bool:
    """Whether an amount is another purse's part of what a line counts."""
    first = next(iter(line.values()))
    same = (one.group, one.quantity) == (first.group, first.quantity)
    named = one.name.endswith(SHARE) or first.name.endswith(SHARE) or one.name == first.name
    return same and named and one.purse not in line


def _line(line: dict[Purse, CostComponent]) -> list[Cell]:
    names = sorted((one.name for one in line.values()), key=lambda name: name.endswith(SHARE))
    first = next(iter(line.values()))
    return [Cell(names[0], first.quantity or ""), *_in_place(line)]


def _in_place(line: dict[Purse, CostComponent]) -> list[Cell]:
    return [
        Cell(dollars(one.expected), spread(one.low, one.high)) if (one := line.get(purse)) else Cell("")
        for purse in PURSES
    ]


def spread(low: Decimal | None, high: Decimal | None) -> str:
    """Return the range in words; nothing where there is none."""
    if low is None or high is None or low == high:
        return ""
    return f"{dollars(low)} to {dollars(high)}"


def _waiting(review: Review) -> list[Line]:
    waiting = review.waiting
    if waiting is None:
        return []
    days = [
        f"{NAMES[purse].split()[0].lower()} {dollars(found.expected)}"
        + (f" ({words})" if (words := spread(found.low, found.high)) else "")
        for purse in PURSES
        if (found := waiting.avoidable_day.get(purse)) is not None
    ]
    lines = [
        Line("In short", waiting.sentence),
        Line("One avoidable day", wording.joined(days) or wording.NOT_KNOWN),
    ]
    marks = marked(waiting)
    lines += [Line(f"Mark {number}, day {one.day}", one.sentence) for number, one in enumerate(marks, 1)]
    rest = len(waiting.break_even) - len(marks)
    said = f"{wording.plural(rest, 'comparison')} without a break-even day in this time, in the review"
    return lines + ([Line("Not marked", said)] if rest else [])


def _remarks(places: Iterable[Option]) -> list[Line]:
    """What the amounts assume, what they leave out, and which figures are estimates."""
    costs = [option.cost for option in places]
    assumed = list(dict.fromkeys(text for cost in costs for text in cost.assumptions))
    left_out = list(dict.fromkeys(text for cost in costs for text in cost.not_priced))
    guessed = sorted({text for cost in costs for text in cost.placeholders})
    named = [text for text in guessed if "." not in text.split(" ")[0]]
    more = [f"{wording.plural(len(guessed) - len(named), 'planning figure')} marked so below"]
    guessed = named + (more if len(guessed) > len(named) else [])
    found = [
        Line("Assumed", "; ".join(capped(assumed, ASSUMED))),
        Line("Not priced", "; ".join(capped(left_out, ASSUMED))),
        Line("Estimates, not final rates", "; ".join(capped(guessed, ASSUMED)).replace("_", " ")),
    ]
    return [line for line in found if line.value]


def _rates(review: Review, places: Iterable[Option]) -> list[Line]:
    """The rates behind the amounts shown, by source: name, value and first day; and whether the source was read."""
    seen = review.provenance.rates
    lines: dict[tuple[str, str], dict[str, list[str]]] = {}
    for name in sorted({name for option in places for name in option.cost.rates} & set(seen)):
        rate = seen[name]
        checked = "checked" if rate.verified else "estimate" if rate.placeholder else "not yet checked"
        since = "first day not stated" if rate.since is None else f"since {rate.since.isoformat()}"
        days = lines.setdefault((rate.source or "source not known", checked), {})
        days.setdefault(since, []).append(f"{rate_title(name)} {rate_words(rate)}")
    return [
        Line(source, "; ".join(f"{since}: {wording.joined(named)}" for since, named in days.items()), checked)
        for (source, checked), days in sorted(lines.items())
    ]


def rate_title(name: str) -> str:
    """Return a rate's name in words.

    >>> rate_title("part_a.snf_coinsurance_day")
    'part a snf coinsurance day'
    """
    return name.removeprefix("planning.").replace(".", " ").replace("_", " ")


def rate_words(seen: RateSeen) -> str:
    """Return the value with its unit; cents are kept, since rates have them."""
    if seen.value is None:
        return "(a table)" if seen.source else wording.NOT_KNOWN
    unit = seen.unit.strip("{}")
    if unit.upper().startswith("USD"):
        return f"${seen.value:,f}{unit[3:]}"
    return f"{seen.value:,f} {'' if unit == '1' else unit}".strip()
