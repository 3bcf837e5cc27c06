"""Small charts as SVG without a colour of their own: classes only, so they follow dark mode and the content policy.

Not Vega: `discharge.pictures` draws for paper, in fixed black on white.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from html import escape
from zoneinfo import ZoneInfo

from discharge import wording

LEFT, RIGHT, TOP, BOTTOM = 34, 34, 6, 15
_DAY = timedelta(days=1)
_MARKS_BETWEEN = 46  # pixels that a day's name needs
_NEAR = 1.0  # spans of the readings that a threshold may lie off and still be drawn


@dataclass(frozen=True)
class Axis:
    """The time that all charts of a page share, and its days in the facility's zone."""

    start: datetime
    end: datetime
    zone: str
    width: int = 320

    def x(self, at: datetime) -> float:
        """Return the place of a moment."""
        whole = (self.end - self.start).total_seconds() or 1.0
        share = min(1.0, max(0.0, (at - self.start).total_seconds() / whole))
        return round(LEFT + share * (self.width - LEFT - RIGHT), 1)

    def midnights(self) -> list[datetime]:
        """Return the local midnights on the axis."""
        zone = ZoneInfo(self.zone)
        day = self.start.astimezone(zone).date() + _DAY
        found = []
        while (at := datetime.combine(day, time(), zone)) <= self.end:
            found.append(at)
            day += _DAY
        return found


@dataclass(frozen=True)
class Level:
    """A threshold as it is drawn: from ``start`` to ``end``."""

    value: float
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Dot:
    """A reading as it is drawn; ``is_high`` None: not beyond a threshold."""

    at: datetime
    value: float
    is_high: bool | None = None


def plot(
    axis: Axis, dots: Sequence[Dot], levels: Sequence[Level], gap: timedelta, title: str, height: int = 96
) -> str:
    """Return a chart of readings; those further apart than ``gap`` are not joined."""
    low, high = _range(dots, levels)
    bottom = height - BOTTOM

    def y(value: float) -> float:
        return round(bottom - (value - low) / (high - low) * (bottom - TOP), 1)

    parts = [_days(axis, bottom), _ends(dots, y)]
    for one in levels:
        if low <= one.value <= high:
            at = y(one.value)
            parts.append(f'<path class="level" d="M{axis.x(one.start)},{at}H{axis.x(one.end)}"/>')
            told = wording.number(one.value)
            parts.append(f'<text class="level-name" x="{axis.width - RIGHT + 4}" y="{at + 3}">{told}</text>')
    places = [(axis.x(one.at), y(one.value), one) for one in dots]
    parts.append(f'<path class="line" d="{_joined(places, gap)}"/>')
    plain = "".join(f"M{x},{at}h0" for x, at, one in places if one.is_high is None)
    parts.append(f'<path class="dots" d="{plain}"/>')
    beyond = "".join(_triangle(x, at, one.is_high) for x, at, one in places if one.is_high is not None)
    if beyond:
        parts.append(f'<path class="beyond" d="{beyond}"/>')
    return _svg(axis.width, height, title, parts)


def lanes(axis: Axis, rows: Sequence[tuple[str, Sequence[datetime]]], title: str) -> str:
    """Return a chart with a lane for each name, and a stroke in it at each moment."""
    height = 26 * len(rows) + BOTTOM + TOP
    parts = [_days(axis, height - BOTTOM)]
    for number, (name, moments) in enumerate(rows):
        top = TOP + 26 * number
        parts.append(f'<text class="lane-name" x="{LEFT}" y="{top + 9}">{escape(name)}</text>')
        strokes = "".join(f"M{x},{top + 13}v9" for x in dict.fromkeys(axis.x(at) for at in moments))
        parts.append(f'<path class="strokes" d="{strokes}"/>')
    return _svg(axis.width, height, title, parts)


def _svg(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    head = f'<svg class="plot" role="img" aria-label="{escape(title, quote=True)}" viewBox="0 0 {width} {height}">'
    return head + "".join(parts) + "</svg>"


def _range(dots: Sequence[Dot], levels: Sequence[Level]) -> tuple[float, float]:
    """Return the ends of the scale: the readings, and thresholds that do not lie far off them."""
    low, high = min(one.value for one in dots), max(one.value for one in dots)
    span = max(high - low, abs(high) * 0.1, 1e-6)
    near = [one.value for one in levels if low - _NEAR * span <= one.value <= high + _NEAR * span]
    low, high = min([low, *near]), max([high, *near])
    edge = max(high - low, span) * 0.06
    return low - edge, high + edge


def is_drawn(value: float, dots: Sequence[Dot], levels: Sequence[Level]) -> bool:
    """Tell whether a threshold lies within the scale of a chart."""
    low, high = _range(dots, levels)
    return low <= value <= high


def _days(axis: Axis, bottom: int) -> str:
    """Return the frame: the time line, a line at each midnight, and names of days as far as there is room."""
    found = axis.midnights()
    right = axis.width - RIGHT
    lines = "".join(f"M{axis.x(at)},{TOP}V{bottom}" for at in found)
    frame = f'<path class="days" d="{lines}"/><path class="base" d="M{LEFT},{bottom}H{right}"/>'
    room = max(1, (right - LEFT) // _MARKS_BETWEEN)
    step = max(1, -(-len(found) // room))
    names = [
        f'<text class="day" x="{axis.x(at)}" y="{bottom + 11}">{at:%b} {at.day}</text>'
        for at in found[::step]
        if axis.x(at) < axis.width - 20
    ]
    return frame + "".join(names)


def _ends(dots: Sequence[Dot], y: object) -> str:
    """Return the lowest and highest reading, written at their height."""
    assert callable(y)
    low, high = min(one.value for one in dots), max(one.value for one in dots)
    ends = [high] if y(low) - y(high) < 9 else [low, high]
    return "".join(
        f'<text class="end" x="{LEFT - 4}" y="{y(one) + 3}">{wording.number(one)}</text>' for one in ends
    )


def _joined(places: Sequence[tuple[float, float, Dot]], gap: timedelta) -> str:
    """Return the line through readings, broken where they are too far apart."""
    found, before = [], None
    for x, y, one in places:
        found.append(f"{'L' if before is not None and one.at - before <= gap else 'M'}{x},{y}")
        before = one.at
    return "".join(found)


def _triangle(x: float, y: float, is_high: bool | None) -> str:
    return f"M{x - 3.5},{y + 3}h7l-3.5,-6.5z" if is_high else f"M{x - 3.5},{y - 3}h7l-3.5,6.5z"
