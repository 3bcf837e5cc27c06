"""Utilization review: status, questions, advisor, authorizations, denials, appeals, notices, days lost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from pydantic import Field

from discharge.casework.events.base import Clinician, Digest, Id, Moment, Payload, Short, Text

StatusName: TypeAlias = Literal["inpatient", "observation", "outpatient"]
Decision: TypeAlias = Literal["approved", "modified", "partial", "denied", "pended", "cancelled"]
Usd: TypeAlias = Decimal


class StatusDetermined(Payload):
    """A physician, or a utilization review committee under 42 CFR 482.30, settled the patient's status."""

    kind: Literal["status_determined"] = "status_determined"
    status: StatusName
    determined_by: Clinician
    basis: Text
    is_condition_code_44: bool = False
    effective_at: Moment


class FirstLevelReviewed(Payload):
    """A nurse or the engine compared the stay with the criteria. First level may approve or refer, never deny."""

    kind: Literal["first_level_reviewed"] = "first_level_reviewed"
    outcome: Literal["approved", "referred"]
    review_type: Literal["admission", "concurrent", "discharge", "retrospective"]
    comment: Text | None = None
    criteria: dict[str, Text] = Field(default_factory=dict, description="comment per criterion")
    review_digest: Digest | None = Field(default=None, description="the engine's review that was looked at")


class AdvisorReferred(Payload):
    """A physician advisor was asked: the question in one line."""

    kind: Literal["advisor_referred"] = "advisor_referred"
    referral_id: Id
    question: Short
    reason: Literal[
        "not_met", "unknown", "readmission", "denial", "appeal", "continued_stay", "level_of_care", "other"
    ]
    due_at: Moment | None = None


class PractitionerConsulted(Payload):
    """The treating practitioner was asked for a view before a finding (42 CFR 482.30(d))."""

    kind: Literal["practitioner_consulted"] = "practitioner_consulted"
    referral_id: Id
    practitioner: Clinician
    view: Literal["agrees", "disagrees", "no_view"]
    note: Text | None = None


class AdvisorDecided(Payload):
    """A physician answered a referral. ``not_necessary`` is a finding under 42 CFR 482.30(d): see the guards."""

    kind: Literal["advisor_decided"] = "advisor_decided"
    referral_id: Id
    decision: Literal["approved", "status_change_advised", "not_necessary", "more_information"]
    physician: Clinician
    second_physician: Clinician | None = None
    rationale: Text


class PhysicianAsked(Payload):
    """A question to the treating physician, often for a fact that is not charted."""

    kind: Literal["physician_asked"] = "physician_asked"
    question_id: Id
    to: Short
    question: Text
    asks: tuple[Short, ...] = Field(default=(), description="facts of the catalogue")
    due_at: Moment | None = None


class PhysicianAnswered(Payload):
    """The answer; ``facts`` go into the next review as charted by this answer."""

    kind: Literal["physician_answered"] = "physician_answered"
    question_id: Id
    answered_by: Clinician
    answer: Text
    facts: dict[str, bool | float | str] = Field(default_factory=dict)


class AuthorizationRequested(Payload):
    """A payer was asked to authorize a service, or told of an admission."""

    kind: Literal["authorization_requested"] = "authorization_requested"
    authorization_id: Id
    service: Short = Field(description="inpatient_acute, observation, snf, irf, ... as in payer profiles")
    payer_profile: str | None
    days_asked: int | None = Field(default=None, ge=1)
    first_day: date | None = None
    urgency: Literal["standard", "expedited", "concurrent"] = "concurrent"
    requires_prior_authorization: bool = True
    number: Short | None = None
    document: Digest | None = Field(default=None, description="blob of the summary that was sent")


class DecisionReceived(Payload):
    """The payer's decision. Where a payer's own user records an adverse one, a named clinician must stand on it."""

    kind: Literal["decision_received"] = "decision_received"
    authorization_id: Id
    decision: Decision
    number: Short | None = None
    days_approved: int | None = Field(default=None, ge=0)
    valid_from: date | None = None
    valid_through: date | None = None
    reason_code: Short | None = Field(
        default=None, description="CARC, X12 278 reason or the payer's own code"
    )
    reason: Text | None = None
    clinician: Clinician | None = None


class DaysAuthorized(Payload):
    """More days on an authorization that stands, without a new request."""

    kind: Literal["days_authorized"] = "days_authorized"
    authorization_id: Id
    days: int = Field(ge=1)
    valid_from: date | None = None
    valid_through: date | None = None


class PayerAsked(Payload):
    """The payer asked for more before deciding."""

    kind: Literal["payer_asked"] = "payer_asked"
    question_id: Id
    authorization_id: Id | None = None
    question: Text
    due_at: Moment | None = None


class PayerAnswered(Payload):
    """What was sent to the payer in answer."""

    kind: Literal["payer_answered"] = "payer_answered"
    question_id: Id
    text: Text
    document: Digest | None = None


class PeerToPeerScheduled(Payload):
    """A call between physicians of hospital and payer is to be held."""

    kind: Literal["peer_to_peer_scheduled"] = "peer_to_peer_scheduled"
    call_id: Id
    authorization_id: Id | None = None
    at: Moment
    physician: Short
    payer_physician: Short | None = None


class PeerToPeerHeld(Payload):
    """The call's outcome."""

    kind: Literal["peer_to_peer_held"] = "peer_to_peer_held"
    call_id: Id
    outcome: Literal["overturned", "partly_overturned", "upheld", "not_held", "withdrawn"]
    physician: Clinician
    payer_physician: Clinician | None = None
    note: Text | None = None


class DenialReceived(Payload):
    """A denial of a service, of days or of a claim."""

    kind: Literal["denial_received"] = "denial_received"
    denial_id: Id
    authorization_id: Id | None = None
    of: Literal["service", "days", "level_of_care", "claim"]
    carc: Short | None = None
    cause: Short | None = Field(default=None, description="a cause of reference/denial.yaml")
    amount_usd: Usd | None = Field(default=None, ge=0)
    days: int | None = Field(default=None, ge=0)
    clinician: Clinician | None = None
    notice_at: Moment = Field(description="date on the notice; receipt is when the event happened")
    is_receipt_documented: bool = Field(
        default=False,
        description="a stamp or portal shows when it came; else the earlier of that and the presumed date",
    )


class AppealFiled(Payload):
    """An appeal against a denial."""

    kind: Literal["appeal_filed"] = "appeal_filed"
    appeal_id: Id
    denial_id: Id
    level: Short = Field(description="redetermination, reconsideration, alj, internal, external, qio, ...")
    is_expedited: bool = False
    document: Digest | None = None


class AppealDecided(Payload):
    """What became of an appeal."""

    kind: Literal["appeal_decided"] = "appeal_decided"
    appeal_id: Id
    outcome: Literal["overturned", "partly_overturned", "upheld", "dismissed", "withdrawn"]
    amount_usd: Usd | None = Field(default=None, ge=0, description="recovered")


class NoticeDelivered(Payload):
    """A notice reached the patient or representative (IM, MOON, MCSN, HINN, ...), or was refused with a witness."""

    kind: Literal["notice_delivered"] = "notice_delivered"
    clock_id: Short = Field(description="a clock of reference/clocks.yaml, e.g. IM-1, MOON")
    recipient: Literal["patient", "representative", "practitioner", "hospital"] = "patient"
    method: Literal["in_person", "telephone", "mail", "electronic"] = "in_person"
    is_signed: bool
    refusal_note: Text | None = None


class ClockPaused(Payload):
    """A clock stands still, for a reason; only where its own rule lets it."""

    kind: Literal["clock_paused"] = "clock_paused"
    clock: Short = Field(description="as the API names it: CLOCK-ID or CLOCK-ID/authorization or denial id")
    reason: Text


class ClockResumed(Payload):
    """The clock runs again."""

    kind: Literal["clock_resumed"] = "clock_resumed"
    clock: Short
    reason: Text | None = None


class AvoidableDayRecorded(Payload):
    """Days in hospital without need of a hospital, with reason and owner; the price comes from the review."""

    kind: Literal["avoidable_day_recorded"] = "avoidable_day_recorded"
    record_id: Id
    day: date
    days: Decimal = Field(default=Decimal(1), gt=0)
    reason: Short = Field(description="a reason of reference/avoidable_days.yaml")
    owner: Short | None = None
    note: Text | None = None


class DelayAttributed(Payload):
    """A span of waiting after clinical readiness, and whose it was."""

    kind: Literal["delay_attributed"] = "delay_attributed"
    record_id: Id
    to: Literal["payer", "hospital", "provider", "family", "social", "transport"]
    reason: Short
    start: Moment
    end: Moment | None = None
    authorization_id: Id | None = None


class Released(Payload):
    """A paper was released to the stay's payer; it is the only thing that the payer's users can see."""

    kind: Literal["released"] = "released"
    release_id: Id
    paper: Short
    media_type: Literal["text/html", "application/pdf", "application/json"]
    document: Digest
    payer_profile: Short
    review_digest: Digest


class OutcomeRecorded(Payload):
    """How the stay was paid in the end; joined back to the rules that fired."""

    kind: Literal["outcome_recorded"] = "outcome_recorded"
    outcome: Literal["paid", "downgraded", "partly_denied", "denied", "written_off"]
    carc: tuple[Short, ...] = ()
    paid_usd: Usd | None = None
    denied_usd: Usd | None = None
    disposition: Short | None = Field(default=None, description="NUBC patient discharge status")
    readmitted_within_30_days: bool | None = None
