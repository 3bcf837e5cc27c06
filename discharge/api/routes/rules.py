"""Rules and payers in force, read-only, with versions and digests; and a question without a feed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Depends, Path, Request
from pydantic import AwareDatetime, BaseModel, Field
from starlette.responses import Response

from discharge.api.auth.principal import Principal, needs
from discharge.api.idempotency import REPLAYED_DOC, IdempotencyKey, once
from discharge.api.problems import answered, problems
from discharge.api.state import OurDesk
from discharge.errors import NotFoundError
from discharge.packs.model import Pack, Packs, RuleFile
from discharge.payers import PayerProfile
from discharge.review import evaluate_facts
from discharge.review.model import Review
from discharge.ruledocs.page import file_page

router = APIRouter(tags=["rules and payers"])
Reader = Annotated[Principal, Depends(needs("rules:read"))]
MOST_STAYS = 50
Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,99}$")]


class PackOut(BaseModel):
    """A rule pack in force."""

    pack: str = Field(examples=["cms_medicare"])
    version: str = Field(examples=["2026.4.0"])
    title: str
    licence: str
    maintained_by: str
    digest: str
    is_confidential: bool = Field(description="what it concludes is for a person's screen only")
    files: int


class PacksOut(BaseModel):
    """All packs in force, and the digest of all of them together, as reviews name it."""

    digest: str
    packs: list[PackOut]


class CitationOut(BaseModel):
    """A source; ``verified`` when somebody read it."""

    title: str
    url: str | None
    read_on: str | None
    verified: bool


class FileHeadOut(BaseModel):
    """A rule file of a pack."""

    file: str = Field(examples=["snf_three_day_stay"])
    title: str
    stage: str
    summary: str | None
    digest: str
    is_sensitive: bool
    criteria: int
    rules: int


class PackFilesOut(PackOut):
    """A pack with its files."""

    contents: list[FileHeadOut]


class FileOut(FileHeadOut):
    """A rule file whole: its sources, and its text as a page (Markdown) that a nurse can read."""

    pack: str
    version: str
    citations: dict[str, CitationOut]
    criterion_names: list[str]
    page: str


class PayerOut(BaseModel):
    """A payer profile in force."""

    payer: str = Field(examples=["original_medicare"])
    title: str
    payer_class: str
    fictional: bool
    digest: str


class PayersOut(BaseModel):
    """All profiles in force, and the digest of all of them together."""

    digest: str
    payers: list[PayerOut]


class PayerPolicyOut(PayerOut):
    """A profile whole, as its file has it."""

    policy: dict[str, Any] = Field(
        description="deadlines, authorizations, benefits, contract, ... all dated and cited"
    )


class QuestionIn(BaseModel):
    """Named facts of one stay or several (`discharge facts` lists them); what is not given is not known."""

    model_config = {"extra": "forbid"}
    facts: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=MOST_STAYS,
        description='a fact\'s value, or a number in another unit: {"value": 24, "unit": "mg/dL"}',
        examples=[[{"patient.age_years": 71, "vitals.spo2_admit_min": 86}]],
    )
    payer: str | None = Field(default=None, max_length=100, examples=["original_medicare"])
    as_of: AwareDatetime | None = Field(default=None, description="now, if not given")


class AnswerOut(BaseModel):
    """A review for each row of facts, as `discharge schema review` describes it."""

    reviews: list[dict[str, Any]]


@router.get("/rules", responses=problems())
def rules(desk: OurDesk, who: Reader) -> PacksOut:
    """List the rule packs in force."""
    packs = desk.library.packs
    return PacksOut(digest=packs.digest, packs=[PackOut(**_pack(packs, one)) for one in packs.packs.values()])


@router.get("/rules/{pack}", responses=problems(404))
def rule_pack(pack: Name, desk: OurDesk, who: Reader) -> PackFilesOut:
    """Return a pack and what is in it."""
    packs = desk.library.packs
    files = [_head(file) for file in _files(packs, pack).values()]
    return PackFilesOut(**_pack(packs, packs.packs[pack]), contents=[FileHeadOut(**one) for one in files])


@router.get("/rules/{pack}/{file}", responses=problems(404))
def rule_file(pack: Name, file: Name, desk: OurDesk, who: Reader) -> FileOut:
    """Return a rule file: sources, criteria, and the page that documents it."""
    packs = desk.library.packs
    found = _files(packs, pack).get(file)
    if found is None:
        raise NotFoundError("this pack has no such file; GET /v1/rules/{pack} lists its files")
    return FileOut(
        **_head(found),
        pack=pack,
        version=found.version,
        citations={
            key: CitationOut(
                title=one.title,
                url=one.url,
                read_on=one.read_on.isoformat() if one.read_on else None,
                verified=one.verified,
            )
            for key, one in found.citations.items()
        },
        criterion_names=list(found.criteria),
        page=file_page(packs, found),
    )


@router.get("/payers", responses=problems())
def payers(desk: OurDesk, who: Reader) -> PayersOut:
    """List the payer profiles in force."""
    known = desk.library.payers
    return PayersOut(digest=known.digest, payers=[PayerOut(**_payer(one)) for one in known.profiles.values()])


@router.get("/payers/{payer}", responses=problems(404))
def payer(payer: Name, desk: OurDesk, who: Reader) -> PayerPolicyOut:
    """Return a payer profile."""
    found = desk.library.payers.profiles.get(payer)
    if found is None:
        raise NotFoundError("no payer profile has this id; GET /v1/payers lists them")
    policy = found.model_dump(mode="json", exclude={"cases", "digest", "path"}, exclude_none=True)
    return PayerPolicyOut(**_payer(found), policy=policy)


@router.post(
    "/evaluate",
    responses=answered(200, "A review for each row", model=AnswerOut, headers=REPLAYED_DOC) | problems(413),
)
def evaluate(
    question: QuestionIn,
    desk: OurDesk,
    request: Request,
    who: Annotated[Principal, Depends(needs("evaluate"))],
    key: IdempotencyKey = None,
) -> Response:
    """Review named facts with no feed: the same pipeline, for a quick question. Nothing is kept of it."""
    library, as_of = desk.library, question.as_of or desk.now()

    def work() -> Response:
        found = evaluate_facts(
            question.facts,
            question.payer,
            as_of=_timestamp(as_of),
            packs=library.packs,
            payers=library.payers,
            zone=desk.settings.zone,
            history=library.history,
        ).reviews
        return Response(_reviews_json(found), 200, media_type="application/json")

    return once(desk, request, who.account.id, key, question).run(work)


def _reviews_json(reviews: list[Review]) -> str:
    return '{"reviews":[' + ",".join(one.model_dump_json() for one in reviews) + "]}"


def _timestamp(moment: datetime) -> pd.Timestamp:
    return pd.Timestamp(moment).tz_convert("UTC").as_unit("us")


def _files(packs: Packs, pack: str) -> dict[str, RuleFile]:
    if pack not in packs.packs:
        raise NotFoundError("no pack in force has this id; GET /v1/rules lists them")
    return {file.id.partition(".")[2]: file for file in packs.files.values() if file.pack == pack}


def _pack(packs: Packs, one: Pack) -> dict[str, Any]:
    return {
        "pack": one.id,
        "version": one.version,
        "title": one.title,
        "licence": one.licence,
        "maintained_by": one.maintained_by,
        "digest": one.digest,
        "is_confidential": one.is_confidential,
        "files": sum(file.pack == one.id for file in packs.files.values()),
    }


def _head(file: RuleFile) -> dict[str, Any]:
    return {
        "file": file.id.partition(".")[2],
        "title": file.title,
        "stage": file.stage,
        "summary": file.summary,
        "digest": file.digest,
        "is_sensitive": file.is_sensitive,
        "criteria": len(file.criteria),
        "rules": len(file.rules),
    }


def _payer(one: PayerProfile) -> dict[str, Any]:
    return {
        "payer": one.id,
        "title": one.title,
        "payer_class": one.payer_class,
        "fictional": one.fictional,
        "digest": one.digest,
    }
