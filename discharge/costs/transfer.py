"""When an early transfer pays less, and how much (42 CFR 412.4). No discharge is delayed for payment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from discharge.costs.amounts import ONE, four_decimals
from discharge.costs.priced import LookUp, TableLookUp
from discharge.costs.rates import rate, table
from discharge.costs.spans import whole_days

NO_TRANSFER = ONE
Formula: TypeAlias = Literal["none", "normal", "special"]

CODES: Mapping[str, str] = {
    "home": "01",
    "acute": "02",
    "snf": "03",
    "home_health": "06",
    "ama": "07",
    "hospice_home": "50",
    "hospice_inpatient": "51",
    "irf": "62",
    "ltch": "63",
    "psych": "65",
    "critical_access": "66",
}
"""Patient discharge status codes (NUBC) by the words used here for destinations."""

HOME_HEALTH = ("06", "86")
_OPT_OUT: Mapping[str, str] = {
    "42": "home health is unrelated to the stay (condition code 42)",
    "43": "home health does not start in time (condition code 43)",
}


@dataclass(frozen=True, slots=True)
class Group:
    """What the transfer rule asks of an MS-DRG: Table 5 says whether it is on the post-acute list, and special."""

    ms_drg: str | None
    gmlos_days: Decimal
    is_listed: bool
    is_special: bool = False


@dataclass(frozen=True, slots=True)
class Transfer:
    """The formula that a discharge falls under, the share of the full payment, and why, in words."""

    formula: Formula
    fraction: Decimal
    reason: str


def transfer_fraction(los_days: int, gmlos_days: Decimal, *, special: bool = False) -> Decimal:
    """Return the share of the full payment that a transfer pays, to four decimals; 1 where nothing is lost.

    ``special`` is the formula for special-pay DRGs sent to post-acute care; another acute hospital uses the normal
    one. A same-day transfer pays two per-diem days.

    >>> transfer_fraction(3, Decimal(7)), transfer_fraction(3, Decimal(7), special=True)
    (Decimal('0.5714'), Decimal('0.7857'))
    """
    whole_days(los_days=los_days)
    per_diem_days = max(los_days, 1) + 1
    if per_diem_days >= gmlos_days:
        return NO_TRANSFER
    share = per_diem_days / gmlos_days
    return min(NO_TRANSFER, four_decimals(Decimal("0.5") + Decimal("0.5") * share if special else share))


def transfer_of(
    day: date,
    group: Group,
    los_days: int,
    destination: str,
    *,
    home_health_days: int | None = None,
    condition_codes: Collection[str] = (),
    look_up: LookUp = rate,
    tables: TableLookUp = table,
) -> Transfer | None:
    """Return how a discharge of ``day`` to ``destination`` is paid; None where it can't be told.

    ``destination`` is a word of :data:`CODES` or a patient discharge status code. ``home_health_days`` is after
    how many days home health starts: unknown, it can't be told whether a listed group loses anything.
    """
    code = CODES.get(destination, destination)
    acute = tables("transfer.acute_codes", day).rows
    post_acute = tables("transfer.post_acute_codes", day).rows
    if acute is None or post_acute is None:
        return None
    if group.ms_drg in (tables("ipps.no_transfer_reduction", day).rows or {}):
        return Transfer("none", NO_TRANSFER, f"MS-DRG {group.ms_drg} is exempt")
    if code in acute:
        return _paid("normal", group, los_days, "to another acute hospital, any MS-DRG")
    if code not in post_acute:
        return Transfer("none", NO_TRANSFER, "not a transfer")
    if not group.is_listed:
        return Transfer("none", NO_TRANSFER, "the MS-DRG is not on the post-acute list")
    formula: Formula = "special" if group.is_special else "normal"
    paid = _paid(formula, group, los_days, "to post-acute care, MS-DRG on the list")
    if code in HOME_HEALTH and paid.fraction != NO_TRANSFER:
        for condition, reason in _OPT_OUT.items():
            if condition in condition_codes:
                return Transfer("none", NO_TRANSFER, reason)
        limit = look_up("transfer.home_health_days", day).value
        if limit is None or home_health_days is None:
            return None
        if home_health_days > limit:
            return Transfer("none", NO_TRANSFER, f"home health starts after more than {limit} days")
    return paid


def _paid(formula: Formula, group: Group, los_days: int, reason: str) -> Transfer:
    fraction = transfer_fraction(los_days, group.gmlos_days, special=formula == "special")
    days = max(los_days, 1) + 1
    if fraction == NO_TRANSFER:
        reason += f"; {days} per-diem days reach the mean stay of {group.gmlos_days}"
    else:
        reason += f"; {days} per-diem days of {group.gmlos_days}, {formula} formula"
    return Transfer(formula, fraction, reason)
