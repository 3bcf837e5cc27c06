"""Physician fee schedule (42 CFR 414.20-22): fees by code number, and from relative values and local indexes.

Codes are numbers only; nobody's wording of them is kept here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias, get_args

from discharge.costs.amounts import ONE, ZERO, cents
from discharge.costs.priced import Desk, LookUp, Priced, RateNotKnownError, TableLookUp, none_if_not_known
from discharge.costs.rates import rate, table

Setting: TypeAlias = Literal["office", "facility", "hospital"]
SETTINGS: tuple[str, ...] = get_args(Setting)
APM_FACTOR = "pfs.conversion_factor_apm"


class RelativeValue(NamedTuple):
    """Relative values of a service: work, practice expense, malpractice."""

    work: Decimal
    practice: Decimal
    malpractice: Decimal


@dataclass(frozen=True, slots=True)
class Locality:
    """Geographic practice cost indexes of a payment locality; 1 is the nation."""

    work: Decimal = ONE
    practice: Decimal = ONE
    malpractice: Decimal = ONE


NATION = Locality()


@none_if_not_known
def relative_value_fee(
    day: date,
    value: RelativeValue,
    *,
    locality: Locality = NATION,
    is_apm: bool = False,
    look_up: LookUp = rate,
) -> Priced:
    """Return the fee of a service from its relative values.

    ``is_apm`` is a clinician who qualifies by an alternative payment model; before that had a conversion factor of
    its own, the ordinary one holds.
    """
    desk = Desk(day, look_up)
    return desk.priced(_fee(desk, value, locality, is_apm))


@none_if_not_known
def service_fees(
    day: date,
    codes: Sequence[str],
    *,
    setting: Setting = "office",
    locality: Locality = NATION,
    look_up: LookUp = rate,
    tables: TableLookUp = table,
) -> Priced:
    """Return what services by code number allow together: national amounts, no drug.

    ``setting`` is ``office``, ``facility`` (the physician's part alone) or ``hospital`` (the outpatient department's
    part). A locality other than the nation needs the relative values of the code; where they aren't kept the answer
    is None.
    """
    desk = Desk(day, look_up, tables)
    name = fee_table(setting)
    total = ZERO
    for code in codes:
        if locality == NATION or setting == "hospital":
            total += desk.step(code, "national", desk.row(name, code))
            continue
        desk.row(name, code)
        parts = desk.tables("pfs.relative_value", day).rows or {}
        if setting != "office" or f"{code}.w" not in parts:
            raise RateNotKnownError("pfs.relative_value")
        value = RelativeValue(*(desk.row("pfs.relative_value", f"{code}.{part}") for part in "wpm"))
        total += _fee(desk, value, locality, is_apm=False)
    return desk.priced(desk.step("services together", f"{len(codes)} services", total))


def fee_table(setting: str) -> str:
    """Return the name of the table that holds the fees of a setting."""
    return "opps.fee" if setting == "hospital" else f"pfs.fee_{setting}"


def infusion_codes(hours: int) -> tuple[str, ...]:
    """Return the codes of one infusion of so many hours: the first hour, then each added one.

    >>> infusion_codes(3)
    ('96365', '96366', '96366')
    """
    return ("96365", *["96366"] * (hours - 1))


def _fee(desk: Desk, value: RelativeValue, locality: Locality, is_apm: bool) -> Decimal:
    own = desk.look_up(APM_FACTOR, desk.day) if is_apm else None
    has_own = own is not None and (own.value is not None or own.since is not None)
    factor = desk.value(APM_FACTOR if has_own else "pfs.conversion_factor")
    pairs = (
        (value.work, locality.work),
        (value.practice, locality.practice),
        (value.malpractice, locality.malpractice),
    )
    total = sum((units * index for units, index in pairs), Decimal(0))
    text = " + ".join(f"{units} x {index}" for units, index in pairs)
    return desk.step("fee", f"({text}) x {factor}", cents(total * factor))
