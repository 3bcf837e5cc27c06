"""Which review is due next, when, and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from discharge.casework.state.model import CaseState, FirstLevel
from discharge.casework.work.answers import authorized_end
from discharge.casework.work.clocks import cadence_on
from discharge.casework.work.conventions import conventions
from discharge.casework.work.found import in_intensive_care, zone_of
from discharge.clocks import CountRule, moment_after
from discharge.clocks.counting import later
from discharge.payers import PayerProfile
from discharge.review.model import Review
from discharge.stayview import Result

FirstLevelType: TypeAlias = Literal["admission", "concurrent", "discharge", "retrospective"]
_IN_HOSPITAL = ("admission", "concurrent")
_WATCHED = ("inpatient", "observation")


class NextReview(Result):
    """The next review of a case by a person: when (aware; may lie in the past), which, and why with its source."""

    due_at: datetime
    review_type: FirstLevelType
    basis: str
    cite: str
    verified: bool


def next_review(state: CaseState, review: Review | None, profile: PayerProfile | None) -> NextReview | None:
    """Return the review that is due first; None where none is, or where nothing is known of the stay yet."""
    return min(reviews_due(state, review, profile), key=lambda one: one.due_at, default=None)


def reviews_due(state: CaseState, review: Review | None, profile: PayerProfile | None) -> list[NextReview]:
    """Return every reason for a review that is not done yet, the first due first."""
    if review is None:
        return []
    gone = review.stay.discharged
    if gone is not None or review.stay.is_in_house is False:
        found = list(_after(state, review, gone))
    else:
        found = [*_in_house(state, review, profile), *_of_leaving(state, review), *_on_denial(state, review)]
    return sorted(found, key=lambda one: one.due_at)


def _due(
    review: Review, at: datetime, kind: FirstLevelType, reason: str, said: str | None = None
) -> NextReview:
    row = conventions().reviews[reason]
    source = conventions().cited(row.cite)
    return NextReview(
        due_at=at.astimezone(ZoneInfo(review.provenance.zone)),
        review_type=kind,
        basis=said or row.title,
        cite=source.title,
        verified=source.verified,
    )


def _last(state: CaseState, *kinds: str) -> FirstLevel | None:
    mine = [one for one in state.first_level if one.review_type in kinds]
    return max(mine, key=lambda one: one.made.at, default=None)


def _in_house(state: CaseState, review: Review, profile: PayerProfile | None) -> Iterator[NextReview]:
    """Admission review first; then by the payer's rhythm and at the moments that always ask for one."""
    last = _last(state, *_IN_HOSPITAL)
    if last is None:
        began = review.stay.admitted or review.stay.arrival or review.as_of
        yield _due(review, min(began, review.as_of), "admission", "admission")
        return
    done = last.made.at.astimezone(zone_of(state, review))
    yield _by_rhythm(review, done, profile)
    yield from _midnight(review, done)
    for one in state.statuses:
        if one.made.at > done:
            yield _due(review, one.made.at, "concurrent", "status", f"the status changed to {one.status}")
    yield from _intensive_care(state, review, done)
    if not _rhythm_stops(review):
        yield from _authorized(state, review, done)


def _authorized(state: CaseState, review: Review, done: datetime) -> Iterator[NextReview]:
    """The day before the authorized ones end, or at once where that end is so near; done from that day on."""
    end = authorized_end(state, review, done)
    if end is None:
        return
    before = conventions().hours("before_end", end.ends_at.date())
    due = max(later(end.ends_at, -before), end.said_at)
    morning = datetime.combine(due.date(), time(0, 0), tzinfo=due.tzinfo)
    if done < max(morning, end.said_at):
        day = f"last authorized day is {end.ends_at:%a %d %b %Y}"
        yield _due(review, due, "concurrent", "authorized", day)


def _rhythm_stops(review: Review) -> bool:
    """Readiness asks for a discharge review in place of the next one of the stay."""
    return review.level_of_care.discharge_ready == "met"


def _by_rhythm(review: Review, done: datetime, profile: PayerProfile | None) -> NextReview:
    cadence = profile.review.cadence_days if profile is not None else None
    days = cadence_on(cadence, done)
    own = days is None
    if days is None:
        days = int(conventions().number("own_cadence", done.date()))
    due = moment_after(done, CountRule(count="calendar_days", value=days))
    whose = "the hospital's own setting; the payer names no rhythm" if own else "the payer's rhythm"
    if not own and profile is not None and cadence is not None:
        value = cadence.on(done.date())
        whose += " (a placeholder)" if value is not None and value.placeholder else ""
    words = conventions().reviews["concurrent"].title.format(days=days)
    return _due(review, due, "concurrent", "concurrent", f"{words} since the last review: {whose}")


def _midnight(review: Review, done: datetime) -> Iterator[NextReview]:
    """The planned second midnight of care, as the benchmark counts; a review shortly before stands for it."""
    counted = review.stay.benchmark_midnights
    if counted is None or review.stay.status not in _WATCHED:
        return
    day = review.as_of.astimezone(done.tzinfo).date() + timedelta(days=2 - int(counted))
    second = datetime.combine(day, time(0, 0), tzinfo=done.tzinfo)
    if done < second - conventions().hours("before_midnight", day):
        yield _due(review, second, "concurrent", "midnight")


def _intensive_care(state: CaseState, review: Review, done: datetime) -> Iterator[NextReview]:
    """A move into or out of intensive care between reviews of the engine, since the last one by a person."""
    seen = [(one.as_of, one.found.in_intensive_care) for one in state.reviews if one.found is not None]
    if review.as_of not in {moment for moment, _ in seen}:
        seen.append((review.as_of, in_intensive_care(review)))
    told = sorted((moment, where) for moment, where in seen if where is not None)
    for (_, before), (moment, after) in pairwise(told):
        if before != after and moment > done:
            yield _due(review, moment, "concurrent", "intensive_care")


def _of_leaving(state: CaseState, review: Review) -> Iterator[NextReview]:
    """A discharge review when readiness is met, or on the day for which discharge is foretold."""
    last = _last(state, "discharge")
    ready = _ready_since(state, review)
    if ready is not None and (last is None or last.made.at < ready):
        yield _due(review, ready, "discharge", "ready")
    foretold = review.stay.expected_discharge.at
    if foretold is not None:
        zone = zone_of(state, review)
        morning = datetime.combine(foretold.astimezone(zone).date(), time(0, 0), tzinfo=zone)
        if last is None or last.made.at < morning:
            yield _due(review, foretold, "discharge", "leaving")


def _ready_since(state: CaseState, review: Review) -> datetime | None:
    """The first of the reviews, unbroken up to now, that found the patient ready; None where the last does not."""
    if review.level_of_care.discharge_ready != "met":
        return None
    since = review.as_of
    earlier = [one for one in state.reviews if one.as_of < review.as_of]
    for one in sorted(earlier, key=lambda seen: seen.as_of, reverse=True):
        if one.found is None or one.found.discharge_ready != "met":
            break
        since = one.as_of
    return since


def _after(state: CaseState, review: Review, gone: datetime | None) -> Iterator[NextReview]:
    """After discharge: a retrospective review where no discharge or retrospective one is on record, or on denial."""
    last = _last(state, "discharge", "retrospective")
    if last is None:
        yield _due(review, gone or review.as_of, "retrospective", "left")
    yield from _on_denial(state, review, kind="retrospective")


def _on_denial(state: CaseState, review: Review, kind: FirstLevelType = "concurrent") -> Iterator[NextReview]:
    """A denial asks for a review after it, in the house as of the stay, later in retrospect."""
    done = max((one.made.at for one in state.first_level), default=None)
    for one in state.denials.values():
        if done is None or done < one.received.at:
            named = one.cause or one.of.replace("_", " ")
            yield _due(review, one.received.at, kind, "denied", f"denied: {named}")
