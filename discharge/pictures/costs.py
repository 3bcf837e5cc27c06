"""Cost comparison: a panel for each purse, a row for each place, a bar stacked from kinds of cost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from discharge.costs.amounts import Range
from discharge.costs.ledger import PURSES, Group, OptionCost, Purse
from discharge.options import Option
from discharge.pictures.draw import Picture, Table
from discharge.pictures.sheet import Scale, Sheet
from discharge.pictures.words import dollars, folded
from discharge.review.model import Review
from discharge.wording import NOT_KNOWN

SHOWN = 8
NAMES_PX, PANEL_PX, GAP_PX = 158, 160, 12
TITLE_PX, ROW_PX, BAR_PX, LEGEND_PX, LEGEND_ROW_PX = 26, 36, 11, 215, 14
KINDS: tuple[tuple[str, str, frozenset[Group]], ...] = (
    ("facility stay", "plain", frozenset({"facility"})),
    ("visits", "dotted", frozenset({"visits"})),
    (
        "drugs, supplies, tests, equipment",
        "hatched",
        frozenset({"pharmacy", "drug", "supplies", "labs", "line", "equipment"}),
    ),
    ("help at home, transport", "lined", frozenset({"transport", "help_at_home"})),
    ("hospital days and its payment", "solid", frozenset({"hospital_days", "payment"})),
    ("expected readmission", "crossed", frozenset({"readmission"})),
)
KIND_OF = {group: name for name, _, groups in KINDS for group in groups}
PATTERN_OF = {name: pattern for name, pattern, _ in KINDS}
PANELS = {"payer": "Payer pays", "patient": "Patient pays", "hospital": "Hospital bears"}


def compared(review: Review) -> list[Option]:
    """Return the places shown, best first: those not known to be unfit, and those that others are weighed against.

    The chosen place, staying, and the places of a break-even day are always among them, fit or not.
    """
    waiting = review.waiting
    weighed = {review.plan.recommended, "stay"}
    if waiting is not None:
        weighed |= {place for one in waiting.break_even for place in (one.wait_for, one.instead)}
    kept = [one for one in review.options if one.id in weighed][:SHOWN]
    rest = [one for one in review.options if one.fit.status != "not_met" and one not in kept]
    return sorted([*kept, *rest[: SHOWN - len(kept)]], key=lambda one: one.rank)


def cost_picture(review: Review) -> Picture | None:
    """Return what each place costs each purse; None where no place is compared."""
    shown = compared(review)
    if not shown:
        return None
    days = shown[0].cost.horizon_days
    title = f"Expected cost of each place over {days} days, by who pays"
    table = Table(
        ["Place", *PANELS.values()],
        [[_named(review, option), *(_words(option.cost, purse) for purse in PURSES)] for option in shown],
    )
    text = "; ".join(
        f"{row[0]}: " + ", ".join(f"{purse} {words}" for purse, words in zip(PURSES, row[1:], strict=True))
        for row in table.rows
    )
    said = f"{title}, with the range from low to high. {text}."
    return Picture(lambda: _drawn(review, shown).svg("cost", title, said), title, said, table)


def _named(review: Review, option: Option) -> str:
    """The place, with a word where it is the chosen one or does not fit."""
    if option.id == review.plan.recommended:
        return f"{option.title} (chosen)"
    return f"{option.title} (does not fit)" if option.fit.status == "not_met" else option.title


def _range(cost: OptionCost, purse: Purse) -> Range:
    found: Range = getattr(cost, purse)
    return found


def _words(cost: OptionCost, purse: Purse) -> str:
    amount = _range(cost, purse)
    if amount.expected is None:
        return NOT_KNOWN
    said = dollars(amount.expected)
    if amount.low is None or amount.high is None or amount.low == amount.high:
        return said
    return f"{said} ({dollars(amount.low)} to {dollars(amount.high)})"


def _drawn(review: Review, shown: Sequence[Option]) -> Sheet:
    """Place everything: a legend, the names, and a panel for each purse, all on one scale of dollars."""
    sheet = Sheet(PATTERN_OF)
    top = _legend(sheet, shown) + TITLE_PX
    for place, option in enumerate(shown):
        y = top + (place + 0.5) * ROW_PX
        sheet.text(0, y, folded(_named(review, option)), bold=option.id == review.plan.recommended)
    low, high = _ends(shown)
    for number, purse in enumerate(PURSES):
        left = NAMES_PX + number * (PANEL_PX + GAP_PX)
        scale = Scale(left, low, PANEL_PX / (high - low))
        sheet.text(left, top - 10, PANELS[purse], bold=True)
        sheet.line(scale.at(0), scale.at(0), top, top + len(shown) * ROW_PX)
        for place, option in enumerate(shown):
            _cell(sheet, scale, top + place * ROW_PX, option.cost, purse)
    return sheet


def _cell(sheet: Sheet, scale: Scale, y: float, cost: OptionCost, purse: Purse) -> None:
    """The amount in words, under it the bar, and over the bar its range."""
    amount = _range(cost, purse)
    sheet.text(scale.left + 3, y + 9, _words(cost, purse))
    if amount.expected is None:
        return
    top, bottom = y + 16, y + 16 + BAR_PX
    for kind, start, end in _stacked(cost, purse):
        sheet.area(scale.at(float(start)), scale.at(float(end)), top, bottom, kind)
    if amount.low is not None and amount.high is not None and amount.low != amount.high:
        low, high, middle = scale.at(float(amount.low)), scale.at(float(amount.high)), (top + bottom) / 2
        sheet.line(low, high, middle, middle)
        for end_of_range in (low, high):
            sheet.line(end_of_range, end_of_range, middle - 3.5, middle + 3.5)


def _stacked(cost: OptionCost, purse: Purse) -> list[tuple[str, Decimal, Decimal]]:
    """Pieces end to end; savings run to the left of zero."""
    sums = dict.fromkeys(PATTERN_OF, Decimal(0))
    for one in cost.components:
        if one.purse == purse:
            sums[KIND_OF[one.group]] += one.expected
    ends = {True: Decimal(0), False: Decimal(0)}
    pieces = []
    for kind, amount in sums.items():
        if amount:
            start = ends[amount > 0]
            ends[amount > 0] += amount
            pieces.append((kind, start, start + amount))
    return pieces


def _legend(sheet: Sheet, shown: Sequence[Option]) -> float:
    """Name the kinds of cost that the bars hold, three to a line; return how much room they take."""
    used = {kind for one in shown for purse in PURSES for kind, _, _ in _stacked(one.cost, purse)}
    kinds = [kind for kind in PATTERN_OF if kind in used]
    for number, kind in enumerate(kinds):
        x, y = number % 3 * LEGEND_PX, number // 3 * LEGEND_ROW_PX
        sheet.area(x, x + BAR_PX, y, y + BAR_PX, kind)
        sheet.text(x + 16, y + BAR_PX / 2, kind)
    return float((len(kinds) + 2) // 3 * LEGEND_ROW_PX)


def _ends(shown: Sequence[Option]) -> tuple[float, float]:
    """One scale for all purses, so that equal lengths are equal amounts."""
    amounts = [Decimal(0), Decimal(1)]
    for option in shown:
        for purse in PURSES:
            found = _range(option.cost, purse)
            amounts += [one for one in (found.low, found.high) if one is not None]
            if found.expected is not None:
                amounts += [end for _, _, end in _stacked(option.cost, purse)]
    return float(min(amounts)), float(max(amounts))
