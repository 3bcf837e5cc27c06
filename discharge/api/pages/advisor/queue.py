"""The advisor's queue: open questions with the evidence at a glance, and stays that ought to be asked about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.engine import Connection

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.pages.frame import shown
from discharge.api.pages.kept import KeptByStore
from discharge.api.state import Desk, OurDesk
from discharge.casework import query
from discharge.casework.projection import unpacked
from discharge.casework.query import Filters, Page, WorklistRow
from discharge.casework.state.model import Referral
from discharge.casework.storage import blobs
from discharge.casework.storage.tables import CASES, EVENTS, STATES
from discharge.casework.work.advisor import QueueItem, queue_items
from discharge.facts import catalogue
from discharge.review.model import Review

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, Depends(needs("cases:read"))]
_MOST = 1000
_ON_A_PAGE = 20


@dataclass(frozen=True)
class Question:
    """One open question. ``more_asked``: the advisor asked for more, at that time, and the question stays open."""

    row: WorklistRow
    item: QueueItem
    referral_id: str
    more_asked: datetime | None
    age_hours: float

    @property
    def path(self) -> str:
        """Return the address of the question."""
        return _path(self.row.case_id, self.referral_id)


@dataclass(frozen=True)
class Unasked:
    """A stay that nobody has asked about yet; ``settles`` is the first fact that would settle it."""

    row: WorklistRow
    settles: str | None


@dataclass(frozen=True)
class QueuePage:
    """The queue: what was asked, the first due first, and what nobody has asked yet, in the worklist's order."""

    questions: tuple[Question, ...]
    waiting: tuple[Question, ...]
    unasked: tuple[Unasked, ...]
    unasked_count: int
    more_unasked: int
    payers: tuple[tuple[str, str], ...]
    payer: str
    may_decide: bool


Found: TypeAlias = list[tuple[QueueItem, Referral]]
_ITEMS: KeptByStore[Found] = KeptByStore(2000)
"""Questions of cases by case and version: they change with the case alone, and reading a review for each takes long."""


def _items(desk: Desk, connection: Connection, case_id: str, version: int, now: datetime) -> Found:
    return _ITEMS.of(desk.store).once((case_id, version), lambda: _read(connection, case_id, now))


def _read(connection: Connection, case_id: str, now: datetime) -> Found:
    kept = connection.scalar(sa.select(STATES.c.state).where(STATES.c.case_id == case_id))
    state = None if kept is None else unpacked(kept)
    if state is None or not any(one.is_open for one in state.referrals.values()):
        return []
    # Not by `casework.review`: the few reviews kept there are those of cases that are open on a screen.
    digest = state.reviews[-1].digest if state.reviews else None
    review = Review.model_validate_json(blobs.get(connection, digest)) if digest else None
    return [
        (item, state.referrals[item.referral_id])
        for item in queue_items(state, review, now)
        if item.referral_id is not None
    ]


@router.get("/advisor", name="page_advisor")
def advisor(
    request: Request,
    desk: OurDesk,
    who: Reader,
    payer: Annotated[str, Query(max_length=100)] = "",
    all: Annotated[bool, Query(description="of the stays that ought to be asked about")] = False,
) -> Response:
    """Show the queue; case managers see it and may not decide."""
    questions, unasked = queue_of(desk, desk.now())
    payers = {
        one.payer_profile or "none": one.payer_title or "No payer profile"
        for one in [*(each.row for each in questions), *unasked]
    }
    if payer in payers:
        questions = [one for one in questions if (one.row.payer_profile or "none") == payer]
        unasked = [one for one in unasked if (one.payer_profile or "none") == payer]
    seen = unasked if all else unasked[:_ON_A_PAGE]
    log_read(request, who, list({*(one.row.case_id for one in questions), *(one.case_id for one in seen)}))
    page = QueuePage(
        questions=tuple(one for one in questions if one.more_asked is None),
        waiting=tuple(one for one in questions if one.more_asked is not None),
        unasked=tuple(Unasked(one, _title(one.missing_first)) for one in seen),
        unasked_count=len(unasked),
        more_unasked=len(unasked) - len(seen),
        payers=tuple(sorted(payers.items(), key=lambda one: one[1])),
        payer=payer if payer in payers else "",
        may_decide=who.may("advisor:write"),
    )
    return shown(request, who, "advisor.html", page, title="Advisor queue", styles=("advisor.css",))


def _title(fact: str | None) -> str | None:
    known = catalogue().get(fact) if fact else None
    return known.title if known is not None else fact


def queue_of(desk: Desk, now: datetime) -> tuple[list[Question], list[WorklistRow]]:
    """Return open questions, the first due first, and the rows of cases that ought to be asked about."""
    with desk.store.read() as connection:
        rows = query.worklist(connection, Filters(advisor_queue=True), Page(size=_MOST), now=now).rows
        referred = set(connection.scalars(_referred()))
        found = [
            _question(row, item, referral, now)
            for row in rows
            if row.case_id in referred
            for item, referral in _items(desk, connection, row.case_id, row.version, now)
        ]
    asked = {one.row.case_id for one in found}
    found.sort(key=lambda one: (one.item.due_at is None, one.item.due_at or now, one.row.case_id))
    return found, [one for one in rows if one.case_id not in asked]


def next_path(desk: Desk, now: datetime, after: tuple[str, str]) -> str | None:
    """Return where to go once the question of ``after`` (case, referral) is decided; None where none is left."""
    referred = _referred()
    with desk.store.read() as connection:
        columns = sa.select(CASES.c.case_id, CASES.c.version)
        waiting = columns.where(CASES.c.advisor_queue, CASES.c.case_id.in_(referred))
        found = [
            (item.due_at is None, item.due_at or now, row.case_id, item.referral_id)
            for row in connection.execute(waiting)
            for item, referral in _items(desk, connection, row.case_id, row.version, now)
            if referral.decided is None and (row.case_id, item.referral_id) != after
        ]
    following = min(found, default=None)
    return None if following is None else _path(following[2], following[3] or "")


def _path(case_id: str, referral_id: str) -> str:
    return f"/advisor/{case_id}?referral={referral_id}"


def _referred() -> sa.Select[Any]:
    """Return the question which cases were ever referred by somebody."""
    return sa.select(EVENTS.c.stream).where(EVENTS.c.kind == "advisor_referred").distinct()


def _question(row: WorklistRow, item: QueueItem, referral: Referral, now: datetime) -> Question:
    asked = referral.asked.at
    more = referral.decided.at if referral.decided is not None else None
    return Question(
        row=row,
        item=item,
        referral_id=item.referral_id or "",
        more_asked=more,
        age_hours=(now - asked).total_seconds() / 3600,
    )
