"""The payer's inbox: what the hospital released to it, what still waits for an answer first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from fastapi import APIRouter, Depends, Query, Request, Response

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.pages.frame import shown
from discharge.api.pages.payer.member import Member, member_of
from discharge.api.pages.payer.said import Asked, Told, Word, told
from discharge.api.releases import Release, releases
from discharge.api.state import OurDesk
from discharge.casework.events.utilization import DecisionReceived, PayerAsked, PeerToPeerScheduled

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, Depends(needs("released:read"))]
Turn: TypeAlias = Literal["to_answer", "open", "decided"]
TURNS: tuple[tuple[Turn, str, str], ...] = (
    ("to_answer", "To answer", "Nothing waits for your answer."),
    ("open", "Pended, asked or a call is set", "Nothing is pended, asked or to be talked over."),
    ("decided", "Decided", "Nothing is decided yet."),
)
PAPERS = {"payer_summary": "Clinical summary", "letter_payer": "Letter asking for an exception"}
WAITING = ("requested", "pended")
"""Standings of a request that the payer still has to decide."""
_ON_A_PAGE = 100


@dataclass(frozen=True)
class Row:
    """One release as the list shows it."""

    release_id: str
    paper: str
    profile: str
    released_at: datetime
    member: Member
    asked: tuple[Asked, ...]
    due_at: datetime | None
    turn: Turn
    last: Word | None
    says: str
    call_at: datetime | None


@dataclass(frozen=True)
class Group:
    """Releases in the same state; ``more`` is how many stand on later pages."""

    turn: Turn
    title: str
    empty: str
    count: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class InboxPage:
    """The inbox. ``payers`` are the profiles that the account speaks for; ``page`` counts from 1."""

    payers: tuple[str, ...]
    groups: tuple[Group, ...]
    total: int
    page: int
    pages: int


@router.get("/payer", name="page_payer")
def inbox(
    request: Request, desk: OurDesk, who: Reader, page: Annotated[int, Query(ge=1, lt=10_000)] = 1
) -> Response:
    """Show what was released to the payers that the account speaks for."""
    with desk.store.read() as connection:
        found = releases(connection, who.account.payer_ids)
        between = told(connection, found)
        turns = [(one, *turn_of(one, between[one.case_id, one.said.payer_profile])) for one in found]
        turns.sort(key=lambda item: [name for name, _, _ in TURNS].index(item[1]))  # newest first within each
        some = turns[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE]
        titles = {key: one.title for key, one in desk.library.payers.profiles.items()}
        rows = [
            _row(one, turn, last, between, member_of(connection, one.said.review_digest), titles)
            for one, turn, last in some
        ]
    log_read(request, who, [one.case_id for one, _, _ in some])
    counts = {name: sum(turn == name for _, turn, _ in turns) for name, _, _ in TURNS}
    groups = tuple(
        Group(name, title, empty, counts[name], tuple(row for row in rows if row.turn == name))
        for name, title, empty in TURNS
    )
    payers = tuple(titles.get(one, one) for one in who.account.payer_ids)
    body = InboxPage(payers, groups, len(found), page, max(1, -(-len(found) // _ON_A_PAGE)))
    return shown(request, who, "payer.html", body, title="Released to us", styles=("payer.css",))


def turn_of(one: Release, between: Told) -> tuple[Turn, Word | None]:
    """Return whose turn it is after a release, and what the payer said last since then."""
    last = next((word for word in reversed(between.words) if word.seq > one.seq), None)
    if last is None:
        return "to_answer", None
    if isinstance(last.said, PayerAsked):
        return ("open" if last.replied_seq is None else "to_answer"), last
    if any(
        one.status in WAITING and one.requested_at and one.requested_at > last.at for one in between.asked
    ):
        return "to_answer", last
    is_decision = isinstance(last.said, DecisionReceived) and last.said.decision != "pended"
    return ("decided" if is_decision else "open"), last


def says(words: Sequence[Word]) -> str:
    """Return what the payer said since a release in a few words of a list.

    >>> says([])
    'No answer yet'
    """
    if not words:
        return "No answer yet"
    said = words[-1].said
    if isinstance(said, PayerAsked):
        told = "You asked for more" if words[-1].reply is None else "The hospital answered your question"
    elif isinstance(said, DecisionReceived):
        days = "" if said.days_approved is None else f", {_days(said.days_approved)}"
        return f"{DECISIONS[said.decision]}{days}"
    else:
        told = "A peer-to-peer call is set"
    decided = [one.said.decision for one in words if isinstance(one.said, DecisionReceived)]
    return f"{DECISIONS[decided[-1]]}. {told}" if decided else told


DECISIONS = {
    "approved": "Approved",
    "modified": "Approved at another level or service",
    "partial": "Approved in part",
    "denied": "Denied",
    "pended": "Pended",
    "cancelled": "Cancelled",
}


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _row(
    one: Release,
    turn: Turn,
    last: Word | None,
    between: dict[tuple[str, str], Told],
    member: Member,
    titles: dict[str, str],
) -> Row:
    said = one.said
    passed = between[one.case_id, said.payer_profile]
    since = [word for word in passed.words if word.seq > one.seq]
    return Row(
        release_id=said.release_id,
        paper=PAPERS.get(said.paper.partition(".")[0], said.paper),
        profile=titles.get(said.payer_profile, said.payer_profile),
        released_at=one.released_at,
        member=member,
        asked=passed.asked,
        due_at=answer_due(passed.asked),
        turn=turn,
        last=last,
        says=says(since),
        call_at=last.said.at if last is not None and isinstance(last.said, PeerToPeerScheduled) else None,
    )


def answer_due(asked: Sequence[Asked]) -> datetime | None:
    """Return the earliest time by which the payer has to answer; None where nothing waits, or no term is known."""
    waiting = [one.answer_due_at for one in asked if one.status in WAITING]
    return min((one for one in waiting if one is not None), default=None)
