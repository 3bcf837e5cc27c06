"""What a Medicare beneficiary pays (42 CFR 409.80-89, 410.152, 410.160). US dollars as Decimal.

Every function returns None where the year's amounts aren't known: an unknown deductible is never a zero.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from discharge.costs.amounts import ZERO, cents
from discharge.costs.rates import Rate, rate

LookUp: TypeAlias = Callable[[str, date], Rate]


def inpatient_share(
    day: date,
    days: int,
    *,
    used_days: int = 0,
    deductible_met: bool = False,
    reserve_left: int | None = None,
    look_up: LookUp = rate,
) -> Decimal | None:
    """Return the Part A share of ``days`` inpatient days that follow ``used_days`` of the same benefit period.

    ``reserve_left`` is the number of lifetime reserve days (60 unless told). None also where the days go beyond
    all of these, since what they cost is not a Medicare amount.
    """
    deductible = look_up("part_a.deductible", day).value
    if deductible is None:
        return None
    full, coinsurance, reserve = (
        int(look_up(f"part_a.{name}_days", day).value or 0) for name in ("full", "coinsurance", "reserve")
    )
    reserve = reserve if reserve_left is None else reserve_left
    last = used_days + days
    if last > full + coinsurance + reserve:
        return None
    middle = _overlap(used_days, last, full, full + coinsurance)
    late = _overlap(used_days, last, full + coinsurance, full + coinsurance + reserve)
    early_rate = cents(deductible * (look_up("part_a.coinsurance_share_61_90", day).value or 0))
    late_rate = cents(deductible * (look_up("part_a.coinsurance_share_reserve", day).value or 0))
    first = ZERO if deductible_met or days == 0 else deductible
    return first + middle * early_rate + late * late_rate


def snf_share(
    day: date, days: int, *, used_days: int = 0, look_up: LookUp = rate
) -> tuple[Decimal, int] | None:
    """Return the patient's coinsurance for ``days`` SNF days and how many of them Medicare doesn't cover at all."""
    deductible = look_up("part_a.deductible", day).value
    if deductible is None:
        return None
    full = int(look_up("part_a.snf_full_days", day).value or 0)
    most = int(look_up("part_a.snf_days", day).value or 0)
    last = used_days + days
    daily = cents(deductible * (look_up("part_a.coinsurance_share_snf", day).value or 0))
    covered = _overlap(used_days, last, 0, most)
    return daily * _overlap(used_days, last, full, most), days - covered


def part_b_share(
    day: date, allowed: Decimal, *, deductible_left: Decimal | None = None, look_up: LookUp = rate
) -> Decimal | None:
    """Return the Part B deductible still due plus 20% of the rest; ``deductible_left`` None means all of it is due."""
    deductible = look_up("part_b.deductible", day).value
    share = look_up("part_b.coinsurance", day).value
    if share is None or (deductible_left is None and deductible is None):
        return None
    due = deductible if deductible_left is None else deductible_left
    first = min(allowed, due or ZERO)
    return first + cents((allowed - first) * share)


def observation_share(
    day: date, allowed: Decimal, *, deductible_left: Decimal | None = None, look_up: LookUp = rate
) -> Decimal | None:
    """Return the patient's part of comprehensive observation; the 20% is capped at the Part A deductible."""
    total = part_b_share(day, allowed, deductible_left=deductible_left, look_up=look_up)
    cap = look_up("part_a.deductible", day).value
    if total is None or cap is None:
        return None
    due = look_up("part_b.deductible", day).value if deductible_left is None else deductible_left
    return min(total - min(allowed, due or ZERO), cap) + min(allowed, due or ZERO)


def after_sequester(day: date, paid: Decimal, *, look_up: LookUp = rate) -> Decimal:
    """Return what Medicare pays out of its own share ``paid`` after the sequester of the day."""
    cut = look_up("sequester", day).value or ZERO
    return cents(paid * (1 - cut))


def _overlap(start: int, end: int, low: int, high: int) -> int:
    return max(0, min(end, high) - max(start, low))
