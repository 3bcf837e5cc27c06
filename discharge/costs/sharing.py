"""What a Medicare beneficiary pays (42 CFR 409.80-89, 410.152, 410.160). US dollars as Decimal.

Every function returns None where the year's amounts aren't known: an unknown deductible is never a zero.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from discharge.costs.amounts import ZERO, cents
from discharge.costs.rates import Rate, rate
from discharge.costs.spans import spans, whole_days

LookUp: TypeAlias = Callable[[str, date], Rate]


def inpatient_share(
    day: date,
    days: int,
    *,
    used_days: int = 0,
    deductible_met: bool | None = None,
    reserve_left: int | None = None,
    look_up: LookUp = rate,
) -> Decimal | None:
    """Return the Part A share of ``days`` inpatient days that follow ``used_days`` of the same benefit period.

    ``day`` is the first of them; each is charged at the amount of its own date. Unless told, the deductible was due
    with an earlier day of the period, if there was one. ``reserve_left`` is the number of lifetime reserve days left
    on ``day``: unless told, 60 less those that ``used_days`` have taken. None also where the days go beyond all of
    these, since what they cost is not a Medicare amount.
    """
    whole_days(days=days, used_days=used_days, reserve_left=reserve_left or 0)
    met = used_days > 0 if deductible_met is None else deductible_met
    deductible = look_up("part_a.deductible", day).value
    if deductible is None:
        return None
    full, coinsurance, reserve = (
        int(look_up(f"part_a.{name}_days", day).value or 0) for name in ("full", "coinsurance", "reserve")
    )
    end = full + coinsurance
    left = reserve - max(0, used_days - end) if reserve_left is None else reserve_left
    if used_days + days > max(used_days, end) + max(0, left):
        return None
    total = ZERO if met or days == 0 else deductible
    for span in spans(day, days, ("part_a.deductible",)):
        first = used_days + span.before
        middle = _overlap(first, first + span.days, full, end)
        late = _overlap(first, first + span.days, end, first + span.days)
        for count, share in ((middle, "61_90"), (late, "reserve")):
            if count:
                daily = _daily(span.day, share, look_up)
                if daily is None:
                    return None
                total += count * daily
    return total


class SnfShare(NamedTuple):
    """The patient's coinsurance for SNF days, and how many of them Medicare doesn't cover at all."""

    patient: Decimal
    beyond: int


def snf_share(day: date, days: int, *, used_days: int = 0, look_up: LookUp = rate) -> SnfShare | None:
    """Return who pays for ``days`` SNF days from ``day`` after ``used_days`` of the same benefit period."""
    parts = snf_coinsurance(day, days, used_days=used_days, look_up=look_up)
    if parts is None:
        return None
    most = int(look_up("part_a.snf_days", day).value or 0)
    covered = _overlap(used_days, used_days + days, 0, most)
    return SnfShare(sum((count * daily for count, daily in parts), ZERO), days - covered)


def snf_coinsurance(
    day: date, days: int, *, used_days: int = 0, look_up: LookUp = rate
) -> tuple[tuple[int, Decimal], ...] | None:
    """Return the coinsurance days among ``days`` SNF days from ``day``, as (how many, at what) by their dates."""
    whole_days(days=days, used_days=used_days)
    if look_up("part_a.deductible", day).value is None:
        return None
    full = int(look_up("part_a.snf_full_days", day).value or 0)
    most = int(look_up("part_a.snf_days", day).value or 0)
    found = []
    for span in spans(day, days, ("part_a.deductible",)):
        first = used_days + span.before
        count = _overlap(first, first + span.days, full, most)
        if count:
            daily = _daily(span.day, "snf", look_up)
            if daily is None:
                return None
            found.append((count, daily))
    return tuple(found)


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


def _daily(day: date, which: str, look_up: LookUp) -> Decimal | None:
    deductible = look_up("part_a.deductible", day).value
    if deductible is None:
        return None
    return cents(deductible * (look_up(f"part_a.coinsurance_share_{which}", day).value or 0))


def _overlap(start: int, end: int, low: int, high: int) -> int:
    return max(0, min(end, high) - max(start, low))
