"""The state of a case: everything that its events say, and nothing that they don't.

Folded by :func:`discharge.casework.state.fold`. A record keeps the id, time and actor of the event that made it, so
that each can be asked why. What follows from the state with a review and a moment (tasks, clocks, queues) is worked
out in :mod:`discharge.casework.work`, and is no part of the state.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from discharge.casework.events.base import Clinician
from discharge.casework.events.record import ReviewFound


class Part(BaseModel):
    """Base of the state's parts. The fold changes them in place; nobody else does."""

    model_config = ConfigDict(extra="forbid")


class Trace(Part):
    """The event that a record comes from."""

    event_id: str
    at: datetime = Field(description="when it happened")
    recorded_at: datetime
    by: str = Field(description="name of the actor")
    by_id: str


class ReviewSeen(Part):
    """A review on record."""

    made: Trace
    as_of: datetime
    zone: str
    reason: str
    review_type: str
    digest: str
    edition: str
    payer_profile: str | None
    facts_digest: str
    found: ReviewFound | None = None


class StatusSeen(Part):
    made: Trace
    status: str
    determined_by: Clinician
    basis: str
    is_condition_code_44: bool
    effective_at: datetime


class FirstLevel(Part):
    made: Trace
    outcome: str
    review_type: str
    comment: str | None
    criteria: dict[str, str]


class Consultation(Part):
    made: Trace
    practitioner: Clinician
    view: str


class Referral(Part):
    """A referral to the physician advisor; open until a decision other than ``more_information``."""

    asked: Trace
    question: str
    reason: str
    due_at: datetime | None
    consultations: list[Consultation] = Field(default_factory=list)
    decision: str | None = None
    decided: Trace | None = None
    physician: Clinician | None = None
    second_physician: Clinician | None = None
    rationale: str | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether the advisor still has to decide."""
        return self.decision in (None, "more_information")


class Question(Part):
    """A question to the treating physician, or from the payer."""

    asked: Trace
    to: str | None
    text: str
    asks: list[str] = Field(default_factory=list)
    authorization_id: str | None = None
    due_at: datetime | None = None
    answered: Trace | None = None
    answer: str | None = None
    answered_by: Clinician | None = None
    facts: dict[str, bool | float | str] = Field(default_factory=dict)


class DecisionSeen(Part):
    made: Trace
    decision: str
    number: str | None
    days_approved: int | None
    valid_from: date | None
    valid_through: date | None
    reason_code: str | None
    reason: str | None
    clinician: Clinician | None


class DaysAdded(Part):
    """Days added to an authorization that stands (``days_authorized``)."""

    made: Trace
    days: int
    valid_from: date | None
    valid_through: date | None


class Authorization(Part):
    """What a payer was asked, and everything it said since."""

    requested: Trace | None = Field(description="None where a decision came without a request on record")
    service: str
    payer_profile: str | None
    days_asked: int | None
    first_day: date | None
    urgency: str
    requires_prior_authorization: bool
    number: str | None
    decisions: list[DecisionSeen] = Field(default_factory=list)
    additions: list[DaysAdded] = Field(default_factory=list)
    days_added: int = 0
    valid_through: date | None = None

    @property
    def status(self) -> str:
        """Return ``requested`` or the last decision."""
        return self.decisions[-1].decision if self.decisions else "requested"

    @property
    def days_approved(self) -> int | None:
        """Return the days approved by all decisions and additions together; None where no decision names any."""
        named = [one.days_approved for one in self.decisions if one.days_approved is not None]
        return sum(named) + self.days_added if named or self.days_added else None


class Call(Part):
    """A peer-to-peer call."""

    scheduled: Trace | None
    at: datetime | None
    authorization_id: str | None
    physician: str | None
    payer_physician: str | None
    held: Trace | None = None
    outcome: str | None = None
    note: str | None = None


class Appeal(Part):
    filed: Trace
    denial_id: str
    level: str
    is_expedited: bool
    decided: Trace | None = None
    outcome: str | None = None
    amount_usd: Decimal | None = None


class Denial(Part):
    received: Trace
    authorization_id: str | None
    of: str
    carc: str | None
    cause: str | None
    amount_usd: Decimal | None
    days: int | None
    clinician: Clinician | None
    notice_at: datetime
    is_receipt_documented: bool = False


class NoticeSeen(Part):
    made: Trace
    clock_id: str
    recipient: str
    method: str
    is_signed: bool
    refusal_note: str | None


class Pause(Part):
    started: Trace
    reason: str
    ended: Trace | None = None


class AvoidableDay(Part):
    made: Trace
    day: date
    days: Decimal
    reason: str
    owner: str | None
    note: str | None


class Delay(Part):
    made: Trace
    to: str
    reason: str
    start: datetime
    end: datetime | None
    authorization_id: str | None


class ReleaseSeen(Part):
    made: Trace
    paper: str
    media_type: str
    document: str
    payer_profile: str
    review_digest: str


class Outcome(Part):
    made: Trace
    outcome: str
    carc: list[str]
    paid_usd: Decimal | None
    denied_usd: Decimal | None
    disposition: str | None
    readmitted_within_30_days: bool | None


class Answers(Part):
    """Answers to one questionnaire, the latest of each question."""

    version: str
    answers: dict[str, bool | float | str | list[str]]
    answered_at: dict[str, Trace]
    respondent: str
    is_complete: bool


class PlanOnRecord(Part):
    drafted: Trace
    review_digest: str
    option: str | None
    text: str | None
    changes: list[Trace] = Field(default_factory=list)
    agreed: dict[str, bool] = Field(default_factory=dict, description="by whom")
    agreements: list[Trace] = Field(default_factory=list)
    approved: Trace | None = Field(default=None, description="taken back by a later change")
    approved_by: Clinician | None = None


class Choice(Part):
    made: Trace
    service: str
    providers: list[str]
    quality_data_shared: bool | None
    network_told: bool | None
    financial_interest_disclosed: bool | None
    chosen: str | None


class ReferralOut(Part):
    """A referral to a provider or service after the hospital."""

    sent: Trace
    service: str
    provider: str
    provider_id: str | None
    answer_due_at: datetime | None
    answers: list[Trace] = Field(default_factory=list)
    answer: str | None = None
    can_start_at: datetime | None = None
    reason: str | None = None


class Appointment(Part):
    made: Trace
    with_whom: str
    purpose: str
    at: datetime
    needs_transport: bool | None
    referral_id: str | None
    outcome: str | None = None
    settled: Trace | None = None


class Ride(Part):
    made: Trace
    mode: str
    pickup_at: datetime | None
    vendor: str | None
    appointment_id: str | None
    is_confirmed: bool


class Goal(Part):
    made: Trace
    text: str
    domain: str
    target_date: date | None
    outcome: str | None = None
    settled: Trace | None = None


class Barrier(Part):
    opened: Trace | None = Field(description="None for one that the engine found")
    text: str | None
    cause: str | None
    option: str | None
    owner: str | None
    due_at: datetime | None
    cleared: Trace | None = None
    how: str | None = None


class Monitored(Part):
    made: Trace
    service: str
    referral_id: str | None
    is_given: bool | None
    is_adequate: bool | None
    concern: str | None
    settled: Trace | None = None


class Note(Part):
    made: Trace
    text: str
    about: str | None


class TaskOnRecord(Part):
    """A task that a person added, or what a person said of any task."""

    added: Trace | None
    title: str | None
    assignee: str | None
    owner_role: str | None
    due_at: datetime | None
    outcome: str | None = None
    settled: Trace | None = None
    reason: str | None = None


class HandOver(Part):
    made: Trace
    to: str
    summary: str
    open_items: list[str]


class Escalation(Part):
    made: Trace
    to_role: str
    reason: str
    due_at: datetime | None


class CaseState(Part):
    """A case as its events have it, after event number ``version`` of its stream."""

    case_id: str
    version: int = 0
    encounter_id: str | None = None
    patient_id: str | None = None
    last_event_at: datetime | None = None
    facts_at: datetime | None = Field(
        default=None, description="last event that bears on the chart, of any source"
    )
    is_stale: bool = Field(default=False, description="such an event came since the last review")
    reviews: list[ReviewSeen] = Field(default_factory=list)
    statuses: list[StatusSeen] = Field(default_factory=list)
    first_level: list[FirstLevel] = Field(default_factory=list)
    referrals: dict[str, Referral] = Field(default_factory=dict)
    physician_questions: dict[str, Question] = Field(default_factory=dict)
    payer_questions: dict[str, Question] = Field(default_factory=dict)
    authorizations: dict[str, Authorization] = Field(default_factory=dict)
    calls: dict[str, Call] = Field(default_factory=dict)
    denials: dict[str, Denial] = Field(default_factory=dict)
    appeals: dict[str, Appeal] = Field(default_factory=dict)
    notices: list[NoticeSeen] = Field(default_factory=list)
    pauses: dict[str, list[Pause]] = Field(default_factory=dict, description="by clock")
    avoidable_days: dict[str, AvoidableDay] = Field(default_factory=dict)
    delays: dict[str, Delay] = Field(default_factory=dict)
    releases: dict[str, ReleaseSeen] = Field(default_factory=dict)
    outcome: Outcome | None = None
    assessments: dict[str, Answers] = Field(default_factory=dict, description="by questionnaire")
    plans: dict[str, PlanOnRecord] = Field(default_factory=dict)
    choices: list[Choice] = Field(default_factory=list)
    referrals_out: dict[str, ReferralOut] = Field(default_factory=dict)
    appointments: dict[str, Appointment] = Field(default_factory=dict)
    rides: dict[str, Ride] = Field(default_factory=dict)
    goals: dict[str, Goal] = Field(default_factory=dict)
    barriers: dict[str, Barrier] = Field(default_factory=dict)
    monitored: dict[str, Monitored] = Field(default_factory=dict)
    tasks: dict[str, TaskOnRecord] = Field(default_factory=dict)
    notes: list[Note] = Field(default_factory=list)
    assignee: str | None = None
    assigned: Trace | None = None
    hand_overs: list[HandOver] = Field(default_factory=list)
    escalations: list[Escalation] = Field(default_factory=list)
    reports: list[Trace] = Field(default_factory=list)
    corrected: dict[str, str] = Field(
        default_factory=dict, description="event id: id of the event that corrects it"
    )
