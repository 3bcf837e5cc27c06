"""Guards of utilization review: status, first and second level, notices, days lost, papers released.

What 42 CFR 482.30 and condition code 44 ask is checked here, so that no door lets an adverse step through without a
named physician. What the payer says and how it is answered is in :mod:`discharge.casework.guards.payer_side`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

from discharge.casework.events import Actor, Clinician
from discharge.casework.events.utilization import (
    AdvisorDecided,
    AdvisorReferred,
    AvoidableDayRecorded,
    DelayAttributed,
    FirstLevelReviewed,
    NoticeDelivered,
    PhysicianAnswered,
    PhysicianAsked,
    PractitionerConsulted,
    Released,
    StatusDetermined,
)
from discharge.casework.guards.framework import Context, guard
from discharge.casework.guards.rights import is_physician
from discharge.casework.state.model import CaseState, Referral
from discharge.casework.work.clocks import UR_NOTICES, is_notice
from discharge.casework.work.code_44 import condition_code_44, status_now
from discharge.casework.work.conventions import conventions
from discharge.casework.work.counted import base_of
from discharge.casework.work.delays import reasons
from discharge.casework.work.second_level import involved, is_same, needs_second
from discharge.clocks import clock_table
from discharge.errors import Fault
from discharge.review.model import Review

_MUST_BE_ON_RECORD = ("before_discharge", "inpatient_now", "committee")
_ROLE_OF_TYPE = {
    "admission": "admission",
    "retrospective": "admission",
    "concurrent": "continued_stay",
    "discharge": "discharge_ready",
}
_FINDING = "42 CFR 482.30(d)"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return advice for a name that isn't there: the nearest right ones, else the first few."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5) or names[:5]
    return "one of: " + ", ".join(close) if close else "there is none yet"


def new_id(where: str, given: str, known: Mapping[str, object]) -> Iterator[Fault]:
    """Yield a fault where an id that must be new is taken."""
    if given in known:
        yield Fault(where, "this id is taken on this case", "give a new id, or correct the earlier event")


def on_record(where: str, given: str, known: Mapping[str, object], what: str) -> Iterator[Fault]:
    """Yield a fault where an id that must be there is not."""
    if given not in known:
        yield Fault(where, f"there is no such {what} on this case", nearest(given, known))


def _must_be_physician(where: str, one: Clinician, why: str) -> Iterator[Fault]:
    if not one.is_physician:
        yield Fault(where, "this must be a physician", f"name a doctor by credentials, MD or DO ({why})")


# --- status -----------------------------------------------------------------------------------------------------


@guard("status_determined")
def status_determined(
    state: CaseState, payload: StatusDetermined, actor: Actor, context: Context
) -> Iterator[Fault]:
    """A status is settled by a physician by name; from inpatient to outpatient only by condition code 44 (Medicare)."""
    yield from _must_be_physician("$.determined_by.credentials", payload.determined_by, "42 CFR 412.3(b)")
    review = context.review
    rule = conventions().condition_code_44
    payer_class = review.payer.payer_class if review is not None else None
    is_medicare = payer_class in rule.payer_classes
    if payload.is_condition_code_44:
        if payer_class is not None and not is_medicare:
            yield Fault(
                "$.is_condition_code_44",
                "condition code 44 is for Original Medicare",
                "leave it out: the payer's contract says how a change is billed",
            )
        yield from _code_44(state, payload, context)
    elif is_medicare and payload.status != "inpatient" and status_now(state, review) == "inpatient":
        yield from _unmarked_change(review)


def _unmarked_change(review: Review | None) -> Iterator[Fault]:
    """An inpatient of Original Medicare became none, and nothing says by which way."""
    cited = conventions().cited
    if review is not None and review.stay.discharged is not None:
        yield Fault(
            "$.status",
            "after discharge an inpatient stay can't be made outpatient",
            f"rebill to Part B instead ({cited('ab_rebill').title})",
        )
    else:
        yield Fault(
            "$.is_condition_code_44",
            "an inpatient of Original Medicare becomes outpatient only by condition code 44",
            f"meet its conditions and set it, or correct the admission on record ({cited('cc44').title})",
        )


def _code_44(state: CaseState, payload: StatusDetermined, context: Context) -> Iterator[Fault]:
    """Whether a claim was submitted may be unknown; everything else that a record can show must be shown."""
    cited = conventions().cited
    if payload.status == "inpatient":
        yield Fault(
            "$.status", "condition code 44 changes inpatient to outpatient", "observation or outpatient"
        )
    if payload.effective_at < context.occurred_at:
        yield Fault(
            "$.effective_at",
            "the change can't reach back before it was determined",
            "observation hours run only forward from the order",
        )
    for one in condition_code_44(state, context.review, context.occurred_at):
        if one.status == "not_met" or (one.status == "unknown" and one.name in _MUST_BE_ON_RECORD):
            way = (
                f"rebill to Part B instead ({cited('ab_rebill').title})"
                if one.name == "before_discharge" and one.status == "not_met"
                else f"put it on record first ({cited('cc44').title})"
            )
            yield Fault("$.is_condition_code_44", f"{one.title}: {one.basis}", way)


# --- first and second level -------------------------------------------------------------------------------------


@guard("first_level_reviewed")
def first_level_reviewed(
    state: CaseState, payload: FirstLevelReviewed, actor: Actor, context: Context
) -> Iterator[Fault]:
    """First level approves or refers. The engine approves only what it found met; a person says why against it."""
    review = context.review
    if payload.outcome not in ("approved", "referred"):
        yield Fault("$.outcome", "first level never denies", "approved or referred")
    if payload.outcome != "approved" or review is None or review.stay.status != "inpatient":
        return
    found = getattr(review.level_of_care, _ROLE_OF_TYPE[payload.review_type])
    if found == "met":
        return
    said = "not met" if found == "not_met" else "not known to be met"
    if actor.kind == "engine":
        yield Fault("$.outcome", f"the criteria are {said}", "refer to the physician advisor")
    elif payload.comment is None:
        yield Fault(
            "$.comment", f"approved although the criteria are {said}", "say why, or refer to the advisor"
        )


@guard("advisor_referred")
def advisor_referred(
    state: CaseState, payload: AdvisorReferred, actor: Actor, context: Context
) -> Iterator[Fault]:
    """A referral has its own id, and the same question isn't asked twice at a time."""
    yield from new_id("$.referral_id", payload.referral_id, state.referrals)
    if any(one.is_open and one.reason == payload.reason for one in state.referrals.values()):
        yield Fault(
            "$.reason", "a referral for this reason is open", "wait for its answer, or add a note to it"
        )


@guard("practitioner_consulted")
def practitioner_consulted(
    state: CaseState, payload: PractitionerConsulted, actor: Actor, context: Context
) -> Iterator[Fault]:
    """The treating practitioner is asked about a referral that is still open."""
    yield from on_record("$.referral_id", payload.referral_id, state.referrals, "referral")
    referral = state.referrals.get(payload.referral_id)
    if referral is not None and not referral.is_open:
        yield Fault("$.referral_id", "this referral is decided", "a view counts before the finding only")
    rule = conventions().practitioners
    if payload.practitioner.credentials is not None and not rule.knows(payload.practitioner.credentials):
        yield Fault(
            "$.practitioner.credentials",
            "this is not a practitioner who is responsible for the care",
            f"ask one of: {', '.join(rule.credentials)} ({conventions().cited(rule.cite).title})",
        )


@guard("advisor_decided")
def advisor_decided(
    state: CaseState, payload: AdvisorDecided, actor: Actor, context: Context
) -> Iterator[Fault]:
    """A named physician, who takes no part in the care, decides; a finding has the steps of 42 CFR 482.30(d)."""
    if actor.kind != "person" or "physician_advisor" not in actor.roles:
        yield Fault("$.kind", "second level is decided by a person", "a physician advisor must be signed in")
    elif actor.credentials is not None and not is_physician(actor):
        yield Fault(
            "$.kind", "the credentials of this account are not a physician's", "a physician must be signed in"
        )
    yield from on_record("$.referral_id", payload.referral_id, state.referrals, "referral")
    yield from _must_be_physician("$.physician.credentials", payload.physician, "42 CFR 482.30")
    if payload.second_physician is not None:
        second = payload.second_physician
        yield from _must_be_physician("$.second_physician.credentials", second, "42 CFR 482.30")
        if is_same(second, payload.physician):
            yield Fault("$.second_physician", "this is the first physician again", "name another physician")
    if payload.decision != "more_information":
        yield from _independent(state, payload, context)
    referral = state.referrals.get(payload.referral_id)
    if referral is None:
        return
    if not referral.is_open:
        yield Fault("$.referral_id", "this referral is decided", "refer anew, or correct the decision")
    if payload.decision == "not_necessary":
        yield from _finding(referral, payload, context)


def _independent(state: CaseState, payload: AdvisorDecided, context: Context) -> Iterator[Fault]:
    team = involved(state, context.review)
    for where, one in (("$.physician", payload.physician), ("$.second_physician", payload.second_physician)):
        if one is not None and any(is_same(one, other) for other in team):
            yield Fault(
                where,
                "this physician takes part in the patient's care",
                "another physician of the committee decides (42 CFR 482.30(b)(3))",
            )


def _finding(referral: Referral, payload: AdvisorDecided, context: Context) -> Iterator[Fault]:
    """The practitioner first; one physician only where the practitioner agrees or gives no view."""
    asked = [one for one in referral.consultations if one.made.at <= context.occurred_at]
    if not asked:
        yield Fault(
            "$.decision",
            "the treating practitioner was not asked first",
            f"record practitioner_consulted on this referral before the finding ({_FINDING})",
        )
    elif needs_second(referral, context.occurred_at) and payload.second_physician is None:
        yield Fault(
            "$.second_physician",
            "the treating practitioner does not agree, so one physician is not enough",
            f"a second physician must make the finding too ({_FINDING})",
        )


@guard("physician_asked")
def physician_asked(
    state: CaseState, payload: PhysicianAsked, actor: Actor, context: Context
) -> Iterator[Fault]:
    """A question has its own id."""
    yield from new_id("$.question_id", payload.question_id, state.physician_questions)


@guard("physician_answered")
def physician_answered(
    state: CaseState, payload: PhysicianAnswered, actor: Actor, context: Context
) -> Iterator[Fault]:
    """An answer answers an open question."""
    known = state.physician_questions
    yield from on_record("$.question_id", payload.question_id, known, "question")
    question = known.get(payload.question_id)
    if question is not None and question.answered is not None:
        yield Fault("$.question_id", "this question is answered", "correct the answer, or ask anew")


# --- notices ----------------------------------------------------------------------------------------------------


@guard("notice_delivered")
def notice_delivered(
    state: CaseState, payload: NoticeDelivered, actor: Actor, context: Context
) -> Iterator[Fault]:
    """A notice is one of the table; a patient's signature is there, or a word on why it isn't."""
    clock_id = base_of(payload.clock_id)
    if not is_notice(clock_id):
        known = [one for one in clock_table().clocks if is_notice(one)]
        yield Fault("$.clock_id", "this is no notice", nearest(clock_id, known))
    to_patient = payload.recipient in ("patient", "representative")
    if to_patient and not payload.is_signed and payload.refusal_note is None:
        yield Fault(
            "$.refusal_note",
            "not signed, and nothing says why",
            "note the refusal or the call: who was there, name, title, date and time",
        )
    if clock_id == "UR-NOTICE" and not any(
        one.decision == "not_necessary" for one in state.referrals.values()
    ):
        yield Fault(
            "$.clock_id", "there is no finding to give notice of", "record the advisor's decision first"
        )
    if clock_id not in UR_NOTICES and not to_patient:
        yield Fault("$.recipient", "this notice is for the patient", "patient or representative")


# --- days lost --------------------------------------------------------------------------------------------------


@guard("avoidable_day_recorded")
def avoidable_day_recorded(
    state: CaseState, payload: AvoidableDayRecorded, actor: Actor, context: Context
) -> Iterator[Fault]:
    """A day lost has a reason of the list, lies within the stay, and counts once."""
    yield from new_id("$.record_id", payload.record_id, state.avoidable_days)
    known = [one for one in reasons() if one != "clinical"]
    if payload.reason == "clinical":
        yield Fault(
            "$.reason", "a day kept for a medical reason is not avoidable", "record nothing, or a note"
        )
    elif payload.reason not in known:
        yield Fault("$.reason", "no such reason", nearest(payload.reason, known))
    days = _spread(payload.day, payload.days)
    yield from _within_stay(max(days), min(days), context)
    for record in state.avoidable_days.values():
        for day, part in _spread(record.day, record.days).items():
            days[day] = days.get(day, Decimal(0)) + part if day in days else Decimal(0)
    if any(part > 1 for part in days.values()):
        yield Fault(
            "$.day", "this day is counted already", "correct the earlier record, or give the rest of the day"
        )


def _spread(first: date, days: Decimal) -> dict[date, Decimal]:
    """How much of each calendar day a record takes: whole days from the first on, then the rest."""
    found: dict[date, Decimal] = {}
    left, day = days, first
    while left > 0:
        found[day] = min(left, Decimal(1))
        left, day = left - 1, day + timedelta(days=1)
    return found


def _within_stay(last: date, first: date, context: Context) -> Iterator[Fault]:
    review = context.review
    zone = review.as_of.tzinfo if review is not None else context.recorded_at.tzinfo
    if last > context.recorded_at.astimezone(zone).date():
        yield Fault("$.day", "a day that is still to come", "record it when it is lost")
    stay = review.stay if review is not None else None
    began = (stay.arrival or stay.admitted) if stay is not None else None
    if began is not None and first < began.astimezone(zone).date():
        yield Fault("$.day", "a day before the stay", "a day of the stay")
    if stay is not None and stay.discharged is not None and last > stay.discharged.astimezone(zone).date():
        yield Fault("$.day", "a day after the stay", "a day of the stay")


@guard("delay_attributed")
def delay_attributed(
    state: CaseState, payload: DelayAttributed, actor: Actor, context: Context
) -> Iterator[Fault]:
    """A span of waiting has a beginning, ends after it, and lies in the past."""
    if payload.end is not None and payload.end <= payload.start:
        yield Fault("$.end", "the span ends before it begins", "a later moment, or none while it lasts")
    if payload.start > context.recorded_at or (payload.end is not None and payload.end > context.recorded_at):
        yield Fault("$.start", "the span lies in the future", "leave the end open while it lasts")
    if payload.authorization_id is not None:
        yield from on_record(
            "$.authorization_id", payload.authorization_id, state.authorizations, "authorization"
        )


# --- papers -----------------------------------------------------------------------------------------------------


@guard("released")
def released(state: CaseState, payload: Released, actor: Actor, context: Context) -> Iterator[Fault]:
    """A person releases a paper, of a review on record, to the stay's own payer; nothing sends itself."""
    yield from new_id("$.release_id", payload.release_id, state.releases)
    if actor.kind == "engine":
        yield Fault("$.kind", "the program sends nothing by itself", "a person releases papers")
    review = context.review
    if review is not None and payload.payer_profile != review.payer.profile:
        yield Fault(
            "$.payer_profile", "this is not the payer of the stay", str(review.payer.profile or "none known")
        )
    if payload.review_digest not in {one.digest for one in state.reviews}:
        yield Fault("$.review_digest", "no such review on this case", "a review of this case")
