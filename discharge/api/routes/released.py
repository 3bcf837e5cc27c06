"""The payer's door: released papers of the payer's own members, and the payer's answers to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.bodies import Body, IdPath
from discharge.api.casefile import Writing
from discharge.api.idempotency import REPLAYED_DOC, IdempotencyKey
from discharge.api.paging import Cursor, Limit, Listing, link_next, sliced
from discharge.api.problems import answered, problems
from discharge.api.releases import Release, asked_of_payer, check_authorization, own_release, releases
from discharge.api.routes.papers import PAPER, paper_answer
from discharge.api.state import OurDesk
from discharge.casework.events import Event
from discharge.casework.events.utilization import DecisionReceived, PayerAsked, PeerToPeerScheduled
from discharge.casework.storage import blobs

router = APIRouter(tags=["payer's door"])
PayerReader = Annotated[Principal, Depends(needs("released:read"))]
PayerWriter = Annotated[Principal, Depends(needs("released:write"))]
Said: TypeAlias = Annotated[DecisionReceived | PayerAsked | PeerToPeerScheduled, Field(discriminator="kind")]


class ReleaseOut(BaseModel):
    """A paper that the hospital released to the payer."""

    release_id: str
    paper: str = Field(examples=["payer_summary"])
    media_type: str
    payer_profile: str
    released_at: datetime
    document: str = Field(description="address of the paper")


class AskedOut(BaseModel):
    """What the hospital asked this payer to authorize, so that an answer can name it."""

    authorization_id: str
    service: str
    number: str | None


class ReleaseWholeOut(ReleaseOut):
    """A release with the authorizations that were asked of this payer for the same stay."""

    authorizations: list[AskedOut]


class AnswerIn(Body):
    """The payer's decision, question, or date for a call between physicians."""

    answer: Said


class AnswerOut(BaseModel):
    """What was recorded."""

    event_id: str
    kind: str
    recorded_at: datetime


ANSWERS = {
    "question": {
        "summary": "A question",
        "value": {
            "answer": {"kind": "payer_asked", "question_id": "q-1", "question": "Is the patient on oxygen?"}
        },
    },
}


@router.get("/released", responses=problems())
def released(
    desk: OurDesk,
    request: Request,
    response: Response,
    who: PayerReader,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Listing[ReleaseOut]:
    """List what was released to the payers that this account speaks for, the newest first."""
    with desk.store.read() as connection:
        found = releases(connection, who.account.payer_ids)
    rows, following = sliced(found, limit, cursor)
    log_read(request, who, [one.case_id for one in rows])
    link_next(request, response, following)
    return Listing(items=[_shown(one) for one in rows], total=len(found), next_cursor=following)


@router.get("/released/{release_id}", responses=problems(404))
def release(release_id: IdPath, desk: OurDesk, request: Request, who: PayerReader) -> ReleaseWholeOut:
    """Return one release. What was released to another payer is not there."""
    found = own_release(desk, request, release_id, who)
    asked = [
        AskedOut(authorization_id=key, service=one.service, number=one.number)
        for key, one in asked_of_payer(desk, found).items()
    ]
    return ReleaseWholeOut(**_shown(found).model_dump(), authorizations=asked)


@router.get(
    "/released/{release_id}/document",
    response_class=Response,
    responses=answered(200, "The paper, byte for byte as it was released", content=PAPER) | problems(404),
)
def released_document(release_id: IdPath, desk: OurDesk, request: Request, who: PayerReader) -> Response:
    """Return the released paper."""
    found = own_release(desk, request, release_id, who)
    with desk.store.read() as connection:
        content = blobs.get(connection, found.said.document)
    form = found.said.media_type.rpartition("/")[2]
    return paper_answer(content, found.said.media_type, f"{found.said.paper}.{form}")


@router.post(
    "/released/{release_id}/answers",
    status_code=201,
    response_class=Response,
    responses=answered(201, "Recorded", model=AnswerOut, headers=REPLAYED_DOC) | problems(404, 409, 413),
)
def answer_release(
    release_id: IdPath,
    asked: AnswerIn,
    desk: OurDesk,
    request: Request,
    who: PayerWriter,
    key: IdempotencyKey = None,
) -> Response:
    """Record the payer's answer. A payer sees no version of the case, so no If-Match is asked for."""
    found = own_release(desk, request, release_id, who)

    def made() -> list[Said]:
        check_authorization(
            desk,
            found,
            asked.answer.authorization_id,
            where="body.answer.authorization_id",
            expected="one of those that GET /v1/released/{release_id} lists",
        )
        return [asked.answer]

    writing = Writing(desk, request, who, found.case_id, None, key, asked, needs_version=False, told=_told)
    return writing.run(made, count=1, given=[asked.answer])


def _told(events: Sequence[Event]) -> AnswerOut:
    return AnswerOut(event_id=events[0].event_id, kind=events[0].kind, recorded_at=events[0].recorded_at)


def _shown(one: Release) -> ReleaseOut:
    said = one.said
    return ReleaseOut(
        release_id=said.release_id,
        paper=said.paper,
        media_type=said.media_type,
        payer_profile=said.payer_profile,
        released_at=one.released_at,
        document=f"/v1/released/{said.release_id}/document",
    )
