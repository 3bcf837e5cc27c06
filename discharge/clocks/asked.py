"""One clock computed from a moment that somebody names, with no stay: for a quick question and for tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from discharge.clocks.counting import due_on, extended, moment_after, next_workday, warnings_between
from discharge.clocks.running import ROLLS, amounts_between
from discharge.clocks.table import ClockRule, clock_table, midnight


@dataclass(frozen=True, slots=True)
class Deadline:
    """What a clock comes to; ``kind`` where it differs by the kind of case, None where it does not.

    ``opens_at`` is None where another fact of the stay opens it. ``due_at`` is None before the row's first day, and
    for a clock that only a payer's contract sets. ``amounts_usd`` is what the claim must be worth on the day of
    filing, by the first day of filing for which that holds; None from a day on for which no amount is known.
    """

    clock_id: str
    title: str
    kind: str | None
    trigger_at: datetime
    opens_at: datetime | None
    due_at: datetime | None
    extended_due_at: datetime | None
    possible_due_at: datetime | None
    warn_half_at: datetime | None
    warn_urgent_at: datetime | None
    roll_rule: str
    amounts_usd: dict[date, Decimal | None]
    consequence: str
    citation: str
    verified: bool


def deadlines(clock_id: str, start: datetime, *, is_notice: bool = False) -> list[Deadline]:
    """Return what the clock comes to if it starts at ``start`` (aware, in the facility's zone), one per kind of case.

    ``is_notice`` says that ``start`` is the date of a notice, from which receipt is presumed.

    Raises:
        KeyError: no such clock, or ``is_notice`` for a clock that presumes no receipt.

    >>> from zoneinfo import ZoneInfo
    >>> notice = datetime(2026, 1, 12, tzinfo=ZoneInfo("America/New_York"))
    >>> deadlines("FFS-REDET", notice, is_notice=True)[0].due_at.date().isoformat()
    '2026-05-17'
    """
    rule = clock_table().clocks[clock_id]
    if is_notice:
        if rule.presumed is None:
            raise KeyError(clock_id)
        start = midnight(start.date() + timedelta(days=rule.presumed.days), start)
    kinds = list(rule.due_by.values) if rule.due_by else [None]
    return [_deadline(clock_id, rule, start, kind) for kind in kinds]


def _deadline(clock_id: str, rule: ClockRule, start: datetime, kind: str | None) -> Deadline:
    table = clock_table()
    due = due_on(rule, start, kind=kind)
    opens = moment_after(start, rule.opens) if rule.opens else None if rule.opens_at else start
    half = urgent = later = possible = None
    if due is not None:
        shares = tuple(float(share) for share in table.warn_at)
        half, urgent = warnings_between(min(opens, due), due, shares) if opens else (None, None)
        moved = next_workday(due)
        possible = moved if rule.roll == "possible" and moved != due else None
        grows = rule.extension is not None and (
            rule.extension.only_for is None or kind in rule.extension.only_for
        )
        later = extended(due, rule.extension) if grows and rule.extension else None
    return Deadline(
        clock_id=clock_id,
        title=rule.title,
        kind=kind,
        trigger_at=start,
        opens_at=opens,
        due_at=due,
        extended_due_at=later,
        possible_due_at=possible,
        warn_half_at=half,
        warn_urgent_at=urgent,
        roll_rule=ROLLS[rule.roll],
        amounts_usd=amounts_between(rule, start.date(), (due or start).date()),
        consequence=rule.consequence,
        citation=table.citations[rule.cite].title,
        verified=table.citations[rule.cite].verified,
    )
