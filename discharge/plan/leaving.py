"""When the stay is expected to end, and its length beside the mean of its MS-DRG."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from discharge.costs.stay import StayMoney
from discharge.plan.model import LengthOfStay, PlannedDischarge
from discharge.stayview import StayView


def planned_discharge(view: StayView, money: StayMoney) -> PlannedDischarge:
    """Return when the stay is expected to end: as it did, as the clinicians charted, else by the mean of its MS-DRG."""
    gone = view.time("stay.discharged_at")
    if gone is not None:
        return PlannedDischarge(at=gone, basis="discharged", is_estimate=False)
    charted = view.time("stay.expected_discharge_at")
    if charted is not None:
        return PlannedDischarge(at=charted, basis="charted by the clinicians", is_estimate=False)
    admitted = view.time("stay.inpatient_order_at") or view.time("stay.admitted_at")
    drg = money.drg
    if admitted is None or drg.gmlos_days is None:
        return PlannedDischarge(at=None, basis="no expected discharge is charted", is_estimate=False)
    at = view.local_after(admitted, timedelta(days=float(drg.gmlos_days)))
    passed = ", already passed" if at < view.local(view.as_of) else ""
    basis = (
        f"geometric mean of {drg.gmlos_days} d for {drg.status} MS-DRG {drg.ms_drg} from admission{passed}"
    )
    return PlannedDischarge(at=at, basis=basis, is_estimate=True)


def length_of_stay(view: StayView, money: StayMoney) -> LengthOfStay:
    """Return the days in hospital so far, to a tenth, beside the geometric mean of the MS-DRG."""
    days = view.number("stay.days_in_hospital")
    so_far = None if days is None else Decimal(str(round(days, 1)))
    drg = money.drg
    over = None if so_far is None or drg.gmlos_days is None else so_far - drg.gmlos_days
    return LengthOfStay(
        days=so_far,
        gmlos_days=drg.gmlos_days,
        over_days=over,
        ms_drg=drg.ms_drg,
        is_working=drg.status == "working",
    )
