"""The discharge plan: places side by side with their costs, what waiting costs, and the plan that people work on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from discharge.api.pages.case.file import CaseFile, OurCase
from discharge.api.pages.case.plan import draft, drawing
from discharge.api.pages.case.plan.drawing import Drawn, drawn
from discharge.api.pages.case.plan.editor import Editor, editor
from discharge.api.pages.case.plan.follow import Follow, follow
from discharge.api.pages.case.plan.money import WaitingView, waiting_view
from discharge.api.pages.case.plan.places import Places, places
from discharge.api.pages.case.shell import case_page
from discharge.casework.work.planning import planning
from discharge.review.model import Review

router = APIRouter(include_in_schema=False)
router.include_router(draft.router)
router.include_router(drawing.router)


@dataclass(frozen=True)
class PlanPage:
    """What the page prints. ``places`` is None where the case has no review, ``left_at`` when the patient left."""

    has_review: bool
    reviewed_at: datetime | None
    left_at: datetime | None
    places: Places | None
    costs_picture: Drawn | None
    waiting: WaitingView | None
    waiting_picture: Drawn | None
    stay_picture: Drawn | None
    expected_at: datetime | None
    expected_basis: str
    editor: Editor
    follow: Follow


@router.get("/cases/{case_id}/plan", name="page_plan")
def plan(file: OurCase, beside: Annotated[str | None, Query(pattern="^[a-z_]{1,40}$")] = None) -> Response:
    """Show where the patient can go, what each place costs whom, and the plan on record."""
    return case_page(
        file, "plan", "plan.html", plan_page(file, beside), styles=("plan.css",), scripts=("plan.js",)
    )


def plan_page(file: CaseFile, beside: str | None = None) -> PlanPage:
    """Return the page of a case."""
    review = file.review
    planned = planning(file.state, review, file.now)
    last = next((one.option for one in reversed(planned.plans) if one.option), None)
    place = last or (review.plan.recommended if review is not None else None)
    return PlanPage(
        has_review=review is not None,
        reviewed_at=review.as_of if review is not None else None,
        left_at=review.stay.discharged if review is not None else None,
        places=places(file, review, beside) if review is not None and review.options else None,
        costs_picture=_picture(file, review, "costs"),
        waiting=waiting_view(review) if review is not None else None,
        waiting_picture=_picture(file, review, "waiting"),
        stay_picture=_picture(file, review, "stay"),
        expected_at=review.plan.expected_discharge.at if review is not None else None,
        expected_basis=review.plan.expected_discharge.basis if review is not None else "",
        editor=editor(file, review, planned),
        follow=follow(file, review, planned, place),
    )


_ALT = {
    "costs": "Bars of what each place is expected to cost payer, patient and hospital; the figures stand with each"
    " place above.",
    "waiting": "Lines of what further hospital days cost each purse; the figures stand in the table below.",
}


def _picture(file: CaseFile, review: Review | None, name: str) -> Drawn | None:
    return None if review is None else drawn(file, review, name, _ALT.get(name) or _stay_words(review))


def _stay_words(review: Review) -> str:
    """The length of stay in figures."""
    stay = review.plan.length_of_stay
    usual = "not known" if stay.gmlos_days is None else f"{stay.gmlos_days:g} days"
    days = "not known" if stay.days is None else f"{stay.days:.1f}"
    return f"Days in hospital so far: {days}; geometric mean of the MS-DRG: {usual}."
