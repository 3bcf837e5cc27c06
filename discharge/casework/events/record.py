"""What arrives, what the engine concludes, and what people write beside it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from pydantic import Field

from discharge.casework.events.base import Closed, Digest, Id, Moment, Payload, Role, Short, Text

Level: TypeAlias = Literal["met", "not_met", "unknown"]


class StayOpened(Payload):
    """A hospital stay came to be known; the first event of a case."""

    kind: Literal["stay_opened"] = "stay_opened"
    encounter_id: Short
    patient_id: Short


class FactsReceived(Payload):
    """Rows of the patient's chart arrived or changed. The rows lie in the blob ``delta``."""

    kind: Literal["facts_received"] = "facts_received"
    ingest_id: Id
    delta: Digest | None = Field(description="None where only time passed: rows known before became visible")
    rows: int = Field(ge=0)
    visible_digest: Digest = Field(description="of all rows of the patient that were known at the moment")


class ReviewFound(Closed):
    """The few conclusions of a review whose course over time counts (``casework.work.found``)."""

    admission: Level
    continued_stay: Level
    discharge_ready: Level
    status: Short = Field(description="inpatient, observation, emergency, outpatient or unknown")
    unit: Short | None = None
    in_intensive_care: bool | None = None
    avoidable_day_usd: dict[Literal["payer", "patient", "hospital"], Decimal] = Field(
        default_factory=dict,
        description="expected price of one more day; a purse that can't be told is left out",
    )


class ReviewRun(Payload):
    """The engine reviewed the stay. The review, byte for byte, lies in the blob ``review_digest``."""

    kind: Literal["review_run"] = "review_run"
    reason: Literal["new", "facts", "edition", "due", "casework", "asked"]
    as_of: Moment
    zone: Short
    review_type: Literal["admission", "concurrent", "retrospective"]
    review_digest: Digest
    edition: Digest = Field(description="rules, payers, denial history and providers together")
    rules_digest: Digest
    payer_profile: str | None
    payer_digest: str | None
    facts_digest: str
    engine_version: str
    found: ReviewFound | None = Field(
        default=None, description="what later work asks of every review, so that it need not be read again"
    )


class EditionInForce(Payload):
    """Another edition of rules, payers, denial history or provider directory was switched on (system stream)."""

    kind: Literal["edition_in_force"] = "edition_in_force"
    edition: Digest
    rules: dict[str, str] = Field(description="pack id: version")
    rules_digest: Digest
    payers: dict[str, str] = Field(description="profile id: digest")
    payers_digest: Digest
    history_digest: str | None
    providers_digest: str | None
    engine_version: str
    files: Digest = Field(description="blob of the archive that holds all files of the edition")


class FeedKeeps(Payload):
    """What feeds have brought so far, for all patients together (system stream).

    Only inside it does silence about one of them say "none": see :class:`discharge.chart.Scope`.
    """

    kind: Literal["feed_keeps"] = "feed_keeps"
    ingest_id: Id
    tables: tuple[Short, ...] = Field(description="with a row of somebody")
    runs: tuple[tuple[int, int], ...] = Field(
        description="spans of encounters without a gap of a week: first and last start, microseconds since 1970 UTC"
    )


class NoteAdded(Payload):
    """Words of a person, about the case or one criterion, risk, option or event of it."""

    kind: Literal["note_added"] = "note_added"
    text: Text
    about: Short | None = Field(default=None, description="a criterion, risk, option, task or event id")


class Corrected(Payload):
    """An earlier event of this case was wrong. It stays in the ledger; the state is folded as if it said this."""

    kind: Literal["corrected"] = "corrected"
    event_id: Id
    reason: Text
    replacement: dict[str, object] | None = Field(
        default=None, description="a payload of the same kind; None: as if it had not happened"
    )


class Assigned(Payload):
    """The case was given to a person, or taken from everybody (None)."""

    kind: Literal["assigned"] = "assigned"
    assignee: Id | None
    reason: Text | None = None
    basis: Literal["by_hand", "balanced", "rule"] = "by_hand"


class HandedOver(Payload):
    """One person gave the case to another, with what the other must know."""

    kind: Literal["handed_over"] = "handed_over"
    to: Id
    summary: Text
    open_items: tuple[Short, ...] = ()


class Escalated(Payload):
    """Somebody of another role was asked to look."""

    kind: Literal["escalated"] = "escalated"
    to_role: Role
    reason: Text
    due_at: Moment | None = None


class TaskAdded(Payload):
    """A person asked for something to be done. Tasks that follow from clocks, barriers and plans are not events."""

    kind: Literal["task_added"] = "task_added"
    task_id: Id
    title: Short
    assignee: Id | None = None
    owner_role: Role | None = None
    due_at: Moment | None = None


class TaskSettled(Payload):
    """A task, added or derived, was done or set aside; setting aside asks for a reason."""

    kind: Literal["task_settled"] = "task_settled"
    task_id: Short
    outcome: Literal["done", "set_aside"]
    reason: Text | None = None


class ReportMade(Payload):
    """A report of suspected abuse or neglect to the agency that the law names; that it was made, not its content."""

    kind: Literal["report_made"] = "report_made"
    of: Literal["child", "adult", "elder"]
    agency: Short
    reference: Short | None = None


class AccountChanged(Payload):
    """An account was added or changed, a token given or taken back (system stream). No secret is in it."""

    kind: Literal["account_changed"] = "account_changed"
    what: Literal[
        "user_added",
        "user_changed",
        "user_disabled",
        "password_changed",
        "token_issued",
        "token_revoked",
        "setup_link_used",
        "link_issued",
    ]
    subject: Id
    roles: tuple[Role, ...] = ()
    scopes: tuple[str, ...] = ()
    payer_ids: tuple[str, ...] = ()
    credentials: Short | None = Field(default=None, description="MD, RN, ...: what an adverse step rests on")
    expires_at: datetime | None = None


class StoreKept(Payload):
    """A backup was made, or the store was restored from one or migrated (system stream)."""

    kind: Literal["store_kept"] = "store_kept"
    what: Literal["backup", "restore", "migration"]
    head_seq: int | None = None
    detail: Short | None = None
