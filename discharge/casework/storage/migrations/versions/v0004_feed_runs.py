"""What became of each feed that came: taken in, or refused and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "feed_runs",
        sa.Column("ingest_id", sa.String(length=64), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome", sa.String(length=40), nullable=False, comment="taken_in, or the kind of problem"
        ),
        sa.Column(
            "account", sa.Text(), nullable=True, comment="JSON of the account; none where it was refused"
        ),
        sa.PrimaryKeyConstraint("ingest_id", name="pk_feed_runs"),
    )
    op.create_index("ix_feed_runs_ended_at", "feed_runs", ["ended_at"])
