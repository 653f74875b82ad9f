"""What looking after the whole needs: lists by time, channels, ends of runs, who knocked."""

import sqlalchemy as sa

from app.db import UtcDateTime, WireId, Words
from migrations.steps import (
    add_column,
    create_index,
    create_table,
    drop_column,
    drop_index,
    drop_table,
)

INDEXES = {
    "ix_inbox_events_received_at_id": ("inbox_events", ["received_at", "id"]),
    "ix_inbox_events_fate_received_at_id": ("inbox_events", ["fate", "received_at", "id"]),
    "ix_inbox_events_external_userid_received_at": (
        "inbox_events",
        ["external_userid", "received_at"],
    ),
    "ix_deliveries_wanted_at_id": ("deliveries", ["wanted_at", "id"]),
    "ix_deliveries_userid_wanted_at_id": ("deliveries", ["userid", "wanted_at", "id"]),
}

revision = "0013_operations"
down_revision = "0012_welcome_drafts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, the columns and the indexes."""
    create_table(
        "arrivals",
        sa.Column("receiver", WireId(32), nullable=False),
        sa.Column("kind", WireId(8), nullable=False),
        sa.Column("verdict", WireId(16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("receiver", "kind", "verdict", name="pk_arrivals"),
    )
    add_column("deliveries", sa.Column("state", Words(128), nullable=False, server_default=""))
    add_column("schedule_runs", sa.Column("ended_at", UtcDateTime(), nullable=True))
    add_column("schedule_runs", sa.Column("fault", WireId(64), nullable=False, server_default=""))
    for name, (table, columns) in INDEXES.items():
        create_index(name, table, columns)


def downgrade() -> None:
    """Undo it."""
    for name, (table, _columns) in INDEXES.items():
        drop_index(name, table)
    drop_column("schedule_runs", "fault")
    drop_column("schedule_runs", "ended_at")
    drop_column("deliveries", "state")
    drop_table("arrivals")
