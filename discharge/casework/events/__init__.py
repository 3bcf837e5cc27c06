"""The kinds of events in the ledger, and the envelope in which each is kept.

An event is never changed and never removed: a wrong one is followed by ``corrected``. The envelope's canonical text is
what is hashed, so that the chain can be checked from the stored bytes alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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

OF_THE_ENGINE = frozenset({"stay_opened", "facts_received", "review_run", "edition_in_force", "store_kept"})
"""Kinds that nobody may send through the API."""
OF_THE_SYSTEM = frozenset({"edition_in_force", "account_changed", "store_kept"})
"""Kinds that belong to the system stream; all others to a case."""
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
    "ADVERSE_DECISIONS", "ENGINE", "FEED", "FIRST_HASH", "KINDS", "OF_THE_ENGINE", "OF_THE_SYSTEM", "PAYLOAD",
    "SYSTEM", "Actor", "AnyPayload", "Clinician", "Draft", "Event", "Payload", "Role", "canonical", "chained",
]  # fmt: skip
