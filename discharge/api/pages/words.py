"""How pages write times, money and days: filters of the templates, in the facility's zone with the zone shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from discharge import wording

NOT_KNOWN = wording.NOT_KNOWN


def filters(zone: str) -> Mapping[str, Callable[..., Any]]:
    """Return the filters of the templates of a facility in ``zone``. Each writes None as "not known"."""
    at = ZoneInfo(zone)

    def when(value: datetime | None) -> str:
        """`Jun 15, 07:00 EDT`; the year is left to `when_full`."""
        return (
            NOT_KNOWN if value is None else f"{_day(value.astimezone(at))}, {value.astimezone(at):%H:%M %Z}"
        )

    def when_full(value: datetime | None) -> str:
        """`Mon Jun 15, 2026 07:00 EDT`."""
        if value is None:
            return NOT_KNOWN
        here = value.astimezone(at)
        return f"{here:%a} {_day(here)}, {here:%Y %H:%M %Z}"

    def clock(value: datetime | None) -> str:
        """`07:00 EDT`, for a list that tells the day elsewhere."""
        return NOT_KNOWN if value is None else f"{value.astimezone(at):%H:%M %Z}"

    def day(value: date | datetime | None) -> str:
        """`Jun 15`."""
        if value is None:
            return NOT_KNOWN
        return _day(value.astimezone(at) if isinstance(value, datetime) else value)

    def iso(value: datetime | None) -> str:
        """The value of `<time datetime>`."""
        return "" if value is None else value.astimezone(at).isoformat(timespec="minutes")

    def entry(value: datetime | None) -> str:
        """The value of an entry `datetime-local`, which is read in the facility's zone."""
        return "" if value is None else value.astimezone(at).strftime("%Y-%m-%dT%H:%M")

    def local(text: str) -> str:
        """A time as text, with its offset or none, as an entry `datetime-local` wants it."""
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            return text
        return text if found.tzinfo is None else entry(found)

    return {
        "local": local,
        "when": when,
        "when_full": when_full,
        "clock": clock,
        "day": day,
        "iso": iso,
        "entry": entry,
        "usd": usd,
        "number": number,
        "percent": percent,
        "words": words,
        "status": wording.status,
        "owner": wording.who,
        "until": until,
    }


def until(value: datetime | None, now: datetime) -> str:
    """How far off a time is.

    >>> from datetime import UTC
    >>> now = datetime(2026, 6, 15, 11, tzinfo=UTC)
    >>> until(datetime(2026, 6, 15, 13, 30, tzinfo=UTC), now), until(datetime(2026, 6, 13, 11, tzinfo=UTC), now)
    ('in 2 h', '2 d late')
    """
    if value is None:
        return NOT_KNOWN
    gap = value - now
    size = abs(gap)
    if size < timedelta(minutes=1):
        return "now"
    if size < timedelta(hours=1):
        told = f"{int(size.total_seconds() // 60)} min"
    elif size < timedelta(hours=48):
        told = f"{int(size.total_seconds() // 3600)} h"
    else:
        told = f"{size.days} d"
    return f"in {told}" if gap > timedelta() else f"{told} late"


def usd(value: Decimal | float | None) -> str:
    """Whole dollars.

    >>> usd(Decimal("20441.15")), usd(None)
    ('$20,441', 'not known')
    """
    if value is None:
        return NOT_KNOWN
    return f"\u2212${-value:,.0f}" if value <= -0.5 else f"${abs(value):,.0f}"


def number(value: float | Decimal | None, digits: int = 1) -> str:
    """A number with at most ``digits`` decimals, without trailing zeros.

    >>> number(3.0), number(4.25)
    ('3', '4.2')
    """
    if value is None:
        return NOT_KNOWN
    told = f"{value:.{digits}f}"
    return told.rstrip("0").rstrip(".") if "." in told else told


def percent(value: float | None) -> str:
    """A share of one as whole percent."""
    return NOT_KNOWN if value is None else f"{value * 100:.0f}%"


def words(value: str | None) -> str:
    """A name of ours as words.

    >>> words("peer_to_peer_held")
    'peer to peer held'
    """
    return NOT_KNOWN if value is None else value.replace("_", " ")


def day_of_stay(begun: datetime, at: datetime) -> int:
    """Return the day of a stay at a moment; the first 24 hours are day 1.

    >>> from datetime import UTC
    >>> day_of_stay(datetime(2026, 6, 14, 9, tzinfo=UTC), datetime(2026, 6, 15, 9, tzinfo=UTC))
    2
    """
    return max(0, (at - begun) // timedelta(days=1)) + 1


def _day(value: date) -> str:
    return f"{value:%b} {value.day}"
