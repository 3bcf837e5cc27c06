"""Cases: the worklist, a case's state, its events and its plan."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.bodies import EXAMPLES, CaseId, EventsIn
from discharge.api.casefile import Writing, ask_rights_of_corrections
from discharge.api.conditional import (
    ETAG_DOC,
    HELD,
    TAGGED,
    IfMatch,
    IfNoneMatch,
    etag,
    is_held,
    not_modified,
)
from discharge.api.idempotency import REPLAYED_DOC, IdempotencyKey
from discharge.api.models import EventsOut, RecordedOut
from discharge.api.problems import answered, problems
from discharge.api.state import OurDesk
from discharge.casework.query import WorklistRow
from discharge.casework.state.model import CaseState

router = APIRouter(tags=["cases"])
Reader = Annotated[Principal, Depends(needs("cases:read"))]
Writer = Annotated[Principal, Depends(needs("cases:write"))]
MOST_EVENTS = 1000


class CaseOut(BaseModel):
    """A case: its row as lists show it at this moment, and everything that its events say."""

    case_id: str
    version: int = Field(description="for If-Match")
    row: WorklistRow
    state: CaseState


@router.get("/cases/{case_id}", response_model=CaseOut, responses=HELD | TAGGED | problems(404))
def case(
    case_id: CaseId,
    desk: OurDesk,
    request: Request,
    response: Response,
    who: Reader,
    held: IfNoneMatch = None,
) -> CaseOut | Response:
    """Return a case as its events have it."""
    seen = desk.casework.case(case_id, now=desk.now())
    log_read(request, who, case_id)
    if is_held(held, etag(seen.version)):
        return not_modified(etag(seen.version))
    response.headers["ETag"] = etag(seen.version)
    return CaseOut(case_id=case_id, version=seen.version, row=seen.row, state=seen.state)


@router.get("/cases/{case_id}/events", response_model=EventsOut, responses=HELD | TAGGED | problems(404))
def case_events(
    case_id: CaseId,
    desk: OurDesk,
    request: Request,
    response: Response,
    who: Reader,
    after: Annotated[int, Query(ge=0, lt=2**31, description="the version behind which to begin")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_EVENTS)] = 200,
    held: IfNoneMatch = None,
) -> EventsOut | Response:
    """Return the case's events: who did what, when it happened and when it was written down."""
    version = desk.casework.case(case_id).version
    log_read(request, who, case_id)
    if is_held(held, etag(version)):
        return not_modified(etag(version))
    found = desk.casework.events(case_id, after)
    response.headers["ETag"] = etag(version)
    page = found[:limit]
    return EventsOut(
        case_id=case_id,
        version=version,
        events=page,
        next_after=page[-1].version if len(found) > limit else None,
    )


@router.post(
    "/cases/{case_id}/events",
    status_code=201,
    response_class=Response,
    responses=answered(201, "Recorded", model=RecordedOut, headers=ETAG_DOC | REPLAYED_DOC)
    | problems(404, 409, 412, 413, 428),
)
def record_events(
    case_id: CaseId,
    asked: Annotated[EventsIn, Body(openapi_examples=EXAMPLES)],
    desk: OurDesk,
    request: Request,
    who: Writer,
    if_match: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """Record what happened: all of the payloads, or none. What the case's state or the law forbids is a 409."""
    ask_rights_of_corrections(desk, case_id, asked.payloads, who)
    writing = Writing(
        desk, request, who, case_id, if_match, key, asked, asked.occurred_at, asked.on_behalf_of
    )
    return writing.run(lambda: asked.payloads, count=len(asked.payloads), given=asked.payloads)
