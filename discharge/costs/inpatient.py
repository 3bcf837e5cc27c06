"""Inpatient prospective payment: operating and capital, transfers, cost outlier, rehabilitation facilities.

42 CFR 412.4, 412.60-64, 412.80-84, 412.312, 412.624. Amounts are US dollars as Decimal. Where a rate of the day is
not known, functions return None; callers that plan pass ``planning_rate`` as ``look_up``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from discharge.costs.amounts import ONE, ZERO, cents, four_decimals
from discharge.costs.rates import Rate, rate

LookUp: TypeAlias = Callable[[str, date], Rate]

NO_TRANSFER = ONE


@dataclass(frozen=True, slots=True)
class Hospital:
    """What a hospital's payment depends on. The defaults are assumptions, shown wherever they are used."""

    wage_index: Decimal = ONE
    cost_of_living: Decimal = ONE
    ime_operating: Decimal = Decimal(0)
    dsh_operating: Decimal = Decimal(0)
    ime_capital: Decimal = Decimal(0)
    dsh_capital: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class IppsPayment:
    """Operating and capital payment of one stay; ``rates`` are those it was made from."""

    operating: Decimal
    capital: Decimal
    rates: tuple[Rate, ...]

    @property
    def total(self) -> Decimal:
        return self.operating + self.capital


STANDARD_HOSPITAL = Hospital()


def ipps_payment(
    day: date,
    weight: Decimal,
    *,
    hospital: Hospital = STANDARD_HOSPITAL,
    fraction: Decimal = NO_TRANSFER,
    look_up: LookUp = rate,
) -> IppsPayment | None:
    """Return the payment of a stay discharged on ``day``, before outlier; None where the year's rates aren't known.

    ``weight`` is the MS-DRG relative weight, ``fraction`` what :func:`transfer_fraction` returned.
    """
    base = look_up("ipps.operating", day)
    labor = look_up(_labor_name(hospital.wage_index), day)
    capital = look_up("ipps.capital", day)
    exponent, dsh = look_up("ipps.gaf_exponent", day), look_up("ipps.dsh_operating_factor", day)
    rates = (base, labor, capital, exponent, dsh)
    if base.value is None or labor.value is None or capital.value is None:
        return None
    if exponent.value is None or dsh.value is None:
        return None
    adjusted = _federal_rate(base.value, labor.value, hospital)
    operating = cents(adjusted * weight) * (1 + hospital.ime_operating + hospital.dsh_operating * dsh.value)
    geographic = four_decimals(hospital.wage_index**exponent.value)
    share = 1 + hospital.ime_capital + hospital.dsh_capital
    return IppsPayment(
        operating=cents(cents(operating) * fraction),
        capital=cents(cents(cents(capital.value * geographic * weight) * share) * fraction),
        rates=rates,
    )


def transfer_fraction(los_days: int, gmlos_days: Decimal, *, special: bool = False) -> Decimal:
    """Return the share of the full payment that a transfer pays, to four decimals; 1 where nothing is lost.

    ``special`` is the formula for special-pay DRGs sent to post-acute care; another acute hospital uses the normal
    one. A same-day transfer pays two per-diem days.

    >>> transfer_fraction(3, Decimal(7)), transfer_fraction(3, Decimal(7), special=True)
    (Decimal('0.5714'), Decimal('0.7857'))
    """
    per_diem_days = max(los_days, 1) + 1
    if per_diem_days >= gmlos_days:
        return NO_TRANSFER
    share = per_diem_days / gmlos_days
    return four_decimals(Decimal("0.5") + Decimal("0.5") * share if special else share)


@dataclass(frozen=True, slots=True)
class CostToCharge:
    """A hospital's cost-to-charge ratios."""

    operating: Decimal
    capital: Decimal


@dataclass(frozen=True, slots=True)
class Outlier:
    """Both parts of a cost outlier payment and the limits that cost must pass."""

    operating: Decimal
    capital: Decimal
    operating_limit: Decimal
    capital_limit: Decimal

    @property
    def total(self) -> Decimal:
        return self.operating + self.capital


def outlier_payment(
    day: date,
    paid: IppsPayment,
    charges: Decimal,
    ratios: CostToCharge,
    *,
    hospital: Hospital = STANDARD_HOSPITAL,
    fraction: Decimal = NO_TRANSFER,
    uncompensated_care: Decimal = ZERO,
    new_technology: Decimal = ZERO,
    look_up: LookUp = rate,
) -> Outlier | None:
    """Return the cost outlier of a stay; None where the year's threshold isn't known.

    Burn DRGs, which are paid 90% of the cost above the limit, aren't told apart.
    """
    threshold, share = look_up("ipps.outlier_threshold", day), look_up("ipps.outlier_share", day)
    labor, exponent = look_up(_labor_name(hospital.wage_index), day), look_up("ipps.gaf_exponent", day)
    if threshold.value is None or share.value is None or labor.value is None or exponent.value is None:
        return None
    limit = threshold.value * fraction
    both = ratios.operating + ratios.capital
    operating_share = four_decimals(ratios.operating / both)
    capital_share = four_decimals(ratios.capital / both)
    geographic = four_decimals(hospital.wage_index**exponent.value)
    wages = labor.value * hospital.wage_index + (1 - labor.value) * hospital.cost_of_living
    added = uncompensated_care + new_technology
    operating_limit = paid.operating + cents(limit * wages * operating_share) + added
    capital_limit = paid.capital + cents(limit * geographic * capital_share)
    operating_cost, capital_cost = cents(charges * ratios.operating), cents(charges * ratios.capital)
    if operating_cost + capital_cost < operating_limit + capital_limit:
        return Outlier(ZERO, ZERO, operating_limit, capital_limit)
    return Outlier(
        cents(share.value * max(ZERO, operating_cost - operating_limit)),
        cents(share.value * max(ZERO, capital_cost - capital_limit)),
        operating_limit,
        capital_limit,
    )


def rehabilitation_payment(
    day: date, weight: Decimal, *, wage_index: Decimal = ONE, look_up: LookUp = rate
) -> tuple[Decimal, tuple[Rate, ...]] | None:
    """Return what an inpatient rehabilitation stay pays and the rates used; None where they aren't known.

    ``weight`` is that of the case-mix group, which has to be given: it needs the facility's own assessment.
    """
    factor, labor = look_up("irf.conversion_factor", day), look_up("irf.labor_share", day)
    if factor.value is None or labor.value is None:
        return None
    base = factor.value * weight
    amount = cents(base * labor.value * wage_index + base * (1 - labor.value))
    return amount, (factor, labor)


def _labor_name(wage_index: Decimal) -> str:
    return "ipps.labor_share_high" if wage_index > 1 else "ipps.labor_share_low"


def _federal_rate(base: Decimal, labor_share: Decimal, hospital: Hospital) -> Decimal:
    """Wage-adjusted operating rate for weight 1: parts in cents, their sum not rounded before the weight."""
    labor = cents(base * labor_share)
    return labor * hospital.wage_index + (base - labor) * hospital.cost_of_living
