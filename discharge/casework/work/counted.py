"""One clock of a case: counted from an event of the ledger by a row of the table, and where it stands at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from discharge.casework.state.model import Pause
from discharge.casework.work.conventions import conventions
from discharge.clocks import Clock, ClockRule, CountRule, clock_table, due_on, extended
from discharge.clocks.counting import warnings_between
from discharge.clocks.table import days_later
from discharge.payers import PayerProfile
from discharge.stayview import Result

Side: TypeAlias = Literal["hospital", "payer", "patient", "qio"]
CaseClockStatus: TypeAlias = Literal["running", "paused", "met", "late", "stopped", "not_started", "unknown"]

_SIDES: dict[str, Side] = {"payer": "payer", "patient": "patient", "qio": "qio"}
_UNITS: dict[str, str] = {"h": "hours", "mo": "months"}


class CaseClock(Result):
    """A clock of a case at a moment. Times are aware, in the facility's zone.

    ``clock`` is the clock's id, with ``/`` and the id of the authorization, denial, referral or question that it is
    about. ``late`` is said of a deadline that was kept too late (``met_at`` is set) or not at all. ``unknown`` past
    its time: nothing on record says that it was kept, and the record does not keep such things. ``paused``: it stands
    still, and ``due_at`` is what it would be if it ran again now.
    """

    clock: str
    clock_id: str
    title: str
    side: Side
    owner: str
    status: CaseClockStatus
    opens_at: datetime | None = None
    due_at: datetime | None = None
    possible_due_at: datetime | None = None
    warn_half_at: datetime | None = None
    warn_urgent_at: datetime | None = None
    met_at: datetime | None = None
    paused_since: datetime | None = None
    paused_seconds: int = 0
    pause_reason: str | None = None
    form: str | None = None
    note: str | None = None
    consequence: str
    citation: str
    verified: bool
    subject_id: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What a row, of the table or of the house, says of its clock."""

    clock_id: str
    title: str
    owner: str
    consequence: str
    citation: str
    verified: bool
    form: str | None = None


def row_of(clock_id: str) -> Row:
    """Return the row of a clock, of ``clocks.yaml`` or of the house; KeyError where neither has it."""
    table = clock_table()
    rule = table.clocks.get(clock_id)
    if rule is not None:
        source = table.citations[rule.cite]
        return Row(clock_id, rule.title, rule.who, rule.consequence, source.title, source.verified, rule.form)
    own = conventions().clocks[clock_id]
    source = conventions().cited(own.cite)
    return Row(clock_id, own.title, own.who, own.consequence, source.title, source.verified)


def side_of(owner: str) -> Side:
    """Return whose deadline it is; everybody who gives care counts as the hospital."""
    return _SIDES.get(owner, "hospital")


def base_of(clock: str) -> str:
    """Return the id of the clock that a name such as ``MA-PA/auth-1`` is about."""
    return clock.partition("/")[0]


def term(profile: PayerProfile | None, name: str | None, at: datetime) -> CountRule | None:
    """Return the payer's own term in force on the (local) day of ``at``; None where the profile has none."""
    dated = profile.deadlines.get(name) if profile is not None and name is not None else None
    found = dated.on(at.date()) if dated is not None else None
    if dated is None or found is None or not isinstance(found.value, (int, Decimal)):
        return None
    count = _UNITS.get(dated.unit or "", "calendar_days")
    return CountRule(count=count, value=int(found.value))  # type: ignore[arg-type]


def due_by_row(
    clock_id: str, start: datetime, profile: PayerProfile | None, deadline: str | None = None
) -> datetime | None:
    """Return when a clock of the table that starts at ``start`` is due: by the payer's own term, else by the row."""
    rule = clock_table().clocks[clock_id]
    own = term(profile, deadline, start) or term(profile, rule.deadline, start)
    return due_on(rule, start, own)


def made(
    row: Row,
    subject: str | None,
    *,
    opens_at: datetime,
    due_at: datetime | None,
    at: datetime,
    met_at: datetime | None = None,
    is_stopped: bool = False,
    is_kept: bool = True,
    pauses: Sequence[Pause] = (),
    notes: Iterable[str | None] = (),
    possible_due_at: datetime | None = None,
) -> CaseClock:
    """Return the clock as it stands at ``at``.

    ``is_kept`` says that the record would show it if the deadline had been kept. ``is_stopped``: it no longer counts.
    """
    held = _held(row.clock_id, due_at, opens_at, met_at or at, pauses)
    half = urgent = None
    if held.due_at is not None:
        shares = tuple(float(share) for share in clock_table().warn_at)
        half, urgent = warnings_between(min(opens_at, held.due_at), held.due_at, shares)
    said = [one for one in (*notes, *held.notes) if one]
    return CaseClock(
        clock=f"{row.clock_id}/{subject}" if subject else row.clock_id,
        clock_id=row.clock_id,
        title=row.title,
        side=side_of(row.owner),
        owner=row.owner,
        status=_status(opens_at, held, at, met_at, is_stopped, is_kept),
        opens_at=opens_at,
        due_at=held.due_at,
        possible_due_at=possible_due_at if held.due_at == due_at else None,
        warn_half_at=half,
        warn_urgent_at=urgent,
        met_at=met_at,
        paused_since=held.since,
        paused_seconds=held.seconds,
        pause_reason=held.reason,
        form=row.form,
        note=" ".join(said) or None,
        consequence=row.consequence,
        citation=row.citation,
        verified=row.verified,
        subject_id=subject,
    )


@dataclass(slots=True)
class _Held:
    """A due time as pauses leave it."""

    due_at: datetime | None
    since: datetime | None = None
    seconds: int = 0
    reason: str | None = None
    notes: tuple[str, ...] = ()


def _held(
    clock_id: str, due: datetime | None, opens: datetime, until: datetime, pauses: Sequence[Pause]
) -> _Held:
    """Move the due time by the pauses that began before it; the extension of the row counts once.

    Time that the clock stood still counts in calendar days, as the due time does.
    """
    held = _Held(due)
    allowed = conventions().pauses.get(clock_id)
    rule = clock_table().clocks.get(clock_id)
    if due is None or allowed is None or rule is None:
        return held
    for pause in sorted(pauses, key=lambda one: one.started.at):
        begun = pause.started.at
        if begun < opens or begun > until:
            continue
        if held.due_at is None or begun > held.due_at:
            held.notes += ("A pause noticed after the due time has no effect.",)
            continue
        ended = min(pause.ended.at, until) if pause.ended is not None else until
        _extend(held, rule, due)
        if allowed.effect == "tolls":
            zone = held.due_at.tzinfo
            still = ended.astimezone(zone).date() - begun.astimezone(zone).date()
            held.due_at = days_later(held.due_at, still.days)
        held.seconds += int((ended.astimezone(UTC) - begun.astimezone(UTC)).total_seconds())
        held.reason = pause.reason
        held.since = begun if pause.ended is None or pause.ended.at > until else None
    return held


def _extend(held: _Held, rule: ClockRule, due: datetime) -> None:
    if held.due_at == due and rule.extension is not None:
        held.due_at = extended(due, rule.extension)
        held.notes += (f"Extended by {rule.extension.value} days.",)


def _status(
    opens: datetime,
    held: _Held,
    at: datetime,
    met: datetime | None,
    is_stopped: bool,
    is_kept: bool,
) -> CaseClockStatus:
    if met is not None:
        return "met" if held.due_at is None or met <= held.due_at else "late"
    if is_stopped:
        return "stopped"
    if held.due_at is not None and at > held.due_at:
        return "late" if is_kept else "unknown"
    if held.since is not None:
        return "paused"
    return "not_started" if at < opens else "running"


def restated(
    clock: Clock,
    rule: ClockRule | None,
    *,
    at: datetime,
    met_at: datetime | None,
    is_kept: bool,
    pauses: Sequence[Pause] = (),
) -> CaseClock:
    """Return a clock of the review as it stands at ``at``, with what the ledger knows.

    A clock that the review could not tell whether it concerns the stay stays unknown.
    """
    row = Row(
        clock.clock_id,
        clock.title,
        clock.owner,
        clock.consequence,
        clock.citation,
        clock.verified,
        clock.form,
    )
    met = clock.met_at or met_at
    unsettled = bool(clock.missing) and not (rule is not None and clock.missing == [rule.met_by])
    fixed = clock.status if unsettled or clock.due_at is None or clock.opens_at is None else None
    if fixed is None or met is not None:
        opens = clock.opens_at or met or at
        now = made(
            row,
            None,
            opens_at=opens,
            due_at=clock.due_at,
            at=at,
            met_at=met,
            is_kept=is_kept or clock.status == "late",
            pauses=pauses,
            notes=[clock.note],
            possible_due_at=clock.possible_due_at,
        )
        return now
    return CaseClock(
        clock=clock.clock_id,
        clock_id=clock.clock_id,
        title=clock.title,
        side=side_of(clock.owner),
        owner=clock.owner,
        status=fixed,
        opens_at=clock.opens_at,
        due_at=clock.due_at,
        possible_due_at=clock.possible_due_at,
        warn_half_at=clock.warn_half_at,
        warn_urgent_at=clock.warn_urgent_at,
        form=clock.form,
        note=clock.note,
        consequence=clock.consequence,
        citation=clock.citation,
        verified=clock.verified,
    )
