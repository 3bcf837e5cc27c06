"""Reviews of a case: those on record, a new one, and what would have been found at an earlier moment."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.bodies import CaseId, DigestPath, When
from discharge.api.casefile import refusals_logged, written_before
from discharge.api.conditional import (
    ETAG_DOC,
    HELD,
    TAGGED,
    IfMatch,
    IfNoneMatch,
    etag,
    expected_version,
    is_held,
    not_modified,
)
from discharge.api.idempotency import REPLAYED_DOC, IdempotencyKey, json_answer, once, replayed
from discharge.api.problems import answered, problems
from discharge.api.state import Desk, OurDesk
from discharge.casework.events import Event
from discharge.casework.intake import ByHand, replay, review_by_hand
from discharge.casework.state.model import ReviewSeen
from discharge.errors import ConflictError, Fault, NotAllowedError, NotFoundError
from discharge.review.model import Review

router = APIRouter(tags=["reviews"])
Reader = Annotated[Principal, Depends(needs("cases:read"))]
Writer = Annotated[Principal, Depends(needs("cases:write"))]


class ReviewHeadOut(BaseModel):
    """A review on record; its digest is its address."""

    digest: str
    as_of: datetime
    recorded_at: datetime
    reason: str = Field(description="new, facts, edition, due, casework or asked")
    review_type: str
    edition: str = Field(description="digest of rules, payers, denial history and providers together")
    payer_profile: str | None
    facts_digest: str


class ReviewsOut(BaseModel):
    """The reviews of a case, the newest first."""

    case_id: str
    version: int
    reviews: list[ReviewHeadOut]


class ReviewedOut(BaseModel):
    """The review that was run."""

    case_id: str
    version: int
    review: ReviewHeadOut


class ReplayHeadOut(BaseModel):
    """How a review was run again."""

    as_of: datetime
    edition: str
    engine_version_then: str
    is_equal: bool | None = Field(
        description="byte for byte what was recorded then; none: nothing was recorded"
    )


class ReplayOut(ReplayHeadOut):
    """A review run again with the rules, payer policy and facts of an earlier minute."""

    review: Review


@router.get("/cases/{case_id}/reviews", response_model=ReviewsOut, responses=HELD | TAGGED | problems(404))
def case_reviews(
    case_id: CaseId,
    desk: OurDesk,
    request: Request,
    response: Response,
    who: Reader,
    held: IfNoneMatch = None,
) -> ReviewsOut | Response:
    """List the reviews of a case, the newest first."""
    seen = desk.casework.case(case_id)
    log_read(request, who, case_id)
    if is_held(held, etag(seen.version)):
        return not_modified(etag(seen.version))
    response.headers["ETag"] = etag(seen.version)
    heads = [_head(one) for one in reversed(seen.state.reviews)]
    return ReviewsOut(case_id=case_id, version=seen.version, reviews=heads)


@router.post(
    "/cases/{case_id}/reviews",
    status_code=201,
    response_class=Response,
    responses=answered(201, "Reviewed", model=ReviewedOut, headers=ETAG_DOC | REPLAYED_DOC)
    | problems(404, 409, 412, 428),
)
def review_now(
    case_id: CaseId,
    desk: OurDesk,
    request: Request,
    who: Writer,
    if_match: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """Review the case now, with the chart, rules and payer policy as they stand."""
    seen = expected_version(if_match)

    single = once(desk, request, who.account.id, key, b"")
    ids = single.event_ids(1) or [uuid.uuid4().hex]

    def work() -> Response:
        if (before := written_before(desk, case_id, ids)) is not None:
            return replayed(_reviewed(desk, before[0]))
        now = desk.now()
        asked = ByHand(case_id, seen, ids[0])
        try:
            is_done = review_by_hand(desk.store, desk.library, asked, as_of=now, now=desk.now)
        except ConflictError:
            # The same request may have been sent twice at one moment: then the other one has written it.
            if (before := written_before(desk, case_id, ids)) is not None:
                return replayed(_reviewed(desk, before[0]))
            raise
        written = written_before(desk, case_id, ids) if is_done else None
        if written is None:
            what = "the chart knows nothing of this stay any more"
            raise NotAllowedError([Fault("$", what, "a feed that holds the stay")])
        return _reviewed(desk, written[0])

    with refusals_logged(request, who, case_id):
        return single.run(work)


@router.get(
    "/cases/{case_id}/reviews/{digest}",
    response_class=Response,
    responses=answered(200, "The review, byte for byte as recorded", model=Review, headers=ETAG_DOC)
    | HELD
    | problems(404),
)
def case_review(
    case_id: CaseId,
    digest: DigestPath,
    desk: OurDesk,
    request: Request,
    who: Reader,
    held: IfNoneMatch = None,
) -> Response:
    """Return one review. It never changes, so its ETag is its digest."""
    _known(desk, case_id, digest)
    log_read(request, who, case_id)
    if is_held(held, f'"{digest}"'):
        return not_modified(f'"{digest}"')
    content = desk.casework.review_bytes(case_id, digest)
    return Response(content, 200, {"ETag": f'"{digest}"'}, "application/json")


@router.get(
    "/cases/{case_id}/replay",
    response_class=Response,
    responses=answered(200, "What is found for that moment", model=ReplayOut) | problems(404, 409),
)
def case_replay(
    case_id: CaseId,
    desk: OurDesk,
    request: Request,
    who: Reader,
    at: Annotated[When, Query(description="a past moment, with its offset")],
) -> Response:
    """Review the case as of a past moment with what was known and in force then. Nothing is recorded."""
    desk.casework.case(case_id)
    log_read(request, who, case_id)
    found = replay(desk.store, case_id, at)
    head = ReplayHeadOut(
        as_of=found.as_of,
        edition=found.edition.edition,
        engine_version_then=found.engine_version_then,
        is_equal=found.is_equal,
    ).model_dump_json()
    return Response(
        head[:-1].encode() + b',"review":' + found.content + b"}", 200, media_type="application/json"
    )


def _known(desk: Desk, case_id: str, digest: str) -> None:
    """Raise NotFoundError unless the review is one of the case's own."""
    if all(one.digest != digest for one in desk.casework.case(case_id).state.reviews):
        raise NotFoundError("the case has no review of this digest; GET .../reviews lists those it has")


def _reviewed(desk: Desk, event: Event) -> Response:
    """Return the answer to a review that was asked for and written as ``event``."""
    state = desk.casework.case(event.stream).state
    review = next(one for one in state.reviews if one.made.event_id == event.event_id)
    content = ReviewedOut(case_id=event.stream, version=event.version, review=_head(review))
    place = f"/v1/cases/{event.stream}/reviews/{review.digest}"
    return json_answer(content, 201, {"ETag": etag(event.version), "Location": place})


def _head(seen: ReviewSeen) -> ReviewHeadOut:
    return ReviewHeadOut(
        digest=seen.digest,
        as_of=seen.as_of,
        recorded_at=seen.made.recorded_at,
        reason=seen.reason,
        review_type=seen.review_type,
        edition=seen.edition,
        payer_profile=seen.payer_profile,
        facts_digest=seen.facts_digest,
    )
