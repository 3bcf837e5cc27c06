"""Who gets which case: what is suggested, for unassigned cases and at the end of a shift, and applying it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.engine import Connection

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.bodies import Body, Word
from discharge.api.casefile import written_before
from discharge.api.idempotency import REPLAYED_DOC, IdempotencyKey, json_answer, once
from discharge.api.models import EXAMPLE_CASE
from discharge.api.problems import STATUSES, TITLES, URN, Problem, answered, problems, shown
from discharge.api.state import Desk, OurDesk
from discharge.casework.events.base import Id
from discharge.casework.events.record import Assigned
from discharge.casework.storage.tables import CASES
from discharge.casework.work.assignment import Person, Suggested, hand_over, suggest
from discharge.casework.work.caseload import read_cases, read_people
from discharge.errors import ConflictError, DischargeError, Fault, FaultsError, NotAllowedError, NotFoundError

router = APIRouter(prefix="/assignments", tags=["assignment"])
Assigner = Annotated[Principal, Depends(needs("assign:write"))]
Writer = Annotated[Principal, Depends(needs("cases:write"))]
MOST_CASES = 500
_EXAMPLE_ACCOUNT = "7b1e9d5c2f3a4e6d8c9b0a1f2e3d4c5b"


class SuggestedOut(BaseModel):
    """A case and who should get it."""

    case_id: str
    version: int = Field(description="of the case, as POST /v1/assignments wants it")
    unit: str | None
    payer_profile: str | None
    assignee: str | None = Field(description="an account; none: nobody can take it, and `why` says why")
    assignee_name: str | None
    why: str
    weight: Decimal = Field(description="in points of the house; they compare and say nothing else")
    open_items: list[str] = Field(description="open tasks of the case, the first due first")


class SuggestionsOut(BaseModel):
    """A suggestion; nothing of it is recorded until somebody does."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "at": "2026-06-15T11:20:00Z",
                    "items": [
                        {
                            "case_id": EXAMPLE_CASE,
                            "version": 7,
                            "unit": "5W",
                            "payer_profile": "original_medicare",
                            "assignee": _EXAMPLE_ACCOUNT,
                            "assignee_name": "Ana Diaz",
                            "why": "carried least of the 3 who can take it",
                            "weight": "4.50",
                            "open_items": [],
                        }
                    ],
                }
            ]
        }
    )

    at: datetime
    items: list[SuggestedOut]


class AssignmentIn(Body):
    """A case, who is to get it, and the version of the case that was seen."""

    case_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    assignee: Id
    version: int = Field(ge=1, lt=2**31)


class AssignmentsIn(Body):
    """Cases to be assigned, each on its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"assignments": [{"case_id": EXAMPLE_CASE, "assignee": _EXAMPLE_ACCOUNT, "version": 7}]}
            ]
        }
    )

    assignments: list[AssignmentIn] = Field(min_length=1, max_length=MOST_CASES)


class AssignedOut(BaseModel):
    """What became of one case."""

    case_id: str
    outcome: Literal["written", "refused"]
    version: int | None = Field(default=None, description="of the case, once it is written")
    problem: Problem | None = Field(default=None, description="why it was refused; 412: it changed meanwhile")


class AssignmentsOut(BaseModel):
    """What became of each case, in the order asked."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "written": 1,
                    "refused": 0,
                    "items": [{"case_id": EXAMPLE_CASE, "outcome": "written", "version": 8}],
                }
            ]
        }
    )

    written: int
    refused: int
    items: list[AssignedOut]


Present = Annotated[
    list[Word] | None,
    Query(max_length=200, description="accounts of those who are there; all who take cases if not given"),
]


@router.get("/suggested", name="suggested_assignments", responses=problems())
def suggested(desk: OurDesk, request: Request, who: Assigner, present: Present = None) -> SuggestionsOut:
    """Suggest who should get each case that nobody has: by unit, payer, specialty and load. Nothing is recorded."""
    now = desk.now()
    with desk.store.read() as connection:
        people = read_people(connection, present)
        told = _told(connection, suggest(read_cases(connection, now), people, now), people)
    log_read(request, who, [one.case_id for one in told])
    return SuggestionsOut(at=now, items=told)


@router.get("/hand-over", name="hand_over", responses=problems())
def handed_over(
    desk: OurDesk,
    request: Request,
    who: Writer,
    of: Annotated[Word | None, Query(description="whose cases, an account; one's own if not given")] = None,
    present: Present = None,
) -> SuggestionsOut:
    """Suggest to whom each case of a person should go at the end of a shift, with its open items.

    Another person's cases take the right to assign. To be recorded as `handed_over` events, with a summary of each.
    """
    whose = of or who.account.id
    if whose != who.account.id:
        who.require("assign:write")
    now = desk.now()
    with desk.store.read() as connection:
        people = read_people(connection, present)
        told = _told(connection, hand_over(read_cases(connection, now), whose, people, now), people)
    log_read(request, who, [one.case_id for one in told])
    return SuggestionsOut(at=now, items=told)


@router.post(
    "",
    name="assign",
    response_class=Response,
    responses=answered(
        200, "What became of each case; some may be refused", model=AssignmentsOut, headers=REPLAYED_DOC
    )
    | problems(413),
)
def assign(
    asked: AssignmentsIn, desk: OurDesk, request: Request, who: Assigner, key: IdempotencyKey = None
) -> Response:
    """Assign cases, as `assigned` events of basis `balanced`. Each is written or refused for itself, and told."""
    single = once(desk, request, who.account.id, key, asked)

    def work() -> Response:
        with desk.store.read() as connection:
            takers = {one.account_id for one in read_people(connection)}
        ids: Sequence[str | None] = single.event_ids(len(asked.assignments)) or [None] * len(
            asked.assignments
        )
        items = [
            _assigned(desk, who, one, event_id, takers)
            for one, event_id in zip(asked.assignments, ids, strict=True)
        ]
        written = sum(one.outcome == "written" for one in items)
        return json_answer(AssignmentsOut(written=written, refused=len(items) - written, items=items), 200)

    return single.run(work)


def _assigned(
    desk: Desk, who: Principal, asked: AssignmentIn, event_id: str | None, takers: set[str]
) -> AssignedOut:
    """Assign one case in a transaction of its own, or tell why not."""
    ids = None if event_id is None else [event_id]
    payload = Assigned(assignee=asked.assignee, basis="balanced")
    try:
        events = written_before(desk, asked.case_id, ids, [payload])
        if events is None:
            if asked.assignee not in takers:
                fault = Fault(
                    "assignee", "nobody of this account takes cases", "a case manager or supervisor"
                )
                raise NotAllowedError([fault])
            events = desk.casework.record(
                asked.case_id,
                [payload],
                actor=who.actor,
                now=desk.now(),
                expected_version=asked.version,
                event_ids=ids,
            ).events
    except (ConflictError, NotAllowedError, NotFoundError) as error:
        # The same request may have been sent twice at one moment: then the other one has written it.
        events = written_before(desk, asked.case_id, ids, [payload])
        if events is None:
            return AssignedOut(case_id=asked.case_id, outcome="refused", problem=_problem(error))
    return AssignedOut(case_id=asked.case_id, outcome="written", version=events[-1].version)


def _problem(error: DischargeError) -> Problem:
    """Return an error of one case in the shape that errors of requests have."""
    faults = list(error.faults) if isinstance(error, FaultsError) else []
    return Problem(
        type=URN + error.problem,
        title=TITLES[error.problem],
        status=STATUSES[error.problem],
        detail=("1 fault" if len(faults) == 1 else f"{len(faults)} faults") if faults else str(error),
        faults=shown(faults) or None,
        changed=[dict(one) for one in error.changed] if isinstance(error, ConflictError) else None,
    )


def _told(connection: Connection, found: Sequence[Suggested], people: Sequence[Person]) -> list[SuggestedOut]:
    """Return suggestions with what a reader needs beside them, from the same snapshot."""
    names = {one.account_id: one.name for one in people}
    columns = sa.select(CASES.c.case_id, CASES.c.version, CASES.c.unit, CASES.c.payer_profile)
    wanted = {one.case_id for one in found}
    rows = (
        {row.case_id: row for row in connection.execute(columns) if row.case_id in wanted} if wanted else {}
    )
    return [
        SuggestedOut(
            case_id=one.case_id,
            version=rows[one.case_id].version,
            unit=rows[one.case_id].unit,
            payer_profile=rows[one.case_id].payer_profile,
            assignee=one.assignee,
            assignee_name=names.get(one.assignee or ""),
            why=one.why,
            weight=one.weight,
            open_items=list(one.open_items),
        )
        for one in found
    ]
