"""Who pays, and the payer's terms in force: each with its source, and whether that was checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from discharge import wording
from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.words import number, words
from discharge.dated import Dated
from discharge.payers import PayerProfile

_UNITS = {"d": "day", "h": "hour", "mo": "month"}
_CLASSES = {
    "medicare_ffs": "Original Medicare",
    "medicare_advantage": "Medicare Advantage",
    "medicaid": "Medicaid",
    "dual": "Medicare and Medicaid",
    "commercial": "commercial",
    "self_pay": "the patient pays",
    "other": "another kind of payer",
}
_WHEN = {"on_admission": "on admission", "before_service": "before the service", "never": "not needed"}


@dataclass(frozen=True)
class TermSeen:
    """A term of the payer that is in force on the day of the page."""

    name: str
    value: str
    source: str
    verified: bool
    is_placeholder: bool
    note: str | None


@dataclass(frozen=True)
class Paying:
    """Who pays for the stay. ``reason`` says how the payer was found, or why it was not."""

    title: str | None
    profile: str | None
    payer_class: str | None
    is_fictional: bool
    member_id: str | None
    reason: str
    note: str | None
    terms: list[TermSeen]


def paying(file: CaseFile) -> Paying:
    """Return who pays, as the last review matched it, and the terms in force."""
    review, profile = file.review, file.profile
    if review is None:
        return Paying(None, None, None, False, None, "There is no review of this stay yet.", None, [])
    payer = review.payer
    today = file.now.astimezone(file.work.zone).date()
    return Paying(
        title=payer.title,
        profile=payer.profile,
        payer_class=_CLASSES.get(payer.payer_class or ""),
        is_fictional=bool(payer.is_fictional),
        member_id=payer.member_id,
        reason=payer.reason,
        note=profile.note if profile is not None else None,
        terms=terms_on(profile, today) if profile is not None else [],
    )


def terms_on(profile: PayerProfile, day: date) -> list[TermSeen]:
    """Return the payer's own terms of a day: authorization of the stay, rhythm of reviews, deadlines."""
    found = []
    for service in ("inpatient_acute", "observation"):
        listed = profile.authorization(service)
        if listed is not None:
            within = (
                f", told within {number(listed.notify_within)} h" if listed.notify_within is not None else ""
            )
            name = f"Authorization: {words(service)}"
            value = _WHEN[listed.when] + within
            found.append(_seen(profile, name, value, listed.cite, listed.placeholder, listed.note))
    cadence = profile.review.cadence_days
    if cadence is not None:
        found += _dated(profile, "Clinical review", cadence, day, "every ", profile.review.cite)
    for name, dated in profile.deadlines.items():
        found += _dated(profile, words(name).capitalize(), dated, day)
    return found


def _dated(
    profile: PayerProfile, name: str, dated: Dated, day: date, before: str = "", cite: str | None = None
) -> list[TermSeen]:
    one = dated.on(day)
    if one is None:
        return []
    value = wording.NOT_KNOWN
    if isinstance(one.value, (int, Decimal)) and not isinstance(one.value, bool):
        unit = _UNITS.get(dated.unit or "", dated.unit or "")
        value = f"{before}{number(one.value)} {unit}{'' if one.value == 1 else 's'}"
    return [_seen(profile, name, value, one.cite or cite, one.placeholder, one.note)]


def _seen(
    profile: PayerProfile, name: str, value: str, cite: str | None, is_placeholder: bool, note: str | None
) -> TermSeen:
    source = profile.citations.get(cite or "")
    return TermSeen(
        name,
        value,
        source.title if source is not None else "no source named",
        source is not None and source.verified,
        is_placeholder,
        note,
    )
