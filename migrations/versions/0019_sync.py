"""Sync and reconciliation: runs, whom they go through, whom they saw, and who is missing."""

import sqlalchemy as sa

from app.db import UtcDateTime, WireId, Words
from migrations.steps import create_index, create_table, drop_table

TABLES = ("sync_runs", "sync_members", "sync_seen", "sync_suspects")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COUNTS = ("members", "listed", "found", "changed", "gone", "missed_new", "missed_gone")

revision = "0019_sync"
down_revision = "0018_alert_settings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    create_table(
        "sync_runs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_by", WireId(32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("why", WireId(16), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("phase", WireId(16), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("walked_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", WireId(16), nullable=True),
        sa.Column("open_key", sa.Integer(), nullable=True),
        sa.Column("cancelled_by", WireId(64), nullable=False),
        sa.Column("walking", sa.JSON(), nullable=False),
        sa.Column("cursor", Words(1024), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("reached", BIG_ID, nullable=False),
        sa.Column("errcode", sa.Integer(), nullable=True),
        sa.Column("fault", Words(255), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.PrimaryKeyConstraint("id", name="pk_sync_runs"),
        sa.UniqueConstraint("open_key", name="uq_sync_runs_open_key"),
    )
    create_index("ix_sync_runs_due_at", "sync_runs", ["due_at"])
    create_table(
        "sync_members",
        sa.Column("run_id", BIG_ID, nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("outcome", WireId(16), nullable=True),
        sa.Column("is_alone", sa.Boolean(), nullable=False),
        sa.Column("had", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("errcode", sa.Integer(), nullable=True),
        sa.Column("fault", Words(255), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        _of_run("sync_members"),
        sa.PrimaryKeyConstraint("run_id", "userid", name="pk_sync_members"),
    )
    create_table(
        "sync_seen",
        sa.Column("run_id", BIG_ID, nullable=False),
        sa.Column("follow_id", BIG_ID, nullable=False),
        _of_run("sync_seen"),
        sa.PrimaryKeyConstraint("run_id", "follow_id", name="pk_sync_seen"),
    )
    create_table(
        "sync_suspects",
        sa.Column("follow_id", BIG_ID, nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("run_id", BIG_ID, nullable=False),
        sa.Column("missed_at", UtcDateTime(), nullable=False),
        sa.Column("known_at", UtcDateTime(), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("released_by", WireId(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_id"],
            ["follow_users.id"],
            name="fk_sync_suspects_follow_id_follow_users",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("follow_id", name="pk_sync_suspects"),
    )
    create_index("ix_sync_suspects_userid", "sync_suspects", ["userid"])


def downgrade() -> None:
    """Undo it."""
    for table in reversed(TABLES):
        drop_table(table)


def _of_run(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_run_id_sync_runs"
    return sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"], name=name, ondelete="CASCADE")
