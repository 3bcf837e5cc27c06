"""Audit: the ledger's head and its proof, who read which case, and what was done to accounts, rules and the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Depends, Query, Request, Response

from discharge.api.auth.principal import Principal, needs
from discharge.api.pages.case.dear import room_in
from discharge.api.pages.frame import shown
from discharge.api.pages.words import words
from discharge.api.state import Desk, OurDesk
from discharge.casework import ledger
from discharge.casework.accounts import access, people
from discharge.casework.accounts.access import Asked, Read
from discharge.casework.events import SYSTEM, Event
from discharge.casework.events.base import Id
from discharge.casework.ledger import Head, Verification

router = APIRouter(include_in_schema=False, prefix="/admin/audit")
Auditor = Annotated[Principal, Depends(needs("audit:read"))]
Outcome: TypeAlias = Literal["", "read", "refused"]
ROWS = 100
SYSTEM_ROWS = 50
_CHECKING = BoundedSemaphore(1)
"""The whole ledger is read by one request at a time; a second one is refused."""


@dataclass(frozen=True)
class ReadRow:
    """A line of the access log, with the account's name."""

    read: Read
    name: str


@dataclass(frozen=True)
class SystemRow:
    """Something done to accounts, rules or the store, in words."""

    event: Event
    says: str


@dataclass(frozen=True)
class AuditPage:
    """``checked`` is None until somebody asks for the proof; ``next_before`` leads to older lines."""

    head: Head
    checked: Verification | None
    reads: list[ReadRow]
    next_before: int | None
    people: list[tuple[str, str]]
    account_id: str
    case_id: str
    outcome: str
    system: list[SystemRow]
    may_open: bool


@router.get("", name="page_audit")
def audit(
    request: Request,
    desk: OurDesk,
    who: Auditor,
    account_id: Annotated[Id | Literal[""], Query()] = "",
    case_id: Annotated[Id | Literal[""], Query()] = "",
    outcome: Annotated[Outcome, Query()] = "",
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Response:
    """Show the access log, newest first, and the ledger's head."""
    asked = Asked(account_id or None, case_id or None, {"read": True, "refused": False}.get(outcome))
    return _shown(request, desk, who, asked, before, outcome, None)


@router.post("/check", name="page_audit_check")
def check(request: Request, desk: OurDesk, who: Auditor) -> Response:
    """Read the whole ledger and tell whether it holds."""
    with room_in(_CHECKING), desk.store.read() as connection:
        found = ledger.verify(connection, None)
    return _shown(request, desk, who, Asked(), None, "", found)


def _shown(
    request: Request,
    desk: Desk,
    who: Principal,
    asked: Asked,
    before: int | None,
    outcome: str,
    checked: Verification | None,
) -> Response:
    with desk.store.read() as connection:
        rows = access.find(connection, asked, before=before, most=ROWS)
        names = {one.id: one.name for one in people.listed(connection)}
        system = ledger.events_of(connection, SYSTEM)[: -SYSTEM_ROWS - 1 : -1]
        head = ledger.head(connection)
    page = AuditPage(
        head=head,
        checked=checked,
        reads=[ReadRow(one, names.get(one.account_id, "an account of another store")) for one in rows],
        next_before=rows[-1].id if len(rows) == ROWS else None,
        people=sorted(names.items(), key=lambda one: one[1]),
        account_id=asked.account_id or "",
        case_id=asked.case_id or "",
        outcome=outcome,
        system=[SystemRow(one, _says(one.payload.model_dump(), names)) for one in system],
        may_open=who.may("cases:read"),
    )
    return shown(request, who, "admin/audit.html", page, title="Audit", styles=("admin.css",))


def _says(payload: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return what an event of the system says; digests in short."""
    parts = []
    for field, value in payload.items():
        if field == "kind" or value in (None, (), [], {}):
            continue
        if isinstance(value, datetime):
            value = value.isoformat(timespec="minutes")
        if isinstance(value, dict):
            value = (
                f"{len(value)}"
                if len(value) > 6
                else ", ".join(f"{one} {each}" for one, each in value.items())
            )
        elif isinstance(value, (list, tuple)):
            value = f"{len(value)}" if len(value) > 12 else ", ".join(map(str, value))
        told = names.get(str(value), str(value))
        parts.append(f"{words(field)}: {told[:12] if len(told) == 64 else told}")
    return "; ".join(parts)


__all__ = ["router"]
