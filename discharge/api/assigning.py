"""Cases and who gets them, as the API and the pages tell it; and giving one case to a person, or telling why not."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlalchemy.engine import Connection

from discharge.api.auth.principal import Principal
from discharge.api.bodies import Body
from discharge.api.casefile import written_before
from discharge.api.problems import STATUSES, TITLES, URN, Problem, shown
from discharge.api.state import Desk
from discharge.casework.events.base import Id
from discharge.casework.events.record import Assigned
from discharge.casework.storage.tables import CASES
from discharge.casework.work.assignment import Person, Suggested
from discharge.casework.work.caseload import open_items
from discharge.errors import ConflictError, DischargeError, Fault, FaultsError, NotAllowedError, NotFoundError


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


class AssignmentIn(Body):
    """A case, who is to get it, and the version of the case that was seen."""

    case_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    assignee: Id
    version: int = Field(ge=1, lt=2**31)


class AssignedOut(BaseModel):
    """What became of one case."""

    case_id: str
    outcome: Literal["written", "refused"]
    version: int | None = Field(default=None, description="of the case, once it is written")
    problem: Problem | None = Field(default=None, description="why it was refused; 412: it changed meanwhile")


def assigned_one(
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


def told_of(
    connection: Connection, found: Sequence[Suggested], people: Sequence[Person]
) -> list[SuggestedOut]:
    """Return suggestions with what a reader needs beside them, from the same snapshot."""
    names = {one.account_id: one.name for one in people}
    columns = sa.select(CASES.c.case_id, CASES.c.version, CASES.c.unit, CASES.c.payer_profile)
    items = open_items(connection, [one.case_id for one in found])
    # All of them: a list of thousands of ids is slower.
    rows = {row.case_id: row for row in connection.execute(columns).all()} if found else {}
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
            open_items=items[one.case_id],
        )
        for one in found
    ]
