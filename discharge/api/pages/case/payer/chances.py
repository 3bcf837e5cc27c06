"""Denials on record: what was said of each, its appeals and their deadlines, and how likely the engine held it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.case.payer.offers import Offers
from discharge.api.pages.case.payer.said import Entry, option
from discharge.casework.state.model import Denial
from discharge.casework.work.counted import CaseClock
from discharge.denial import DenialRisk


@dataclass(frozen=True)
class AppealSeen:
    """An appeal against a denial; ``outcome`` is None while it is open."""

    level: str
    is_expedited: bool
    filed_at: datetime
    outcome: str | None
    decided_at: datetime | None
    recovered_usd: Decimal | None


@dataclass(frozen=True)
class DenialSeen:
    """A denial. ``risk`` is what the last review holds of its cause; None where it names none or the review doesn't."""

    id: str
    of: str
    cause: str | None
    carc: str | None
    days: int | None
    amount_usd: Decimal | None
    notice_at: datetime
    received_at: datetime
    is_receipt_documented: bool
    request: str | None
    request_title: str
    entries: list[Entry]
    appeals: list[AppealSeen]
    clocks: list[CaseClock]
    risk: DenialRisk | None
    offers: Offers


def denials(
    file: CaseFile, said: Sequence[Entry], clocks: Sequence[CaseClock], offered: Mapping[str, Offers]
) -> list[DenialSeen]:
    """Return the denials on record, the first first."""
    return [_seen(file, id, one, said, clocks, offered[f"d/{id}"]) for id, one in file.state.denials.items()]


def _seen(
    file: CaseFile,
    id: str,
    one: Denial,
    said: Sequence[Entry],
    clocks: Sequence[CaseClock],
    offers: Offers,
) -> DenialSeen:
    risks = file.review.denial.risks if file.review is not None else []
    named = file.desk.library.packs.denial_causes.get(one.cause or "")
    title = named.denial_cause.title if named is not None and named.denial_cause is not None else one.cause
    appeals = [
        AppealSeen(
            option("appeal_filed", "level", appeal.level.strip().lower()),
            appeal.is_expedited,
            appeal.filed.at,
            option("appeal_decided", "outcome", appeal.outcome) if appeal.outcome is not None else None,
            appeal.decided.at if appeal.decided is not None else None,
            appeal.amount_usd,
        )
        for appeal in sorted(file.state.appeals.values(), key=lambda filed: filed.filed.at)
        if appeal.denial_id == id
    ]
    request = file.state.authorizations.get(one.authorization_id or "")
    return DenialSeen(
        id=id,
        of=option("denial_received", "of", one.of),
        cause=title,
        carc=one.carc,
        days=one.days,
        amount_usd=one.amount_usd,
        notice_at=one.notice_at,
        received_at=one.received.at,
        is_receipt_documented=one.is_receipt_documented,
        request=one.authorization_id if request is not None else None,
        request_title=option("authorization_requested", "service", request.service)
        if request is not None
        else "",
        entries=[entry for entry in said if entry.denial_id == id],
        appeals=appeals,
        clocks=[clock for clock in clocks if clock.subject_id == id],
        risk=next((risk for risk in risks if risk.cause == one.cause), None),
        offers=offers,
    )
