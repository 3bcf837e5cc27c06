"""Lists across cases: worklist, cases, admissions, tasks, clocks, authorizations, advisor queue."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.bodies import When, Word
from discharge.api.paging import LINK_DOC, Cursor, Limit, Listing, cursor_at, link_next, offset_of
from discharge.api.problems import answered, problems
from discharge.api.state import OurDesk
from discharge.casework.query import AuthorizationRow, ClockRow, Filters, Page, QueueRow, TaskRow, WorklistRow
from discharge.errors import NotFoundError
from discharge.worklist.steps import Urgency

Row = TypeVar("Row", WorklistRow, TaskRow, ClockRow, AuthorizationRow)
router = APIRouter(tags=["lists"])
Reader = Annotated[Principal, Depends(needs("cases:read"))]
Band: TypeAlias = Literal["high", "moderate", "low", "none"]
Level: TypeAlias = Literal["met", "not_met", "unknown"]
Side: TypeAlias = Literal["hospital", "payer", "patient", "qio"]
TaskState: TypeAlias = Literal["open", "done", "set_aside"]
ClockState: TypeAlias = Literal["running", "paused", "met", "late", "stopped", "not_started", "unknown"]
AuthorizationState: TypeAlias = Literal[
    "requested", "approved", "modified", "partial", "denied", "pended", "cancelled"
]
_LISTED = answered(200, "A page", headers=LINK_DOC) | problems()


def filters(
    unit: Annotated[Word | None, Query(examples=["4 West"])] = None,
    payer_profile: Annotated[Word | None, Query(examples=["original_medicare"])] = None,
    assignee: Annotated[Word | None, Query(description="an account's id; `none`: nobody has it")] = None,
    due_before: Annotated[When | None, Query(description="what is due sooner than this")] = None,
    risk_band: Annotated[Band | None, Query(description="of the denial risk")] = None,
    discharge_ready: Level | None = None,
    urgency: Urgency | None = None,
    barrier: Annotated[Word | None, Query(description="a cause of an open barrier")] = None,
    in_house: bool | None = None,
    advisor_queue: Annotated[bool | None, Query(description="a physician advisor is asked")] = None,
    search: Annotated[Word | None, Query(description="words of name, MRN, bed, unit or encounter")] = None,
) -> Filters:
    """Return the filters of the request; those not given ask for nothing."""
    return Filters(
        unit=unit,
        payer_profile=payer_profile,
        assignee=assignee,
        due_before=due_before,
        risk_band=risk_band,
        discharge_ready=discharge_ready,
        urgency=urgency,
        barrier=barrier,
        in_house=in_house,
        advisor_queue=advisor_queue,
        search=search,
    )


Wanted = Annotated[Filters, Depends(filters)]


def page(limit: Limit = 50, cursor: Cursor = None) -> Page:
    """Return the page of the request."""
    offset = offset_of(cursor)
    return Page(size=limit, cursor=str(offset) if offset else None)


Paged = Annotated[Page, Depends(page)]


class WorklistOut(Listing[WorklistRow]):
    """Cases, the most urgent first."""

    at: datetime = Field(description="the moment for which urgency was worked out")
    urgency_counts: dict[Urgency, int] = Field(description="whatever urgency was asked for")


class AdmissionOut(BaseModel):
    """A hospital stay that is known."""

    case_id: str
    encounter_id: str
    patient_id: str
    mrn: str | None
    name: str | None
    unit: str | None
    bed: str | None
    service: str | None
    attending: str | None
    payer_profile: str | None
    status: str | None
    in_house: bool | None
    admitted_at: datetime | None
    discharged_at: datetime | None
    expected_discharge_at: datetime | None


@router.get("/worklist", responses=_LISTED)
def worklist(
    desk: OurDesk, request: Request, response: Response, who: Reader, wanted: Wanted, paged: Paged
) -> WorklistOut:
    """List cases, the most urgent first: urgency, then time due, then dollars expected to be lost."""
    now = desk.now()
    found = desk.casework.worklist(wanted, now=now, page=paged)
    following = _following(request, response, found.next_cursor)
    log_read(request, who, [one.case_id for one in found.rows])
    return WorklistOut(
        items=found.rows,
        total=found.total,
        next_cursor=following,
        at=now,
        urgency_counts=found.urgency_counts,
    )


@router.get("/cases", responses=_LISTED)
def cases(
    desk: OurDesk,
    request: Request,
    response: Response,
    who: Reader,
    wanted: Wanted,
    paged: Paged,
    encounter_id: Annotated[Word | None, Query(description="the case of this encounter alone")] = None,
) -> Listing[WorklistRow]:
    """List cases, in the order of the worklist; or find the case of an encounter."""
    if encounter_id is not None:
        try:
            wanted = Filters(case_id=desk.casework.find(encounter_id))
        except NotFoundError:
            log_read(request, who, [])
            return Listing(items=[], total=0)
    found = desk.casework.worklist(wanted, now=desk.now(), page=paged)
    return _listing(request, response, who, found.rows, found.total, found.next_cursor)


@router.get("/admissions", responses=_LISTED)
def admissions(
    desk: OurDesk, request: Request, response: Response, who: Reader, wanted: Wanted, paged: Paged
) -> Listing[AdmissionOut]:
    """List the hospital stays that are known."""
    found = desk.casework.worklist(wanted, now=desk.now(), page=paged)
    log_read(request, who, [one.case_id for one in found.rows])
    rows = [AdmissionOut.model_validate(one, from_attributes=True) for one in found.rows]
    following = _following(request, response, found.next_cursor)
    return Listing(items=rows, total=found.total, next_cursor=following)


@router.get("/tasks", responses=_LISTED)
def tasks(
    desk: OurDesk,
    request: Request,
    response: Response,
    who: Reader,
    wanted: Wanted,
    paged: Paged,
    state: Annotated[TaskState, Query()] = "open",
    origin: Annotated[
        Word | None, Query(description="clock, barrier, plan, rule, review, question, person")
    ] = None,
    owner_role: Annotated[Word | None, Query()] = None,
) -> Listing[TaskRow]:
    """List tasks of all cases, the first due first."""
    found = desk.casework.tasks(wanted, page=paged, state=state, origin=origin, owner_role=owner_role)
    return _listing(request, response, who, found.rows, found.total, found.next_cursor)


@router.get("/clocks", responses=_LISTED)
def clocks(
    desk: OurDesk,
    request: Request,
    response: Response,
    who: Reader,
    wanted: Wanted,
    paged: Paged,
    side: Side | None = None,
    status: Annotated[ClockState | None, Query()] = None,
) -> Listing[ClockRow]:
    """List clocks of all cases, the first due first."""
    found = desk.casework.clocks(wanted, now=desk.now(), page=paged, side=side, status=status)
    return _listing(request, response, who, found.rows, found.total, found.next_cursor)


@router.get("/authorizations", responses=_LISTED)
def authorizations(
    desk: OurDesk,
    request: Request,
    response: Response,
    who: Reader,
    wanted: Wanted,
    paged: Paged,
    status: Annotated[AuthorizationState | None, Query()] = None,
) -> Listing[AuthorizationRow]:
    """List authorizations of all cases, the first to be answered first."""
    found = desk.casework.authorizations(wanted, page=paged, status=status)
    return _listing(request, response, who, found.rows, found.total, found.next_cursor)


@router.get("/advisor-queue", responses=_LISTED)
def advisor_queue(
    desk: OurDesk, request: Request, response: Response, who: Reader, wanted: Wanted, paged: Paged
) -> Listing[QueueRow]:
    """List the cases that wait for the physician advisor, the most urgent first, with what is asked of each."""
    found = desk.casework.advisor_queue(desk.now(), wanted, paged)
    log_read(request, who, [one.case.case_id for one in found.rows])
    following = _following(request, response, found.next_cursor)
    return Listing(items=found.rows, total=found.total, next_cursor=following)


def _listing(
    request: Request, response: Response, who: Principal, rows: list[Row], total: int, place: str | None
) -> Listing[Row]:
    """Return a page of case work as ours, on record in the access log."""
    log_read(request, who, list(dict.fromkeys(one.case_id for one in rows)))
    return Listing(items=rows, total=total, next_cursor=_following(request, response, place))


def _following(request: Request, response: Response, place: str | None) -> str | None:
    following = None if place is None else cursor_at(int(place))
    link_next(request, response, following)
    return following
