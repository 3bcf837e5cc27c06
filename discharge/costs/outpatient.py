"""Outpatient hospital payment (42 CFR 419): observation as one comprehensive service, and infusion by the visit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from discharge.costs.amounts import ONE, cents
from discharge.costs.priced import Desk, LookUp, Priced, none_if_not_known
from discharge.costs.rates import Rate, rate


@none_if_not_known
def observation_stay(day: date, *, wage_index: Decimal = ONE, look_up: LookUp = rate) -> Priced:
    """Return what comprehensive observation (C-APC 8011) allows; None where not known."""
    desk = Desk(day, look_up)
    base, share = desk.value("observation.comprehensive_apc"), desk.value("observation.labor_share")
    return desk.priced(desk.wages(base, share, wage_index, name="wage-adjusted"))


@none_if_not_known
def outpatient_service(
    day: date, relative_weight: Decimal, *, wage_index: Decimal = ONE, look_up: LookUp = rate
) -> Priced:
    """Return what an outpatient service of that relative weight allows, wage-adjusted; None where not known."""
    desk = Desk(day, look_up)
    factor, share = desk.value("opps.conversion_factor"), desk.value("observation.labor_share")
    national = desk.step("national", f"{factor} x {relative_weight}", cents(factor * relative_weight))
    return desk.priced(desk.wages(national, share, wage_index, name="wage-adjusted"))


def observation_payment(
    day: date, *, wage_index: Decimal = ONE, look_up: LookUp = rate
) -> tuple[Decimal, tuple[Rate, ...]] | None:
    """Return the amount of :func:`observation_stay` and the rates used; None where not known."""
    found = observation_stay(day, wage_index=wage_index, look_up=look_up)
    return None if found is None else (found.amount, tuple(r for r in found.rates if isinstance(r, Rate)))


def infusion_visit(
    day: date, hours: int, *, place: Literal["office", "hospital"], look_up: LookUp = rate
) -> tuple[Decimal, tuple[Rate, ...]] | None:
    """Return what one infusion visit of ``hours`` hours allows nationally, without the drug; None where not known."""
    schedule = "pfs" if place == "office" else "opps"
    first = look_up(f"{schedule}.infusion_first_hour", day)
    added = look_up(f"{schedule}.infusion_added_hour", day)
    if first.value is None or added.value is None:
        return None
    return first.value + (hours - 1) * added.value, (first, added)
