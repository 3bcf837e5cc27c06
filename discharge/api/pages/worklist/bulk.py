"""The same done to each of the selected cases, one by one on the version seen; what became of each is told."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.pages.frame import is_htmx, shown
from discharge.api.pages.sent import last, payload_of, sent_form
from discharge.api.state import Desk, OurDesk
from discharge.casework.accounts.rights import permission_to_write
from discharge.casework.census import some
from discharge.casework.events.record import Assigned
from discharge.casework.work.caseload import read_people
from discharge.errors import ConflictError, NotAllowedError, NotFoundError
from discharge.wording import plural

router = APIRouter(include_in_schema=False)
Writer = Annotated[Principal, Depends(needs("cases:write"))]
MOST_CASES = 500
_CASE = re.compile(r"([0-9a-f]{32})\.([1-9][0-9]{0,8})")
_KEY = re.compile(r"[0-9a-f]{32}")
_SPACE = uuid.UUID("5b1c9a52-6a0e-5c0e-9d43-4a7f1e0d2c37")
_DONE = {
    "take": "taken",
    "assign": "assigned",
    "task": "given the task",
    "note": "given the note",
}


@dataclass(frozen=True)
class Picked:
    """A selected case, at the version that was seen."""

    case_id: str
    version: int


@dataclass(frozen=True)
class Became:
    """What became of one case."""

    case_id: str
    name: str
    is_written: bool
    why: str


@dataclass(frozen=True)
class Outcome:
    """What became of each case, or what was wrong with the act itself; ``key`` is for the next act."""

    says: str
    refused: list[Became]
    written: list[str]
    faults: list[str]
    key: str


def picked(sent: Mapping[str, list[str]]) -> list[Picked]:
    """Return the selected cases, each once."""
    found: dict[str, Picked] = {}
    for one in sent.get("case", []):
        named = _CASE.fullmatch(one)
        if named:
            found[named[1]] = Picked(named[1], int(named[2]))
    return list(found.values())


@router.post("/worklist/bulk", name="page_worklist_bulk")
def bulk(request: Request, desk: OurDesk, who: Writer) -> Response:
    """Take, assign, or add a task or a note: each case is written or refused for itself."""
    sent = sent_form(request)
    cases, act = picked(sent), last(sent, "act")
    made, faults = _payloads(desk, who, sent, act)
    if not cases:
        faults = ["No patient is selected. Select some in the list first."]
    elif len(cases) > MOST_CASES:
        faults = [f"At most {MOST_CASES} patients at once."]
    if faults or made is None:
        return _told(request, who, Outcome("Nothing was recorded.", [], [], faults, last(sent, "key")))
    key = last(sent, "key") if _KEY.fullmatch(last(sent, "key")) else uuid.uuid4().hex
    found = [_recorded(desk, who, one, act, key, made) for one in cases]
    names = _names(desk, [one.case_id for one in cases])
    became = [Became(one.case_id, names.get(one.case_id, "Patient"), not why, why) for one, why in found]
    refused = [one for one in became if not one.is_written]
    log_read(request, who, [one.case_id for one in cases])
    return _told(
        request,
        who,
        Outcome(
            _says(len(cases) - len(refused), len(refused), act),
            refused,
            [one.case_id for one in became if one.is_written],
            [],
            uuid.uuid4().hex,
        ),
    )


Make = Callable[[str], Any]


def _payloads(
    desk: Desk, who: Principal, sent: Mapping[str, list[str]], act: str
) -> tuple[Make | None, list[str]]:
    """Return what makes the payload for each case (from an id for what is new), or what is wrong with the act."""
    if act == "take":
        return lambda _: Assigned(assignee=who.account.id), []
    if act == "assign":
        who.require(permission_to_write("assigned"))
        assignee = last(sent, "assignee")
        with desk.store.read() as connection:
            takers = {one.account_id for one in read_people(connection)}
        if assignee not in takers:
            return None, ["Choose who is to get the cases."]
        return lambda _: Assigned(assignee=assignee), []
    fields = {"task": ("task_added", ("title", "due_at")), "note": ("note_added", ("text",))}
    if act not in fields:
        return None, ["Choose what is to be done with the selected."]
    kind, names = fields[act]
    given = {"kind": [kind], **{name: sent.get(name, []) for name in names}}

    def make(new_id: str) -> Any:
        own = {"task_id": [new_id]} if kind == "task_added" else {}
        return payload_of({**given, **own}, desk.settings.zone)

    _, faults = make("x")
    words = {"title": "Task", "due_at": "Due", "text": "Note"}
    if faults:
        return None, [f"{words.get(one.where, one.where)}: {one.what}." for one in faults]
    return lambda new_id: make(new_id)[0], []


def _recorded(desk: Desk, who: Principal, case: Picked, act: str, key: str, make: Make) -> tuple[Picked, str]:
    """Write one case in a transaction of its own; return why it was refused, nothing where it was written."""
    event_id = uuid.uuid5(_SPACE, f"{who.account.id}\n{key}\n{act}\n{case.case_id}").hex
    payload = make(event_id)
    try:
        desk.casework.record(
            case.case_id,
            [payload],
            actor=who.actor,
            now=desk.now(),
            expected_version=case.version,
            event_ids=[event_id],
        )
    except ConflictError:
        return case, "somebody changed the case since you saw it; look at it and do it again"
    except NotAllowedError as error:
        return case, "; ".join(f"{one.what}: {one.expected}" for one in error.faults)
    except NotFoundError:
        return case, "there is no such case"
    return case, ""


def _names(desk: Desk, ids: Sequence[str]) -> dict[str, str]:
    with desk.store.read() as connection:
        return {
            key: one.name or "Name not known" for key, one in some(connection, ids, now=desk.now()).items()
        }


def _says(written: int, refused: int, act: str) -> str:
    told = f"{plural(written, 'patient')} {_DONE[act]}."
    return f"{told} {plural(refused, 'patient')} not:" if refused else told


def _told(request: Request, who: Principal, page: Outcome) -> Response:
    status = 422 if page.faults else 200
    headers = {"HX-Trigger": "worklist-changed"} if page.written else {}
    template = "_worklist_outcome.html" if is_htmx(request) else "worklist_outcome.html"
    return shown(request, who, template, page, title="The selected patients", status=status, headers=headers)
