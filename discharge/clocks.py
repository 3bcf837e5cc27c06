"""Notices and decision clocks of a stay: when each opens, is due, and where it stands.

What a clock is, stands in ``reference/clocks.yaml``; this module only counts. Times are aware datetimes in the
facility's zone. A met time that isn't charted is not a missed one: past its due time such a clock is ``unknown``,
and ``late`` only where the chart keeps that kind of record.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Literal, TypeAlias

from pydantic import Field

from discharge import yaml
from discharge.dated import Citation, Dated, Strict
from discharge.resources import reference_file
from discharge.stayview import Result, StayView

Count: TypeAlias = Literal["calendar_days", "hours", "noon_next_day", "hours_after_midnight", "moment"]
ClockStatus: TypeAlias = Literal["running", "met", "late", "not_started", "unknown"]
Warning_: TypeAlias = Literal["none", "half", "urgent"]

_DAY_END = time(23, 59)


class CountRule(Strict):
    """How far from its trigger a moment lies; negative counts lie before it."""

    count: Count
    value: int


class OnlyWhen(Strict):
    """A clock that only concerns some stays: any listed conclusion, or any listed disposition."""

    concluded: list[str] = Field(default_factory=list)
    dispositions: list[str] = Field(default_factory=list)


class NotNeeded(Strict):
    """No clock where the service ended within ``hours``."""

    hours: int
    until: str


class ClockRule(Strict):
    """One clock of the table; see the head of ``clocks.yaml`` for what each key means."""

    title: str
    who: str
    trigger: list[str]
    due: dict[date, CountRule]
    consequence: str
    cite: str
    form: str | None = None
    payer_classes: list[str] | None = None
    needs: dict[str, bool] = Field(default_factory=dict)
    urgency: Literal["standard", "expedited"] | None = None
    authorization: bool | None = None
    expected: list[str] = Field(default_factory=list)
    assumes: str | None = None
    only_when: OnlyWhen | None = None
    opens: CountRule | None = None
    extension: CountRule | None = None
    ends_early: list[str] = Field(default_factory=list)
    not_needed_unless_longer: NotNeeded | None = None
    deadline: str | None = None
    cadence: bool = False
    met_by: str | None = None
    also_met_by: str | None = None
    known_by: str | None = None
    late_when_past: bool = False


class ClockTable(Strict):
    """The whole of ``clocks.yaml``."""

    title: str
    read_on: date
    warn_at: list[Decimal]
    conventions: dict[str, Citation]
    citations: dict[str, Citation]
    clocks: dict[str, ClockRule]


class Clock(Result):
    """Where one clock of a stay stands at ``as_of``.

    ``is_expected`` says that the trigger is foretold (an expected discharge), so the times will move with it.
    ``warning`` is half from 50% and urgent from 80% of the time between opening and due. ``missing`` names the
    facts that would settle an unknown clock.
    """

    clock_id: str
    title: str
    form: str | None = None
    owner: str
    status: ClockStatus
    trigger: str | None = None
    trigger_at: datetime | None = None
    is_expected: bool = False
    opens_at: datetime | None = None
    due_at: datetime | None = None
    warn_half_at: datetime | None = None
    warn_urgent_at: datetime | None = None
    warning: Warning_ = "none"
    met_at: datetime | None = None
    roll_rule: str = "does not roll"
    count: str = ""
    consequence: str
    citation: str
    verified: bool
    note: str | None = None
    missing: list[str] = Field(default_factory=list)


@cache
def clock_table() -> ClockTable:
    """Return the table of clocks, read once."""
    path = reference_file("clocks.yaml")
    return ClockTable.model_validate(yaml.load(path.read_bytes(), where="reference/clocks.yaml"))


def moment_after(trigger: datetime, rule: CountRule) -> datetime:
    """Return the moment that ``rule`` counts from ``trigger`` (aware; the answer keeps its zone).

    >>> from zoneinfo import ZoneInfo
    >>> start = datetime(2026, 1, 9, 16, 40, tzinfo=ZoneInfo("America/New_York"))
    >>> moment_after(start, CountRule(count="hours", value=72)).isoformat()
    '2026-01-12T16:40:00-05:00'
    >>> moment_after(start, CountRule(count="calendar_days", value=7)).isoformat()
    '2026-01-16T23:59:00-05:00'
    """
    zone = trigger.tzinfo
    day = trigger.date()
    if rule.count == "calendar_days":
        end = _DAY_END if rule.value >= 0 else time(0, 0)
        return datetime.combine(day + timedelta(days=rule.value), end, tzinfo=zone)
    if rule.count == "hours":
        return _later(trigger, timedelta(hours=rule.value))
    if rule.count == "noon_next_day":
        return datetime.combine(day + timedelta(days=1), time(12, 0), tzinfo=zone)
    if rule.count == "hours_after_midnight":
        midnight = datetime.combine(day + timedelta(days=1), time(0, 0), tzinfo=zone)
        return _later(midnight, timedelta(hours=rule.value))
    return trigger


def extended(due: datetime, rule: CountRule) -> datetime:
    """Return ``due`` after an extension of calendar days: the same time of day, that many days later."""
    return datetime.combine(due.date() + timedelta(days=rule.value), due.timetz(), tzinfo=due.tzinfo)


def due_on(rule: ClockRule, trigger: datetime, payer_deadline: CountRule | None = None) -> datetime | None:
    """Return when a clock triggered at ``trigger`` is due; None before its first effective day.

    The payer's own deadline goes first. The row in force on the trigger's local day counts.
    """
    if payer_deadline is not None:
        return moment_after(trigger, payer_deadline)
    held = [start for start in sorted(rule.due) if start <= trigger.date()]
    return moment_after(trigger, rule.due[held[-1]]) if held else None


def clocks(view: StayView) -> list[Clock]:
    """Return the clocks of a stay, the nearest due time first, those without one last."""
    table = clock_table()
    wanted = {str(getattr(conclusion.payload, "clock", "")) for conclusion in view.concluded("clock")}
    concluded = {conclusion.name for conclusion in view.conclusions}
    found = []
    for clock_id, rule in table.clocks.items():
        if clock_id in wanted or _concerns(rule, view, concluded):
            clock = _clock(clock_id, rule, view, table)
            if clock is not None:
                found.append(clock)
    return sorted(
        found, key=lambda clock: (_settled(clock), clock.due_at is None, _instant(clock), clock.clock_id)
    )


def _settled(clock: Clock) -> bool:
    return clock.status == "met"


def _instant(clock: Clock) -> float:
    return clock.due_at.timestamp() if clock.due_at else 0.0


def _later(moment: datetime, span: timedelta) -> datetime:
    """Add elapsed time: the wall time shifts where daylight saving changes in between."""
    return (moment.astimezone(UTC) + span).astimezone(moment.tzinfo)


def _concerns(rule: ClockRule, view: StayView, concluded: set[str]) -> bool:
    """Whether the clock is shown at all.

    What can't be told is shown as unknown: a notice while the payer isn't known, and a clock whose needs aren't
    charted where its trigger is.
    """
    known = view.payer_class
    if known is not None and rule.payer_classes is not None and known not in rule.payer_classes:
        return False
    if any(view.flag(fact) not in (wanted, None) for fact, wanted in rule.needs.items()):
        return False
    if any(view.flag(fact) is None for fact in rule.needs) and _first_time(view, rule.trigger) is None:
        return False
    if rule.payer_classes is not None and known is None:
        return rule.form is not None and all(view.flag(fact) is not None for fact in rule.needs)
    if rule.urgency is not None and rule.urgency != _urgency(view):
        return False
    if rule.authorization is not None and rule.authorization != _needs_authorization(view):
        return False
    if rule.only_when is None:
        return True
    disposition = view.text("stay.discharge_disposition")
    if disposition is not None:
        return disposition in rule.only_when.dispositions
    return (
        bool(concluded.intersection(rule.only_when.concluded)) or disposition in rule.only_when.dispositions
    )


def _urgency(view: StayView) -> str:
    """An admission that isn't known to be elective is asked about as urgent only where it is known to be urgent."""
    return "expedited" if view.flag("stay.is_elective") is False else "standard"


def _needs_authorization(view: StayView) -> bool:
    return view.flag("coverage.requires_prior_authorization_inpatient") is not False


def _clock(clock_id: str, rule: ClockRule, view: StayView, table: ClockTable) -> Clock | None:
    trigger = _first_time(view, rule.trigger)
    is_expected = trigger is None and bool(rule.expected)
    if trigger is None:
        trigger = _first_time(view, rule.expected)
    deadline, note = _deadline(rule, view, trigger)
    if deadline is None and not rule.due:
        return None  # the payer sets this clock, and no term of the payer is known
    if trigger is None and clock_id == "AUTH-END":
        return None  # nothing was authorized, so nothing ends
    facts = _facts(clock_id, rule, table, note)
    if trigger is None:
        missing = [*rule.trigger[:1]]
        waits = view.flag("stay.is_in_house") is True and "stay.discharged_at" in rule.trigger
        return Clock(**facts, status="not_started" if waits else "unknown", missing=missing)
    fact, start = trigger
    if _ended_in_time(rule, view, start):
        return None
    due = _due(rule, view, start, deadline)
    opens = moment_after(start, rule.opens) if rule.opens else start
    facts |= {
        "trigger": fact,
        "trigger_at": start,
        "is_expected": is_expected,
        "opens_at": opens,
        "due_at": due,
    }
    return Clock(**facts, **_standing(rule, view, opens, due, table))


def _facts(clock_id: str, rule: ClockRule, table: ClockTable, note: str | None) -> dict[str, Any]:
    citation = table.citations[rule.cite]
    notes = [
        text for text in (note, f"Assumes {rule.assumes}." if rule.assumes else None, citation.note) if text
    ]
    return {
        "clock_id": clock_id,
        "title": rule.title,
        "form": rule.form,
        "owner": rule.who,
        "consequence": rule.consequence,
        "citation": citation.title,
        "verified": citation.verified,
        "note": " ".join(notes) or None,
    }


def _first_time(view: StayView, facts: list[str]) -> tuple[str, datetime] | None:
    for fact in facts:
        moment = view.time(fact)
        if moment is not None:
            return fact, moment
    return None


def _deadline(
    rule: ClockRule, view: StayView, trigger: tuple[str, datetime] | None
) -> tuple[CountRule | None, str | None]:
    """The payer's own term for this clock, and how to say so."""
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


def _dated_count(
    dated: Dated | None, view: StayView, trigger: tuple[str, datetime] | None
) -> tuple[CountRule | None, str | None]:
    found = dated.on(trigger[1].date() if trigger else view.day) if dated is not None else None
    if dated is None or found is None or not isinstance(found.value, (int, Decimal)):
        return None, None
    count: Count = "hours" if dated.unit == "h" else "calendar_days"
    shown = " (a placeholder)" if found.placeholder else ""
    return CountRule(count=count, value=int(found.value)), f"The payer's own term{shown}."


def _cadence(view: StayView, trigger: tuple[str, datetime] | None) -> tuple[CountRule | None, str | None]:
    """The first review day of the payer's rhythm that is not before the day of ``as_of``."""
    cadence = view.payer.review.cadence_days if view.payer else None
    rule, note = _dated_count(cadence, view, trigger)
    if rule is None or rule.value <= 0 or trigger is None:
        return None, None
    passed = (view.local(view.as_of).date() - trigger[1].date()).days
    turns = max(1, -(-passed // rule.value))
    return CountRule(count="calendar_days", value=turns * rule.value), f"Every {rule.value} d. {note}"


def _ended_in_time(rule: ClockRule, view: StayView, start: datetime) -> bool:
    longer = rule.not_needed_unless_longer
    end = view.time(longer.until) if longer else None
    return longer is not None and end is not None and end <= _later(start, timedelta(hours=longer.hours))


def _due(rule: ClockRule, view: StayView, start: datetime, deadline: CountRule | None) -> datetime | None:
    due = due_on(rule, start, deadline)
    ends = [moment for fact in rule.ends_early if (moment := view.time(fact)) is not None and moment > start]
    return min([due, *ends]) if due is not None else None


def _standing(
    rule: ClockRule, view: StayView, opens: datetime, due: datetime | None, table: ClockTable
) -> dict[str, Any]:
    """Status, warnings and what is missing, at ``as_of``."""
    now = view.local(view.as_of)
    if due is None:
        return {"status": "unknown", "missing": []}
    begin = min(opens, due)
    span = due.astimezone(UTC) - begin.astimezone(UTC)
    half, urgent = (_later(begin, span * float(share)) for share in table.warn_at)
    standing: dict[str, Any] = {"warn_half_at": half, "warn_urgent_at": urgent}
    met = _met(rule, view, opens)
    if met is not None:
        return standing | {"status": "met" if met <= due else "late", "met_at": met}
    unknown = [fact for fact in rule.needs if view.flag(fact) is None]
    if rule.payer_classes is not None and view.payer_class is None:
        unknown.append("coverage.payer_class")
    if unknown:
        return standing | {"status": "unknown", "missing": unknown}
    if now < opens:
        return standing | {"status": "not_started"}
    if now <= due:
        level = "urgent" if now >= urgent else "half" if now >= half else "none"
        return standing | {"status": "running", "warning": level}
    if rule.late_when_past or (rule.known_by and view.flag(rule.known_by) is not None):
        return standing | {"status": "late", "warning": "urgent"}
    return standing | {
        "status": "unknown",
        "warning": "urgent",
        "missing": [rule.met_by] if rule.met_by else [],
    }


def _met(rule: ClockRule, view: StayView, opens: datetime) -> datetime | None:
    """When the clock was stopped; something done before it opened doesn't count."""
    for fact in (rule.met_by, rule.also_met_by):
        moment = view.time(fact) if fact else None
        if moment is not None and moment >= opens:
            return moment
    return None


def authorization_answer(view: StayView) -> tuple[str | None, datetime | None]:
    """Return the clock on which the payer must answer a request sent at the reference moment, and its due time.

    (None, None) where the payer isn't known or has no such clock.
    """
    start = view.local(view.t)
    for clock_id, rule in clock_table().clocks.items():
        asked = rule.payer_classes is not None and rule.urgency == _urgency(view)
        if asked and rule.authorization is not False and view.payer_class in (rule.payer_classes or ()):
            deadline, _ = _deadline(rule, view, ("t", start))
            return clock_id, due_on(rule, start, deadline)
    return None, None
