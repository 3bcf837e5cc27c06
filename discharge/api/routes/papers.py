"""Papers of a case, and their release to the payer."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.bodies import Body, CaseId
from discharge.api.casefile import Writing, reviewed
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
from discharge.api.documents import FOR_PAYERS, MEDIA, STYLE, Form, released, sheet, sheets
from discharge.api.idempotency import REPLAYED_DOC, IdempotencyKey
from discharge.api.models import RecordedOut
from discharge.api.problems import answered, problems
from discharge.api.state import OurDesk
from discharge.casework.events.base import Id

router = APIRouter(tags=["papers"])
Reader = Annotated[Principal, Depends(needs("cases:read"))]
Writer = Annotated[Principal, Depends(needs("cases:write"))]
_NAME = r"[a-z_]{1,40}(\.[A-Za-z0-9_-]{1,40})?"


class PaperOut(BaseModel):
    """A paper that applies to the stay."""

    document: str = Field(examples=["payer_summary"])
    title: str
    links: dict[str, str] = Field(description="form: address")
    may_be_released: bool


class PapersOut(BaseModel):
    """The papers of the review on record."""

    review_digest: str
    papers: list[PaperOut]


class ReleaseIn(Body):
    """A paper to be released to the stay's payer, whose users then see it."""

    document: str = Field(pattern=f"^{_NAME}$", examples=["payer_summary"])
    form: Form = "pdf"
    release_id: Id | None = Field(default=None, description="one is made if not given")


PAPER = {kind: {"schema": {"type": "string"}} for kind in MEDIA.values()}
_PAGE = answered(200, "The paper", headers=ETAG_DOC, content=PAPER) | HELD


@router.get(
    "/cases/{case_id}/documents",
    responses=HELD | TAGGED | problems(404),
    response_model=PapersOut,
)
def case_documents(
    case_id: CaseId,
    desk: OurDesk,
    request: Request,
    response: Response,
    who: Reader,
    held: IfNoneMatch = None,
) -> PapersOut | Response:
    """List the papers that apply to the stay."""
    found = reviewed(desk, case_id)
    log_read(request, who, case_id)
    if is_held(held, etag(found.version)):
        return not_modified(etag(found.version))
    response.headers["ETag"] = etag(found.version)
    papers = [
        PaperOut(
            document=one.name,
            title=one.page.title,
            links={form: f"/v1/cases/{case_id}/documents/{one.name}.{form}" for form in MEDIA},
            may_be_released=one.paper.name in FOR_PAYERS,
        )
        for one in sheets(desk, found.review)
    ]
    return PapersOut(review_digest=found.digest, papers=papers)


@router.get(
    "/cases/{case_id}/documents/{document}.{form}", responses=_PAGE | problems(404), response_class=Response
)
def case_document(
    case_id: CaseId,
    document: Annotated[str, Path(pattern=f"^{_NAME}$", examples=["payer_summary"])],
    form: Form,
    desk: OurDesk,
    request: Request,
    who: Reader,
    held: IfNoneMatch = None,
) -> Response:
    """Return a paper, made from the review on record."""
    found = reviewed(desk, case_id)
    log_read(request, who, case_id)
    if is_held(held, etag(found.version)):
        return not_modified(etag(found.version))
    content = sheet(desk, found.review, document).content(form)
    return paper_answer(content, MEDIA[form], f"{document}.{form}", etag(found.version))


def paper_answer(content: bytes, media_type: str, name: str, tag: str | None = None) -> Response:
    """Return a paper's bytes; as HTML it may look like itself and do nothing else."""
    headers = {"Content-Security-Policy": STYLE, "Content-Disposition": f'inline; filename="{name}"'}
    return Response(content, 200, headers | ({"ETag": tag} if tag else {}), media_type)


@router.post(
    "/cases/{case_id}/releases",
    status_code=201,
    response_class=Response,
    responses=answered(201, "Released", model=RecordedOut, headers=ETAG_DOC | REPLAYED_DOC)
    | problems(404, 409, 412, 413, 428),
)
def release_paper(
    case_id: CaseId,
    asked: ReleaseIn,
    desk: OurDesk,
    request: Request,
    who: Writer,
    if_match: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """Release a paper to the stay's payer. Its bytes are kept as they were released."""
    writing = Writing(desk, request, who, case_id, if_match, key, asked)

    def made() -> list[Any]:
        found = reviewed(desk, case_id)
        said = released(desk, found.review, found.digest, asked.document, asked.form, asked.release_id)
        return [said]

    return writing.run(made, count=1)
