"""Facts charted by utilization review: status, finding, payers, calls, denials, appeals, notices, days lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from discharge.casework.charting.lines import Line
from discharge.casework.events import ADVERSE_DECISIONS
from discharge.casework.state.model import Appeal, Authorization, CaseState, Denial, Referral, Trace
from discharge.casework.work.conventions import conventions
from discharge.clocks.table import clock_table
from discharge.facts import catalogue

_INPATIENT = ("inpatient_acute", "inpatient")
_URGENT = {"expedited": True, "standard": False}
_TO_ALL_THREE = ("hospital", "patient", "practitioner")
_UR_NOTICES = "status.ur_notices_given_at"
_SENT_OUT = ("qio", "qic", "external")
"""Levels of appeal whose asking and deciding have facts of their own."""


def utilization_lines(state: CaseState, zone: ZoneInfo) -> Iterator[Line]:
    """Yield what utilization review charts; ``zone`` is that in which an authorized day ends."""
    yield from _statuses(state)
    for referral in state.referrals.values():
        yield from _finding(referral)
    yield from _requests(state, zone)
    yield from _questions(state)
    for call in state.calls.values():
        if call.held is not None and call.outcome not in ("not_held", "withdrawn"):
            yield Line("appeals.peer_to_peer_at", call.held.at, call.held)
    for denial in state.denials.values():
        yield from _denial(denial)
    for appeal in state.appeals.values():
        yield from _appeal(appeal, state.denials.get(appeal.denial_id))
    yield from _notices(state)
    yield from _days_lost(state)


def _statuses(state: CaseState) -> Iterator[Line]:
    """A change from inpatient to outpatient, as its papers ask for it."""
    before: str | None = None
    for one in sorted(state.statuses, key=lambda status: status.made.at):
        if one.status != "inpatient" and (before == "inpatient" or one.is_condition_code_44):
            yield Line("status.reclassified_at", one.effective_at, one.made)
            yield Line("status.reclassified_to_observation", one.status == "observation", one.made)
        before = one.status


def _finding(referral: Referral) -> Iterator[Line]:
    """What the physician advisor found, and what the treating practitioner said of it (42 CFR 482.30(d))."""
    for asked in referral.consultations:
        yield Line("status.attending_consulted", True, asked.made)
        yield Line("status.attending_view", asked.view, asked.made)
    if referral.decided is None:
        return
    if referral.decision == "status_change_advised":
        yield Line("status.change_considered", True, referral.decided)
    if referral.decision == "not_necessary":
        yield Line("status.ur_finding_at", referral.decided.at, referral.decided)
        physicians = [one for one in (referral.physician, referral.second_physician) if one is not None]
        yield Line("status.ur_physicians", float(len(physicians)), referral.decided)


def _requests(state: CaseState, zone: ZoneInfo) -> Iterator[Line]:
    """What tables of authorizations have no column for."""
    mine = [one for one in state.authorizations.values() if one.service in _INPATIENT]
    asked = sorted((one for one in mine if one.requested), key=_asked_at)
    for place, one in enumerate(asked):
        assert one.requested is not None
        if one.urgency in _URGENT:
            yield Line("authorization.request_is_urgent", _URGENT[one.urgency], one.requested)
        if place:
            yield from _more_days(one, asked[place - 1], zone)
    for one in state.authorizations.values():
        adverse = [said for said in one.decisions if said.decision in ADVERSE_DECISIONS]
        for said in adverse:
            yield Line("appeals.adverse_decision_at", said.made.at, said.made)
            if said.clinician is not None:
                yield Line("authorization.reviewer_named", True, said.made)


def _asked_at(one: Authorization) -> datetime:
    assert one.requested is not None
    return one.requested.at


def _more_days(one: Authorization, before: Authorization, zone: ZoneInfo) -> Iterator[Line]:
    """A later request for inpatient days asks for more of them; in time is 24 hours before the authorized ones end."""
    assert one.requested is not None
    at = one.requested.at
    yield Line("authorization.extension_requested_at", at, one.requested)
    if before.valid_through is not None:
        ends = datetime.combine(before.valid_through + timedelta(days=1), time(), tzinfo=zone)
        yield Line("authorization.extension_asked_in_time", at <= ends - timedelta(hours=24), one.requested)
    for said in one.decisions:
        if said.decision != "pended":
            yield Line("authorization.extension_decided_at", said.made.at, said.made)


def _questions(state: CaseState) -> Iterator[Line]:
    for question in state.payer_questions.values():
        yield Line("authorization.request_is_incomplete", True, question.asked)
        yield Line("authorization.information_asked_at", question.asked.at, question.asked)
        if question.due_at is not None:
            yield Line("authorization.information_due_at", question.due_at, question.asked)
        if question.answered is not None:
            yield Line("authorization.information_sent_at", question.answered.at, question.answered)


def _denial(denial: Denial) -> Iterator[Line]:
    made = denial.received
    yield Line("appeals.adverse_decision_at", denial.notice_at, made)
    yield Line("appeals.notice_dated_at", denial.notice_at, made)
    yield Line("appeals.notice_received_at", made.at, made)
    yield Line("appeals.level", "initial", made)
    if denial.of == "claim":
        yield Line("appeals.kind", "post_service", made)
        yield Line("authorization.claim_decided_at", denial.notice_at, made)
    if denial.amount_usd is not None:
        yield Line("appeals.amount_usd", float(denial.amount_usd), made)


def _appeal(appeal: Appeal, denial: Denial | None) -> Iterator[Line]:
    """Filed and decided; a decision is itself a notice, against which the next level can be asked."""
    level = appeal.level.strip().lower()
    if level == "qio":
        yield Line("appeals.patient_objects", True, appeal.filed)
        yield Line("appeals.qio_request_at", appeal.filed.at, appeal.filed)
    elif level == "qic":
        yield Line("appeals.qic_request_at", appeal.filed.at, appeal.filed)
    else:
        yield Line("appeals.filed_at", appeal.filed.at, appeal.filed)
        if appeal.is_expedited:
            yield Line("appeals.kind", "urgent", appeal.filed)
    if appeal.decided is None or appeal.outcome == "withdrawn":
        return
    yield from _appeal_decided(appeal, level, appeal.decided)


def _appeal_decided(appeal: Appeal, level: str, decided: Trace) -> Iterator[Line]:
    if level in _SENT_OUT:
        fact = {"qio": "qio_decided_at", "qic": "qic_decided_at", "external": "iro_decided_at"}[level]
        yield Line(f"appeals.{fact}", decided.at, decided)
        return
    yield Line("appeals.decided_at", decided.at, decided)
    if appeal.outcome != "overturned":
        made_by = "dismissal" if appeal.outcome == "dismissed" else _decided_by(level)
        if made_by is not None:
            yield Line("appeals.level", made_by, decided)
        yield Line("appeals.notice_received_at", decided.at, decided)


def _decided_by(level: str) -> str | None:
    """Return who made the decision that a level of appeal leaves; where payers differ, the level's own name."""
    steps = [levels[level] for levels in conventions().levels.values() if level in levels]
    leaves = {step.leaves for step in steps if step.leaves is not None}
    return level if level in leaves else min(leaves, default=None)


def _notices(state: CaseState) -> Iterator[Line]:
    """A notice stops its clock at its delivery; one owed to three, at the delivery to the last of them."""
    table = clock_table().clocks
    given: dict[str, Trace] = {}
    for notice in sorted(state.notices, key=lambda one: one.made.at):
        rule = table.get(notice.clock_id)
        fact = rule.met_by if rule is not None else None
        if fact is None or not _is_time(fact):
            continue
        if fact == _UR_NOTICES:
            given.setdefault(
                "patient" if notice.recipient == "representative" else notice.recipient, notice.made
            )
        else:
            yield Line(fact, notice.made.at, notice.made)
    if all(one in given for one in _TO_ALL_THREE):
        last = max(given.values(), key=lambda made: made.at)
        yield Line(_UR_NOTICES, last.at, last)


def _is_time(fact: str) -> bool:
    found = catalogue().get(fact)
    return found is not None and found.type == "time" and found.is_assessable


def _days_lost(state: CaseState) -> Iterator[Line]:
    """The reason of each avoidable day, and how many there are by then; days kept for a medical reason are none."""
    total = 0.0
    for one in sorted(state.avoidable_days.values(), key=lambda one: one.made.at):
        yield Line("orders.delay_reason", one.reason, one.made)
        if one.reason != "clinical":
            total += float(one.days)
            yield Line("stay.delay_midnights", total, one.made)
