"""The ledger's head and its proof."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from discharge.api.auth.principal import Principal, needs
from discharge.api.problems import problems
from discharge.api.state import OurDesk
from discharge.casework import ledger
from discharge.errors import UsageError

router = APIRouter(tags=["audit"])
Auditor = Annotated[Principal, Depends(needs("audit:read"))]


class HeadOut(BaseModel):
    """The last event's place and hash. Whoever keeps it elsewhere can prove later that nothing before was altered."""

    seq: int
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")


class BreakOut(BaseModel):
    """The first place where the ledger does not hold."""

    seq: int
    what: str


class VerificationOut(BaseModel):
    """What came of reading the whole ledger."""

    holds: bool
    events: int
    head: HeadOut
    first_break: BreakOut | None


@router.get("/audit/head", responses=problems())
def audit_head(desk: OurDesk, who: Auditor) -> HeadOut:
    """Return the ledger's head."""
    with desk.store.read() as connection:
        found = ledger.head(connection)
    return HeadOut(seq=found.seq, hash=found.hash)


@router.get("/audit/verify", responses=problems())
def audit_verify(
    desk: OurDesk,
    who: Auditor,
    seq: Annotated[int | None, Query(ge=0, lt=2**53, description="of a head kept elsewhere")] = None,
    hash_: Annotated[
        str | None, Query(alias="hash", pattern=r"^[0-9a-f]{64}$", description="of the same")
    ] = None,
) -> VerificationOut:
    """Read the whole ledger and tell whether it holds; with a head kept elsewhere, whether that one is still in it."""
    if (seq is None) != (hash_ is None):
        raise UsageError("give seq and hash of a head together, or neither")
    anchor = None if seq is None or hash_ is None else ledger.Head(seq, hash_)
    with desk.store.read() as connection:
        found = ledger.verify(connection, anchor)
    broken = found.first_break
    return VerificationOut(
        holds=broken is None,
        events=found.events,
        head=HeadOut(seq=found.head.seq, hash=found.head.hash),
        first_break=None if broken is None else BreakOut(seq=broken.seq, what=broken.what),
    )
