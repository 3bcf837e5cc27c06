"""Hospice by level of care (42 CFR 418.302): routine home care, continuous home care, respite, general inpatient."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias, get_args

from discharge.costs.amounts import ONE, ZERO, cents, wage_adjusted
from discharge.costs.priced import Desk, LookUp, Priced, TableLookUp, none_if_not_known
from discharge.costs.rates import rate, table
from discharge.costs.spans import spans, whole_days

Level: TypeAlias = Literal["routine", "continuous", "respite", "general_inpatient"]
LEVELS: tuple[str, ...] = get_args(Level)
_DATED = ("hospice.daily", "hospice.daily_no_quality", "hospice.labor_share")


@none_if_not_known
def hospice_days(
    day: date,
    days: int,
    *,
    level: Level = "routine",
    first_day: int = 1,
    wage_index: Decimal = ONE,
    quality: bool = True,
    look_up: LookUp = rate,
    tables: TableLookUp = table,
) -> Priced:
    """Return what ``days`` days of one level from ``day`` pay, each at its own date's rate; None where not known.

    ``first_day`` is the hospice day that they begin with: routine care pays more through day 60, counting all days
    of hospice whatever their level. ``quality`` False is a hospice that didn't report quality data.
    """
    whole_days(days=days, first_day=first_day - 1)
    desk = Desk(day, look_up, tables)
    total, number = ZERO, 0
    for span in spans(day, days, _DATED):
        desk.day = span.day
        first = first_day + span.before
        early = max(0, min(span.days, int(desk.value("hospice.first_days")) - first + 1))
        rows = (("routine_first", early), ("routine_later", span.days - early))
        for row, count in rows if level == "routine" else ((level, span.days),):
            if count > 0:
                daily = _daily(desk, row, wage_index, quality)
                total += desk.step(f"days from {span.day.isoformat()}", f"{count} x {daily}", count * daily)
                number += 1
    return desk.priced(desk.step("total", "all days", total) if number != 1 else total)


@none_if_not_known
def continuous_hours(
    day: date,
    hours: Decimal,
    *,
    first_day: int = 1,
    wage_index: Decimal = ONE,
    quality: bool = True,
    look_up: LookUp = rate,
    tables: TableLookUp = table,
) -> Priced:
    """Return what ``hours`` hours of continuous home care within one day pay; None where not known.

    The hourly rate isn't rounded. Fewer than eight hours pay a routine day instead.
    """
    desk = Desk(day, look_up, tables)
    if not 0 < hours <= 24:
        raise ValueError("hours of continuous care in a day lie above 0 and at most at 24")
    if hours < desk.value("hospice.continuous_hours_least"):
        row = "routine_first" if first_day <= desk.value("hospice.first_days") else "routine_later"
        desk.step("too few hours for continuous care", f"{hours} h", hours)
        return desk.priced(_daily(desk, row, wage_index, quality))
    whole = _daily(desk, "continuous", wage_index, quality)
    return desk.priced(desk.step("hours", f"{hours} x {whole} / 24", cents(hours * whole / 24)))


def _daily(desk: Desk, row: str, wage_index: Decimal, quality: bool) -> Decimal:
    base = desk.row("hospice.daily" if quality else "hospice.daily_no_quality", row)
    share = desk.row("hospice.labor_share", row)
    labor = cents(base * share)
    figures = f"{labor} x {wage_index} + {base - labor}"
    return desk.step(f"daily rate, {row}", figures, wage_adjusted(base, share, wage_index))
