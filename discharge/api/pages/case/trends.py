"""Trends of a stay: vital signs, oxygen and laboratory values, with the thresholds that its own review rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from markupsafe import Markup

from discharge import wording
from discharge.api.pages.case.file import CaseFile, OurCase
from discharge.api.pages.case.plot import Axis, Dot, Level, is_drawn, lanes, plot
from discharge.api.pages.case.readings import Mark, Reading, Readings, readings_of
from discharge.api.pages.case.shell import case_page
from discharge.api.pages.case.thresholds import Threshold, asked_concepts, thresholds
from discharge.codes import Concept, concepts
from discharge.errors import NotFoundError
from discharge.review.model import Review

router = APIRouter(include_in_schema=False)
_GROUPS = (
    ("vitals", "Vital signs"),
    ("respiratory", "Oxygen"),
    ("labs", "Laboratory values"),
    ("treatment", "Treatment"),
)
_MOVED = {"spo2": "respiratory"}  # read beside the oxygen that is given
_OTHER = "Other measures"
_GAPS: Mapping[str, timedelta] = {"vitals": timedelta(hours=12), "respiratory": timedelta(hours=12)}
_GAP = timedelta(hours=36)
_WIDE = 960
_LANES = 8


@dataclass(frozen=True)
class DayRow:
    """The readings of one local day."""

    day: datetime
    count: int
    lowest: str
    highest: str
    last: str


@dataclass(frozen=True)
class Row:
    """One reading, with what it is beyond."""

    at: datetime
    value: str
    beyond: str
    source: str
    row_id: str


@dataclass(frozen=True)
class Line:
    """A threshold as it is listed under its chart, with all that looks at it; ``place`` is its own on the page."""

    test: str
    thresholds: tuple[Threshold, ...]
    is_drawn: bool
    place: str


@dataclass(frozen=True)
class Trend:
    """One small chart."""

    name: str
    title: str
    unit: str
    last: Row
    count: int
    svg: Markup | None
    lines: tuple[Line, ...]
    days: tuple[DayRow, ...]


@dataclass(frozen=True)
class Lanes:
    """When something that is no number was charted."""

    title: str
    said: str
    svg: Markup
    rows: tuple[tuple[str, int, datetime, datetime, str], ...]


@dataclass(frozen=True)
class Group:
    """Charts that belong together."""

    name: str
    title: str
    trends: tuple[Trend, ...]
    lanes: tuple[Lanes, ...]


@dataclass(frozen=True)
class TrendsPage:
    """All charts of a stay, or (``one``) a single one with every reading."""

    groups: tuple[Group, ...]
    beyond: tuple[Trend, ...]
    not_charted: tuple[str, ...]
    start: datetime | None
    end: datetime
    one: Trend | None = None
    rows: tuple[Row, ...] = ()


@router.get("/cases/{case_id}/trends", name="page_trends")
def trends(file: OurCase, of: Annotated[str | None, Query(max_length=60)] = None) -> Response:
    """Show the trends of the stay, or of one concept (``of``) with every reading."""
    review = file.review
    page = TrendsPage((), (), (), None, file.now) if review is None else _page(file, review, of)
    return case_page(file, "trends", "trends.html", page, styles=("trends.css",))


def _page(file: CaseFile, review: Review, of: str | None) -> TrendsPage:
    stay = review.stay
    end = min(stay.discharged or file.now, file.now)
    found = Readings()
    if review.patient.patient_id is not None:
        known = readings_of(file.desk.store, review.patient.patient_id, file.at)
        found = known.within(stay.arrival or stay.admitted, end, file.now)
    start = stay.arrival or stay.admitted or _first(found)
    if start is None:
        return TrendsPage((), (), (), None, end)
    held = thresholds(review, file.desk.library.packs, start, end)
    axis = Axis(start, end, file.desk.settings.zone)
    if of is not None:
        return _single(replace(axis, width=_WIDE), found, held, of)
    every = concepts()
    made = {
        name: _trend(axis, every[name], found.numbers[name], held.get(name, ()))
        for name in every
        if name in found.numbers
    }
    groups = [
        Group(
            name,
            title,
            tuple(trend for key, trend in made.items() if _group(every[key]) == name),
            _lanes(axis, found, name),
        )
        for name, title in _GROUPS
    ]
    named = {name for name, _ in _GROUPS}
    other = tuple(trend for key, trend in made.items() if _group(every[key]) not in named)
    groups.append(Group("other", _OTHER, other, ()))
    return TrendsPage(
        groups=tuple(one for one in groups if one.trends or one.lanes),
        beyond=tuple(one for one in made.values() if one.last.beyond),
        not_charted=tuple(every[name].title for name in asked_concepts(review) if name not in found.numbers),
        start=start,
        end=end,
    )


def _group(concept: Concept) -> str:
    return _MOVED.get(concept.name, concept.group)


def _first(found: Readings) -> datetime | None:
    return min((series[0].at for series in found.numbers.values()), default=None)


def _single(axis: Axis, found: Readings, held: Mapping[str, Sequence[Threshold]], of: str) -> TrendsPage:
    """Return the page of one concept, wide, with all its readings, the newest first."""
    series = found.numbers.get(of)
    if series is None:
        raise NotFoundError("the stay has no such readings")
    concept, levels = concepts()[of], held.get(of, ())
    trend = _trend(axis, concept, series, levels, height=220)
    beyond = _beyond(series, levels)
    rows = tuple(_row(concept, one, beyond.get(number, [])) for number, one in enumerate(series))
    return TrendsPage((), (), (), axis.start, axis.end, trend, rows[::-1])


def _trend(
    axis: Axis, concept: Concept, series: Sequence[Reading], levels: Sequence[Threshold], height: int = 96
) -> Trend:
    beyond = _beyond(series, levels)
    dots = [
        Dot(one.at, one.value, beyond[number][0].said.startswith("▲") if number in beyond else None)
        for number, one in enumerate(series)
    ]
    drawn = [Level(one.value, one.start, one.end) for one in levels]
    last = _row(concept, series[-1], beyond.get(len(series) - 1, []))
    unit = wording.UNITS.get(concept.unit or "", concept.unit or "")
    title = (
        f"{concept.title}: {wording.plural(len(series), 'reading')}, last {last.value} {last.beyond}".rstrip()
    )
    gap = _GAPS.get(_group(concept), _GAP)
    return Trend(
        name=concept.name,
        title=concept.title,
        unit=unit.replace("{", "").replace("}", ""),
        last=last,
        count=len(series),
        svg=Markup(plot(axis, dots, drawn, gap, title, height)) if len(series) > 1 else None,
        lines=_lines(concept, levels, dots, drawn),
        days=_days(concept, series, axis.zone),
    )


def _lines(
    concept: Concept, levels: Sequence[Threshold], dots: Sequence[Dot], drawn: Sequence[Level]
) -> tuple[Line, ...]:
    """Return the thresholds as they are listed: one line for each test, whatever looks at it and over which hours."""
    by_test: dict[str, list[Threshold]] = {}
    for one in levels:
        by_test.setdefault(one.test, []).append(one)
    return tuple(
        Line(test, tuple(some), is_drawn(some[0].value, dots, drawn), f"{concept.name}-{number}")
        for number, (test, some) in enumerate(by_test.items())
    )


def _beyond(series: Sequence[Reading], levels: Iterable[Threshold]) -> dict[int, list[Threshold]]:
    """Return, by place in the series, the thresholds that a reading is beyond, where it is one that is looked at."""
    places = {id(one): number for number, one in enumerate(series)}
    found: dict[int, list[Threshold]] = {}
    for level in levels:
        for one in level.counted(series):
            if level.is_beyond(one.value):
                found.setdefault(places[id(one)], []).append(level)
    return found


def _row(concept: Concept, one: Reading, beyond: Sequence[Threshold]) -> Row:
    said = list(dict.fromkeys(level.said for level in beyond))
    value = wording.value(one.value, concept.unit)
    return Row(one.at, value, "; ".join(said), one.source, one.row_id)


def _days(concept: Concept, series: Sequence[Reading], zone: str) -> tuple[DayRow, ...]:
    by_day: dict[object, list[Reading]] = {}
    for one in series:
        by_day.setdefault(one.at.astimezone(ZoneInfo(zone)).date(), []).append(one)
    return tuple(
        DayRow(
            some[0].at,
            len(some),
            wording.number(min(one.value for one in some)),
            wording.number(max(one.value for one in some)),
            wording.number(some[-1].value),
        )
        for some in by_day.values()
    )


def _lanes(axis: Axis, found: Readings, group: str) -> tuple[Lanes, ...]:
    """Return what is charted beside the numbers of a group."""
    if group == "respiratory" and found.devices:
        said = "A stroke where the device was charted."
        return (_lane(axis, "Oxygen device", said, found.devices),)
    if group == "treatment" and found.antibiotics:
        zone = ZoneInfo(axis.zone)
        days = {one.at.astimezone(zone).date() for one in found.antibiotics}
        said = f"A stroke for each dose given: on {wording.plural(len(days), 'day')} of the stay so far."
        return (_lane(axis, "Antibiotics by vein", said, found.antibiotics),)
    return ()


def _lane(axis: Axis, title: str, said: str, marks: Sequence[Mark]) -> Lanes:
    by_name: dict[str, list[Mark]] = {}
    for one in marks:
        by_name.setdefault(one.what.replace("_", " "), []).append(one)
    rows = [(name, [one.at for one in some]) for name, some in by_name.items()]
    drawn = Markup(lanes(axis, rows[:_LANES], f"{title}. {said}"))
    table = tuple(
        (name, len(at), at[0], at[-1], "last charted" if at[-1] == marks[-1].at else "") for name, at in rows
    )
    return Lanes(title, said, drawn, table)
