"""Accounts, tokens, the access log, sessions, one-time links and replies kept for repeated requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

INSTANT = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _accounts()
    _tokens()
    _access_log()
    _sessions()
    _one_time_links()
    _replies()
    _guard_access_log()


def _guard_access_log() -> None:
    """Have the database refuse changes of the access log, as revision 0001 does for the ledger."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER access_log_no_{act.lower()} BEFORE {act} ON access_log"
                " BEGIN SELECT RAISE(ABORT, 'rows of access_log are never changed or removed'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER access_log_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("credentials", sa.String(length=200), nullable=True),
        sa.Column(
            "password_hash",
            sa.String(length=200),
            nullable=True,
            comment="argon2id; none for an account that signs on elsewhere",
        ),
        sa.Column("oidc_subject", sa.String(length=300), nullable=True, comment="issuer and subject"),
        sa.Column("roles", sa.Text(), nullable=False, comment="JSON list"),
        sa.Column("payer_ids", sa.Text(), nullable=False, comment="JSON list of payer profiles"),
        sa.Column("units", sa.Text(), nullable=False, comment="JSON list; whose patients may be assigned"),
        sa.Column(
            "specialties", sa.Text(), nullable=False, comment="JSON list of payer classes and services"
        ),
        sa.Column(
            "capacity",
            sa.Integer(),
            nullable=True,
            comment="cases that the person can carry; none: the house's usual number",
        ),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("failed_sign_ins", sa.Integer(), nullable=False),
        sa.Column("locked_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("login", name="uq_accounts_login"),
        sa.UniqueConstraint("oidc_subject", name="uq_accounts_oidc_subject"),
    )


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column(
            "secret_hash", sa.String(length=64), nullable=False, comment="SHA-256 of the token's secret"
        ),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False, comment="JSON list"),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("secret_hash", name="uq_tokens_secret_hash"),
    )
    op.create_index("ix_tokens_account_id", "tokens", ["account_id"], unique=False)


def _access_log() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("token_id", sa.String(length=64), nullable=True),
        sa.Column("action", sa.String(length=80), nullable=False, comment="name of the route or command"),
        sa.Column("case_id", sa.String(length=64), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False, comment="patients shown, for lists"),
        sa.Column(
            "cases_digest",
            sa.String(length=64),
            nullable=True,
            comment="blob that lists the cases shown, for lists",
        ),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_access_log"),
    )
    op.create_index("ix_access_log_account_id", "access_log", ["account_id"], unique=False)
    op.create_index("ix_access_log_at", "access_log", ["at"], unique=False)
    op.create_index("ix_access_log_case_id", "access_log", ["case_id"], unique=False)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.String(length=64), nullable=False, comment="SHA-256 of the cookie"),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("csrf_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"], unique=False)


def _one_time_links() -> None:
    op.create_table(
        "one_time_links",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False, comment="setup, oidc"),
        sa.Column("data", sa.Text(), nullable=False, comment="JSON"),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("secret_hash", name="pk_one_time_links"),
    )


def _replies() -> None:
    op.create_table(
        "replies",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False, comment="Idempotency-Key"),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "key", name="pk_replies"),
    )
    op.create_index("ix_replies_at", "replies", ["at"], unique=False)
