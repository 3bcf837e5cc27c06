"""Who gets which case: suggestions with their reason, accepted one by one or all, and the hand-over of a shift."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.engine import Connection

from discharge.api.assigning import AssignmentIn, SuggestedOut, assigned_one, told_of
from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.bodies import Word
from discharge.api.casefile import written_before
from discharge.api.pages.frame import shown
from discharge.api.pages.sent import last, sent_form
from discharge.api.state import Desk, OurDesk
from discharge.casework.accounts import people as accounts
from discharge.casework.events.record import HandedOver
from discharge.casework.storage.tables import CASES
from discharge.casework.work.assignment import Load, Loads, hand_over, load, suggest
from discharge.casework.work.caseload import Person, open_items, read_cases, read_people
from discharge.errors import ConflictError, NotAllowedError, NotFoundError
from discharge.wording import plural

router = APIRouter(include_in_schema=False)
Assigner = Annotated[Principal, Depends(needs("assign:write"))]
Present = Annotated[list[Word] | None, Query(max_length=200)]
_MOST, _MOST_UNPLACED = 100, 10
_MOST_PICKS = 500
_MOST_SUMMARY = 4000
_SPACE = uuid.UUID("c6a7f0de-5d2b-5f0a-8a8f-2f3f9a1d7b40")
_KEY = re.compile(r"[0-9a-f]{32}")
_PICK = re.compile(r"([0-9a-f]{32})\.([1-9][0-9]{0,8})\.([A-Za-z0-9][A-Za-z0-9._:-]{0,63})")


@dataclass(frozen=True)
class Carrier:
    """A person who takes cases, and whether they count as present."""

    account_id: str
    load: Load
    is_present: bool


@dataclass(frozen=True)
class Line:
    """A case and who should get it; ``pick`` is what its box sends, None where nobody can take it."""

    suggested: SuggestedOut
    name: str | None
    bed: str | None
    payer: str | None
    next_step: str
    pick: str | None


@dataclass(frozen=True)
class Refused:
    """A case that was not given, and why."""

    case_id: str
    name: str
    why: str


@dataclass(frozen=True)
class AssignPage:
    """Suggestions for cases that nobody has, or, with ``of``, for those of a person at the end of a shift."""

    people: tuple[Carrier, ...]
    nobody: Load | None
    holders: tuple[tuple[str, str], ...]
    of: str
    of_name: str
    present: tuple[str, ...]
    lines: tuple[Line, ...]
    count: int
    placed: int
    refused: tuple[Refused, ...]
    faults: tuple[str, ...]
    summary: str
    key: str


@router.get("/assign", name="page_assign")
def assign(
    request: Request,
    desk: OurDesk,
    who: Assigner,
    of: Annotated[str, Query(max_length=64)] = "",
    present: Present = None,
) -> Response:
    """Show the load and who should get which case. Nothing is recorded."""
    return _shown(request, desk, who, of, tuple(present or ()))


@router.post("/assign", name="page_assigned")
def assigned(request: Request, desk: OurDesk, who: Assigner) -> Response:
    """Give the ticked cases to the people suggested, each on the version seen; or hand them over."""
    sent = sent_form(request)
    of, present = last(sent, "of")[:64], tuple(one for one in sent.get("present", []) if 0 < len(one) <= 200)
    picks = _picks(sent)
    key = last(sent, "key") if _KEY.fullmatch(last(sent, "key")) else uuid.uuid4().hex
    faults = [] if picks else ["No case is ticked, so nothing was recorded."]
    summary = last(sent, "summary")[:_MOST_SUMMARY]
    words = {one.case_id: last(sent, f"summary.{one.case_id}")[:_MOST_SUMMARY] or summary for one in picks}
    if of and not all(words.values()):
        faults.append(
            "A hand-over needs words for who takes the case: for each ticked case, or once for all."
        )
    if faults:
        return _shown(request, desk, who, of, present, faults=faults, summary=summary, status=422)
    with desk.store.read() as connection:
        takers = {one.account_id for one in read_people(connection)}
        items = open_items(connection, [one.case_id for one in picks]) if of else {}
    why = {}
    for one in picks:
        event_id = uuid.uuid5(_SPACE, f"{who.account.id}\n{key}\n{one.case_id}").hex
        if of:
            why[one.case_id] = _handed(desk, who, one, event_id, takers, words[one.case_id], items)
        else:
            told = assigned_one(desk, who, one, event_id, takers)
            why[one.case_id] = (
                None if told.problem is None else _why(told.problem.status, told.problem.faults)
            )
    names = _names(desk, list(why))
    refused = tuple(Refused(key, names.get(key, "Patient"), said) for key, said in why.items() if said)
    log_read(request, who, list(why))
    done = len(why) - len(refused)
    said = f"{plural(done, 'case')} {'handed over' if of else 'assigned'}." if done else None
    return _shown(request, desk, who, of, present, refused=refused, said=said)


def _why(status: int, faults: Sequence[object] | None) -> str:
    if status == 412:
        return "somebody recorded something on it meanwhile; look at it and tick it again"
    told = [f"{getattr(one, 'what', '')}: {getattr(one, 'expected', '')}" for one in faults or ()]
    return "; ".join(told) or "it is not there any more"


def _picks(sent: Mapping[str, list[str]]) -> list[AssignmentIn]:
    found = (_PICK.fullmatch(one) for one in sent.get("pick", [])[:_MOST_PICKS])
    return [AssignmentIn(case_id=one[1], version=int(one[2]), assignee=one[3]) for one in found if one]


def _handed(
    desk: Desk,
    who: Principal,
    asked: AssignmentIn,
    event_id: str,
    takers: set[str],
    summary: str,
    items: Mapping[str, Sequence[str]],
) -> str | None:
    """Hand one case over in a transaction of its own; return why not, None once it is recorded."""
    if asked.assignee not in takers:
        return "nobody of this account takes cases"
    payload = HandedOver(
        to=asked.assignee, summary=summary, open_items=tuple(items.get(asked.case_id, ())[:50])
    )
    try:
        if written_before(desk, asked.case_id, [event_id]) is None:
            desk.casework.record(
                asked.case_id,
                [payload],
                actor=who.actor,
                now=desk.now(),
                expected_version=asked.version,
                event_ids=[event_id],
            )
    except ConflictError:
        return _why(412, None)
    except NotAllowedError as error:
        return _why(409, error.faults)
    except NotFoundError:
        return _why(404, None)
    return None


def _shown(
    request: Request,
    desk: Desk,
    who: Principal,
    of: str,
    present: tuple[str, ...],
    *,
    refused: tuple[Refused, ...] = (),
    faults: Sequence[str] = (),
    summary: str = "",
    said: str | None = None,
    status: int = 200,
) -> Response:
    seen = _suggestions(desk, of, present)
    log_read(request, who, [one.suggested.case_id for one in seen.lines])
    loads, names = seen.loads, seen.names
    page = AssignPage(
        people=_carriers(loads, seen.everybody, seen.there),
        nobody=next((one for one in loads.people if one.of is None), None),
        holders=tuple(
            (one.of, names.get(one.of, "An account that is gone"))
            for one in loads.people
            if one.of and one.cases
        ),
        of=of,
        of_name=names.get(of, "somebody whose account is gone") if of else "",
        present=present,
        lines=seen.lines,
        count=seen.count,
        placed=seen.placed,
        refused=refused,
        faults=tuple(faults),
        summary=summary,
        key=uuid.uuid4().hex,
    )
    styles, scripts = ("board.css",), ("board.js",)
    return shown(
        request,
        who,
        "assign.html",
        page,
        title="Assign",
        status=status,
        said=said,
        styles=styles,
        scripts=scripts,
    )


@dataclass(frozen=True)
class _Seen:
    """What is suggested, of one snapshot; ``placed`` of ``count`` cases can be placed among those ``there``."""

    everybody: Sequence[Person]
    there: set[str]
    loads: Loads
    names: Mapping[str, str]
    lines: tuple[Line, ...]
    count: int
    placed: int


def _suggestions(desk: Desk, of: str, present: Sequence[str]) -> _Seen:
    now = desk.now()
    with desk.store.read() as connection:
        everybody = read_people(connection)
        there = [one for one in everybody if not present or one.account_id in present]
        cases = read_cases(connection, now)
        found = hand_over(cases, of, there, now) if of else suggest(cases, there, now)
        placed = [one for one in found if one.assignee is not None]
        # Those that can be placed first: they are what there is to do here.
        some = [*placed[:_MOST], *[one for one in found if one.assignee is None][:_MOST_UNPLACED]]
        lines = _lines(connection, told_of(connection, some, there))
        names = {one.id: one.name for one in accounts.listed(connection)}
    loads = load(cases, everybody, now)
    ids = {one.account_id for one in there}
    return _Seen(everybody, ids, loads, names, tuple(lines), len(found), len(placed))


def _carriers(loads: Loads, everybody: Sequence[Person], there: set[str]) -> tuple[Carrier, ...]:
    known = {one.account_id for one in everybody}
    return tuple(Carrier(one.of, one, one.of in there) for one in loads.people if one.of in known and one.of)


def _lines(connection: Connection, told: Sequence[SuggestedOut]) -> list[Line]:
    wanted = [one.case_id for one in told]
    asked = sa.select(CASES.c.case_id, CASES.c.name, CASES.c.bed, CASES.c.payer_title, CASES.c.next_step)
    rows = {row.case_id: row for row in connection.execute(asked.where(CASES.c.case_id.in_(wanted)))}
    return [
        Line(
            suggested=one,
            name=rows[one.case_id].name,
            bed=rows[one.case_id].bed,
            payer=rows[one.case_id].payer_title,
            next_step=rows[one.case_id].next_step,
            pick=None if one.assignee is None else f"{one.case_id}.{one.version}.{one.assignee}",
        )
        for one in told
    ]


def _names(desk: Desk, case_ids: Sequence[str]) -> dict[str, str]:
    asked = sa.select(CASES.c.case_id, CASES.c.name).where(CASES.c.case_id.in_(case_ids))
    with desk.store.read() as connection:
        return {row.case_id: row.name or "Name not known" for row in connection.execute(asked)}
