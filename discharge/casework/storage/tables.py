"""The tables, the same on SQLite and PostgreSQL.

Three kinds. What is kept: ``events`` (the ledger), ``blobs`` (bytes by their digest), ``chart_deltas`` (rows of
patients' charts as they arrived), ``accounts``, ``tokens``, ``access_log``, ``saved_filters``, ``feed_runs``. What can
be thrown away and rebuilt from that: the projections ``cases``, ``agenda``, ``states``, ``tasks``, ``clocks``,
``authorizations``. What may be lost: ``sessions``, ``replies``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BigId = BigInteger().with_variant(Integer, "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware moment, kept in UTC to the microsecond; SQLite keeps it without saying so."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone and turn others to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


# --- what is kept -----------------------------------------------------------------------------------------------

EVENTS = Table(
    "events",
    METADATA,
    Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("event_id", String(64), nullable=False, unique=True),
    Column("stream", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("actor_id", String(64), nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="canonical JSON of the event without its two hashes"),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("stream", "version"),
    Index(None, "kind", "seq"),
    Index(None, "recorded_at"),
)

HEAD = Table(
    "ledger_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="always 1; locked by the writer"),
    Column("seq", BigId, nullable=False),
    Column("hash", String(64), nullable=False),
)

BLOBS = Table(
    "blobs",
    METADATA,
    Column("digest", String(64), primary_key=True, comment="SHA-256 of the bytes before compression"),
    Column("kind", String(20), nullable=False, comment="review, delta, edition, document, access"),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False, comment="zstd"),
)

CHART_DELTAS = Table(
    "chart_deltas",
    METADATA,
    Column("patient_id", String(200), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="from 1, in order of arrival"),
    Column("ingest_id", String(64), nullable=False),
    Column(
        "known_from", Instant, nullable=False, comment="the moment of the ingest, as the hospital lived it"
    ),
    Column("recorded_at", Instant, nullable=False),
    Column("digest", String(64), nullable=False, comment="blob of the new and changed rows"),
    Column("rows", Integer, nullable=False),
    Column(
        "feed_digest", String(64), nullable=False, comment="of all rows that came for the patient that time"
    ),
    Column(
        "after_seq", BigId, nullable=False, comment="place of the last event in the ledger before these rows"
    ),
)

STAYS = Table(
    "stays",
    METADATA,
    Column("case_id", String(64), primary_key=True),
    Column("encounter_id", String(200), nullable=False, unique=True),
    Column("patient_id", String(200), nullable=False, index=True),
    Column("opened_at", Instant, nullable=False),
)

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("login", String(200), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("credentials", String(200)),
    Column("password_hash", String(200), comment="argon2id; none for an account that signs on elsewhere"),
    Column("oidc_subject", String(300), unique=True, comment="issuer and subject"),
    Column("roles", Text, nullable=False, comment="JSON list"),
    Column("payer_ids", Text, nullable=False, comment="JSON list of payer profiles"),
    Column("units", Text, nullable=False, comment="JSON list; whose patients may be assigned"),
    Column("specialties", Text, nullable=False, comment="JSON list of payer classes and services"),
    Column("capacity", Integer, comment="cases that the person can carry; none: the house's usual number"),
    Column("is_active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("failed_sign_ins", Integer, nullable=False, default=0),
    Column("locked_until", Instant),
)

TOKENS = Table(
    "tokens",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True, comment="SHA-256 of the token's secret"),
    Column("account_id", String(64), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("scopes", Text, nullable=False, comment="JSON list"),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
)

ACCESS_LOG = Table(
    "access_log",
    METADATA,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False, index=True),
    Column("account_id", String(64), nullable=False, index=True),
    Column("token_id", String(64)),
    Column("action", String(80), nullable=False, comment="name of the route or command"),
    Column("case_id", String(64), index=True),
    Column("count", Integer, nullable=False, default=1, comment="patients shown, for lists"),
    Column("cases_digest", String(64), comment="blob that lists the cases shown, for lists"),
    Column("allowed", Boolean, nullable=False),
    Column("request_id", String(64)),
)

SAVED_FILTERS = Table(
    "saved_filters",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("name", String(80), nullable=False),
    Column(
        "query",
        String(1000),
        nullable=False,
        comment="of the worklist's address; never what was searched for",
    ),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("account_id", "name"),
)

FEED_RUNS = Table(
    "feed_runs",
    METADATA,
    Column("ingest_id", String(64), primary_key=True),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=False, index=True),
    Column("as_of", Instant, nullable=False),
    Column("outcome", String(40), nullable=False, comment="taken_in, or the kind of problem"),
    Column("account", Text, comment="JSON of the account; none where it was refused"),
)

# --- what can be rebuilt ----------------------------------------------------------------------------------------

CASES = Table(
    "cases",
    METADATA,
    Column("case_id", String(64), primary_key=True),
    Column("encounter_id", String(200), nullable=False),
    Column("patient_id", String(200), nullable=False),
    Column("version", Integer, nullable=False, comment="version of the last event; what If-Match compares"),
    Column("last_event_at", Instant, nullable=False),
    Column("is_stale", Boolean, nullable=False, comment="an event since the last review bears on the chart"),
    Column("review_digest", String(64)),
    Column("review_as_of", Instant),
    Column("review_type", String(20)),
    Column("next_review_at", Instant, index=True),
    Column("in_house", Boolean, index=True),
    Column("mrn", String(200)),
    Column("name", String(300)),
    Column("unit", String(200), index=True),
    Column("bed", String(100)),
    Column("service", String(200)),
    Column("facility", String(300)),
    Column("attending", String(300)),
    Column("payer_profile", String(100), index=True),
    Column("payer_title", String(300)),
    Column("payer_class", String(40)),
    Column("member_id", String(200)),
    Column("admitted_at", Instant),
    Column("discharged_at", Instant),
    Column("status", String(20)),
    Column("condition", Text),
    Column("expected_discharge_at", Instant),
    Column("gmlos_days", Float),
    Column("urgency", Integer, nullable=False, comment="index in worklist.URGENCIES; holds until changes_at"),
    Column("next_step", Text, nullable=False),
    Column("next_why", Text, nullable=False),
    Column("due_at", Instant, comment="time by which the next step is due"),
    Column(
        "changes_at",
        Instant,
        nullable=False,
        comment="from then on the row of agenda holds: the four columns above change by the hour alone",
    ),
    Column("risk_band", String(10), index=True),
    Column("risk_probability", Float),
    Column("exposure_usd", Numeric(16, 2)),
    Column("expected_loss_usd", Numeric(16, 2)),
    Column("admission", String(10)),
    Column("continued_stay", String(10)),
    Column("discharge_ready", String(10), index=True),
    Column("recommended", String(40)),
    Column("missing_first", Text),
    Column("top_cause", Text),
    Column("assignee", String(64), index=True),
    Column("advisor_queue", Boolean, nullable=False, comment="a referral to the physician advisor is open"),
    Column("open_tasks", Integer, nullable=False),
    Column("open_barriers", Integer, nullable=False),
    Column("barrier_causes", Text, nullable=False, comment="JSON list"),
    Column("search", Text, nullable=False, comment="lower-case name, MRN, bed, unit, encounter"),
)

AGENDA = Table(
    "agenda",
    METADATA,
    Column("case_id", String(64), primary_key=True),
    Column("from_at", Instant, primary_key=True),
    Column("until_at", Instant, nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("next_step", Text, nullable=False),
    Column("next_why", Text, nullable=False),
    Column("due_at", Instant),
    sqlite_with_rowid=False,
    comment="what a case asks for once time has passed with no event",
)

STATES = Table(
    "states",
    METADATA,
    Column("case_id", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", LargeBinary, nullable=False, comment="the folded state as JSON, zstd"),
)

TASKS = Table(
    "tasks",
    METADATA,
    Column("case_id", String(64), primary_key=True),
    Column("task_id", String(200), primary_key=True),
    Column(
        "origin", String(20), nullable=False, comment="clock, barrier, plan, rule, review, question, person"
    ),
    Column("title", Text, nullable=False),
    Column("why", Text),
    Column("owner_role", String(40)),
    Column("assignee", String(64), index=True),
    Column("due_at", Instant, index=True),
    Column("urgent_at", Instant),
    Column("state", String(12), nullable=False, comment="open, done, set_aside"),
    Column("settled_at", Instant),
    Column("weight_usd", Numeric(16, 2)),
)

CLOCKS = Table(
    "clocks",
    METADATA,
    Column("case_id", String(64), primary_key=True),
    Column("clock", String(200), primary_key=True, comment="CLOCK-ID, or CLOCK-ID/authorization or denial"),
    Column("title", Text, nullable=False),
    Column("side", String(12), nullable=False, comment="hospital, payer, patient, qio"),
    Column(
        "status",
        String(14),
        nullable=False,
        comment="running, paused, met, late, stopped, not_started, unknown",
    ),
    Column("opens_at", Instant),
    Column("due_at", Instant, index=True),
    Column("warn_half_at", Instant),
    Column("warn_urgent_at", Instant),
    Column("met_at", Instant),
    Column("paused_since", Instant),
    Column("paused_seconds", Integer, nullable=False, default=0),
    Column("pause_reason", Text),
    Column("consequence", Text),
    Column("citation", Text),
    Column("verified", Boolean),
)

AUTHORIZATIONS = Table(
    "authorizations",
    METADATA,
    Column("case_id", String(64), primary_key=True),
    Column("authorization_id", String(64), primary_key=True),
    Column("service", String(40), nullable=False),
    Column("payer_profile", String(100), index=True),
    Column("number", String(200)),
    Column("status", String(12), nullable=False, comment="requested or the last decision"),
    Column("requested_at", Instant),
    Column("decided_at", Instant),
    Column("answer_due_at", Instant),
    Column("days_asked", Integer),
    Column("days_approved", Integer),
    Column("days_used", Integer),
    Column("days_left", Integer),
    Column("valid_through", Instant, comment="end of the last authorized day, in the facility's zone"),
)

# --- what may be lost -------------------------------------------------------------------------------------------

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("id_hash", String(64), primary_key=True, comment="SHA-256 of the cookie"),
    Column("account_id", String(64), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("csrf_hash", String(64), nullable=False),
)

LINKS = Table(
    "one_time_links",
    METADATA,
    Column("secret_hash", String(64), primary_key=True),
    Column("purpose", String(20), nullable=False, comment="setup, oidc"),
    Column("data", Text, nullable=False, comment="JSON"),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

REPLIES = Table(
    "replies",
    METADATA,
    Column("account_id", String(64), primary_key=True),
    Column("key", String(200), primary_key=True, comment="Idempotency-Key"),
    Column("request_digest", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)

KEPT = (EVENTS, HEAD, BLOBS, CHART_DELTAS, STAYS, ACCOUNTS, TOKENS, ACCESS_LOG, SAVED_FILTERS, FEED_RUNS)
PROJECTED = (CASES, AGENDA, STATES, TASKS, CLOCKS, AUTHORIZATIONS)
PASSING = (SESSIONS, LINKS, REPLIES)
