"""The physician advisor's queue: who must look, at what, by when, and what may be decided (42 CFR 482.30).

Nothing here decides: a nurse or the engine may approve or refer, and an adverse step is a named physician's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeAlias

from pydantic import Field

from discharge.casework.state.model import CaseState, Referral
from discharge.casework.work.clocks import discharged_at
from discharge.casework.work.conventions import conventions
from discharge.casework.work.found import zone_of
from discharge.casework.work.second_level import needs_second
from discharge.clocks.counting import later
from discharge.review.model import Review
from discharge.stayview import Result

ReferralReason: TypeAlias = Literal["not_met", "unknown", "continued_stay"]
DecisionName: TypeAlias = Literal["approved", "more_information", "status_change_advised", "not_necessary"]
_ADMISSION = ("not_met", "unknown", "level_of_care")
_QUESTIONS: dict[str, str] = {
    "not_met": "Does the record support inpatient care from the admission on?",
    "unknown": "The level of care can't be told after the first day: what does the record support?",
    "continued_stay": "Does the patient still need hospital care?",
}
_ROLES = {"not_met": "admission", "unknown": "admission", "continued_stay": "continued_stay"}


class Choice(Result):
    """A decision that an advisor may take, whether it is open now, and what it still needs."""

    decision: DecisionName
    title: str
    is_open: bool
    needs: list[str] = Field(default_factory=list)
    citation: str
    verified: bool


class QueueItem(Result):
    """A question for the physician advisor. ``referral_id`` None: it ought to be asked, and nobody has yet.

    ``not_met`` are titles of criteria that are not met, ``missing`` the smallest set of facts that would settle what
    can't be told. ``age_hours`` counts from the referral. ``leads_to`` is what follows from a finding now.
    """

    referral_id: str | None
    reason: str
    question: str
    asked_at: datetime | None
    asked_by: str | None
    due_at: datetime | None
    age_hours: float | None
    is_late: bool
    not_met: list[str]
    missing: list[str]
    statement: str | None
    views: list[str] = Field(description="what treating practitioners said")
    choices: list[Choice]
    leads_to: str


def referral_due(state: CaseState, review: Review | None, at: datetime) -> ReferralReason | None:
    """Return why the stay ought to be referred to the physician advisor now; None where it needn't, or is.

    Only an inpatient stay is asked about. An answer on the admission settles it for the stay; one on the continued
    stay holds for the house's own rhythm of reviews.
    """
    if review is None or any(one.is_open for one in state.referrals.values()):
        return None
    told = _told_by_nurse(state)
    if told is not None:
        return told
    if review.stay.status != "inpatient":
        return None
    care = review.level_of_care
    if not _settled(state, _ADMISSION):
        if care.admission == "not_met":
            return "not_met"
        if care.admission == "unknown" and _first_day_is_over(review, at):
            return "unknown"
    in_house = review.stay.discharged is None and review.stay.is_in_house is not False
    stays = care.continued_stay == "not_met" and care.discharge_ready != "met"
    if in_house and stays and review.review_type != "admission" and not _held(state, at):
        return "continued_stay"
    return None


def _told_by_nurse(state: CaseState) -> ReferralReason | None:
    """A first-level review ended in a referral that nobody has made yet."""
    last = max(state.first_level, key=lambda one: one.made.at, default=None)
    if last is None or last.outcome != "referred":
        return None
    if any(one.asked.at >= last.made.at for one in state.referrals.values()):
        return None
    return "not_met" if last.review_type == "admission" else "continued_stay"


def _settled(state: CaseState, reasons: tuple[str, ...]) -> bool:
    return any(one.reason in reasons and not one.is_open for one in state.referrals.values())


def _held(state: CaseState, at: datetime) -> bool:
    """Whether an advisor's answer on the continued stay still holds."""
    days = int(conventions().number("own_cadence", at.date()))
    answered = [
        one.decided.at
        for one in state.referrals.values()
        if one.reason == "continued_stay" and not one.is_open and one.decided is not None
    ]
    return any((at.date() - moment.astimezone(at.tzinfo).date()).days < days for moment in answered)


def _first_day_is_over(review: Review, at: datetime) -> bool:
    began = review.stay.inpatient_order or review.stay.admitted or review.stay.arrival
    return began is not None and at >= later(began, conventions().hours("first_day", began.date()))


def queue_items(state: CaseState, review: Review | None, at: datetime) -> list[QueueItem]:
    """Return the open questions of a case for the advisor, the first due first, and the one that ought to be asked."""
    now = at.astimezone(zone_of(state, review))
    found = [
        _item(state, review, now, referral_id, one)
        for referral_id, one in state.referrals.items()
        if one.is_open
    ]
    due = referral_due(state, review, now)
    if due is not None:
        found.append(_suggested(state, review, now, due))
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at or now, one.referral_id or ""))


def _item(
    state: CaseState, review: Review | None, now: datetime, referral_id: str, one: Referral
) -> QueueItem:
    evidence = _evidence(review, one.reason)
    asked = one.asked.at.astimezone(now.tzinfo)
    due = one.due_at or later(asked, conventions().hours("advisor_answer", asked.date()))
    return QueueItem(
        referral_id=referral_id,
        reason=one.reason,
        question=one.question,
        asked_at=asked,
        asked_by=one.asked.by,
        due_at=due.astimezone(now.tzinfo),
        age_hours=round((now.astimezone(UTC) - asked.astimezone(UTC)).total_seconds() / 3600, 2),
        is_late=now > due,
        not_met=evidence.not_met,
        missing=evidence.missing,
        statement=evidence.statement,
        views=[f"{view.practitioner.name}: {view.view.replace('_', ' ')}" for view in one.consultations],
        choices=list(_choices(state, review, one)),
        leads_to=_leads_to(state, review),
    )


def _suggested(state: CaseState, review: Review | None, now: datetime, reason: ReferralReason) -> QueueItem:
    evidence = _evidence(review, reason)
    return QueueItem(
        referral_id=None,
        reason=reason,
        question=_QUESTIONS[reason],
        asked_at=None,
        asked_by=None,
        due_at=None,
        age_hours=None,
        is_late=False,
        not_met=evidence.not_met,
        missing=evidence.missing,
        statement=evidence.statement,
        views=[],
        choices=[],
        leads_to=_leads_to(state, review),
    )


def role_at_issue(review: Review, reason: str) -> str:
    """Return the finding that a referral of ``reason`` is about: ``admission`` or ``continued_stay``."""
    return _ROLES.get(reason, "admission" if review.review_type == "admission" else "continued_stay")


class _Evidence(NamedTuple):
    not_met: list[str]
    missing: list[str]
    statement: str | None


def _evidence(review: Review | None, reason: str) -> _Evidence:
    """What the review says: criteria not met, the facts that would settle the rest, and its own statement."""
    if review is None:
        return _Evidence([], [], None)
    role = role_at_issue(review, reason)
    missing = review.level_of_care.missing.get(role, [])
    not_met = list(dict.fromkeys(_failed(review, role)))
    return _Evidence(not_met, list(missing[0]) if missing else [], review.level_of_care.statement)


def _failed(review: Review, role: str) -> Iterator[str]:
    """Titles of the criteria under a finding that are not met and rest on facts, from the top down."""
    by_name = {one.criterion: one for one in review.findings}
    waiting = [one.criterion for one in review.findings if one.role == role and one.status == "not_met"]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop(0)
        finding = by_name.get(name)
        if name in seen or finding is None or finding.status != "not_met":
            continue
        seen.add(name)
        if not finding.parts:
            yield finding.title
        waiting += finding.parts


def _choices(state: CaseState, review: Review | None, one: Referral) -> Iterator[Choice]:
    """Every decision, and what it needs: a named physician for all, the practitioner's view before a finding."""
    for name, needs in _needs(state, review, one).items():
        row = conventions().decisions[name]
        source = conventions().cited(row.cite)
        yield Choice(
            decision=name,
            title=row.title,
            is_open=not any(need.startswith("First ") for need in needs),
            needs=needs,
            citation=source.title,
            verified=source.verified,
        )


def _needs(state: CaseState, review: Review | None, one: Referral) -> dict[DecisionName, list[str]]:
    physician = "A physician (MD or DO) by name, who takes no part in the care."
    finding = [physician]
    if not one.consultations:
        finding.append("First ask the treating practitioner for a view.")
    elif needs_second(one):
        finding.append("A second physician by name: the treating practitioner does not agree.")
    finding.append("Then written notice to hospital, patient and practitioner within two days.")
    change = [physician, _leads_to(state, review)]
    return {
        "approved": [physician],
        "more_information": [physician],
        "status_change_advised": change,
        "not_necessary": finding,
    }


def _leads_to(state: CaseState, review: Review | None) -> str:
    """What a change of status comes to now: code 44 before discharge, rebilling after it."""
    cited = conventions().cited
    if discharged_at(review) is not None:
        return f"After discharge the status stands; what is left is rebilling to Part B ({cited('ab_rebill').title})."
    payer_class = review.payer.payer_class if review is not None else None
    if payer_class in conventions().condition_code_44.payer_classes:
        return f"Before discharge: condition code 44 ({cited('cc44').title})."
    return "Before discharge: a physician settles the status; the payer's contract says how it is billed."
