"""Outpatient payment: observation as one comprehensive service, and drug infusion by the visit. US dollars."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from discharge.costs.amounts import ONE, wage_adjusted
from discharge.costs.rates import Rate, rate

LookUp: TypeAlias = Callable[[str, date], Rate]


def observation_payment(
    day: date, *, wage_index: Decimal = ONE, look_up: LookUp = rate
) -> tuple[Decimal, tuple[Rate, ...]] | None:
    """Return what comprehensive observation (C-APC 8011) allows and the rates used; None where not known."""
    base, labor = look_up("observation.comprehensive_apc", day), look_up("observation.labor_share", day)
    if base.value is None or labor.value is None:
        return None
    return wage_adjusted(base.value, labor.value, wage_index), (base, labor)


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
