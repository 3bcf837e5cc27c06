"""A case as a row of the worklist: its words, its signs and whether it is late, worked out before it is printed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache

from discharge.api.pages.words import day_of_stay, number, until
from discharge.api.state import Desk
from discharge.casework.query import WorklistRow
from discharge.reference import load_yaml
from discharge.worklist.steps import Urgency

SIGNS: Mapping[Urgency, str] = {"now": "‼", "today": "!", "soon": "›", "watch": "○", "clear": "✓"}
MEANS: Mapping[Urgency, str] = {
    "now": "a deadline has passed, or falls within 2 hours",
    "today": "something is due today, or asks for a decision today",
    "soon": "due or still curable within 72 hours",
    "watch": "open, but nothing presses yet",
    "clear": "nothing is asked of anybody",
}
_READY = {"met": "✓ ready", "not_met": "✕ not yet", "unknown": "? not known"}
_FILE_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z0-9_]+")
_NOT_CHARTED = "not charted: "
PRIVATE = "See the case (not for paper)"


@dataclass(frozen=True)
class Row:
    """A row as it is shown. ``status`` is empty for an inpatient, which most are.

    ``is_late``: the time is over and it is not done; ``is_past``: it is over and nobody knows whether it is done.
    """

    case_id: str
    version: int
    urgency: Urgency
    sign: str
    place: str
    bed: str
    name: str
    mrn: str
    day: str
    usual: str
    is_over: bool
    status: str
    payer: str
    step: str
    why: str
    is_private: bool
    due_at: datetime | None
    due_in: str
    is_late: bool
    is_past: bool
    band: str | None
    probability: float | None
    exposure_usd: Decimal | None
    expected_loss_usd: Decimal | None
    ready: str
    ready_class: str
    barriers: str
    whose: str
    is_mine: bool
    is_clear: bool
    is_stale: bool


@dataclass(frozen=True)
class Known:
    """What rows need beside themselves: names of people, titles of rule files, who looks, and when."""

    names: Mapping[str, str]
    titles: Mapping[str, str]
    private: frozenset[str]
    me: str
    now: datetime


def known(desk: Desk, names: Mapping[str, str], me: str, now: datetime) -> Known:
    """Return what rows need; ``names`` are people's by account."""
    files = desk.library.packs.files
    return Known(
        names=names,
        titles={one.id: one.title for one in files.values()},
        private=frozenset(one.id for one in files.values() if one.is_sensitive),
        me=me,
        now=now,
    )


def row_of(case: WorklistRow, known: Known) -> Row:
    """Return a case as a row."""
    day, is_over = _day(case, known.now)
    is_past = case.due_at is not None and case.due_at < known.now
    return Row(
        case_id=case.case_id,
        version=case.version,
        urgency=case.urgency,
        sign=SIGNS[case.urgency],
        place=case.unit or "unit not known",
        bed=(case.bed or "").removeprefix("Bed ") or "no bed known",
        name=case.name or "Name not known",
        mrn=case.mrn or "not known",
        day=day,
        usual="not known" if case.gmlos_days is None else f"usual {number(case.gmlos_days)}",
        is_over=is_over,
        status=_status(case),
        payer=short_payer(case.payer_title) if case.payer_title else "payer not known",
        step=case.next_step.rstrip("."),
        why=why(case, known),
        is_private=case.next_why in known.private,
        due_at=case.due_at,
        due_in="time passed" if is_past and case.urgency != "now" else until(case.due_at, known.now),
        is_late=is_past and case.urgency == "now",
        is_past=is_past and case.urgency != "now",
        band=case.risk_band,
        probability=case.risk_probability,
        exposure_usd=case.exposure_usd,
        expected_loss_usd=case.expected_loss_usd,
        ready=_READY.get(case.discharge_ready or "unknown", "? not known"),
        ready_class=case.discharge_ready or "unknown",
        barriers=barriers(case),
        whose=_whose(case, known),
        is_mine=case.assignee == known.me,
        is_clear=case.urgency == "clear",
        is_stale=case.is_stale,
    )


def why(case: WorklistRow, known: Known) -> str:
    """Return why the next step is asked, in words: names of ours become titles or are left out.

    That it is overdue is told by the time beside it.
    """
    text = case.next_why.removeprefix("overdue; ")
    if _FILE_ID.fullmatch(text):
        return known.titles.get(text, "")
    return "not charted" if text.startswith(_NOT_CHARTED) else text


def barriers(case: WorklistRow) -> str:
    """Return the open barriers in words."""
    if not case.open_barriers:
        return ""
    named = [barrier_title(one) for one in dict.fromkeys(case.barrier_causes)]
    if not named:
        return "1 barrier" if case.open_barriers == 1 else f"{case.open_barriers} barriers"
    more = case.open_barriers - 1
    return named[0] if more <= 0 else f"{named[0]} and {more} more"


def barrier_title(cause: str) -> str:
    """Return what a cause of a barrier is called."""
    return _barrier_titles().get(cause, cause.replace("_", " "))


@cache
def _barrier_titles() -> Mapping[str, str]:
    found: Mapping[str, str] = load_yaml("barriers.yaml")["barriers"]
    return found


def short_payer(title: str) -> str:
    """Return a payer's title without what stands in brackets behind it.

    >>> short_payer("Original Medicare (Parts A and B)")
    'Original Medicare'
    """
    return title.partition(" (")[0]


def _day(case: WorklistRow, now: datetime) -> tuple[str, bool]:
    """Return the day of the stay, the first being day 1, and whether it is beyond the usual."""
    if case.admitted_at is None:
        return "day not known", False
    until = case.discharged_at if case.in_house is False and case.discharged_at is not None else now
    days = day_of_stay(case.admitted_at, until)
    return f"day {days}", case.gmlos_days is not None and days > case.gmlos_days


def _status(case: WorklistRow) -> str:
    if case.in_house is False:
        return "discharged"
    return "" if case.status == "inpatient" else case.status or "status not known"


def _whose(case: WorklistRow, known: Known) -> str:
    if case.assignee is None:
        return "nobody"
    if case.assignee == known.me:
        return "you"
    return known.names.get(case.assignee, "somebody no longer here")
