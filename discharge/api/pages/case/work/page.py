"""The page of tasks and notices of a case."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Response

from discharge.api.pages.case.file import CaseFile, OurCase
from discharge.api.pages.case.making import Maker
from discharge.api.pages.case.shell import case_page
from discharge.api.pages.case.work.lost import Lost, lost_of
from discharge.api.pages.case.work.notices import ClockSide, Notices, clocks_of, notices_of
from discharge.api.pages.case.work.tasks import Tasks, tasks_of
from discharge.casework.work.cadence import NextReview

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class WorkPage:
    """What the page prints."""

    tasks: Tasks
    notices: Notices
    clocks: list[ClockSide]
    lost: Lost
    next_review: NextReview | None
    next_why: str
    has_review: bool


@router.get("/cases/{case_id}/work", name="page_work")
def work(file: OurCase) -> Response:
    """Show what is to be done, which notices are owed, every clock, and the days that were lost."""
    maker = Maker(file, "work")
    page = WorkPage(
        tasks=tasks_of(file, maker),
        notices=notices_of(file, maker),
        clocks=clocks_of(file, maker),
        lost=lost_of(file, maker),
        next_review=file.work.next_review,
        next_why=_why(file),
        has_review=file.review is not None,
    )
    return case_page(file, "work", "work.html", page, styles=("work.css",), scripts=("work.js",))


def _why(file: CaseFile) -> str:
    """Return why the next review is due; a cause of denial by its title."""
    if file.work.next_review is None:
        return ""
    basis = file.work.next_review.basis
    named = file.desk.library.packs.denial_causes.get(basis.removeprefix("denied: "))
    return basis if named is None or named.denial_cause is None else f"denied: {named.denial_cause.title}"
