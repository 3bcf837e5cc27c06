"""Care at home: home health periods and low-utilization visits (PDGM), and Part B home infusion. US dollars.

42 CFR 484.205-240, 414.1500-1550. The weight and the visit threshold of the home health group are inputs: they
need the agency's own assessment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from discharge.costs.amounts import ONE, ZERO, cents, wage_adjusted
from discharge.costs.priced import Desk, LookUp, Priced, TableLookUp, none_if_not_known
from discharge.costs.rates import Rate, RateTable, rate, table
from discharge.costs.spans import whole_days

DISCIPLINES = ("sn", "pt", "ot", "slp", "msw", "aide")


@none_if_not_known
def home_health(
    day: date,
    weight: Decimal,
    *,
    wage_index: Decimal = ONE,
    quality: bool = True,
    days_served: int | None = None,
    units: Mapping[str, int] | None = None,
    look_up: LookUp = rate,
    tables: TableLookUp = table,
) -> Priced:
    """Return the payment of one 30-day period ending on ``day``, steps and rates; None where not known.

    ``days_served`` pays a part of the period: the patient moved to another agency, or came back to this one,
    within it. ``units`` (15 minutes each, by discipline) adds the outlier: their imputed cost against the payment
    and a fixed loss. ``quality`` False is an agency that didn't report quality data.
    """
    desk = Desk(day, look_up, tables)
    base = desk.value("home_health.period" if quality else "home_health.period_no_quality")
    share = desk.value("home_health.labor_share")
    weighted = desk.step("case-mix adjusted", f"{base} x {weight}", cents(base * weight))
    amount = desk.wages(weighted, share, wage_index, name="wage-adjusted")
    if days_served is not None:
        whole = desk.value("home_health.period_days")
        if not 0 < days_served <= whole:
            raise ValueError(f"days served in a period lie between 1 and {whole}")
        part = cents(amount * days_served / whole)
        amount = desk.step("part of the period", f"{amount} x {days_served} / {whole}", part)
    if units is None:
        return desk.priced(amount)
    cost = ZERO
    whole_days(**units)
    for name, count in units.items():
        each = desk.row("home_health.cost_per_unit", name)
        cost += desk.step(
            f"cost of {name}", f"{count} x {each}", count * wage_adjusted(each, share, wage_index)
        )
    loss = wage_adjusted(cents(base * desk.value("home_health.fixed_loss_ratio")), share, wage_index)
    paid, limit = desk.value("home_health.outlier_share"), amount + loss
    outlier = cents(paid * max(ZERO, cost - limit))
    desk.step("outlier", f"{paid} x ({cost} - {limit}), at least 0", outlier)
    return desk.priced(desk.step("with outlier", f"{amount} + {outlier}", amount + outlier))


@none_if_not_known
def low_utilization(
    day: date,
    visits: Sequence[str],
    *,
    initial: bool = True,
    wage_index: Decimal = ONE,
    look_up: LookUp = rate,
    tables: TableLookUp = table,
) -> Priced:
    """Return the payment of a period with fewer visits than its group's threshold: ``visits`` in order.

    Disciplines are sn, pt, ot, slp, msw, aide. Only the very first visit of an ``initial`` (or only) period earns
    the add-on, and only for sn, pt, ot and slp. Each visit is wage-adjusted.
    """
    desk = Desk(day, look_up, tables)
    share = desk.value("home_health.labor_share")
    total = ZERO
    for number, discipline in enumerate(visits):
        base = desk.row("home_health.visit", discipline)
        figures = f"{base}"
        if initial and number == 0 and discipline in _ADD_ON:
            factor = desk.row("home_health.first_visit_factor", discipline)
            base, figures = cents(base * factor), f"{base} x {factor}"
        amount = wage_adjusted(base, share, wage_index)
        total += desk.step(f"visit {number + 1}, {discipline}", f"{figures}, wage index {wage_index}", amount)
    return desk.priced(desk.step("visits together", f"{len(visits)} visits", total))


_ADD_ON = ("sn", "pt", "ot", "slp")


@none_if_not_known
def home_infusion(
    day: date,
    category: int,
    visits: int,
    *,
    initial: bool = True,
    geographic_factor: Decimal = ONE,
    look_up: LookUp = rate,
    tables: TableLookUp = table,
) -> Priced:
    """Return the Part B professional service payment of ``visits`` administration days with a visit.

    ``category`` 1 is IV anti-infective and the like, 2 subcutaneous, 3 complex. Days without a visit pay nothing.
    """
    whole_days(visits=visits)
    desk = Desk(day, look_up, tables)
    firsts = 1 if initial and visits > 0 else 0
    total = ZERO
    for name, count in (("first", firsts), ("later", visits - firsts)):
        national = desk.row(f"infusion.{name}_visit", str(category))
        each = cents(national * geographic_factor)
        if count:
            figures = f"{count} x {national} x {geographic_factor}"
            total += desk.step(f"{name} visits", figures, count * each)
    return desk.priced(desk.step("visits together", f"{visits} visits", total))


def home_health_period(
    day: date, weight: Decimal, *, wage_index: Decimal = ONE, look_up: LookUp = rate
) -> tuple[Decimal, tuple[Rate, ...]] | None:
    """Return the payment of one whole 30-day period and the rates used; None where they aren't known."""
    found = home_health(day, weight, wage_index=wage_index, look_up=look_up)
    return None if found is None else (found.amount, tuple(r for r in found.rates if isinstance(r, Rate)))


def home_health_visits(
    day: date,
    visits: Sequence[str],
    *,
    initial: bool = True,
    wage_index: Decimal = ONE,
    look_up: LookUp = rate,
    tables: TableLookUp = table,
) -> Decimal | None:
    """Return the amount of :func:`low_utilization`; None where the year's amounts aren't known."""
    found = low_utilization(
        day, visits, initial=initial, wage_index=wage_index, look_up=look_up, tables=tables
    )
    return None if found is None else found.amount


def home_infusion_visits(
    day: date,
    category: int,
    visits: int,
    *,
    initial: bool = True,
    geographic_factor: Decimal = ONE,
    tables: TableLookUp = table,
) -> tuple[Decimal, tuple[RateTable, ...]] | None:
    """Return the amount of :func:`home_infusion` and the tables used; None where they aren't known."""
    found = home_infusion(
        day, category, visits, initial=initial, geographic_factor=geographic_factor, tables=tables
    )
    if found is None:
        return None
    return found.amount, tuple(one for one in found.rates if isinstance(one, RateTable))
