"""What follows for one case at this moment: plan, tasks, clocks, authorizations, assessments, next steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.bodies import CaseId
from discharge.api.conditional import HELD, TAGGED, IfNoneMatch, etag, is_held, not_modified
from discharge.api.problems import problems
from discharge.api.state import Desk, OurDesk
from discharge.casework.assessments import AssessmentStanding, standing
from discharge.casework.derived import Derived, derived
from discharge.casework.projection import profile_of
from discharge.casework.state.model import Answers, CaseState, PlanOnRecord
from discharge.casework.work.authorizations import AuthorizationStanding
from discharge.casework.work.cadence import NextReview
from discharge.casework.work.counted import CaseClock
from discharge.casework.work.tasks import CaseTask
from discharge.plan import Plan
from discharge.review.model import Review

router = APIRouter(tags=["work on a case"])
Reader = Annotated[Principal, Depends(needs("cases:read"))]


class OfCase(BaseModel):
    """What every answer here begins with."""

    case_id: str
    version: int = Field(description="for If-Match")
    at: datetime = Field(description="the moment for which this was worked out")


class PlanOut(BaseModel):
    """The plan that the engine drafted, and those that people work on."""

    case_id: str
    version: int
    review_digest: str | None
    drafted: Plan | None = Field(description="none: the case has no review yet")
    on_record: dict[str, PlanOnRecord] = Field(description="by plan id")


class CaseTasksOut(OfCase):
    """Tasks of the case, open and settled."""

    tasks: list[CaseTask]


class CaseClocksOut(OfCase):
    """Clocks of the case, both ways: those of the hospital and those of the payer."""

    clocks: list[CaseClock]


class CaseAuthorizationsOut(OfCase):
    """What payers were asked, and days asked, approved, used and left."""

    authorizations: list[AuthorizationStanding]


class CaseAssessmentsOut(OfCase):
    """Which questionnaires are called for, how far they are, and the answers on record."""

    standing: list[AssessmentStanding]
    answers: dict[str, Answers] = Field(description="by questionnaire")


class StepOut(BaseModel):
    """One thing to do."""

    urgency: str
    text: str
    why: str
    due_at: datetime | None
    loss_usd: Decimal


class NextStepsOut(OfCase):
    """What is asked of people, the most urgent first, and when the next review is due."""

    review_as_of: datetime | None
    next_review: NextReview | None
    steps: list[StepOut]


@dataclass(frozen=True)
class _Seen:
    """A case with its last review, at one moment."""

    case_id: str
    version: int
    at: datetime
    state: CaseState
    review: Review | None
    work: Derived

    @property
    def head(self) -> dict[str, Any]:
        """Return the fields of :class:`OfCase`."""
        return {"case_id": self.case_id, "version": self.version, "at": self.at}


def _seen(desk: Desk, request: Request, response: Response, who: Principal, case_id: str) -> _Seen:
    found = desk.casework.case(case_id)
    log_read(request, who, case_id)
    response.headers["ETag"] = etag(found.version)
    reviews = found.state.reviews
    review = desk.casework.review(case_id, reviews[-1].digest) if reviews else None
    now, state = desk.now(), found.state
    work = derived(state, review, profile_of(state, desk.library), now)
    return _Seen(case_id, found.version, now, state, review, work)


@router.get("/cases/{case_id}/plan", response_model=PlanOut, responses=HELD | TAGGED | problems(404))
def case_plan(
    case_id: CaseId,
    desk: OurDesk,
    request: Request,
    response: Response,
    who: Reader,
    held: IfNoneMatch = None,
) -> PlanOut | Response:
    """Return the plan: the engine's draft beside what people made of it."""
    seen = _seen(desk, request, response, who, case_id)
    if is_held(held, etag(seen.version)):
        return not_modified(etag(seen.version))
    return PlanOut(
        case_id=case_id,
        version=seen.version,
        review_digest=seen.state.reviews[-1].digest if seen.review else None,
        drafted=seen.review.plan if seen.review else None,
        on_record=seen.state.plans,
    )


@router.get("/cases/{case_id}/tasks", responses=TAGGED | problems(404))
def case_tasks(
    case_id: CaseId, desk: OurDesk, request: Request, response: Response, who: Reader
) -> CaseTasksOut:
    """Return the tasks that follow from clocks, barriers, plans and rules, and those that people added."""
    seen = _seen(desk, request, response, who, case_id)
    return CaseTasksOut(**seen.head, tasks=seen.work.tasks)


@router.get("/cases/{case_id}/clocks", responses=TAGGED | problems(404))
def case_clocks(
    case_id: CaseId, desk: OurDesk, request: Request, response: Response, who: Reader
) -> CaseClocksOut:
    """Return the clocks as they stand at this moment, with pauses and what happens when one runs out."""
    seen = _seen(desk, request, response, who, case_id)
    return CaseClocksOut(**seen.head, clocks=seen.work.clocks)


@router.get("/cases/{case_id}/authorizations", responses=TAGGED | problems(404))
def case_authorizations(
    case_id: CaseId, desk: OurDesk, request: Request, response: Response, who: Reader
) -> CaseAuthorizationsOut:
    """Return the authorizations with days asked, approved, used and left."""
    seen = _seen(desk, request, response, who, case_id)
    return CaseAuthorizationsOut(**seen.head, authorizations=seen.work.authorizations)


@router.get("/cases/{case_id}/assessments", responses=TAGGED | problems(404))
def case_assessments(
    case_id: CaseId, desk: OurDesk, request: Request, response: Response, who: Reader
) -> CaseAssessmentsOut:
    """Return which questionnaires are called for, and the answers on record. An answer is sent as an event."""
    seen = _seen(desk, request, response, who, case_id)
    found = standing(seen.state, seen.review)
    return CaseAssessmentsOut(**seen.head, standing=found, answers=seen.state.assessments)


@router.get("/cases/{case_id}/next-steps", responses=TAGGED | problems(404))
def case_next_steps(
    case_id: CaseId, desk: OurDesk, request: Request, response: Response, who: Reader
) -> NextStepsOut:
    """Return what is asked of people at this moment, the most urgent first."""
    seen = _seen(desk, request, response, who, case_id)
    return NextStepsOut(
        **seen.head,
        review_as_of=seen.review.as_of if seen.review else None,
        next_review=seen.work.next_review,
        steps=[
            StepOut(urgency=one.urgency, text=one.text, why=one.why, due_at=one.due_at, loss_usd=one.loss_usd)
            for one in seen.work.steps()
        ],
    )
