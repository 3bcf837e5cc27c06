"""Reads times of feeds: ISO 8601, whole or partial, with or without offset -> microseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400_000_000


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=100_000)
def instant(text: str, zone: str) -> int:
    """Return the instant that ``text`` means, in microseconds since 1970 UTC.

    A time without offset is the facility's own (``zone``). A partial date means its first instant.

    >>> instant("1970-01-01T01:00:00+01:00", "UTC"), instant("1970-01-01", "America/New_York") // 3_600_000_000
    (0, 5)

    Raises:
        ValueError: not an ISO 8601 time.
    """
    text = text.strip()
    if len(text) == 4 and text.isdigit():
        text += "-01-01"
    elif len(text) == 7:
        text += "-01"
    if len(text) < 10 or text[4] != "-" or text[7] != "-":
        raise ValueError("not a time")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone(zone))
    return (moment - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=20_000)
def last_instant(text: str, zone: str) -> int:
    """Return the end that ``text`` means: a date alone means the whole day, as FHIR says of Period.end.

    >>> last_instant("1970-01-01", "UTC") == 86_399_000_000
    True
    """
    text = text.strip()
    if len(text) == 10:
        return instant(text + "T23:59:59", zone)
    return instant(text, zone)


@lru_cache(maxsize=100_000)
def day(text: str) -> int:
    """Return a date as microseconds since 1970 without zone; the time of day is dropped.

    >>> day("1970-01-02T13:00:00Z") // 86_400_000_000
    1
    """
    return instant(text.strip()[:10], "UTC") // _DAY * _DAY
