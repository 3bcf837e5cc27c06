"""The authorization timeline as an SVG: a row for the stay and for each request, a bar for each clock of both sides.

Colours come from the page's own style sheet by class; signs and letters say the same without them. The table beside it
says all of it in words.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape

from discharge.api.pages.case.payer.days import COVERS, Course, Lane, Mark
from discharge.casework.work.counted import CaseClock

_LABEL = 212
_LEAST, _MOST, _USUAL = 42, 72, 720
_HEAD, _CELL, _MARKS, _CLOCK, _LINE, _GAP = 40, 26, 26, 22, 14, 8
_LETTERS = 31


@dataclass(frozen=True)
class _Scale:
    """Where days and moments lie across the drawing."""

    course: Course
    column: int

    @property
    def width(self) -> int:
        return self.column * len(self.course.days) + 1

    def day(self, day: date) -> int:
        return self.column * (day - self.course.days[0]).days

    def at(self, moment: datetime) -> float:
        """Return the place of a moment, held within the drawing."""
        here = moment.astimezone(self.course.zone)
        share = (here.hour * 60 + here.minute) / 1440
        found = self.day(here.date()) + self.column * share
        return round(max(0, min(found, self.width - 1)), 1)

    def has(self, moment: datetime) -> bool:
        return self.course.days[0] <= moment.astimezone(self.course.zone).date() <= self.course.days[-1]


def drawn(course: Course, clocks: Sequence[CaseClock], now: str = "now") -> str:
    """Return the drawing of a course with its clocks: the names of its rows, which stay in sight, and the days.

    ``now`` is what its moment is called.
    """
    scale = _Scale(course, max(_LEAST, min(_MOST, _USUAL // len(course.days))))
    parts: list[str] = []
    labels: list[str] = []
    height = _HEAD
    for lane in course.lanes:
        marks = [one for one in course.marks if one.authorization_id == lane.authorization_id]
        marks = [one for one in marks if scale.has(one.at)]
        labels.append(_label(lane.title, height + 17))
        parts += _lane(scale, lane, height)
        height += _CELL
        rows = _rows(scale, marks)
        parts += (_mark(scale, one, height + _MARKS * row) for one, row in rows)
        height += _MARKS * (max((row for _, row in rows), default=-1) + 1) + _GAP
    for side, title in (("payer", "The payer's clocks"), ("hospital", "The hospital's clocks")):
        mine = [
            one for one in clocks if (one.side == "payer") is (side == "payer") and _is_drawable(scale, one)
        ]
        if mine:
            labels.append(f'<text class="tl-side" x="0" y="{height + 15}">{title}</text>')
            height += _CLOCK
        for clock in mine:
            labels.append(_label(clock.title, height + 14))
            parts += _clock(scale, clock, height)
            height += _CLOCK + _LINE * (len(_lines(clock.title)) - 1)
    said = escape(_description(course))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline tl-labels" aria-hidden="true" width="{_LABEL}"'
        f' height="{height + 4}" viewBox="0 0 {_LABEL} {height + 4}">{"".join(labels)}</svg>'
        f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline" role="img" aria-labelledby="tl-title tl-desc"'
        f' width="{scale.width}" height="{height + 4}" viewBox="0 0 {scale.width} {height + 4}">'
        f'<title id="tl-title">Authorization timeline</title><desc id="tl-desc">{said}</desc>{_PATTERNS}'
        f"{''.join(_grid(scale, height))}{''.join(parts)}{_now(scale, height, now)}</svg>"
    )


_PATTERNS = (
    '<defs><pattern id="tl-hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect class="tl-ground" width="6" height="6"/><path class="tl-hatch" d="M0,6L6,0M-1,1L1,-1M5,7L7,5"/></pattern>'
    '<pattern id="tl-dots" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect class="tl-ground" width="6" height="6"/><circle class="tl-dot" cx="3" cy="3" r="1"/></pattern></defs>'
)
_FILLS = {"uncovered": ' fill="url(#tl-hatch)"', "asked": ' fill="url(#tl-dots)"'}


def _description(course: Course) -> str:
    told = ", ".join(f"{count} {COVERS[cover][1]}" for cover, count in course.counts.items())
    return f"Days of the stay: {told or 'not known'}. The table after the drawing holds everything."


def _grid(scale: _Scale, height: int) -> Iterator[str]:
    """Yield the days' names and the lines between them."""
    for place, day in enumerate(scale.course.days):
        x = scale.day(day)
        shade = " tl-weekend" if day.weekday() >= 5 else ""
        size = f'y="{_HEAD - 4}" width="{scale.column}" height="{height - _HEAD + 4}"'
        yield f'<rect class="tl-day{shade}" x="{x}" {size}/>'
        month = f"{day:%b}" if place == 0 or day.day == 1 else ""
        middle = x + scale.column / 2
        if month:
            yield f'<text class="tl-month" x="{x + 2}" y="12">{month}</text>'
        yield f'<text class="tl-date" x="{middle}" y="30" text-anchor="middle">{day:%a} {day.day}</text>'


def _lines(text: str) -> list[str]:
    return textwrap.wrap(text, _LETTERS) or [""]


def _label(text: str, y: float) -> str:
    rows = enumerate(_lines(text))
    told = "".join(f'<tspan x="0" y="{y + _LINE * place}">{escape(line)}</tspan>' for place, line in rows)
    return f'<text class="tl-label">{told}</text>'


def _lane(scale: _Scale, lane: Lane, y: int) -> Iterator[str]:
    for day in scale.course.days:
        cover = lane.days.get(day)
        if cover is None:
            continue
        x, (sign, words) = scale.day(day), COVERS[cover]
        yield (
            f'<g><title>{day:%b} {day.day}: {words}</title><rect class="tl-cell {cover}" x="{x + 1}" y="{y}"'
            f' width="{scale.column - 2}" height="{_CELL - 2}"{_FILLS.get(cover, "")}/>'
            f'<text class="tl-sign {cover}" x="{x + scale.column / 2}" y="{y + 17}" text-anchor="middle">'
            f"{sign}</text></g>"
        )


def _rows(scale: _Scale, marks: Sequence[Mark]) -> list[tuple[Mark, int]]:
    """Put marks that would lie on each other into rows of their own."""
    ends: list[float] = []
    found = []
    for one in marks:
        x = scale.at(one.at)
        row = next((place for place, end in enumerate(ends) if end <= x - 10), len(ends))
        if row == len(ends):
            ends.append(0)
        ends[row] = x + 10
        found.append((one, row))
    return found


def _mark(scale: _Scale, mark: Mark, y: int) -> str:
    """A square is the payer's word, a circle the hospital's."""
    x, middle = scale.at(mark.at), y + _MARKS / 2 - 2
    here = mark.at.astimezone(scale.course.zone)
    shape = (
        f'<rect class="tl-mark payer" x="{x - 9}" y="{middle - 9}" width="18" height="18"/>'
        if mark.by_payer
        else f'<circle class="tl-mark hospital" cx="{x}" cy="{middle}" r="9"/>'
    )
    told = escape(f"{here:%b} {here.day}, {here:%H:%M %Z}: {mark.what}")
    side = "payer" if mark.by_payer else "hospital"
    return (
        f"<g><title>{told}</title>{shape}"
        f'<text class="tl-letter {side}" x="{x}" y="{middle + 4}" text-anchor="middle">{mark.letter}</text></g>'
    )


def _is_drawable(scale: _Scale, clock: CaseClock) -> bool:
    if clock.opens_at is None or clock.due_at is None:
        return False
    first, last = scale.course.days[0], scale.course.days[-1]
    zone = scale.course.zone
    return clock.opens_at.astimezone(zone).date() <= last and clock.due_at.astimezone(zone).date() >= first


def _clock(scale: _Scale, clock: CaseClock, y: int) -> Iterator[str]:
    """A bar from opening to due time; past that, while nothing was done, a hatched one."""
    assert clock.opens_at is not None and clock.due_at is not None
    start, due = scale.at(clock.opens_at), scale.at(clock.due_at)
    told = escape(f"{clock.title}: {clock.status.replace('_', ' ')}")
    yield (
        f'<g><title>{told}</title><rect class="tl-bar {clock.status}" x="{start}" y="{y + 5}"'
        f' width="{max(due - start, 2):g}" height="10"/></g>'
    )
    if clock.paused_since is not None:
        since = scale.at(clock.paused_since)
        size = f'y="{y + 5}" width="{max(due - since, 2):g}" height="10"'
        yield f'<rect class="tl-paused" x="{since}" {size} fill="url(#tl-dots)"/>'
    end = scale.at(clock.met_at or scale.course.now)
    if clock.status == "late" and end > due:
        yield f'<rect class="tl-late" x="{due}" y="{y + 5}" width="{end - due:g}" height="10" fill="url(#tl-hatch)"/>'
    if clock.met_at is not None and scale.has(clock.met_at):
        yield f'<text class="tl-met" x="{scale.at(clock.met_at)}" y="{y + 15}" text-anchor="middle">✓</text>'
    beyond = not scale.has(clock.due_at)
    if beyond:
        yield f'<text class="tl-date" x="{scale.width - 4}" y="{y + 14}" text-anchor="end">→</text>'


def _now(scale: _Scale, height: int, said: str) -> str:
    now = scale.course.now
    if not scale.has(now):
        return ""
    x = scale.at(now)
    word = f'<text class="tl-nowword" x="{x}" y="12" text-anchor="middle">{said}</text>'
    return f'<line class="tl-now" x1="{x}" x2="{x}" y1="16" y2="{height}"/>{word}'
