"""The payer's own terms: a deadline of its profile goes before the regulation's row."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from discharge.clocks.table import ClockRule, Count, CountRule
from discharge.dated import Dated
from discharge.stayview import StayView

Trigger: TypeAlias = tuple[str, datetime]
Term: TypeAlias = tuple[CountRule | None, str | None]


def payer_term(rule: ClockRule, view: StayView, trigger: Trigger | None) -> Term:
    """Return the payer's own term for this clock, and how to say so."""
    if rule.cadence:
        return _cadence(view, trigger)
    if rule.deadline is None:
        return None, None
    if rule.deadline == "notification":
        hours = view.number("coverage.notification_hours")
        if hours is not None:
            return CountRule(count="hours", value=int(hours)), "The payer's own term."
    terms = view.payer.deadlines if view.payer else {}
    return _dated_count(terms.get(rule.deadline), view, trigger)


def _dated_count(dated: Dated | None, view: StayView, trigger: Trigger | None) -> Term:
    found = dated.on(trigger[1].date() if trigger else view.day) if dated is not None else None
    if dated is None or found is None or not isinstance(found.value, (int, Decimal)):
        return None, None
    count: Count = {"h": "hours", "mo": "months"}.get(dated.unit or "", "calendar_days")  # type: ignore[assignment]
    shown = " (a placeholder)" if found.placeholder else ""
    return CountRule(count=count, value=int(found.value)), f"The payer's own term{shown}."


def _cadence(view: StayView, trigger: Trigger | None) -> Term:
    """The first review day of the payer's rhythm that is not before the day of ``as_of``."""
    cadence = view.payer.review.cadence_days if view.payer else None
    rule, note = _dated_count(cadence, view, trigger)
    if rule is None or rule.value <= 0 or trigger is None:
        return None, None
    passed = (view.local(view.as_of).date() - trigger[1].date()).days
    turns = max(1, -(-passed // rule.value))
    return CountRule(count="calendar_days", value=turns * rule.value), f"Every {rule.value} d. {note}"
