"""The days of a stay, and what the payer said of each: of every request alone, and of the stay as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from discharge.casework.events import ADVERSE_DECISIONS
from discharge.casework.state.model import Authorization, CaseState
from discharge.casework.work.answers import STAY_SERVICES, answer, withdrawn
from discharge.casework.work.authorizations import AuthorizationStanding
from discharge.payers import PayerProfile
from discharge.review.model import Review

Cover: TypeAlias = Literal["used", "given", "asked", "denied", "uncovered", "free", "unknown"]
COVERS: Mapping[Cover, tuple[str, str]] = {
    "used": ("✓", "approved, used"),
    "given": ("+", "approved, not used yet"),
    "asked": ("?", "asked, not answered"),
    "denied": ("✗", "denied"),
    "uncovered": ("!", "no authorization"),
    "free": ("–", "none needed"),
    "unknown": ("·", "not known if one is needed"),
}
"""Sign and words of each kind of day. The signs stand on the drawing, so that no colour tells anything alone."""
_ORDER: Sequence[Cover] = ("used", "given", "asked", "denied")
_MOST_DAYS = 90
_AHEAD = 2


@dataclass(frozen=True)
class Lane:
    """The days of one request, or of the stay (``authorization_id`` None)."""

    authorization_id: str | None
    title: str
    days: dict[date, Cover]


@dataclass(frozen=True)
class Mark:
    """Something said at a moment. ``letter`` stands on the drawing."""

    at: datetime
    letter: str
    what: str
    by_payer: bool
    authorization_id: str | None = None


@dataclass(frozen=True)
class DayRow:
    """One day as the table tells it. ``stay`` is empty where the patient was not here."""

    day: date
    number: int | None
    cover: Cover | None
    said: tuple[str, ...]

    @property
    def words(self) -> str:
        """Return what the payer says of the day."""
        return COVERS[self.cover][1] if self.cover is not None else ""


@dataclass(frozen=True)
class Course:
    """The stay's days with everything that was said. ``days`` are drawn; ``left_out`` came before them."""

    zone: ZoneInfo
    now: datetime
    began: date | None
    left: date | None
    days: tuple[date, ...]
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    left_out: int
    counts: dict[Cover, int] = field(default_factory=dict)

    @property
    def rows(self) -> list[DayRow]:
        """Return the table's rows, a day each."""
        stay = self.lanes[0].days if self.lanes else {}
        said: dict[date, list[str]] = {}
        for one in self.marks:
            said.setdefault(one.at.astimezone(self.zone).date(), []).append(one.what)
        return [
            DayRow(one, self._number(one), stay.get(one), tuple(said.get(one, ())))
            for one in self.days
            if one in stay or one in said
        ]

    def _number(self, day: date) -> int | None:
        is_here = self.began is not None and self.began <= day <= (
            self.left or self.now.astimezone(self.zone).date()
        )
        return (day - self.began).days + 1 if is_here and self.began is not None else None


def course(
    state: CaseState,
    review: Review | None,
    profile: PayerProfile | None,
    standings: Sequence[AuthorizationStanding],
    marks: Sequence[Mark],
    now: datetime,
    zone: ZoneInfo,
    service_words: Mapping[str, str],
) -> Course | None:
    """Return the course of the stay; None where neither its days nor any request are known."""
    today = now.astimezone(zone).date()
    stay = review.stay if review is not None else None
    arrived = (stay.arrival or stay.admitted) if stay is not None else None
    gone = stay.discharged if stay is not None else None
    began = arrived.astimezone(zone).date() if arrived is not None else None
    left = gone.astimezone(zone).date() if gone is not None else None
    lanes = [_lane(state, one, today, left, service_words) for one in standings]
    if began is None and not any(lane.days for lane in lanes) and not marks:
        return None
    whole = _stay(state, review, profile, standings, lanes, began, left, today)
    days = _span(began, left, today, [whole, *lanes], marks, zone)
    shown = days[-_MOST_DAYS:]
    counts: dict[Cover, int] = {}
    for cover in whole.days.values():
        counts[cover] = counts.get(cover, 0) + 1
    return Course(
        zone, now, began, left, shown, (whole, *lanes), tuple(sorted(marks, key=lambda one: one.at)),
        len(days) - len(shown), counts,
    )  # fmt: skip


def _lane(
    state: CaseState,
    standing: AuthorizationStanding,
    today: date,
    left: date | None,
    service_words: Mapping[str, str],
) -> Lane:
    one = state.authorizations[standing.authorization_id]
    service = service_words.get(standing.service, standing.service.replace("_", " "))
    title = f"{service}, {standing.number}" if standing.number else service
    return Lane(standing.authorization_id, title, dict(_days(one, standing, today, left)))


def _days(
    one: Authorization, standing: AuthorizationStanding, today: date, left: date | None
) -> Iterator[tuple[date, Cover]]:
    """Yield the days that the payer gave, and of those asked for the ones that it refused or has not answered."""
    given: set[date] = set()
    first = standing.first_day
    if first is not None and standing.valid_through is not None:
        given = set(_between(first, standing.valid_through.date()))
    is_stay = one.service in STAY_SERVICES
    for day in given:
        yield day, "used" if is_stay and day < (left or today) else "given"
    begin = one.first_day or first
    if one.days_asked is None or begin is None or withdrawn(one) is not None:
        return
    asked = set(_between(begin, begin + timedelta(days=one.days_asked - 1))) - given
    if answer(one) is None:
        yield from ((day, "asked") for day in asked)
    elif one.status in ADVERSE_DECISIONS:
        yield from ((day, "denied") for day in asked)


def _between(first: date, last: date) -> Iterator[date]:
    for place in range(min((last - first).days + 1, 4 * _MOST_DAYS)):
        yield first + timedelta(days=place)


def _stay(
    state: CaseState,
    review: Review | None,
    profile: PayerProfile | None,
    standings: Sequence[AuthorizationStanding],
    lanes: Sequence[Lane],
    began: date | None,
    left: date | None,
    today: date,
) -> Lane:
    """The stay's own days, each by the best word of any request for the stay; the day of discharge is not counted."""
    if began is None:
        return Lane(None, "The stay", {})
    mine = [lane.days for lane, one in zip(lanes, standings, strict=True) if one.service in STAY_SERVICES]
    last = today if left is None else max(began, left - timedelta(days=1))
    rest = _uncovered(state, review, profile)
    days: dict[date, Cover] = {}
    for day in _between(began, last):
        said = [lane[day] for lane in mine if day in lane]
        days[day] = next((one for one in _ORDER if one in said), rest)
    return Lane(None, "The stay", days)


def _uncovered(state: CaseState, review: Review | None, profile: PayerProfile | None) -> Cover:
    """What a day is of which the payer said nothing."""
    if any(one.service in STAY_SERVICES for one in state.authorizations.values()):
        return "uncovered"
    status = review.stay.status if review is not None else None
    service = {"inpatient": "inpatient_acute", "observation": "observation"}.get(status or "")
    asks = profile.requires_authorization(service) if profile is not None and service is not None else None
    return "unknown" if asks is None else "uncovered" if asks else "free"


def _span(
    began: date | None,
    left: date | None,
    today: date,
    lanes: Sequence[Lane],
    marks: Sequence[Mark],
    zone: ZoneInfo,
) -> tuple[date, ...]:
    """The days to draw: the stay, what was asked and given, what was said; a little ahead of now."""
    named = [day for lane in lanes for day in lane.days]
    named += [one.at.astimezone(zone).date() for one in marks]
    named += [one for one in (began, left) if one is not None]
    named += [today + timedelta(days=_AHEAD)] if left is None else []
    return tuple(_between(min(named), max(named)))
