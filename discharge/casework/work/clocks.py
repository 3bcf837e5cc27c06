"""The clocks of a case: those of its review as the ledger knows better, and those that events of the case started.

Both sides' deadlines: hospital, payer, patient, QIO. Days are those of the facility's zone; weekends and holidays move
a deadline only where its row rolls.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from discharge.casework.state.model import CaseState
from discharge.casework.work.answers import STAY_SERVICES, answer_clocks, authorized_end
from discharge.casework.work.appeals import appeal_clocks, open_decisions, peer_clocks
from discharge.casework.work.conventions import conventions
from discharge.casework.work.counted import CaseClock, base_of, due_by_row, made, restated, row_of
from discharge.casework.work.found import zone_of
from discharge.clocks import Clock, ClockRule, CountRule, clock_table, due_on, moment_after
from discharge.clocks.counting import later
from discharge.dated import Dated
from discharge.payers import PayerProfile
from discharge.review.model import Review

__all__ = ["CaseClock", "base_of", "case_clocks", "discharged_at", "is_notice", "payer_class_of"]

UR_NOTICES = ("UR-NOTICE", "CC44-NOTICE")
_TO_ALL_THREE = ("hospital", "patient", "practitioner")
_APPEALS = ("claim_appeal", "payer_appeals")
_ASKED = ("authorization.inpatient_", "authorization.extension_", "authorization.information_")


def case_clocks(
    state: CaseState, review: Review | None, profile: PayerProfile | None, at: datetime
) -> list[CaseClock]:
    """Return the clocks of a case as they stand at ``at`` (aware), the nearest due time first, those met last.

    ``profile`` is that of the stay's payer. What the ledger started takes the place of the review's own clock for it.
    """
    zone = zone_of(state, review)
    now = at.astimezone(zone)
    payer_class = payer_class_of(review, profile)
    found = [
        *_of_review(state, review, profile, now),
        *answer_clocks(state, review, profile, payer_class, now),
        *peer_clocks(state, profile, now),
        *appeal_clocks(state, profile, payer_class, now),
        *_authorized_days(state, review, now),
        *_questions(state, profile, payer_class, now),
        *_referrals(state, now),
        *_notices_of_findings(state, review, now),
    ]
    return sorted(found, key=_order)


def payer_class_of(review: Review | None, profile: PayerProfile | None) -> str | None:
    """Return the class of the stay's payer; None where it isn't known."""
    return profile.payer_class if profile is not None else review.payer.payer_class if review else None


def discharged_at(review: Review | None) -> datetime | None:
    """Return when the patient left; None while in the house, or where it isn't known."""
    return review.stay.discharged if review is not None else None


def is_notice(clock_id: str) -> bool:
    """Tell whether a clock asks for a notice that can be delivered."""
    rule = clock_table().clocks.get(clock_id)
    return rule is not None and (rule.section == "notices" or clock_id in UR_NOTICES)


def _order(clock: CaseClock) -> tuple[bool, bool, float, str]:
    due = clock.due_at.timestamp() if clock.due_at else 0.0
    return clock.met_at is not None or clock.status == "stopped", clock.due_at is None, due, clock.clock


# --- the review's own -------------------------------------------------------------------------------------------


def _of_review(
    state: CaseState, review: Review | None, profile: PayerProfile | None, now: datetime
) -> Iterator[CaseClock]:
    if review is None:
        return
    rules = clock_table().clocks
    for clock in review.clocks:
        rule = rules.get(clock.clock_id)
        if _is_superseded(clock, rule, state):
            continue
        if clock.clock_id == "REVIEW":
            yield _next_clinical(clock, state, profile, now)
            continue
        yield restated(
            clock,
            rule,
            at=now,
            met_at=_met(clock, rule, state, now),
            is_kept=_is_kept(rule, state),
            pauses=state.pauses.get(clock.clock_id, ()),
        )


def _is_superseded(clock: Clock, rule: ClockRule | None, state: CaseState) -> bool:
    """Whether the ledger has the event that starts this clock, and so a clock of its own."""
    if rule is None:
        return False
    if rule.section in _APPEALS or clock.clock_id in ("P2P", "IDN"):
        return bool(state.denials) or bool(open_decisions(state))
    if clock.clock_id == "UR-NOTICE":
        return any(one.decision == "not_necessary" for one in state.referrals.values())
    if clock.clock_id == "CC44-NOTICE":
        return any(one.is_condition_code_44 for one in state.statuses)
    if clock.clock_id in ("NOTIFY", "REVIEW"):
        return False
    asked = any(one.service in STAY_SERVICES for one in state.authorizations.values())
    return asked and rule.section == "payer_decisions" and rule.trigger[0].startswith(_ASKED)


def _met(clock: Clock, rule: ClockRule | None, state: CaseState, now: datetime) -> datetime | None:
    """When the ledger says that a clock was kept; what was done too early does not count.

    A duty that begins some time after its trigger may be done from the trigger on: a MOON may be given early.
    """
    if rule is None:
        return None
    facts = {rule.met_by, rule.also_met_by} - {None}
    rules = clock_table().clocks
    moments = [
        one.made.at
        for one in state.notices
        if one.clock_id == clock.clock_id
        or ((other := rules.get(base_of(one.clock_id))) is not None and other.met_by in facts)
    ]
    if clock.clock_id in UR_NOTICES:
        told = _told_all(state, clock.opens_at or now)
        moments = [told] if told is not None else []
    if clock.clock_id == "NOTIFY":
        asked = (one.requested for one in state.authorizations.values() if one.service in STAY_SERVICES)
        moments += [one.at for one in asked if one is not None]
    waits = rule.opens is not None and rule.opens.value > 0
    first = clock.trigger_at if waits and clock.trigger_at is not None else clock.opens_at
    counted = [one for one in moments if one <= now and (first is None or one >= first)]
    return min(counted).astimezone(now.tzinfo) if counted else None


def _is_kept(rule: ClockRule | None, state: CaseState) -> bool:
    """Whether the record would show that the deadline was kept."""
    if rule is None:
        return False
    if rule.known_by == "authorization.has_any" and state.authorizations:
        return True
    return rule.late_when_past or (rule.section == "notices" and bool(state.notices))


def _next_clinical(clock: Clock, state: CaseState, profile: PayerProfile | None, now: datetime) -> CaseClock:
    """The payer's next clinical review: the rhythm begins again with everything that was said or sent."""
    cadence = profile.review.cadence_days if profile is not None else None
    spoken = [one for one in _exchanged(state) if one <= now]
    last = max(spoken, default=None)
    days = cadence_on(cadence, last)
    if last is None or days is None or (clock.trigger_at is not None and last <= clock.trigger_at):
        return restated(clock, clock_table().clocks["REVIEW"], at=now, met_at=None, is_kept=False)
    start = last.astimezone(now.tzinfo)
    due = moment_after(start, CountRule(count="calendar_days", value=days))
    return made(row_of("REVIEW"), None, opens_at=start, due_at=due, at=now, notes=[f"Every {days} d."])


def cadence_on(cadence: Dated | None, moment: datetime | None) -> int | None:
    """Return the payer's rhythm of reviews in days, in force on the day of ``moment``; None where it names none."""
    found = cadence.on(moment.date()) if cadence is not None and moment is not None else None
    return (
        int(found.value) if found is not None and isinstance(found.value, int) and found.value > 0 else None
    )


def _exchanged(state: CaseState) -> Iterator[datetime]:
    for one in state.authorizations.values():
        if one.service in STAY_SERVICES:
            yield from (one.requested.at for _ in [0] if one.requested is not None)
            yield from (said.made.at for said in one.decisions)
            yield from (added.made.at for added in one.additions)
    yield from (one.made.at for one in state.releases.values())
    yield from (one.answered.at for one in state.payer_questions.values() if one.answered is not None)


# --- what events started ----------------------------------------------------------------------------------------


def _authorized_days(state: CaseState, review: Review | None, now: datetime) -> Iterator[CaseClock]:
    """The end of the authorized days of the stay itself: of the authorization that reaches furthest."""
    end = authorized_end(state, review, now)
    if end is None or (review is not None and review.stay.is_in_house is False):
        return
    yield made(row_of("AUTH-END"), end.authorization_id, opens_at=end.said_at, due_at=end.ends_at, at=now)


def _questions(
    state: CaseState, profile: PayerProfile | None, payer_class: str | None, now: datetime
) -> Iterator[CaseClock]:
    """What the payer asked: due when it said, else when its rule lets it decide without the answer."""
    for question_id, question in state.payer_questions.items():
        start = question.asked.at.astimezone(now.tzinfo)
        row, due = row_of("PAYER-QUESTION"), question.due_at
        about = state.authorizations.get(question.authorization_id or "")
        least = conventions().information.get(about.urgency) if about is not None else None
        if due is None and least is not None and payer_class == "commercial":
            row, due = row_of(least), due_by_row(least, start, profile)
        yield made(
            row,
            question_id,
            opens_at=start,
            due_at=due.astimezone(now.tzinfo) if due is not None else None,
            at=now,
            met_at=question.answered.at.astimezone(now.tzinfo) if question.answered is not None else None,
            notes=[None if due is not None else "The payer gave no time for the answer: ask."],
        )


def _referrals(state: CaseState, now: datetime) -> Iterator[CaseClock]:
    for referral_id, referral in state.referrals.items():
        start = referral.asked.at.astimezone(now.tzinfo)
        due = referral.due_at or later(start, conventions().hours("advisor_answer", start.date()))
        closed = referral.decided if not referral.is_open else None
        yield made(
            row_of("ADVISOR"),
            referral_id,
            opens_at=start,
            due_at=due.astimezone(now.tzinfo),
            at=now,
            met_at=closed.at.astimezone(now.tzinfo) if closed is not None else None,
            notes=["More information was asked for." if referral.decision == "more_information" else None],
        )


def _told_all(state: CaseState, since: datetime) -> datetime | None:
    """When the last of hospital, patient and practitioner was told in writing; None while one was not.

    One letter may tell of the finding and of the change with code 44: the table has one fact for both.
    """
    given: dict[str, datetime] = {}
    for one in sorted(state.notices, key=lambda notice: notice.made.at):
        if base_of(one.clock_id) in UR_NOTICES and one.made.at >= since:
            given.setdefault("patient" if one.recipient == "representative" else one.recipient, one.made.at)
    return max(given.values()) if all(who in given for who in _TO_ALL_THREE) else None


def _still_to_tell(state: CaseState, since: datetime) -> str | None:
    told = {
        one.recipient for one in state.notices if base_of(one.clock_id) in UR_NOTICES and one.made.at >= since
    }
    told |= {"patient"} if "representative" in told else set()
    left = [who for who in _TO_ALL_THREE if who not in told]
    return f"Still to be told in writing: {', '.join(left)}." if left else None


def _notices_of_findings(state: CaseState, review: Review | None, now: datetime) -> Iterator[CaseClock]:
    """Two days to tell hospital, patient and practitioner of a finding; with code 44 never after discharge."""
    for referral_id, referral in state.referrals.items():
        if referral.decision == "not_necessary" and referral.decided is not None:
            yield _finding(state, "UR-NOTICE", referral_id, referral.decided.at, None, now)
    for one in state.statuses:
        if one.is_condition_code_44:
            gone = discharged_at(review)
            yield _finding(state, "CC44-NOTICE", one.made.event_id, one.made.at, gone, now)


def _finding(
    state: CaseState, clock_id: str, subject: str, since: datetime, ends: datetime | None, now: datetime
) -> CaseClock:
    start = since.astimezone(now.tzinfo)
    due = due_on(clock_table().clocks[clock_id], start)
    if due is not None and ends is not None and ends > start:
        due = min(due, ends.astimezone(now.tzinfo))
    told = _told_all(state, since)
    return made(
        row_of(clock_id),
        subject,
        opens_at=start,
        due_at=due,
        at=now,
        met_at=told.astimezone(now.tzinfo) if told is not None else None,
        notes=[_still_to_tell(state, since)],
    )
