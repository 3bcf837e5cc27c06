"""Discharge planning: assessments, plan, choice, referrals, appointments, transport, goals, barriers, monitoring."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StrictBool, StrictStr

from discharge.casework.events.base import Clinician, Digest, Id, Moment, Payload, Short, Text

Answer: TypeAlias = Annotated[
    StrictBool
    | Annotated[float, Field(strict=True, allow_inf_nan=False)]
    | StrictStr
    | list[StrictStr]
    | None,
    Field(union_mode="left_to_right"),
]
"""Strict, so that a code such as "06" stays text."""


class AssessmentAnswered(Payload):
    """Answers to a questionnaire, all or a part. An answer of None takes an earlier one back."""

    kind: Literal["assessment_answered"] = "assessment_answered"
    questionnaire: Id
    version: Short
    answers: dict[str, Answer] = Field(description="by linkId")
    respondent: Literal["patient", "caregiver", "family", "staff", "record"] = "staff"
    is_complete: bool = False


class PlanDrafted(Payload):
    """The plan that the engine drafted became the plan that people work on."""

    kind: Literal["plan_drafted"] = "plan_drafted"
    plan_id: Id
    review_digest: Digest
    option: Short | None = Field(default=None, description="the place planned for")
    text: Text | None = None


class PlanChanged(Payload):
    """A person changed the plan."""

    kind: Literal["plan_changed"] = "plan_changed"
    plan_id: Id
    option: Short | None = None
    text: Text | None = None
    reason: Text


class PlanAgreed(Payload):
    """Patient, family or caregiver agreed, or did not."""

    kind: Literal["plan_agreed"] = "plan_agreed"
    plan_id: Id
    by: Literal["patient", "family", "caregiver", "representative"]
    agrees: bool
    note: Text | None = None


class PlanApproved(Payload):
    """The responsible physician approved the plan."""

    kind: Literal["plan_approved"] = "plan_approved"
    plan_id: Id
    physician: Clinician


class ChoiceListGiven(Payload):
    """The list of providers of 42 CFR 482.43 was given, and what was chosen from it."""

    kind: Literal["choice_list_given"] = "choice_list_given"
    service: Short
    providers: tuple[Short, ...] = Field(description="CCN or the hospital's own id")
    quality_data_shared: bool | None = None
    network_told: bool | None = None
    financial_interest_disclosed: bool | None = None
    chosen: Short | None = None
    document: Digest | None = None


class ReferralSent(Payload):
    """A provider or service was asked to take the patient; of any kind, medical or social."""

    kind: Literal["referral_sent"] = "referral_sent"
    referral_id: Id
    service: Short
    provider: Short
    provider_id: Short | None = None
    document: Digest | None = None
    answer_due_at: Moment | None = None


class ReferralAnswered(Payload):
    """What the provider said."""

    kind: Literal["referral_answered"] = "referral_answered"
    referral_id: Id
    answer: Literal["accepted", "declined", "waiting_list", "more_information", "withdrawn"]
    can_start_at: Moment | None = None
    reason: Text | None = None


class AppointmentMade(Payload):
    """An appointment after the hospital."""

    kind: Literal["appointment_made"] = "appointment_made"
    appointment_id: Id
    with_whom: Short
    purpose: Short
    at: Moment
    needs_transport: bool | None = None
    referral_id: Id | None = None


class AppointmentSettled(Payload):
    """An appointment was confirmed, kept, missed, moved or cancelled."""

    kind: Literal["appointment_settled"] = "appointment_settled"
    appointment_id: Id
    outcome: Literal["confirmed", "kept", "missed", "moved", "cancelled"]
    at: Moment | None = Field(default=None, description="the new time, where it was moved")


class TransportArranged(Payload):
    """A ride to the next place or to an appointment."""

    kind: Literal["transport_arranged"] = "transport_arranged"
    transport_id: Id
    mode: Literal["private_car", "taxi", "wheelchair_van", "stretcher_van", "ambulance", "public", "other"]
    pickup_at: Moment | None = None
    vendor: Short | None = None
    appointment_id: Id | None = None
    is_confirmed: bool = False


class GoalSet(Payload):
    """What the patient wants to reach (financial help, housing, a physician, walking, ...)."""

    kind: Literal["goal_set"] = "goal_set"
    goal_id: Id
    text: Text
    domain: Literal[
        "health", "function", "housing", "financial", "caregiver", "access", "work", "social", "other"
    ]
    target_date: date | None = None


class GoalSettled(Payload):
    """A goal was met, partly met, not met or given up."""

    kind: Literal["goal_settled"] = "goal_settled"
    goal_id: Id
    outcome: Literal["met", "partly_met", "not_met", "given_up"]
    note: Text | None = None


class BarrierOpened(Payload):
    """Something stands between the patient and the next place."""

    kind: Literal["barrier_opened"] = "barrier_opened"
    barrier_id: Id
    text: Text
    cause: Short | None = Field(default=None, description="a cause of reference/barriers.yaml")
    option: Short | None = None
    owner: Short | None = None
    due_at: Moment | None = None


class BarrierCleared(Payload):
    """A barrier, opened by a person or found by the engine (``option/cause``), is gone."""

    kind: Literal["barrier_cleared"] = "barrier_cleared"
    barrier_id: Short
    how: Text


class ServiceMonitored(Payload):
    """Whether a service that was arranged is given, and is enough; a concern is settled before it grows."""

    kind: Literal["service_monitored"] = "service_monitored"
    record_id: Id
    service: Short
    referral_id: Id | None = None
    is_given: bool | None = None
    is_adequate: bool | None = None
    concern: Text | None = None
    settles: Id | None = Field(default=None, description="record whose concern this one settles")
