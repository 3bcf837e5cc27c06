"""The list as it is printed: rows in sections, counts, sums, and the words for what is listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.engine import Connection

from discharge.api.auth.principal import Principal
from discharge.api.pages.kept import KeptByStore
from discharge.api.pages.worklist.asked import ALL, MINE, NOBODY, NOT_KNOWN, Asked
from discharge.api.pages.worklist.printed import printed
from discharge.api.pages.worklist.rows import (
    MEANS,
    SIGNS,
    Known,
    Row,
    barrier_title,
    known,
    row_of,
    short_payer,
)
from discharge.api.state import Desk
from discharge.casework import ledger
from discharge.casework.census import Census, Choices, Group, OrderOfGroups, census, choices, order
from discharge.casework.query import Page, WorklistRow
from discharge.casework.storage.tables import ACCOUNTS
from discharge.wording import plural
from discharge.worklist.steps import URGENCIES, Urgency

ROWS = 100
READY_WORDS = {"met": "Ready for discharge", "not_met": "Not ready", "unknown": "Readiness not known"}
DUE_WORDS = {
    "overdue": "overdue",
    "noon": "due by noon",
    "today": "due today",
    "24h": "due within 24 hours",
    "72h": "due within 72 hours",
}
WHERE_WORDS = {"here": "in the house", "left": "discharged", "any": "in the house or discharged"}


@dataclass(frozen=True)
class Count:
    """How many cases are of an urgency; choosing it again shows all."""

    urgency: Urgency
    sign: str
    count: int
    means: str
    is_chosen: bool


@dataclass(frozen=True)
class Section:
    """Rows under one heading; no title: the whole list. ``is_rest``: the heading stood before."""

    title: str
    cases: int
    now: int
    exposure_usd: Decimal
    expected_loss_usd: Decimal
    not_known: int
    rows: list[Row]
    is_rest: bool = False


@dataclass(frozen=True)
class NextDue:
    """What is due next of all that is listed."""

    case_id: str
    step: str
    who: str
    due_at: datetime


@dataclass(frozen=True)
class Listed:
    """A page of the list. ``seq`` is the ledger's head that it was made at, ``first`` row counts from 1."""

    asked: Asked
    sections: list[Section]
    counts: list[Count]
    total: int
    whole: int
    overdue: int
    exposure_usd: Decimal
    expected_loss_usd: Decimal
    not_known: int
    next_due: NextDue | None
    first: int
    last: int
    seq: int
    at: datetime
    says: str
    is_own: bool
    may_write: bool
    zone: str

    def printed(self, row: Row) -> Markup:
        """Return a row of the list as HTML."""
        return printed(self.zone, row, may_write=self.may_write)

    @property
    def next_from(self) -> int | None:
        """Return how many rows come before the next page; None where this is the last."""
        return self.last if self.last < self.total else None

    @property
    def case_ids(self) -> list[str]:
        """Return the cases that are shown: the rows, and the one that is named as due next."""
        return list(dict.fromkeys([*self.row_ids, *self.due_ids]))

    @property
    def row_ids(self) -> list[str]:
        """Return the cases of the rows."""
        return [row.case_id for one in self.sections for row in one.rows]

    @property
    def due_ids(self) -> list[str]:
        """Return the case that is named as due next, if any."""
        return [] if self.next_due is None else [self.next_due.case_id]


@dataclass(frozen=True)
class Around:
    """What a request needs besides the list, read once: what can be chosen, people's names, and who looks."""

    choices: Choices
    names: Mapping[str, str]
    known: Known


def around(connection: Connection, desk: Desk, who: Principal, now: datetime) -> Around:
    """Return what can be chosen, and the names of people."""
    people = connection.execute(sa.select(ACCOUNTS.c.id, ACCOUNTS.c.name))
    names = {str(row.id): str(row.name) for row in people}
    return Around(_choices(connection, desk), names, known(desk, names, who.account.id, now))


_CHOICES: KeptByStore[Choices] = KeptByStore(2)


def _choices(connection: Connection, desk: Desk) -> Choices:
    """Return what can be chosen, which only an event can change."""
    return _CHOICES.of(desk.store).once(ledger.head(connection).seq, lambda: choices(connection))


def settled(asked: Asked, near: Around) -> Asked:
    """Return what is asked with whose cases: if that is left open, one's own, and everybody's if there are none."""
    if asked.manager:
        return asked
    return replace(asked, manager=MINE if near.choices.managers.get(near.known.me) else ALL)


def listed(
    connection: Connection,
    desk: Desk,
    who: Principal,
    asked: Asked,
    near: Around,
    *,
    start: int = 0,
    size: int = ROWS,
) -> Listed:
    """Return a page of the list, from row ``start`` (0 is the first)."""
    now = near.known.now
    page = Page(size, str(start) if start else None)
    filters = asked.filters(who.account.id, now, desk.settings.zone)
    found = census(connection, filters, page, now=now, by=asked.by, ordered=_ordered(asked, near))
    rows = [row_of(found.rows[case_id], near.known) for case_id in found.ids]
    return Listed(
        asked=asked,
        sections=_sections(found, rows, asked, near, start),
        counts=[
            Count(one, SIGNS[one], found.urgencies[one], MEANS[one], asked.urgency == one)
            for one in URGENCIES
        ],
        total=found.tally.cases,
        whole=sum(found.urgencies.values()),
        overdue=found.tally.overdue,
        exposure_usd=found.tally.exposure_usd,
        expected_loss_usd=found.tally.expected_loss_usd,
        not_known=found.tally.not_known,
        next_due=_next_due(found),
        first=start + 1,
        last=start + len(rows),
        seq=ledger.head(connection).seq,
        at=now,
        says=says(found.tally.cases, asked, near),
        is_own=asked.manager == MINE,
        may_write=who.may("cases:write"),
        zone=desk.settings.zone,
    )


def order_of(
    connection: Connection, desk: Desk, who: Principal, asked: Asked, near: Around, most: int
) -> list[str]:
    """Return the ids of the first ``most`` cases of the list, in its order."""
    now = near.known.now
    filters = asked.filters(who.account.id, now, desk.settings.zone)
    return order(connection, filters, most, now=now, by=asked.by, ordered=_ordered(asked, near))


def _ordered(asked: Asked, near: Around) -> OrderOfGroups:
    return lambda groups: sorted(groups, key=lambda one: _order_of(one, asked, near))


def says(count: int, asked: Asked, near: Around) -> str:
    """Return in words how many are listed and what was asked for; never what was searched for."""
    parts = [plural(count, "patient")]
    if asked.manager == MINE:
        parts.append("yours")
    elif asked.manager == NOBODY:
        parts.append("nobody's")
    elif asked.manager not in ("", ALL):
        parts.append(f"of {near.names.get(asked.manager, 'somebody no longer here')}")
    parts.append(WHERE_WORDS[asked.where or "here"])
    if asked.unit:
        parts.append("unit not known" if asked.unit == NOT_KNOWN else asked.unit)
    if asked.payer:
        title = near.choices.payer_titles.get(asked.payer)
        parts.append("payer not known" if asked.payer == NOT_KNOWN else short_payer(title or asked.payer))
    if asked.due:
        parts.append(DUE_WORDS[asked.due])
    if asked.risk:
        parts.append(f"{asked.risk} denial risk")
    if asked.ready:
        parts.append(READY_WORDS[asked.ready].lower())
    if asked.barrier:
        parts.append(f"barrier: {barrier_title(asked.barrier)}")
    if asked.urgency:
        parts.append(f"urgency: {asked.urgency}")
    if asked.search:
        parts.append("as searched for")
    return ", ".join(parts)


def title_of(key: str | None, title: str | None, asked: Asked, near: Around) -> str:
    """Return the heading of a group."""
    if asked.by == "unit":
        return key or "Unit not known"
    if asked.by == "payer":
        return (title or near.choices.payer_titles.get(key or "") or key or "") if key else "Payer not known"
    if asked.by == "manager":
        if key is None:
            return "Nobody's"
        return "Yours" if key == near.known.me else near.names.get(key, "Somebody no longer here")
    if asked.by == "ready":
        return READY_WORDS.get(key or "unknown", "Readiness not known")
    return (key or "").capitalize()


def _order_of(group: Group, asked: Asked, near: Around) -> tuple[int, str]:
    """What is not known stands last; one's own and nobody's cases first; then by title."""
    if asked.by == "urgency":
        return next(place for place, one in enumerate(URGENCIES) if one == group.key), ""
    if asked.by == "ready":
        return {"met": 0, "not_met": 1, "unknown": 2}.get(group.key or "", 3), ""
    title = title_of(group.key, group.title, asked, near).lower()
    if asked.by == "manager":
        return (0 if group.key == near.known.me else 1 if group.key is None else 2), title
    return (1 if group.key is None else 0), title


def _sections(found: Census, rows: list[Row], asked: Asked, near: Around, start: int) -> list[Section]:
    if asked.by is None:
        whole = found.tally
        sums = (whole.exposure_usd, whole.expected_loss_usd, whole.not_known)
        return [Section("", whole.cases, found.urgencies["now"], *sums, rows)] if rows else []
    sections, before = [], 0
    for group in found.groups:
        begins, ends = max(before, start), min(before + group.tally.cases, start + len(rows))
        if begins < ends:
            tally = group.tally
            sections.append(
                Section(
                    title_of(group.key, group.title, asked, near),
                    tally.cases,
                    group.at_once,
                    tally.exposure_usd,
                    tally.expected_loss_usd,
                    tally.not_known,
                    rows[begins - start : ends - start],
                    is_rest=before < start,
                )
            )
        before += group.tally.cases
    return sections


def _next_due(found: Census) -> NextDue | None:
    due = found.next
    if due is None:
        return None
    where = " ".join(one for one in (due.unit, due.bed) if one)
    who = f"{due.name or 'Name not known'}{f', {where}' if where else ''}"
    return NextDue(due.case_id, due.step.rstrip("."), who, due.due_at)


def row_views(rows: Mapping[str, WorklistRow], ids: Sequence[str], near: Around) -> list[Row]:
    """Return these cases as rows, in the order of ``ids``."""
    return [row_of(rows[one], near.known) for one in ids if one in rows]
