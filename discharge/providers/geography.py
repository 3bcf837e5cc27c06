"""Where ZIP codes lie and how far apart places are. A ZIP lies where the directory's own providers of it lie."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from statistics import median
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from discharge.providers.model import Directory, Provider

EARTH_MILES = 3958.7613  # mean radius
Basis: TypeAlias = Literal["provider", "zip", "area"]


class Position(NamedTuple):
    """A place in degrees. ``basis``: a provider's own position, the middle of its ZIP, or of the first three digits."""

    latitude: float
    longitude: float
    basis: Basis


def miles_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance of two places given as (latitude, longitude) in degrees.

    >>> round(miles_between((42.3601, -71.0589), (42.2626, -71.8023)), 1)  # Boston, Worcester
    38.6
    """
    lat_one, lon_one, lat_other, lon_other = map(math.radians, (*one[:2], *other[:2]))
    half = (
        math.sin((lat_other - lat_one) / 2) ** 2
        + math.cos(lat_one) * math.cos(lat_other) * math.sin((lon_other - lon_one) / 2) ** 2
    )
    return 2 * EARTH_MILES * math.asin(min(1.0, math.sqrt(half)))


def miles_to_all(home: tuple[float, float], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of ``home`` to each row (latitude, longitude) of ``places``; NaN where that is NaN."""
    here, there = np.radians(np.asarray(home[:2])), np.radians(places)
    apart = there - here
    half = np.sin(apart[:, 0] / 2) ** 2
    half += np.cos(here[0]) * np.cos(there[:, 0]) * np.sin(apart[:, 1] / 2) ** 2
    found: NDArray[np.float64] = 2 * EARTH_MILES * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
    return found


def zip_digits(text: str | None) -> str | None:
    """Return five digits of a ZIP, or its first three where it has no more; None where it is no ZIP.

    >>> zip_digits("02155-1234"), zip_digits("2155"), zip_digits("021551234"), zip_digits("021**")
    ('02155', '02155', '02155', '021')
    """
    cleaned = re.sub(r"[\s-]", "", text or "").rstrip("*xX")
    if not cleaned.isascii() or not cleaned.isdigit():
        return None
    if len(cleaned) in (4, 8):  # a spreadsheet has eaten the zero in front
        cleaned = "0" + cleaned
    if len(cleaned) in (5, 9):
        return cleaned[:5] if cleaned[3:5] != "00" else cleaned[:3]
    return cleaned if len(cleaned) == 3 else None


def position_of_zip(directory: Directory, postal_code: str | None) -> Position | None:
    """Return where a ZIP lies, approximately; None where the directory has nobody of it nor of its area."""
    digits = zip_digits(postal_code)
    if digits is None:
        return None
    known = _zip_positions(directory)
    return known.get(digits) or known.get(digits[:3])


def position_of(directory: Directory, provider: Provider) -> Position | None:
    """Return where a provider is, else where its ZIP is."""
    if provider.latitude is not None and provider.longitude is not None:
        return Position(provider.latitude, provider.longitude, "provider")
    return position_of_zip(directory, provider.postal_code)


@lru_cache(maxsize=8)
def _zip_positions(directory: Directory) -> dict[str, Position]:
    """The medians by ZIP, and by first three digits."""
    found: dict[str, list[tuple[float, float]]] = {}
    for one in directory.providers:
        digits = zip_digits(one.postal_code)
        if digits is not None and one.latitude is not None and one.longitude is not None:
            for key in {digits, digits[:3]}:
                found.setdefault(key, []).append((one.latitude, one.longitude))
    return {
        key: Position(
            median(latitude for latitude, _ in places),
            median(longitude for _, longitude in places),
            "zip" if len(key) == 5 else "area",
        )
        for key, places in found.items()
    }
