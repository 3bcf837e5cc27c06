"""What later work asks of every review, so that it need not be read again; and when the patient was ready to leave."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from discharge.casework.events.record import ReviewFound
from discharge.casework.state.model import CaseState
from discharge.facts.words import is_intensive_name
from discharge.review.model import Review

_INTENSIVE_CARE = "stay.is_in_intensive_care"


class Reach(NamedTuple):
    """From a moment to a moment; aware."""

    start: datetime
    end: datetime


def found(review: Review) -> ReviewFound:
    """Return what the event of a review keeps of it (``review_run.found``)."""
    care = review.level_of_care
    prices = review.waiting.avoidable_day if review.waiting is not None else {}
    return ReviewFound(
        admission=care.admission,
        continued_stay=care.continued_stay,
        discharge_ready=care.discharge_ready,
        status=review.stay.status,
        unit=(review.stay.unit or "")[:200].strip() or None,
        in_intensive_care=in_intensive_care(review),
        avoidable_day_usd={
            purse: price.expected for purse, price in prices.items() if price.expected is not None
        },
    )


def in_intensive_care(review: Review) -> bool | None:
    """Return whether the patient is in intensive care, by a finding that looked, else by the unit's name."""
    for finding in review.findings:
        for fact in finding.facts:
            if fact.name == _INTENSIVE_CARE and fact.value is not None:
                return bool(fact.value)
    return is_intensive_name(review.stay.unit) if review.stay.unit else None


def zone_of(state: CaseState, review: Review | None) -> ZoneInfo:
    """Return the facility's zone: of the review, else of the last one on record, else UTC."""
    name = (
        review.provenance.zone if review is not None else state.reviews[-1].zone if state.reviews else "UTC"
    )
    return ZoneInfo(name)


def ready_spans(state: CaseState, review: Review | None, at: datetime) -> list[Reach]:
    """Return when the patient is known to have been ready to leave and was still here, up to ``at``.

    A span begins at a review that found readiness met and ends at the next one that did not (also at one that can't
    tell), at discharge, or at ``at``. Reviews whose event says nothing of it count only where ``review`` is theirs.
    """
    seen = sorted((one.as_of, one.found.discharge_ready) for one in state.reviews if one.found is not None)
    if review is not None and review.as_of not in {moment for moment, _ in seen}:
        seen = sorted([*seen, (review.as_of, review.level_of_care.discharge_ready)])
    gone = review.stay.discharged if review is not None else None
    last = at if gone is None else min(at, gone)
    spans = []
    for place, (moment, status) in enumerate(seen):
        until = seen[place + 1][0] if place + 1 < len(seen) else last
        if status == "met" and moment < min(until, last):
            spans.append(Reach(moment, min(until, last)))
    return union(spans)


def union(spans: Iterable[Reach]) -> list[Reach]:
    """Return spans without overlaps, in order; what touches becomes one.

    >>> from datetime import UTC, datetime
    >>> day = [datetime(2026, 1, number, tzinfo=UTC) for number in range(1, 6)]
    >>> spans = union([Reach(day[2], day[4]), Reach(day[0], day[1]), Reach(day[1], day[3])])
    >>> [(one.start.day, one.end.day) for one in spans]
    [(1, 5)]
    """
    merged: list[Reach] = []
    for one in sorted(one for one in spans if one.start < one.end):
        if merged and one.start <= merged[-1].end:
            merged[-1] = Reach(merged[-1].start, max(merged[-1].end, one.end))
        else:
            merged.append(one)
    return merged


def common(some: Iterable[Reach], others: Iterable[Reach]) -> list[Reach]:
    """Return the time that lies in both."""
    second = list(others)
    cut = [Reach(max(a.start, b.start), min(a.end, b.end)) for a in some for b in second]
    return union(one for one in cut if one.start < one.end)


def without(some: Iterable[Reach], others: Iterable[Reach]) -> list[Reach]:
    """Return the time of ``some`` that lies in none of ``others``."""
    left = union(some)
    for gap in union(others):
        pieces = [
            (Reach(one.start, min(one.end, gap.start)), Reach(max(one.start, gap.end), one.end))
            for one in left
        ]
        left = [one for pair in pieces for one in pair if one.start < one.end]
    return left


def hours(spans: Iterable[Reach]) -> float:
    """Return the elapsed hours of spans that do not overlap."""
    return sum((one.end.astimezone(UTC) - one.start.astimezone(UTC)).total_seconds() for one in spans) / 3600
