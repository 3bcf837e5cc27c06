"""The ledger, the blobs, the charts' rows, and what is projected from them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FIRST_HASH = "0" * 64
APPENDED_ONLY = ("events", "blobs", "chart_deltas")
"""Tables whose rows nobody changes or removes; the database refuses it too."""


def upgrade() -> None:
    """Make the tables, the ledger's empty head, and what refuses changes."""
    _events()
    _ledger_head()
    _blobs()
    _chart_deltas()
    _stays()
    _cases()
    _agenda()
    _states()
    _tasks()
    _clocks()
    _authorizations()
    head = sa.table("ledger_head", sa.column("id"), sa.column("seq"), sa.column("hash"))
    op.execute(head.insert().values(id=1, seq=0, hash=FIRST_HASH))
    _guard(APPENDED_ONLY)


def _guard(tables: tuple[str, ...]) -> None:
    """Have the database refuse UPDATE and DELETE. Whoever drops this is found by `discharge audit verify`."""
    if op.get_bind().dialect.name == "sqlite":
        for table in tables:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed or removed'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME; END $$"
    )
    for table in tables:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column(
            "body",
            sa.LargeBinary(),
            nullable=False,
            comment="canonical JSON of the event without its two hashes",
        ),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
        sa.UniqueConstraint("event_id", name="uq_events_event_id"),
        sa.UniqueConstraint("stream", "version", name="uq_events_stream_version"),
    )
    op.create_index("ix_events_kind_seq", "events", ["kind", "seq"], unique=False)
    op.create_index("ix_events_recorded_at", "events", ["recorded_at"], unique=False)


def _ledger_head() -> None:
    op.create_table(
        "ledger_head",
        sa.Column(
            "id", sa.Integer(), autoincrement=False, nullable=False, comment="always 1; locked by the writer"
        ),
        sa.Column("seq", BIG_ID, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_head"),
    )


def _blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column(
            "digest", sa.String(length=64), nullable=False, comment="SHA-256 of the bytes before compression"
        ),
        sa.Column(
            "kind", sa.String(length=20), nullable=False, comment="review, delta, edition, document, access"
        ),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="zstd"),
        sa.PrimaryKeyConstraint("digest", name="pk_blobs"),
    )


def _chart_deltas() -> None:
    op.create_table(
        "chart_deltas",
        sa.Column("patient_id", sa.String(length=200), nullable=False),
        sa.Column(
            "number", sa.Integer(), autoincrement=False, nullable=False, comment="from 1, in order of arrival"
        ),
        sa.Column("ingest_id", sa.String(length=64), nullable=False),
        sa.Column(
            "known_from",
            INSTANT,
            nullable=False,
            comment="the moment of the ingest, as the hospital lived it",
        ),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="blob of the new and changed rows"),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column(
            "feed_digest",
            sa.String(length=64),
            nullable=False,
            comment="of all rows that came for the patient that time",
        ),
        sa.Column(
            "after_seq",
            BIG_ID,
            nullable=False,
            comment="place of the last event in the ledger before these rows",
        ),
        sa.PrimaryKeyConstraint("patient_id", "number", name="pk_chart_deltas"),
    )


def _stays() -> None:
    op.create_table(
        "stays",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("encounter_id", sa.String(length=200), nullable=False),
        sa.Column("patient_id", sa.String(length=200), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_stays"),
        sa.UniqueConstraint("encounter_id", name="uq_stays_encounter_id"),
    )
    op.create_index("ix_stays_patient_id", "stays", ["patient_id"], unique=False)


def _cases_first_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("encounter_id", sa.String(length=200), nullable=False),
        sa.Column("patient_id", sa.String(length=200), nullable=False),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=False,
            comment="version of the last event; what If-Match compares",
        ),
        sa.Column("last_event_at", INSTANT, nullable=False),
        sa.Column(
            "is_stale",
            sa.Boolean(),
            nullable=False,
            comment="an event since the last review bears on the chart",
        ),
        sa.Column("review_digest", sa.String(length=64), nullable=True),
        sa.Column("review_as_of", INSTANT, nullable=True),
        sa.Column("review_type", sa.String(length=20), nullable=True),
        sa.Column("next_review_at", INSTANT, nullable=True),
        sa.Column("in_house", sa.Boolean(), nullable=True),
        sa.Column("mrn", sa.String(length=200), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=True),
        sa.Column("unit", sa.String(length=200), nullable=True),
        sa.Column("bed", sa.String(length=100), nullable=True),
        sa.Column("service", sa.String(length=200), nullable=True),
        sa.Column("facility", sa.String(length=300), nullable=True),
        sa.Column("attending", sa.String(length=300), nullable=True),
        sa.Column("payer_profile", sa.String(length=100), nullable=True),
        sa.Column("payer_title", sa.String(length=300), nullable=True),
        sa.Column("payer_class", sa.String(length=40), nullable=True),
        sa.Column("member_id", sa.String(length=200), nullable=True),
        sa.Column("admitted_at", INSTANT, nullable=True),
        sa.Column("discharged_at", INSTANT, nullable=True),
    ]


def _cases_other_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("status", sa.String(length=20), nullable=True),
        sa.Column("condition", sa.Text(), nullable=True),
        sa.Column("expected_discharge_at", INSTANT, nullable=True),
        sa.Column("gmlos_days", sa.Float(), nullable=True),
        sa.Column(
            "urgency",
            sa.Integer(),
            nullable=False,
            comment="index in worklist.URGENCIES; holds until changes_at",
        ),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.Column("next_why", sa.Text(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=True, comment="time by which the next step is due"),
        sa.Column(
            "changes_at",
            INSTANT,
            nullable=False,
            comment="from then on the row of agenda holds: the four columns above change by the hour alone",
        ),
        sa.Column("risk_band", sa.String(length=10), nullable=True),
        sa.Column("risk_probability", sa.Float(), nullable=True),
        sa.Column("exposure_usd", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("expected_loss_usd", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("admission", sa.String(length=10), nullable=True),
        sa.Column("continued_stay", sa.String(length=10), nullable=True),
        sa.Column("discharge_ready", sa.String(length=10), nullable=True),
        sa.Column("recommended", sa.String(length=40), nullable=True),
        sa.Column("missing_first", sa.Text(), nullable=True),
        sa.Column("top_cause", sa.Text(), nullable=True),
        sa.Column("assignee", sa.String(length=64), nullable=True),
        sa.Column(
            "advisor_queue",
            sa.Boolean(),
            nullable=False,
            comment="a referral to the physician advisor is open",
        ),
        sa.Column("open_tasks", sa.Integer(), nullable=False),
        sa.Column("open_barriers", sa.Integer(), nullable=False),
        sa.Column("barrier_causes", sa.Text(), nullable=False, comment="JSON list"),
        sa.Column("search", sa.Text(), nullable=False, comment="lower-case name, MRN, bed, unit, encounter"),
    ]


def _cases() -> None:
    op.create_table(
        "cases",
        *_cases_first_columns(),
        *_cases_other_columns(),
        sa.PrimaryKeyConstraint("case_id", name="pk_cases"),
    )
    op.create_index("ix_cases_assignee", "cases", ["assignee"], unique=False)
    op.create_index("ix_cases_discharge_ready", "cases", ["discharge_ready"], unique=False)
    op.create_index("ix_cases_in_house", "cases", ["in_house"], unique=False)
    op.create_index("ix_cases_next_review_at", "cases", ["next_review_at"], unique=False)
    op.create_index("ix_cases_payer_profile", "cases", ["payer_profile"], unique=False)
    op.create_index("ix_cases_risk_band", "cases", ["risk_band"], unique=False)
    op.create_index("ix_cases_unit", "cases", ["unit"], unique=False)


def _agenda() -> None:
    op.create_table(
        "agenda",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("until_at", INSTANT, nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.Column("next_why", sa.Text(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("case_id", "from_at", name="pk_agenda"),
        comment="what a case asks for once time has passed with no event",
        sqlite_with_rowid=False,
    )


def _states() -> None:
    op.create_table(
        "states",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False, comment="the folded state as JSON, zstd"),
        sa.PrimaryKeyConstraint("case_id", name="pk_states"),
    )


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=200), nullable=False),
        sa.Column(
            "origin",
            sa.String(length=20),
            nullable=False,
            comment="clock, barrier, plan, rule, review, question, person",
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("owner_role", sa.String(length=40), nullable=True),
        sa.Column("assignee", sa.String(length=64), nullable=True),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("urgent_at", INSTANT, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False, comment="open, done, set_aside"),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("weight_usd", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "task_id", name="pk_tasks"),
    )
    op.create_index("ix_tasks_assignee", "tasks", ["assignee"], unique=False)
    op.create_index("ix_tasks_due_at", "tasks", ["due_at"], unique=False)


def _clocks() -> None:
    op.create_table(
        "clocks",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column(
            "clock",
            sa.String(length=200),
            nullable=False,
            comment="CLOCK-ID, or CLOCK-ID/authorization or denial",
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("side", sa.String(length=12), nullable=False, comment="hospital, payer, patient, qio"),
        sa.Column(
            "status",
            sa.String(length=14),
            nullable=False,
            comment="running, paused, met, late, stopped, not_started, unknown",
        ),
        sa.Column("opens_at", INSTANT, nullable=True),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("warn_half_at", INSTANT, nullable=True),
        sa.Column("warn_urgent_at", INSTANT, nullable=True),
        sa.Column("met_at", INSTANT, nullable=True),
        sa.Column("paused_since", INSTANT, nullable=True),
        sa.Column("paused_seconds", sa.Integer(), nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("consequence", sa.Text(), nullable=True),
        sa.Column("citation", sa.Text(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "clock", name="pk_clocks"),
    )
    op.create_index("ix_clocks_due_at", "clocks", ["due_at"], unique=False)


def _authorizations() -> None:
    op.create_table(
        "authorizations",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("authorization_id", sa.String(length=64), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("payer_profile", sa.String(length=100), nullable=True),
        sa.Column("number", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False, comment="requested or the last decision"),
        sa.Column("requested_at", INSTANT, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("answer_due_at", INSTANT, nullable=True),
        sa.Column("days_asked", sa.Integer(), nullable=True),
        sa.Column("days_approved", sa.Integer(), nullable=True),
        sa.Column("days_used", sa.Integer(), nullable=True),
        sa.Column("days_left", sa.Integer(), nullable=True),
        sa.Column(
            "valid_through",
            INSTANT,
            nullable=True,
            comment="end of the last authorized day, in the facility's zone",
        ),
        sa.PrimaryKeyConstraint("case_id", "authorization_id", name="pk_authorizations"),
    )
    op.create_index("ix_authorizations_payer_profile", "authorizations", ["payer_profile"], unique=False)
