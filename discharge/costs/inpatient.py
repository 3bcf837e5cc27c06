"""Inpatient prospective payment: operating and capital with their adjustments, additions, cost outlier.

42 CFR 412.60-64, 412.80-84, 412.105-106, 412.150-172, 412.312. Amounts are US dollars as Decimal, each component
in cents. Where a rate of the day is not known, functions return None; callers that plan pass ``planning_rate`` as
``look_up``. Transfers are in :mod:`transfer`, rehabilitation facilities in :mod:`irf`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias, get_args

from discharge.costs.amounts import ONE, ZERO, cents, four_decimals
from discharge.costs.irf import rehabilitation_payment
from discharge.costs.priced import (
    Desk,
    LookUp,
    Priced,
    RateNotKnownError,
    Step,
    TableLookUp,
    none_if_not_known,
)
from discharge.costs.rates import Rate, RateTable, rate, table
from discharge.costs.transfer import NO_TRANSFER, transfer_fraction

__all__ = [
    "NO_ADDITIONS",
    "NO_TRANSFER",
    "REPORTING",
    "STANDARD_HOSPITAL",
    "Additions",
    "CostToCharge",
    "Hospital",
    "IppsPayment",
    "Outlier",
    "Reporting",
    "ipps_claim",
    "ipps_on",
    "ipps_payment",
    "is_burn_group",
    "outlier_payment",
    "rehabilitation_payment",
    "transfer_fraction",
]

Reporting: TypeAlias = Literal["both", "quality_only", "records_only", "neither"]
REPORTING: tuple[str, ...] = get_args(Reporting)


@dataclass(frozen=True, slots=True)
class Hospital:
    """What a hospital's payment depends on. The defaults are assumptions, shown wherever they are used.

    ``reporting`` says whether it reports quality data and uses certified records; less of either pays less.
    """

    wage_index: Decimal = ONE
    cost_of_living: Decimal = ONE
    ime_operating: Decimal = Decimal(0)
    dsh_operating: Decimal = Decimal(0)
    ime_capital: Decimal = Decimal(0)
    dsh_capital: Decimal = Decimal(0)
    reporting: Reporting = "both"


@dataclass(frozen=True, slots=True)
class IppsPayment:
    """Operating and capital payment of one stay, additions for teaching and low income included.

    ``base_operating`` is the operating part without those additions; ``rates`` are those it was made from.
    """

    operating: Decimal
    capital: Decimal
    rates: tuple[Rate, ...]
    base_operating: Decimal = ZERO
    steps: tuple[Step, ...] = ()

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
    tables: TableLookUp = table,
) -> IppsPayment | None:
    """Return the payment of a stay discharged on ``day``, before outlier; None where the year's rates aren't known.

    ``weight`` is the MS-DRG relative weight, ``fraction`` what :func:`transfer_fraction` returned.
    """
    desk = Desk(day, look_up, tables)
    try:
        return ipps_on(desk, weight, hospital=hospital, fraction=fraction)
    except RateNotKnownError:
        return None


def ipps_on(
    desk: Desk, weight: Decimal, *, hospital: Hospital = STANDARD_HOSPITAL, fraction: Decimal = NO_TRANSFER
) -> IppsPayment:
    """Work out :func:`ipps_payment` on a desk that is already open; raises RateNotKnownError."""
    operating = _operating(desk, weight, hospital)
    capital = _capital(desk, weight, hospital)
    if fraction != NO_TRANSFER:
        operating = desk.step("operating, transfer", f"{operating} x {fraction}", cents(operating * fraction))
        capital = desk.step("capital, transfer", f"{capital} x {fraction}", cents(capital * fraction))
    factor = desk.value("ipps.dsh_operating_factor")
    added_operating = _addition(desk, "teaching (operating)", operating, hospital.ime_operating) + _addition(
        desk, "disproportionate share (operating)", operating, hospital.dsh_operating * factor
    )
    added_capital = _addition(desk, "teaching (capital)", capital, hospital.ime_capital) + _addition(
        desk, "disproportionate share (capital)", capital, hospital.dsh_capital
    )
    rates = tuple(one for one in desk.used if isinstance(one, Rate))
    return IppsPayment(
        operating + added_operating, capital + added_capital, rates, operating, tuple(desk.steps)
    )


@dataclass(frozen=True, slots=True)
class Additions:
    """What comes on top of, or off, operating and capital payment. Factors of 1 change nothing."""

    outlier: Decimal = ZERO
    new_technology: Decimal = ZERO
    uncompensated_care: Decimal = ZERO
    purchasing_factor: Decimal = ONE
    readmission_factor: Decimal = ONE
    is_hac_reduced: bool = False


NO_ADDITIONS = Additions()


@none_if_not_known
def ipps_claim(
    day: date,
    weight: Decimal,
    *,
    hospital: Hospital = STANDARD_HOSPITAL,
    fraction: Decimal = NO_TRANSFER,
    additions: Additions = NO_ADDITIONS,
    look_up: LookUp = rate,
    tables: TableLookUp = table,
) -> Priced:
    """Return the whole payment of a stay, with outlier, new technology, uncompensated care and the programs.

    Value-based purchasing and readmissions change base operating dollars (after a transfer's reduction, without
    additions); the reduction for hospital-acquired conditions is 1% of the total. The readmissions factor has a
    floor, whatever is given.
    """
    desk = Desk(day, look_up, tables)
    paid = ipps_on(desk, weight, hospital=hospital, fraction=fraction)
    total = desk.step("operating and capital", f"{paid.operating} + {paid.capital}", paid.total)
    for name, amount in (
        ("outlier", additions.outlier),
        ("new technology", additions.new_technology),
        ("uncompensated care", additions.uncompensated_care),
    ):
        if amount:
            total = desk.step(f"with {name}", f"{total} + {amount}", total + amount)
    if additions.purchasing_factor != 1:
        total += _program(desk, "value-based purchasing", paid.base_operating, additions.purchasing_factor)
    if additions.readmission_factor != 1:
        factor = max(additions.readmission_factor, desk.value("ipps.readmission_floor"))
        total += _program(desk, "readmissions reduction", paid.base_operating, factor)
    if additions.is_hac_reduced:
        factor = desk.value("ipps.hac_factor")
        total = desk.step("hospital-acquired conditions", f"{total} x {factor}", cents(total * factor))
    return desk.priced(total)


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
    rates: tuple[Rate | RateTable, ...] = ()
    steps: tuple[Step, ...] = ()

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
    is_burn: bool = False,
    look_up: LookUp = rate,
) -> Outlier | None:
    """Return the cost outlier of a stay; None where the year's threshold isn't known.

    ``paid`` is the payment of the stay; ``fraction`` its transfer fraction, which cuts the threshold too. Burn
    DRGs (``is_burn``, see :func:`is_burn_group`) are paid 90% of the cost above the limit, others 80%.
    """
    desk = Desk(day, look_up)
    try:
        share = desk.value("ipps.outlier_share_burn" if is_burn else "ipps.outlier_share")
        limits = _limits(desk, paid, ratios, hospital, fraction, uncompensated_care + new_technology)
    except RateNotKnownError:
        return None
    cost = cents(charges * ratios.operating), cents(charges * ratios.capital)
    desk.step("operating cost", f"{charges} x {ratios.operating}", cost[0])
    desk.step("capital cost", f"{charges} x {ratios.capital}", cost[1])
    amounts = [ZERO, ZERO]
    if sum(cost) >= sum(limits):
        amounts = [cents(share * max(ZERO, each - limit)) for each, limit in zip(cost, limits, strict=True)]
    for place, name in enumerate(("operating outlier", "capital outlier")):
        desk.step(name, f"{share} x ({cost[place]} - {limits[place]}), at least 0", amounts[place])
    return Outlier(amounts[0], amounts[1], *limits, tuple(desk.used), tuple(desk.steps))


def is_burn_group(day: date, ms_drg: str, *, tables: TableLookUp = table) -> bool:
    """Say whether cost outliers of the MS-DRG are paid at the higher share of burns."""
    return ms_drg in (tables("ipps.burn_groups", day).rows or {})


def _limits(
    desk: Desk,
    paid: IppsPayment,
    ratios: CostToCharge,
    hospital: Hospital,
    fraction: Decimal,
    added: Decimal,
) -> tuple[Decimal, Decimal]:
    threshold = desk.value("ipps.outlier_threshold") * fraction
    labor = desk.value(_labor_name(hospital.wage_index))
    geographic = four_decimals(hospital.wage_index ** desk.value("ipps.gaf_exponent"))
    both = ratios.operating + ratios.capital
    shares = four_decimals(ratios.operating / both), four_decimals(ratios.capital / both)
    wages = labor * hospital.wage_index + (1 - labor) * hospital.cost_of_living
    parts = cents(threshold * wages * shares[0]), cents(threshold * geographic * shares[1])
    desk.step("operating threshold", f"{threshold} x {wages} x {shares[0]}", parts[0])
    desk.step("capital threshold", f"{threshold} x {geographic} x {shares[1]}", parts[1])
    operating, capital = paid.operating + parts[0] + added, paid.capital + parts[1]
    desk.step("operating limit", f"{paid.operating} + {parts[0]} + {added}", operating)
    desk.step("capital limit", f"{paid.capital} + {parts[1]}", capital)
    return operating, capital


def _operating(desk: Desk, weight: Decimal, hospital: Hospital) -> Decimal:
    """Operating rate, wage-adjusted: its parts in cents, their sum not rounded before the weight."""
    if hospital.reporting == "both":
        base = desk.value("ipps.operating")
    else:
        base = desk.row("ipps.operating_reduced", hospital.reporting)
    share = desk.value(_labor_name(hospital.wage_index))
    labor = desk.step("labor part", f"{base} x {share}", cents(base * share))
    adjusted = labor * hospital.wage_index + (base - labor) * hospital.cost_of_living
    figures = f"({labor} x {hospital.wage_index} + {base - labor} x {hospital.cost_of_living}) x {weight}"
    return desk.step("operating", figures, cents(adjusted * weight))


def _capital(desk: Desk, weight: Decimal, hospital: Hospital) -> Decimal:
    base, exponent = desk.value("ipps.capital"), desk.value("ipps.gaf_exponent")
    geographic = four_decimals(hospital.wage_index**exponent)
    if hospital.wage_index != 1:
        desk.step("geographic adjustment factor", f"{hospital.wage_index} ** {exponent}", geographic)
    return desk.step("capital", f"{base} x {geographic} x {weight}", cents(base * geographic * weight))


def _addition(desk: Desk, name: str, base: Decimal, factor: Decimal) -> Decimal:
    if factor == 0:
        return ZERO
    return desk.step(name, f"{base} x {factor}", cents(base * factor))


def _program(desk: Desk, name: str, base: Decimal, factor: Decimal) -> Decimal:
    return desk.step(name, f"{base} x ({factor} - 1)", cents(base * (factor - 1)))


def _labor_name(wage_index: Decimal) -> str:
    return "ipps.labor_share_high" if wage_index > 1 else "ipps.labor_share_low"
