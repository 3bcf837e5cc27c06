"""Today: what is needed to support this day, what must happen, and what people have said of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from fastapi import APIRouter, Response

from discharge.api.pages.case.file import CaseFile, OurCase
from discharge.api.pages.case.header import told_steps
from discharge.api.pages.case.said import Said, said_of
from discharge.api.pages.case.shell import case_page
from discharge.api.pages.case.support import Support, support_of
from discharge.casework.state.model import Question
from discharge.denial import DenialRisk, DenialSummary
from discharge.review.model import Review
from discharge.social import SafetySeen
from discharge.worklist.steps import Step

router = APIRouter(include_in_schema=False)

_PRESSING = ("now", "today")
_RISKS_SHOWN = 3
_PURSES = ("hospital", "all", "payer", "patient")


@dataclass(frozen=True)
class PlanLine:
    """The recommended plan in a sentence, and when waiting for it costs more than the next best place."""

    title: str
    reason: str
    break_even: str | None
    payer_usd: Decimal | None
    patient_usd: Decimal | None
    days: int | None


@dataclass(frozen=True)
class PayerQuestion:
    """What the payer asked and has no answer to."""

    question: Question
    due_at: datetime | None


@dataclass(frozen=True)
class Today:
    """What the page prints; without a review only what people and the ledger know."""

    support: Support | None
    pressing: tuple[Step, ...]
    later: tuple[Step, ...]
    summary: DenialSummary | None
    risks: tuple[DenialRisk, ...]
    more_risks: int
    plan: PlanLine | None
    payer_questions: tuple[PayerQuestion, ...]
    said: Said
    safety: tuple[SafetySeen, ...]


@router.get("/cases/{case_id}", name="page_case")
def today(file: OurCase) -> Response:
    """Show what is needed to support today, and what must happen."""
    return case_page(file, "", "today.html", _page(file))


def _page(file: CaseFile) -> Today:
    review = file.review
    steps = told_steps(file)
    is_clear = [one for one in steps if one.urgency == "clear"]
    pressing = [one for one in steps if one.urgency in _PRESSING]
    present = [one for one in review.denial.risks if one.state == "present"] if review is not None else []
    risks = [*present, *(one for one in review.denial.risks if one.state != "present")] if review else []
    titles = {one.criterion: one.title for one in review.findings} if review is not None else {}
    return Today(
        support=support_of(file, review) if review is not None else None,
        pressing=tuple(pressing),
        later=tuple(one for one in steps if one not in pressing and one not in is_clear),
        summary=review.denial.summary if review is not None else None,
        risks=tuple(risks[:_RISKS_SHOWN]),
        more_risks=max(0, len(risks) - _RISKS_SHOWN),
        plan=_plan(review) if review is not None else None,
        payer_questions=tuple(
            PayerQuestion(one, one.due_at)
            for one in file.state.payer_questions.values()
            if one.answered is None
        ),
        said=said_of(file, steps, titles),
        safety=tuple(review.safety) if review is not None else (),
    )


def _plan(review: Review) -> PlanLine | None:
    plan = review.plan
    if plan.recommended_title is None:
        return None
    waits = review.waiting.break_even if review.waiting is not None else []
    ours = [one for one in waits if one.wait_for == plan.recommended]
    chosen = next((one for purse in _PURSES for one in ours if one.purse == purse), None)
    return PlanLine(
        title=plan.recommended_title,
        reason=plan.reason,
        break_even=chosen.sentence if chosen is not None else None,
        payer_usd=plan.payer_cost.expected,
        patient_usd=plan.patient_cost.expected,
        days=plan.horizon_days,
    )
