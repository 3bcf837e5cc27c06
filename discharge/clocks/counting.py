"""Counting from a trigger: aware datetimes in the facility's zone in, the same out."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from discharge.clocks.table import ClockRule, CountRule, Roll, days_later
from discharge.clocks.workdays import months_after, workday_from, workdays_after

_DAY_END = time(23, 59)
_NOON = time(12, 0)
_CLOSE_OF_BUSINESS = time(17, 0)


def moment_after(trigger: datetime, rule: CountRule) -> datetime:
    """Return the moment that ``rule`` counts from ``trigger`` (aware; the answer keeps its zone).

    >>> from zoneinfo import ZoneInfo
    >>> start = datetime(2026, 1, 9, 16, 40, tzinfo=ZoneInfo("America/New_York"))
    >>> moment_after(start, CountRule(count="hours", value=72)).isoformat()
    '2026-01-12T16:40:00-05:00'
    >>> moment_after(start, CountRule(count="calendar_days", value=7)).isoformat()
    '2026-01-16T23:59:00-05:00'
    >>> moment_after(start, CountRule(count="business_days", value=5)).isoformat()
    '2026-01-16T23:59:00-05:00'
    """
    day, value, zone = trigger.date(), rule.value, trigger.tzinfo
    end = _DAY_END
    match rule.count:
        case "moment":
            return trigger
        case "hours":
            return later(trigger, timedelta(hours=value))
        case "hours_after_midnight":
            midnight = datetime.combine(day + timedelta(days=1), time(0, 0), tzinfo=zone)
            return later(midnight, timedelta(hours=value))
        case "calendar_days":
            day, end = day + timedelta(days=value), _DAY_END if value >= 0 else time(0, 0)
        case "days_before":
            day -= timedelta(days=value)
        case "noon":
            day, end = day + timedelta(days=value), _NOON
        case "noon_next_day":
            day, end = day + timedelta(days=1), _NOON
        case "close_of_business":
            day, end = day + timedelta(days=value), _CLOSE_OF_BUSINESS
        case "business_days":
            day = workdays_after(day, value)
        case "months" | "months_or_first":
            day = months_after(day, value, or_first=rule.count == "months_or_first")
    return datetime.combine(day, end, tzinfo=zone)


def later(moment: datetime, span: timedelta) -> datetime:
    """Add elapsed time: the wall time shifts where daylight saving changes in between."""
    return (moment.astimezone(UTC) + span).astimezone(moment.tzinfo)


def extended(due: datetime, rule: CountRule) -> datetime:
    """Return ``due`` after an extension of calendar days: the same time of day, that many days later."""
    return days_later(due, rule.value)


def rolled(due: datetime, roll: Roll) -> datetime:
    """Return ``due``, on the next workday at the same time of day where the row rolls and its day is none."""
    return next_workday(due) if roll == "next_workday" else due


def next_workday(due: datetime) -> datetime:
    """Return ``due`` if its day is a workday, else the same time of day on the next one."""
    return days_later(due, (workday_from(due.date()) - due.date()).days)


def due_on(
    rule: ClockRule,
    trigger: datetime,
    payer_deadline: CountRule | None = None,
    kind: str | None = None,
) -> datetime | None:
    """Return when a clock triggered at ``trigger`` is due; None before its first effective day.

    The payer's own deadline goes first. The row in force on the trigger's local day counts. ``kind`` is the kind of
    case, for a row that differs by it (None there: no answer).
    """
    if payer_deadline is not None:
        return rolled(moment_after(trigger, payer_deadline), rule.roll)
    counts = rule.counts(kind)
    held = [start for start in sorted(counts) if start <= trigger.date()]
    return rolled(moment_after(trigger, counts[held[-1]]), rule.roll) if held else None


def warnings_between(begin: datetime, due: datetime, shares: tuple[float, ...]) -> tuple[datetime, ...]:
    """Return the moments at which so large a share of the (elapsed) time from ``begin`` to ``due`` has passed."""
    span = due.astimezone(UTC) - begin.astimezone(UTC)
    return tuple(later(begin, span * share) for share in shares)
