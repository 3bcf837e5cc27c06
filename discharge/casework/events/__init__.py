"""The kinds of events in the ledger, and the envelope in which each is kept.

An event is never changed and never removed: a wrong one is followed by ``corrected``. The envelope's canonical text is
what is hashed, so that the chain can be checked from the stored bytes alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias, get_args

import orjson
from pydantic import Field, TypeAdapter

from discharge.casework.events.base import (
    ENGINE,
    FEED,
    SYSTEM,
    Actor,
    Clinician,
    Closed,
    Digest,
    Id,
    Moment,
    Payload,
    Role,
)
from discharge.casework.events.planning import (
    AppointmentMade,
    AppointmentSettled,
    AssessmentAnswered,
    BarrierCleared,
    BarrierOpened,
    ChoiceListGiven,
    GoalSet,
    GoalSettled,
    PlanAgreed,
    PlanApproved,
    PlanChanged,
    PlanDrafted,
    ReferralAnswered,
    ReferralSent,
    ServiceMonitored,
    TransportArranged,
)
from discharge.casework.events.record import (
    AccountChanged,
    Assigned,
    Corrected,
    EditionInForce,
    Escalated,
    FactsReceived,
    FeedKeeps,
    HandedOver,
    NoteAdded,
    ReportMade,
    ReviewRun,
    StayOpened,
    StoreKept,
    TaskAdded,
    TaskSettled,
)
from discharge.casework.events.utilization import (
    AdvisorDecided,
    AdvisorReferred,
    AppealDecided,
    AppealFiled,
    AuthorizationRequested,
    AvoidableDayRecorded,
    ClockPaused,
    ClockResumed,
    DaysAuthorized,
    DecisionReceived,
    DelayAttributed,
    DenialReceived,
    FirstLevelReviewed,
    NoticeDelivered,
    OutcomeRecorded,
    PayerAnswered,
    PayerAsked,
    PeerToPeerHeld,
    PeerToPeerScheduled,
    PhysicianAnswered,
    PhysicianAsked,
    PractitionerConsulted,
    Released,
    StatusDetermined,
)

RecordPayload: TypeAlias = (
    StayOpened
    | FactsReceived
    | ReviewRun
    | EditionInForce
    | FeedKeeps
    | NoteAdded
    | Corrected
    | Assigned
    | HandedOver
    | Escalated
    | TaskAdded
    | TaskSettled
    | ReportMade
    | AccountChanged
    | StoreKept
)
UtilizationPayload: TypeAlias = (
    StatusDetermined
    | FirstLevelReviewed
    | AdvisorReferred
    | PractitionerConsulted
    | AdvisorDecided
    | PhysicianAsked
    | PhysicianAnswered
    | AuthorizationRequested
    | DecisionReceived
    | DaysAuthorized
    | PayerAsked
    | PayerAnswered
    | PeerToPeerScheduled
    | PeerToPeerHeld
    | DenialReceived
    | AppealFiled
    | AppealDecided
    | NoticeDelivered
    | ClockPaused
    | ClockResumed
    | AvoidableDayRecorded
    | DelayAttributed
    | Released
    | OutcomeRecorded
)
PlanningPayload: TypeAlias = (
    AssessmentAnswered
    | PlanDrafted
    | PlanChanged
    | PlanAgreed
    | PlanApproved
    | ChoiceListGiven
    | ReferralSent
    | ReferralAnswered
    | AppointmentMade
    | AppointmentSettled
    | TransportArranged
    | GoalSet
    | GoalSettled
    | BarrierOpened
    | BarrierCleared
    | ServiceMonitored
)
AnyPayload: TypeAlias = Annotated[
    RecordPayload | UtilizationPayload | PlanningPayload, Field(discriminator="kind")
]
PAYLOAD: TypeAdapter[Any] = TypeAdapter(AnyPayload)

_CLASSES = [*get_args(RecordPayload), *get_args(UtilizationPayload), *get_args(PlanningPayload)]
KINDS: Mapping[str, type[Payload]] = {one.model_fields["kind"].default: one for one in _CLASSES}

OF_THE_ENGINE = frozenset(
    {"stay_opened", "facts_received", "review_run", "edition_in_force", "feed_keeps", "store_kept"}
)
"""Kinds that nobody may send through the API."""
OF_THE_SYSTEM = frozenset({"edition_in_force", "feed_keeps", "account_changed", "store_kept"})
"""Kinds that belong to the system stream; all others to a case."""
BEARS_ON_CHART = frozenset(
    {
        "facts_received",
        "corrected",
        "status_determined",
        "practitioner_consulted",
        "advisor_decided",
        "physician_answered",
        "authorization_requested",
        "decision_received",
        "days_authorized",
        "payer_asked",
        "payer_answered",
        "peer_to_peer_held",
        "denial_received",
        "appeal_filed",
        "appeal_decided",
        "notice_delivered",
        "avoidable_day_recorded",
        "assessment_answered",
        "plan_changed",
        "plan_agreed",
        "choice_list_given",
        "referral_sent",
        "referral_answered",
        "appointment_made",
        "appointment_settled",
        "transport_arranged",
        "goal_set",
        "service_monitored",
    }
)
"""Kinds that :mod:`discharge.casework.charting` turns into rows of the chart: the last review does not know them."""
ADVERSE_DECISIONS = frozenset({"denied", "partial", "modified"})


class Event(Closed):
    """One event as it stands in the ledger."""

    seq: int = Field(ge=1, description="place in the whole ledger")
    event_id: Id
    stream: Id = Field(description="case id, or system")
    version: int = Field(ge=1, description="place in its stream")
    payload: AnyPayload
    actor: Actor
    on_behalf_of: str | None = None
    occurred_at: Moment
    recorded_at: Moment
    previous_hash: Digest
    hash: Digest

    @property
    def kind(self) -> str:
        """Return the payload's kind."""
        return str(self.payload.kind)

    @property
    def known_at(self) -> datetime:
        """Return when the hospital knew it: what arrives or is reviewed happens then; what people do, once written."""
        return self.occurred_at if self.actor.kind in ("engine", "feed") else self.recorded_at


class Draft(Closed):
    """An event that is to be written: all but its place, its time of writing and its hash."""

    payload: AnyPayload
    actor: Actor
    occurred_at: Moment
    on_behalf_of: str | None = None
    event_id: Id | None = Field(
        default=None, description="given by the caller to make writing it twice harmless"
    )


FIRST_HASH = "0" * 64


def canonical(body: Mapping[str, Any]) -> bytes:
    """Return the bytes that are hashed: JSON with sorted keys, no spaces, UTF-8."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def chained(previous_hash: str, body: bytes) -> str:
    """Return the hash of an event whose canonical body is ``body``, after the one of ``previous_hash``."""
    return hashlib.sha256(previous_hash.encode() + b"\n" + body).hexdigest()


__all__ = [
    "ADVERSE_DECISIONS", "BEARS_ON_CHART", "ENGINE", "FEED", "FIRST_HASH", "KINDS", "OF_THE_ENGINE",
    "OF_THE_SYSTEM", "PAYLOAD", "SYSTEM", "AccountChanged", "Actor", "AdvisorDecided", "AdvisorReferred",
    "AnyPayload", "AppealDecided", "AppealFiled", "AppointmentMade", "AppointmentSettled",
    "AssessmentAnswered", "Assigned", "AuthorizationRequested", "AvoidableDayRecorded", "BarrierCleared",
    "BarrierOpened", "ChoiceListGiven", "Clinician", "ClockPaused", "ClockResumed", "Corrected",
    "DaysAuthorized", "DecisionReceived", "DelayAttributed", "DenialReceived", "Draft", "EditionInForce",
    "Escalated", "Event", "FactsReceived", "FirstLevelReviewed", "GoalSet", "GoalSettled", "HandedOver",
    "NoteAdded", "NoticeDelivered", "OutcomeRecorded", "PayerAnswered", "PayerAsked", "Payload",
    "PeerToPeerHeld", "PeerToPeerScheduled", "PhysicianAnswered", "PhysicianAsked", "PlanAgreed",
    "PlanApproved", "PlanChanged", "PlanDrafted", "PractitionerConsulted", "ReferralAnswered",
    "ReferralSent", "Released", "ReportMade", "ReviewRun", "Role", "ServiceMonitored", "StatusDetermined",
    "StayOpened", "StoreKept", "TaskAdded", "TaskSettled", "TransportArranged", "canonical", "chained",
]  # fmt: skip
