"""Who gets which case: what is suggested, for unassigned cases and at the end of a shift, and applying it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from discharge.api.assigning import AssignedOut, AssignmentIn, SuggestedOut, assigned_one, told_of
from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.bodies import Body, Word
from discharge.api.idempotency import REPLAYED_DOC, IdempotencyKey, json_answer, once
from discharge.api.models import EXAMPLE_CASE
from discharge.api.problems import answered, problems
from discharge.api.state import OurDesk
from discharge.casework.work.assignment import hand_over, suggest
from discharge.casework.work.caseload import read_cases, read_people

router = APIRouter(prefix="/assignments", tags=["assignment"])
Assigner = Annotated[Principal, Depends(needs("assign:write"))]
Writer = Annotated[Principal, Depends(needs("cases:write"))]
MOST_CASES = 500
_EXAMPLE_ACCOUNT = "7b1e9d5c2f3a4e6d8c9b0a1f2e3d4c5b"


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
        told = told_of(connection, suggest(read_cases(connection, now), people, now), people)
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
        told = told_of(connection, hand_over(read_cases(connection, now), whose, people, now), people)
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
            assigned_one(desk, who, one, event_id, takers)
            for one, event_id in zip(asked.assignments, ids, strict=True)
        ]
        written = sum(one.outcome == "written" for one in items)
        return json_answer(AssignmentsOut(written=written, refused=len(items) - written, items=items), 200)

    return single.run(work)
