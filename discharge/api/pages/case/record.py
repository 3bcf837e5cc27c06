"""Where the forms of a case are sent: one event each, judged by the guards, on the version that was seen."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.bodies import CaseId
from discharge.api.casefile import ask_rights_of_corrections, ask_takers
from discharge.api.pages.forms import label
from discharge.api.pages.frame import is_htmx, shown
from discharge.api.pages.sent import happened_at, last, local, payload_of, sent_form
from discharge.api.state import Desk, OurDesk
from discharge.casework.accounts.rights import permission_to_write
from discharge.casework.events import Event
from discharge.casework.intake import ByHand, review_by_hand
from discharge.errors import ConflictError, Fault, NotAllowedError

router = APIRouter(include_in_schema=False)
Writer = Annotated[Principal, Depends(needs("cases:write"))]
_SPACE = uuid.UUID("9a3d2b60-0c63-5f6e-8a0e-0f3f8b9b9c11")
_KEY = re.compile(r"[0-9a-f]{32}")
_OF_ADDRESSES = "/?#&=%:;,@!$'()*+[]~"
"""Signs that stand in an address as they are; a header takes no others beyond letters."""


@dataclass(frozen=True)
class Refused:
    """Why nothing was recorded: faults by entry, or what somebody else recorded meanwhile, and the version now."""

    form: str
    kind: str
    faults: Sequence[Fault]
    changed: Sequence[Event]
    version: int | None
    back: str

    @property
    def by_entry(self) -> list[tuple[str, str, Fault]]:
        """Return each fault with id and label of its entry; both empty where it is of the whole form."""
        found = []
        for one in self.faults:
            name = _entry(one.where)
            id = f"{self.form}-{name.replace('.', '-')}" if name else ""
            found.append((id, label(self.kind, name) if name else "", one))
        return found


def _entry(where: str) -> str:
    """Return the entry that a place in a payload names.

    >>> _entry("$.clinician.name"), _entry("$")
    ('clinician.name', '')
    """
    name = re.sub(r"^\$\.?(payloads\[\d+\])?\.?", "", where)
    return re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-.")


@router.post("/cases/{case_id}/record", name="page_record")
def record(case_id: CaseId, request: Request, desk: OurDesk, who: Writer) -> Response:
    """Record what a form says and go back to its page; or say in the form why not."""
    sent = sent_form(request)
    payload, faults = payload_of(sent, desk.settings.zone)
    if payload is None:
        return refused(request, who, faults)
    if not (payload.kind == "assigned" and payload.assignee == who.account.id):
        who.require(permission_to_write(payload.kind))
    return write(request, desk, who, case_id, payload)


def write(
    request: Request,
    desk: Desk,
    who: Principal,
    case_id: str,
    payload: Any,
    *,
    more: Sequence[Any] = (),
    needs_version: bool = True,
) -> Response:
    """Record ``payload`` from the form that was sent and go back to its page; or say in the form why not.

    ``more`` are payloads recorded with it, all or nothing.
    """
    ask_rights_of_corrections(desk, case_id, [payload, *more], who)
    sent = sent_form(request)
    version, event_id = last(sent, "version"), event_id_of(sent, who)
    seen = int(version) if version.isdecimal() and len(version) < 10 else None
    if needs_version and seen is None:
        return refused(request, who, [Fault("$", "the form is from another page", "open the page again")])
    try:
        ask_takers(desk, [payload, *more], who)
        recorded = desk.casework.record(
            case_id,
            [payload, *more],
            actor=who.actor,
            now=desk.now(),
            occurred_at=happened_at(sent, desk.settings.zone),
            expected_version=seen if needs_version else None,
            event_ids=None if event_id is None else _ids(event_id, 1 + len(more)),
        )
    except NotAllowedError as error:
        log_read(request, who, case_id)
        return refused(request, who, error.faults)
    except ConflictError as error:
        log_read(request, who, case_id)
        changed = desk.casework.events(case_id, error.expected)
        return refused(request, who, [], changed=changed, version=error.found)
    return gone_back(request, sent, payload.kind, recorded.state.version, f"/cases/{case_id}")


def event_id_of(sent: Mapping[str, list[str]], who: Principal) -> str | None:
    """Return the id of the event that a form makes, the same however often it is sent; None where it has no key."""
    key = last(sent, "key")
    return uuid.uuid5(_SPACE, f"{who.account.id}\n{key}").hex if _KEY.fullmatch(key) else None


def gone_back(request: Request, sent: Any, done: str, version: int, otherwise: str) -> Response:
    """Return the browser to the page of the form, which then says what was done."""
    path, mark, part = local(last(sent, "back"), otherwise).partition("#")
    path = f"{path}{'&' if '?' in path else '?'}done={done}.{version}{mark}{part}"
    if is_htmx(request):
        return Response(status_code=204, headers={"HX-Redirect": quote(path, safe=_OF_ADDRESSES)})
    return RedirectResponse(path, 303)


def refused(
    request: Request,
    who: Principal,
    faults: Sequence[Fault],
    *,
    changed: Sequence[Event] = (),
    version: int | None = None,
) -> Response:
    """Return what the form says when nothing was recorded: a part for htmx, else a page of its own."""
    sent = sent_form(request)
    form = re.sub(r"[^A-Za-z0-9_-]", "", last(sent, "form"))
    page = Refused(form, last(sent, "kind"), faults, changed, version, local(last(sent, "back"), "/"))
    template = "_refused.html" if is_htmx(request) else "refused.html"
    status = 412 if changed or version is not None else 422
    return shown(request, who, template, page, title="Nothing was recorded yet", status=status)


def _ids(first: str, count: int) -> list[str]:
    """Return an id for each event of a form, the same ones when it is sent again."""
    return [first, *(uuid.uuid5(_SPACE, f"{first}\n{number}").hex for number in range(1, count))]


@router.post("/cases/{case_id}/review", name="page_review_now")
def review_now(case_id: CaseId, request: Request, desk: OurDesk, who: Writer) -> Response:
    """Review the case now, with the chart, rules and payer policy as they stand."""
    sent = sent_form(request)
    seen = desk.casework.case(case_id).version
    log_read(request, who, case_id)
    try:
        done = review_by_hand(
            desk.store, desk.library, ByHand(case_id, seen, uuid.uuid4().hex), as_of=desk.now(), now=desk.now
        )
    except ConflictError as error:
        changed = desk.casework.events(case_id, error.expected)
        return refused(request, who, [], changed=changed, version=error.found)
    if not done:
        what = "the chart knows nothing of this stay any more"
        return refused(request, who, [Fault("$", what, "a feed that holds the stay")])
    return gone_back(request, sent, "review_run", desk.casework.case(case_id).version, f"/cases/{case_id}")
