"""When a clock of a stay is due: its start, extensions, stops, earlier and later ends, and rolls."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from discharge.clocks.counting import due_on, extended, later, moment_after, next_workday, rolled
from discharge.clocks.table import ClockRule, CountRule, days_later, midnight
from discharge.clocks.terms import Trigger
from discharge.stayview import StayView


@dataclass(slots=True)
class Due:
    """``at`` is None while the clock stands still or nothing says when. ``missing`` names facts that would tell."""

    at: datetime | None = None
    possible: datetime | None = None
    is_stopped: bool = False
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def started(rule: ClockRule, view: StayView) -> tuple[Trigger | None, list[str], list[str]]:
    """Return the charted start of a clock, notes on it, and facts that would settle what can't be told."""
    found = _charted(rule, view)
    if found is not None or rule.presumed is None:
        return found, [], []
    if view.flag(rule.presumed.unreadable):
        note = "The date of receipt can't be read: ask, and enter it. Nothing is presumed meanwhile."
        return None, [note], [rule.trigger[0]]
    notice = view.time(rule.presumed.notice)
    if notice is None:
        return None, [], []
    start = midnight(notice.date() + timedelta(days=rule.presumed.days), notice)
    note = f"Receipt presumed {rule.presumed.days} days after the notice; evidence of another day moves it."
    return (rule.presumed.notice, start), [note], []


def _charted(rule: ClockRule, view: StayView) -> Trigger | None:
    """The first of the triggers (the earliest, where the row says so) that isn't of an earlier round."""
    begun = view.time(rule.after) if rule.after else None
    times = ((fact, view.time(fact)) for fact in rule.trigger)
    found = [(fact, at) for fact, at in times if at is not None and (begun is None or at >= begun)]
    if not found:
        return None
    return min(found, key=lambda one: one[1]) if rule.earliest else found[0]


def due_time(rule: ClockRule, view: StayView, start: datetime, term: CountRule | None) -> Due:
    """Return when a clock that started at ``start`` is due, by the facts of the stay."""
    due = Due()
    kind = view.text(rule.due_by.fact) if rule.due_by else None
    if rule.due_by is not None and not rule.counts(kind):
        due.missing.append(rule.due_by.fact)
        return due
    counted = due_on(rule, start, term, kind)
    if counted is None:
        return due
    counted = _repeated(rule, counted, view)
    counted = _extended(rule, counted, start, kind, view, due)
    stopped = _stopped(rule, counted, start, view, due)
    if stopped is None:
        return due
    due.at = rolled(_bounded(rule, stopped, start, view), rule.roll)
    if rule.roll == "possible" and (moved := next_workday(due.at)) != due.at:
        due.possible = moved
        due.notes.append(f"{due.at:%a %d %b %Y} is no workday: {moved:%d %b} is possible, do not rely on it.")
    return due


def _repeated(rule: ClockRule, due: datetime, view: StayView) -> datetime:
    if rule.then_every is not None:
        while due < view.local(view.as_of):
            due = days_later(due, rule.then_every.value)
    return due


def _extended(
    rule: ClockRule, due: datetime, start: datetime, kind: str | None, view: StayView, told: Due
) -> datetime:
    extension = rule.extension
    if extension is None or (extension.only_for is not None and kind not in extension.only_for):
        return due
    noticed = view.time(extension.by)
    if noticed is None or noticed < start:
        return due
    if noticed > due:
        told.notes.append("The extension was noticed after the due time and has no effect.")
        return due
    told.notes.append(f"Extended by {extension.value} days; noticed {noticed:%d %b %Y}.")
    return extended(due, extension)


def _stopped(rule: ClockRule, due: datetime, start: datetime, view: StayView, told: Due) -> datetime | None:
    """The due time moved by the time that the clock stood still; None while it stands still."""
    stops = rule.stops
    halt = view.time(stops.from_) if stops is not None and view.flag(stops.if_charted) else None
    if stops is None or halt is None or not start <= halt <= due:
        return due
    reply = view.time(stops.until)
    if reply is None or reply < halt:
        told.is_stopped = True
        told.notes.append(f"Stands still since {halt:%d %b %Y}, until what is missing has been sent.")
        told.missing.append(stops.until)
        return None
    told.notes.append(f"Stood still from {halt:%d %b %Y} to {reply:%d %b %Y}.")
    return days_later(due, (reply.date() - halt.date()).days)


def _bounded(rule: ClockRule, due: datetime, start: datetime, view: StayView) -> datetime:
    """Another fact in its place, the later of those that may put it off, the earlier of those that end it."""
    instead = view.time(rule.instead) if rule.instead else None
    if instead is not None and instead >= start:
        return instead
    put_off = [moment for fact in rule.later_of if (moment := view.time(fact)) is not None]
    ends = [moment for fact in rule.ends_early if (moment := view.time(fact)) is not None and moment > start]
    return min([max([due, *put_off]), *ends])


def ended_in_time(rule: ClockRule, view: StayView, start: datetime) -> bool:
    """Whether the service ended so soon that no clock was needed."""
    longer = rule.not_needed_unless_longer
    end = view.time(longer.until) if longer else None
    return longer is not None and end is not None and end <= later(start, timedelta(hours=longer.hours))


def opening(rule: ClockRule, view: StayView, start: datetime) -> datetime:
    """Return when the clock opens: an own fact, a count from the start, or the start."""
    told = view.time(rule.opens_at) if rule.opens_at else None
    if told is not None:
        return told
    return moment_after(start, rule.opens) if rule.opens else start


def filing_day(met: datetime | None, view: StayView) -> date:
    """Return the day on which an amount in controversy is tested: that of filing, else that of ``as_of``."""
    return (met or view.local(view.as_of)).date()
