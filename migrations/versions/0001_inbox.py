"""Received events, the record of deliveries, and the turns of periodic jobs."""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from app.db import UtcDateTime, WireId, Words
from migrations.steps import create_index, create_table, drop_table

TABLES = (
    "inbox_events",
    "deliveries",
    "schedule_runs",
)
BLOB = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0001_inbox"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Received events, the record of deliveries, and the turns of periodic jobs."""
    create_table(
        "inbox_events",
        sa.Column("corp_id", WireId(64), nullable=False),
        sa.Column("dedupe_key", WireId(64), nullable=False),
        sa.Column("receiver", WireId(32), nullable=False),
        sa.Column("lane", WireId(16), nullable=False),
        sa.Column("event", WireId(64), nullable=False),
        sa.Column("change_type", WireId(64), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("chat_id", WireId(64), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=True),
        sa.Column("body", BLOB, nullable=True),
        sa.Column("msg_signature", WireId(40), nullable=False),
        sa.Column("last_msg_signature", WireId(40), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("ticked", sa.JSON(), nullable=False),
        sa.Column("fate", WireId(16), nullable=True),
        sa.Column("note", Words(500), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_by", WireId(32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inbox_events"),
        sa.UniqueConstraint("corp_id", "dedupe_key", name="uq_inbox_events_corp_id_dedupe_key"),
    )
    create_index("ix_inbox_events_fate_finished_at", "inbox_events", ["fate", "finished_at"])
    create_index("ix_inbox_events_lane_due_at", "inbox_events", ["lane", "due_at"])
    create_table(
        "deliveries",
        sa.Column("kind", WireId(32), nullable=False),
        sa.Column("dedupe_key", WireId(190), nullable=False),
        sa.Column("recipient", WireId(64), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("ref", WireId(64), nullable=False),
        sa.Column("payload", BLOB, nullable=True),
        sa.Column("event_id", BIG_ID, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", WireId(16), nullable=True),
        sa.Column("reason", WireId(64), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_by", WireId(32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("dedupe_key", name="uq_deliveries_dedupe_key"),
    )
    create_index("ix_deliveries_due_at", "deliveries", ["due_at"])
    create_index("ix_deliveries_external_userid_id", "deliveries", ["external_userid", "id"])
    create_index("ix_deliveries_kind_created_at", "deliveries", ["kind", "created_at"])
    create_index("ix_deliveries_recipient_sent_at", "deliveries", ["recipient", "sent_at"])
    create_table(
        "schedule_runs",
        sa.Column("name", WireId(64), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_schedule_runs"),
    )


def downgrade() -> None:
    """Undo it."""
    for table in reversed(TABLES):
        drop_table(table)
