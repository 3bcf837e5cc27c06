"""The clocks of a stay: which run, when each opens and is due, and where it stands at ``as_of``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal, TypeAlias

from pydantic import Field

from discharge.clocks.concern import concerns, urgency
from discharge.clocks.counting import due_on, warnings_between
from discharge.clocks.duetime import Due, due_time, ended_in_time, filing_day, opening, started
from discharge.clocks.table import ClockRule, ClockTable, Roll, clock_table
from discharge.clocks.terms import Trigger, payer_term
from discharge.stayview import Result, StayView

ClockStatus: TypeAlias = Literal["running", "met", "late", "stopped", "not_started", "unknown"]
Warning_: TypeAlias = Literal["none", "half", "urgent"]

ROLLS: dict[Roll, str] = {
    "none": "does not roll",
    "next_workday": "rolls to the next workday",
    "possible": "does not roll; the next workday is possible, do not rely on it",
}


class Clock(Result):
    """Where one clock of a stay stands at ``as_of``.

    ``is_expected`` says that the trigger is foretold (an expected discharge), so the times will move with it.
    ``warning`` is half from 50% and urgent from 80% of the time between opening and due. ``possible_due_at`` is a
    workday that some payers accept and nobody should rely on. ``amount_usd`` is what the claim must be worth on the
    day of filing. ``missing`` names the facts that would settle an unknown clock, or set a stopped one going.
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
    possible_due_at: datetime | None = None
    warn_half_at: datetime | None = None
    warn_urgent_at: datetime | None = None
    warning: Warning_ = "none"
    met_at: datetime | None = None
    roll_rule: str = "does not roll"
    count: str = ""
    amount_usd: Decimal | None = None
    consequence: str
    citation: str
    verified: bool
    note: str | None = None
    missing: list[str] = Field(default_factory=list)


def clocks(view: StayView) -> list[Clock]:
    """Return the clocks of a stay, the nearest due time first, those without one last."""
    table = clock_table()
    wanted = {str(getattr(conclusion.payload, "clock", "")) for conclusion in view.concluded("clock")}
    concluded = {conclusion.name for conclusion in view.conclusions}
    loud, quiet = _by_start(view.payer_class)
    started = {clock_id for fact, ids in quiet.items() if view.is_known(fact) for clock_id in ids}
    found = []
    for clock_id, rule in table.clocks.items():
        if clock_id in wanted or (
            (clock_id in loud or clock_id in started) and concerns(rule, view, concluded)
        ):
            clock = _clock(clock_id, rule, view, table)
            if clock is not None:
                found.append(clock)
    return sorted(found, key=_order)


@cache
def _by_start(payer_class: str | None) -> tuple[frozenset[str], Mapping[str, tuple[str, ...]]]:
    """Clocks that may concern a payer's stays: those always looked at, and quiet ones by each fact that starts them."""
    rules = {
        clock_id: rule
        for clock_id, rule in clock_table().clocks.items()
        if payer_class is None or rule.payer_classes is None or payer_class in rule.payer_classes
    }
    starts: dict[str, list[str]] = {}
    for clock_id, rule in rules.items():
        for fact in rule.starting_facts if rule.quiet else ():
            starts.setdefault(fact, []).append(clock_id)
    loud = frozenset(clock_id for clock_id, rule in rules.items() if not rule.quiet)
    return loud, {fact: tuple(ids) for fact, ids in starts.items()}


def _order(clock: Clock) -> tuple[bool, bool, float, str]:
    due = clock.due_at.timestamp() if clock.due_at else 0.0
    return clock.status == "met", clock.due_at is None, due, clock.clock_id


def _clock(clock_id: str, rule: ClockRule, view: StayView, table: ClockTable) -> Clock | None:
    trigger, notes, missing = started(rule, view)
    is_expected = trigger is None and bool(rule.expected)
    if trigger is None:
        trigger = next(((fact, at) for fact in rule.expected if (at := view.time(fact)) is not None), None)
    term, said = payer_term(rule, view, trigger)
    if term is None and not rule.due and rule.due_by is None:
        return None  # the payer sets this clock, and no term of the payer is known
    if trigger is None and clock_id == "AUTH-END":
        return None  # nothing was authorized, so nothing ends
    if said:
        notes.insert(0, said)
    if rule.assumes and (trigger is None or len(rule.trigger) == 1 or trigger[0] != rule.trigger[0]):
        notes.append(f"Assumes {rule.assumes}.")
    if trigger is None:
        waits = view.flag("stay.is_in_house") is True and "stay.discharged_at" in rule.trigger
        status = "not_started" if waits else "unknown"
        return _made(clock_id, rule, table, notes, status=status, missing=missing or _asked(rule))
    if ended_in_time(rule, view, trigger[1]):
        return None
    due = due_time(rule, view, trigger[1], term)
    opens = opening(rule, view, trigger[1])
    first = (
        trigger[1] if rule.opens is not None and rule.opens.value > 0 else opens
    )  # a MOON may be given early
    standing = _standing(rule, view, opens, first, due, table)
    standing |= _amount(rule, view, standing.get("met_at"), due, notes)
    return _made(
        clock_id,
        rule,
        table,
        [*notes, *due.notes],
        **_times(trigger, opens, due),
        is_expected=is_expected,
        **standing,
    )


def _asked(rule: ClockRule) -> list[str]:
    """What to chart for a clock whose start isn't: the moment that starts the stay's part of it comes last."""
    return [rule.trigger[-1] if rule.trigger[-1] == "stay.discharged_at" else rule.trigger[0]]


def _times(trigger: Trigger, opens: datetime, due: Due) -> dict[str, Any]:
    return {
        "trigger": trigger[0],
        "trigger_at": trigger[1],
        "opens_at": opens,
        "due_at": due.at,
        "possible_due_at": due.possible,
    }


def _made(clock_id: str, rule: ClockRule, table: ClockTable, notes: list[str], **standing: Any) -> Clock:
    citation = table.citations[rule.cite]
    told = [*notes, *([citation.note] if citation.note else [])]
    return Clock(
        clock_id=clock_id,
        title=rule.title,
        form=rule.form,
        owner=rule.who,
        roll_rule=ROLLS[rule.roll],
        consequence=rule.consequence,
        citation=citation.title,
        verified=citation.verified,
        note=" ".join(told) or None,
        **standing,
    )


def amounts_between(rule: ClockRule, first: date, last: date) -> dict[date, Decimal | None]:
    """Return what a claim must be worth on the day of filing, by the days from ``first`` to ``last`` where it changes.

    None: not known from that day on. Empty for a clock that asks for no amount.
    """
    if rule.amount is None:
        return {}
    dated = clock_table().amounts[rule.amount]
    days = [first, *(day for day in sorted(dated.values) if first < day <= last)]
    found = {day: dated.on(day) for day in days}
    values = {day: one.value if one is not None else None for day, one in found.items()}
    return {
        day: Decimal(value) if isinstance(value, (int, Decimal)) else None for day, value in values.items()
    }


def _amount(
    rule: ClockRule, view: StayView, met: datetime | None, due: Due, notes: list[str]
) -> dict[str, Any]:
    """The amount in controversy on the day of filing (``as_of``, while nothing is filed), and how it will change."""
    day = filing_day(met, view)
    last = due.at.date() if due.at is not None and met is None else day
    amounts = amounts_between(rule, day, last)
    for start, amount in amounts.items():
        said = (
            f"at least ${amount:,} must be in controversy"
            if amount is not None
            else "the amount is not known"
        )
        notes.append(f"For filings from {start:%d %b %Y} on {said}.")
    claimed, least = view.number("appeals.amount_usd"), amounts.get(day)
    if claimed is not None and least is not None and Decimal(str(claimed)) < least:
        notes.append("The amount on record is below that.")
    return {"amount_usd": amounts.get(day)}


def _standing(
    rule: ClockRule, view: StayView, opens: datetime, first: datetime, due: Due, table: ClockTable
) -> dict[str, Any]:
    """Status, warnings and what is missing, at ``as_of``."""
    met = _met(rule, view, first)
    if due.is_stopped and met is None:
        return {"status": "stopped", "missing": due.missing}
    if due.at is None:
        return {"status": "unknown" if met is None else "met", "met_at": met, "missing": due.missing}
    shares = tuple(float(share) for share in table.warn_at)
    half, urgent = warnings_between(min(opens, due.at), due.at, shares)
    standing: dict[str, Any] = {"warn_half_at": half, "warn_urgent_at": urgent}
    if met is not None:
        return standing | {"status": "met" if met <= due.at else "late", "met_at": met}
    unknown = _unsettled(rule, view)
    if unknown:
        return standing | {"status": "unknown", "missing": unknown}
    now = view.local(view.as_of)
    if now < opens:
        return standing | {"status": "not_started"}
    if now <= due.at:
        level = "urgent" if now >= urgent else "half" if now >= half else "none"
        return standing | {"status": "running", "warning": level}
    if rule.late_when_past or (rule.known_by and view.flag(rule.known_by) is not None):
        return standing | {"status": "late", "warning": "urgent"}
    missing = [rule.met_by] if rule.met_by else []
    return standing | {"status": "unknown", "warning": "urgent", "missing": missing}


def _unsettled(rule: ClockRule, view: StayView) -> list[str]:
    """Facts that would tell whether the clock concerns this stay."""
    unknown = [fact for fact in rule.needs if view.flag(fact) is None]
    unknown += [fact for fact in rule.among if view.text(fact) is None]
    if rule.payer_classes is not None and view.payer_class is None:
        unknown.append("coverage.payer_class")
    return unknown


def _met(rule: ClockRule, view: StayView, first: datetime) -> datetime | None:
    """When the clock was stopped; something done before ``first`` doesn't count."""
    for fact in (rule.met_by, rule.also_met_by):
        moment = view.time(fact) if fact else None
        if moment is not None and moment >= first:
            return moment
    return None


def authorization_answer(view: StayView) -> tuple[str | None, datetime | None]:
    """Return the clock on which the payer must answer a request sent at the reference moment, and its due time.

    (None, None) where the payer isn't known or has no such clock.
    """
    start = view.local(view.t)
    for clock_id, rule in clock_table().clocks.items():
        asked = rule.payer_classes is not None and rule.urgency == urgency(view)
        if asked and rule.authorization is not False and view.payer_class in (rule.payer_classes or ()):
            deadline, _ = payer_term(rule, view, ("t", start))
            return clock_id, due_on(rule, start, deadline)
    return None, None
