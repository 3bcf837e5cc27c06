"""What is asked of the worklist: read from the address or from the form, and written back into an address.

What was searched for comes by form alone and never stands in an address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from typing import Any, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from discharge.casework.census import GroupBy
from discharge.casework.query import NOBODY, Filters, Unknown
from discharge.worklist.steps import URGENCIES, Urgency

ALL, MINE, NOT_KNOWN = "all", "mine", "unknown"
DUE = ("overdue", "noon", "today", "24h", "72h")
BANDS = ("high", "moderate", "low", "none")
READY = ("met", "not_met", "unknown")
WHERE = ("here", "left", "any")
GROUPS: tuple[GroupBy, ...] = get_args(GroupBy)
_MOMENT = timedelta(microseconds=1)
_LONGEST = 200


@dataclass(frozen=True)
class Asked:
    """What is asked for. Empty: nothing of this kind; ``manager`` is mine, all, none or an account."""

    manager: str = ""
    unit: str = ""
    payer: str = ""
    due: str = ""
    risk: str = ""
    ready: str = ""
    barrier: str = ""
    where: str = ""
    urgency: str = ""
    group: str = ""
    search: str = ""

    @property
    def by(self) -> GroupBy | None:
        """Return what the list is grouped by."""
        return next((one for one in GROUPS if one == self.group), None)

    @property
    def query(self) -> str:
        """Return what stands behind the question mark of the address; never what was searched for."""
        named = [(one.name, getattr(self, one.name)) for one in fields(self) if one.name != "search"]
        return urlencode([(name, value) for name, value in named if value])

    @property
    def path(self) -> str:
        """Return the address of the list."""
        return f"/worklist?{self.query}" if self.query else "/worklist"

    def filters(self, account_id: str, now: datetime, zone: str) -> Filters:
        """Return the filters of the query."""
        unknown = [
            column
            for column, value in (("unit", self.unit), ("payer_profile", self.payer))
            if value == NOT_KNOWN
        ]
        return Filters(
            unit=_known(self.unit),
            payer_profile=_known(self.payer),
            assignee=self._assignee(account_id),
            due_before=due_before(self.due, now, zone),
            is_overdue=self.due == "overdue",
            risk_band=self.risk or None,
            discharge_ready=self.ready or None,
            urgency=_urgency(self.urgency),
            barrier=self.barrier or None,
            is_here=True if self.where in ("", "here") else None,
            in_house=False if self.where == "left" else None,
            search=self.search or None,
            not_known=_unknown(unknown),
        )

    def _assignee(self, account_id: str) -> str | None:
        if self.manager == MINE:
            return account_id
        return None if self.manager in ("", ALL) else self.manager


def asked_of(given: Mapping[str, Any]) -> Asked:
    """Return what an address or a form asks for; a choice that there is not is left out."""
    choices: Mapping[str, Sequence[str]] = {
        "due": DUE,
        "risk": BANDS,
        "ready": READY,
        "where": WHERE,
        "urgency": URGENCIES,
        "group": GROUPS,
    }
    found = {}
    for one in fields(Asked):
        values = given.get(one.name, "")
        value = (values if isinstance(values, str) else (values or [""])[-1]).strip()[:_LONGEST]
        if one.name not in choices or value in choices[one.name]:
            found[one.name] = value
    return Asked(**found)


def due_before(due: str, now: datetime, zone: str) -> datetime | None:
    """Return the moment before which something is due; None where nothing is asked.

    >>> from datetime import UTC
    >>> due_before("noon", datetime(2026, 6, 15, 11, tzinfo=UTC), "America/New_York").isoformat()
    '2026-06-15T12:00:00.000001-04:00'
    """
    here = now.astimezone(ZoneInfo(zone))
    day = here.date()
    if due == "noon":  # once it has passed, that of the next day
        if here.time() > time(12):
            day += timedelta(days=1)
        return datetime.combine(day, time(12), here.tzinfo) + _MOMENT
    if due == "today":
        return datetime.combine(day + timedelta(days=1), time(), here.tzinfo)
    spans = {"overdue": timedelta(), "24h": timedelta(hours=24), "72h": timedelta(hours=72)}
    return now + spans[due] if due in spans else None


def _known(value: str) -> str | None:
    return None if value in ("", NOT_KNOWN) else value


def _urgency(value: str) -> Urgency | None:
    return next((one for one in URGENCIES if one == value), None)


def _unknown(columns: Sequence[str]) -> tuple[Unknown, ...]:
    return tuple(one for one in get_args(Unknown) if one in columns)


__all__ = [
    "ALL",
    "BANDS",
    "DUE",
    "GROUPS",
    "MINE",
    "NOBODY",
    "READY",
    "WHERE",
    "Asked",
    "asked_of",
    "due_before",
]
