"""Inpatient rehabilitation facility (42 CFR 412.624): full stay, transfer, outlier. US dollars as Decimal.

The weight of the case-mix group is an input, since it needs the facility's own assessment; short stays and deaths
have groups and so weights of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from discharge.costs.amounts import ONE, ZERO, cents, four_decimals, wage_adjusted
from discharge.costs.priced import Desk, LookUp, Priced, none_if_not_known
from discharge.costs.rates import Rate, rate
from discharge.costs.spans import whole_days


@dataclass(frozen=True, slots=True)
class Facility:
    """What an IRF's payment depends on; additions for low-income patients and teaching are shares."""

    wage_index: Decimal = ONE
    is_rural: bool = False
    low_income: Decimal = Decimal(0)
    teaching: Decimal = Decimal(0)
    reports_quality: bool = True


STANDARD_FACILITY = Facility()


@none_if_not_known
def irf_stay(
    day: date,
    weight: Decimal,
    *,
    facility: Facility = STANDARD_FACILITY,
    los_days: int | None = None,
    mean_stay_days: Decimal | None = None,
    is_transfer: bool = False,
    cost: Decimal | None = None,
    look_up: LookUp = rate,
) -> Priced:
    """Return what an IRF stay pays; None where the year's rates aren't known.

    A transfer to another institution short of the group's mean stay pays per diem plus half a day; it needs
    ``los_days`` and ``mean_stay_days``. ``cost`` is charges times the facility's ratio (:func:`irf_cost`); with it
    the outlier is added, its threshold adjusted the way the payment is.
    """
    desk = Desk(day, look_up)
    factor = desk.value("irf.conversion_factor" if facility.reports_quality else _NO_QUALITY)
    share = desk.value("irf.labor_share")
    weighted = desk.step("weighted", f"{factor} x {weight}", cents(factor * weight))
    amount = desk.wages(weighted, share, facility.wage_index, name="wage-adjusted")
    fraction = ONE
    if is_transfer:
        if los_days is None or mean_stay_days is None:
            raise ValueError("a transfer needs the days of the stay and the mean stay of the group")
        fraction = _transfer(desk, los_days, mean_stay_days)
    if fraction != 1:
        amount = desk.step("transfer", f"{amount} x {fraction}", cents(amount * fraction))
    amount = _adjusted(desk, amount, facility, "payment")
    if cost is None:
        return desk.priced(amount)
    threshold = wage_adjusted(desk.value("irf.outlier_threshold"), share, facility.wage_index)
    threshold = _adjusted(desk, threshold, facility, "outlier threshold")
    paid_share, limit = desk.value("irf.outlier_share"), amount + threshold
    outlier = cents(paid_share * max(ZERO, cost - limit))
    desk.step("outlier", f"{paid_share} x ({cost} - {limit}), at least 0", outlier)
    return desk.priced(desk.step("with outlier", f"{amount} + {outlier}", amount + outlier))


def irf_cost(
    day: date,
    charges: Decimal,
    ratio: Decimal | None = None,
    *,
    is_rural: bool = False,
    look_up: LookUp = rate,
) -> Decimal | None:
    """Return charges turned into cost. Without a ratio, or above the ceiling, the national one is used."""
    ceiling = look_up("irf.ccr_ceiling", day).value
    national = look_up("irf.ccr_rural" if is_rural else "irf.ccr_urban", day).value
    if ratio is None or (ceiling is not None and ratio > ceiling):
        return None if national is None else cents(charges * national)
    return cents(charges * ratio)


def rehabilitation_payment(
    day: date, weight: Decimal, *, wage_index: Decimal = ONE, look_up: LookUp = rate
) -> tuple[Decimal, tuple[Rate, ...]] | None:
    """Return what a full stay pays at an urban, non-teaching facility, and the rates used; None if not known."""
    found = irf_stay(day, weight, facility=Facility(wage_index), look_up=look_up)
    return None if found is None else (found.amount, tuple(r for r in found.rates if isinstance(r, Rate)))


_NO_QUALITY = "irf.conversion_factor_no_quality"


def _transfer(desk: Desk, los_days: int, mean_stay_days: Decimal) -> Decimal:
    whole_days(los_days=los_days)
    if los_days >= mean_stay_days:
        return ONE
    first = desk.value("irf.transfer_first_day")
    fraction = min(ONE, four_decimals((los_days + first) / mean_stay_days))
    return desk.step("transfer fraction", f"({los_days} + {first}) / {mean_stay_days}", fraction)


def _adjusted(desk: Desk, amount: Decimal, facility: Facility, name: str) -> Decimal:
    factors = []
    if facility.is_rural:
        factors.append(desk.value("irf.rural_factor"))
    factors += [1 + share for share in (facility.low_income, facility.teaching) if share]
    if not factors:
        return amount
    product = ONE
    for factor in factors:
        product *= factor
    figures = " x ".join(str(each) for each in (amount, *factors))
    return desk.step(f"{name}, facility adjustments", figures, cents(amount * product))
