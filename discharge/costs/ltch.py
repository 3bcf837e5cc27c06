"""Long-term care hospital: standard rate, short stays, the site neutral rate, cost outlier (42 CFR 412.500-538).

Which rate a case has (three days in intensive care just before, or more than 96 hours of ventilation) is for the
rules to say; these formulas are told. Weights and mean stays of the long-term care groups are inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from discharge.costs.amounts import ONE, ZERO, cents, four_decimals
from discharge.costs.inpatient import STANDARD_HOSPITAL, Hospital, ipps_on
from discharge.costs.priced import Desk, LookUp, Priced, none_if_not_known
from discharge.costs.rates import rate
from discharge.costs.spans import whole_days


@dataclass(frozen=True, slots=True)
class AcuteGroup:
    """The acute-care MS-DRG of the same stay, to which site neutral and short stays are compared."""

    weight: Decimal
    gmlos_days: Decimal


@none_if_not_known
def ltch_standard(
    day: date,
    weight: Decimal,
    *,
    wage_index: Decimal = ONE,
    cost_of_living: Decimal = ONE,
    cost: Decimal | None = None,
    quality: bool = True,
    look_up: LookUp = rate,
) -> Priced:
    """Return the standard payment of a full stay, with its outlier where the stay's ``cost`` is told."""
    desk = Desk(day, look_up)
    full = _standard(desk, weight, wage_index, cost_of_living, quality)
    return desk.priced(_with_outlier(desk, full, cost, "ltch.outlier_threshold"))


@none_if_not_known
def ltch_short_stay(
    day: date,
    weight: Decimal,
    los_days: int,
    mean_stay_days: Decimal,
    acute: AcuteGroup,
    *,
    cost: Decimal | None = None,
    hospital: Hospital = STANDARD_HOSPITAL,
    look_up: LookUp = rate,
) -> Priced:
    """Return the standard rate of a stay of ``los_days``: blended when at most five sixths of the mean stay.

    The blend moves from the acute per diem to 120% of the long-term per diem with each day. ``hospital`` holds wage
    index and cost of living of both, and the additions of the comparable acute payment.
    """
    desk = Desk(day, look_up)
    full = _standard(desk, weight, hospital.wage_index, hospital.cost_of_living, quality=True)
    fifths, sixths = (desk.row("ltch.short_stay_fraction", name) for name in ("over", "under"))
    threshold = cents(mean_stay_days * fifths / sixths)
    desk.step("short stay threshold, days", f"{mean_stay_days} x {fifths} / {sixths}", threshold)
    if los_days > threshold:
        return desk.priced(_with_outlier(desk, full, cost, "ltch.outlier_threshold"))
    factor = desk.value("ltch.short_stay_per_diem_factor")
    per_diem = cents(full / mean_stay_days * los_days * factor)
    desk.step("long-term per diem", f"{full} / {mean_stay_days} x {los_days} x {factor}", per_diem)
    span = min(threshold, desk.value("ltch.short_stay_blend_days"))
    share = min(ONE, four_decimals(los_days / span))
    desk.step("its share of the blend", f"{los_days} / {span}", share)
    comparable = _comparable(desk, los_days, acute, hospital)
    blend = cents(per_diem * share) + cents(comparable * (1 - share))
    desk.step("blended payment", f"{per_diem} x {share} + {comparable} x {1 - share}", blend)
    return desk.priced(_with_outlier(desk, blend, cost, "ltch.outlier_threshold"))


@none_if_not_known
def ltch_site_neutral(
    day: date,
    los_days: int,
    cost: Decimal,
    acute: AcuteGroup,
    *,
    hospital: Hospital = STANDARD_HOSPITAL,
    look_up: LookUp = rate,
) -> Priced:
    """Return the site neutral payment: the lower of the comparable acute payment and the stay's ``cost``.

    The acute side is the per diem with its own outlier, cut by the statutory factor; the non-outlier part of
    either side bears the budget neutrality factor.
    """
    desk = Desk(day, look_up)
    factor = desk.value("ltch.site_neutral_factor")
    budget = desk.value("ltch.site_neutral_budget_factor")
    per_diem = _comparable(desk, los_days, acute, hospital)
    outlier = _outlier(desk, per_diem, cost, "ipps.outlier_threshold")
    acute_side = desk.step(
        "acute side", f"({per_diem} + {outlier}) x {factor}", cents((per_diem + outlier) * factor)
    )
    if cost < acute_side:
        return desk.priced(desk.step("lower: cost", f"{cost} x {budget}", cents(cost * budget)))
    paid = cents(per_diem * budget * factor) + cents(outlier * factor)
    figures = f"{per_diem} x {budget} x {factor} + {outlier} x {factor}"
    return desk.priced(desk.step("lower: acute side", figures, paid))


def _standard(
    desk: Desk, weight: Decimal, wage_index: Decimal, cost_of_living: Decimal, quality: bool
) -> Decimal:
    base = desk.value("ltch.standard" if quality else "ltch.standard_no_quality")
    share = desk.value("ltch.labor_share")
    weighted = desk.step("weighted", f"{base} x {weight}", cents(base * weight))
    labor = desk.step("labor part", f"{weighted} x {share}", cents(weighted * share))
    other = weighted - labor
    paid = cents(labor * wage_index) + cents(other * cost_of_living)
    return desk.step("standard payment", f"{labor} x {wage_index} + {other} x {cost_of_living}", paid)


def _comparable(desk: Desk, los_days: int, acute: AcuteGroup, hospital: Hospital) -> Decimal:
    """The acute per diem for the days of the stay, at most the full acute payment."""
    whole_days(los_days=los_days)
    paid = ipps_on(desk, acute.weight, hospital=hospital)
    daily = paid.total / acute.gmlos_days
    amount = min(paid.total, cents(daily * los_days))
    figures = f"{paid.total} / {acute.gmlos_days} x {los_days}, at most {paid.total}"
    return desk.step("acute per diem", figures, amount)


def _with_outlier(desk: Desk, payment: Decimal, cost: Decimal | None, threshold: str) -> Decimal:
    if cost is None:
        return payment
    outlier = _outlier(desk, payment, cost, threshold)
    return desk.step("with outlier", f"{payment} + {outlier}", payment + outlier)


def _outlier(desk: Desk, payment: Decimal, cost: Decimal, threshold: str) -> Decimal:
    limit = payment + desk.value(threshold)
    share = desk.value("ltch.outlier_share")
    amount = cents(share * max(ZERO, cost - limit))
    return desk.step("outlier", f"{share} x ({cost} - {limit}), at least 0", amount)
