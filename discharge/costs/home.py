"""Care at home: home health periods and low-utilization visits (PDGM), and Part B home infusion. US dollars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from discharge.costs.amounts import ONE, cents, wage_adjusted
from discharge.costs.rates import Rate, RateTable, rate, table

LookUp: TypeAlias = Callable[[str, date], Rate]
TableLookUp: TypeAlias = Callable[[str, date], RateTable]


def home_health_period(
    day: date, weight: Decimal, *, wage_index: Decimal = ONE, look_up: LookUp = rate
) -> tuple[Decimal, tuple[Rate, ...]] | None:
    """Return the payment of one 30-day period and the rates used; None where they aren't known.

    ``weight`` is that of the home health group, which needs the agency's own assessment.
    """
    base, labor = look_up("home_health.period", day), look_up("home_health.labor_share", day)
    if base.value is None or labor.value is None:
        return None
    return wage_adjusted(cents(base.value * weight), labor.value, wage_index), (base, labor)


def home_health_visits(
    day: date, visits: Sequence[str], *, initial: bool = True, tables: TableLookUp = table
) -> Decimal | None:
    """Return the low-utilization payment of ``visits`` in order (sn, pt, ot, slp, msw, aide), wage index 1.

    Only the first visit of an ``initial`` period earns the add-on. None where the year's amounts aren't known.
    """
    amounts = tables("home_health.visit", day).rows
    factors = tables("home_health.first_visit_factor", day).rows
    if amounts is None or factors is None:
        return None
    total = Decimal(0)
    for number, discipline in enumerate(visits):
        factor = factors.get(discipline, ONE) if initial and number == 0 else ONE
        total += cents(amounts[discipline] * factor)
    return total


def home_infusion_visits(
    day: date,
    category: int,
    visits: int,
    *,
    initial: bool = True,
    geographic_factor: Decimal = ONE,
    tables: TableLookUp = table,
) -> tuple[Decimal, tuple[RateTable, ...]] | None:
    """Return the Part B professional service payment of ``visits`` administration days with a visit.

    ``category`` 1 is IV anti-infective and the like, 2 subcutaneous, 3 complex. Days without a visit pay nothing.
    """
    first, later = tables("infusion.first_visit", day), tables("infusion.later_visit", day)
    if first.rows is None or later.rows is None:
        return None
    if visits == 0:
        return Decimal(0), (first, later)
    firsts = 1 if initial else 0
    each_first = cents(first.rows[str(category)] * geographic_factor)
    each_later = cents(later.rows[str(category)] * geographic_factor)
    return firsts * each_first + (visits - firsts) * each_later, (first, later)
