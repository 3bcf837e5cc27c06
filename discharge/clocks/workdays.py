"""Days that are no workday: Saturdays, Sundays and the federal holidays of the United States."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

_SATURDAY = 5


@cache
def federal_holidays(year: int) -> frozenset[date]:
    """Return the days of ``year`` on which a federal holiday is kept, also those kept on another day.

    >>> from datetime import date
    >>> date(2026, 7, 3) in federal_holidays(2026)  # the fourth is a Saturday
    True
    >>> date(2027, 12, 31) in federal_holidays(2027)  # for New Year's Day 2028
    True
    """
    from holidays import country_holidays

    return frozenset(country_holidays("US", years=year))


def is_workday(day: date) -> bool:
    """Return whether ``day`` is no Saturday, Sunday or federal holiday."""
    return day.weekday() < _SATURDAY and day not in federal_holidays(day.year)


def workday_from(day: date) -> date:
    """Return ``day`` if it is a workday, else the next one.

    >>> workday_from(date(2026, 7, 3)).isoformat()
    '2026-07-06'
    """
    while not is_workday(day):
        day += timedelta(days=1)
    return day


def workdays_after(day: date, count: int) -> date:
    """Return the ``count``-th workday after ``day``; ``day`` itself is day 0.

    >>> workdays_after(date(2026, 11, 20), 5).isoformat()  # Thanksgiving lies between
    '2026-11-30'
    """
    for _ in range(count):
        day = workday_from(day + timedelta(days=1))
    return day


def months_after(day: date, count: int, *, or_first: bool = False) -> date:
    """Return the same day number ``count`` months later.

    Where that month has no such day: its last day, or (``or_first``) the first of the month after it.

    >>> months_after(date(2026, 10, 31), 4).isoformat(), months_after(date(2026, 10, 31), 4, or_first=True).isoformat()
    ('2027-02-28', '2027-03-01')
    """
    index = day.year * 12 + day.month - 1 + count
    first = date(index // 12, index % 12 + 1, 1)
    following = date((index + 1) // 12, (index + 1) % 12 + 1, 1)
    wanted = first + timedelta(days=day.day - 1)
    if wanted < following:
        return wanted
    return following if or_first else following - timedelta(days=1)
