"""What a payer said of stays that were released to it, and what it was asked: read off the ledger, nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias, cast

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.api.releases import Release, corrections_of
from discharge.casework.events import KINDS
from discharge.casework.events.utilization import (
    DecisionReceived,
    PayerAnswered,
    PayerAsked,
    PeerToPeerScheduled,
)
from discharge.casework.storage.tables import AUTHORIZATIONS, EVENTS

Answer: TypeAlias = DecisionReceived | PayerAsked | PeerToPeerScheduled
ANSWERS = ("decision_received", "payer_asked", "peer_to_peer_scheduled")
_AT_ONCE = 500


@dataclass(frozen=True)
class Asked:
    """What the hospital asked this payer to authorize, as it stands."""

    authorization_id: str
    profile: str | None
    service: str
    number: str | None
    status: str
    requested_at: datetime | None
    answer_due_at: datetime | None
    days_asked: int | None
    days_approved: int | None


@dataclass(frozen=True)
class Word:
    """One answer of the payer. ``is_own``: its own user wrote it; else the hospital wrote the payer's word down.

    ``reply`` is the hospital's answer to a question of the payer, at ``replied_at``, ledger place ``replied_seq``.
    """

    seq: int
    at: datetime
    by: str
    is_own: bool
    said: Answer
    reply: str | None = None
    replied_at: datetime | None = None
    replied_seq: int | None = None


@dataclass(frozen=True)
class Told:
    """What passed between the hospital and one payer about one stay; words in the order of the ledger."""

    asked: tuple[Asked, ...] = ()
    words: tuple[Word, ...] = ()


def told(connection: Connection, found: Sequence[Release]) -> dict[tuple[str, str], Told]:
    """Return what passed about each released stay, by (case, payer profile)."""
    pairs = {(one.case_id, one.said.payer_profile) for one in found}
    cases = sorted({case_id for case_id, _ in pairs})
    asked: dict[str, list[Asked]] = defaultdict(list)
    rows: dict[str, list[_Said]] = defaultdict(list)
    for start in range(0, len(cases), _AT_ONCE):
        some = cases[start : start + _AT_ONCE]
        for case_id, one in _asked(connection, some):
            asked[case_id].append(one)
        for case_id, said in _said(connection, some):
            rows[case_id].append(said)
    found_words = {pair: tuple(_words(rows[pair[0]], pair[1], asked[pair[0]])) for pair in pairs}
    return {
        pair: Told(tuple(_now(one, words) for one in asked[pair[0]] if one.profile == pair[1]), words)
        for pair, words in found_words.items()
    }


def _now(one: Asked, words: Sequence[Word]) -> Asked:
    """What was asked for again after the payer's decision waits for an answer again."""
    decided = [
        word.at
        for word in words
        if isinstance(word.said, DecisionReceived) and word.said.authorization_id == one.authorization_id
    ]
    if not decided or one.requested_at is None or one.requested_at <= max(decided):
        return one
    return replace(one, status="requested", days_approved=None)


def _asked(connection: Connection, cases: Sequence[str]) -> Iterator[tuple[str, Asked]]:
    table = AUTHORIZATIONS.c
    question = sa.select(AUTHORIZATIONS).where(table.case_id.in_(cases))
    for row in connection.execute(
        question.order_by(table.case_id, table.requested_at, table.authorization_id)
    ):
        yield (
            row.case_id,
            Asked(
                authorization_id=row.authorization_id,
                profile=row.payer_profile,
                service=row.service,
                number=row.number,
                status=row.status,
                requested_at=row.requested_at,
                answer_due_at=row.answer_due_at,
                days_asked=row.days_asked,
                days_approved=row.days_approved,
            ),
        )


@dataclass(frozen=True)
class _Said:
    seq: int
    at: datetime
    payload: Mapping[str, Any]
    actor: Mapping[str, Any]


def _said(connection: Connection, cases: Sequence[str]) -> Iterator[tuple[str, _Said]]:
    """Yield answers and replies as corrections left them, in the order of the ledger."""
    kinds = (*ANSWERS, "payer_answered", "corrected")
    asked = sa.select(
        EVENTS.c.stream, EVENTS.c.event_id, EVENTS.c.seq, EVENTS.c.kind, EVENTS.c.occurred_at, EVENTS.c.body
    )
    question = asked.where(EVENTS.c.kind.in_(kinds), EVENTS.c.stream.in_(cases)).order_by(EVENTS.c.seq)
    rows = [(row, orjson.loads(bytes(row.body))) for row in connection.execute(question)]
    holding = corrections_of(
        (row.event_id, body["payload"]) for row, body in reversed(rows) if row.kind == "corrected"
    )
    for row, body in rows:
        payload = holding.get(row.event_id, body["payload"])
        if row.kind != "corrected" and payload is not None:
            yield row.stream, _Said(row.seq, row.occurred_at, payload, body["actor"])


def _words(rows: Sequence[_Said], profile: str, asked: Collection[Asked]) -> Iterator[Word]:
    """Yield the payer's own words, and those of which the hospital says that they were this payer's."""
    theirs = {one.authorization_id for one in asked if one.profile == profile}
    replies = {row.payload["question_id"]: row for row in rows if row.payload["kind"] == "payer_answered"}
    for row in rows:
        if row.payload["kind"] not in ANSWERS:
            continue
        about = row.payload.get("authorization_id")
        is_own = "payer" in row.actor.get("roles", ()) and profile in row.actor.get("payer_ids", ())
        if about not in theirs and (about is not None or not is_own):
            continue
        reply = replies.get(row.payload.get("question_id")) if is_own else None
        yield Word(
            seq=row.seq,
            at=row.at,
            by=str(row.actor["name"]) if is_own else "the hospital",
            is_own=is_own,
            said=cast(Answer, KINDS[row.payload["kind"]].model_validate(row.payload)),
            reply=None if reply is None else PayerAnswered.model_validate(reply.payload).text,
            replied_at=None if reply is None else reply.at,
            replied_seq=None if reply is None else reply.seq,
        )
