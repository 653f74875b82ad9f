"""Losses, customer groups and their members."""

import sqlalchemy as sa

from app.db import UtcDateTime, WireId, Words
from migrations.steps import create_index, create_table, drop_table

TABLES = (
    "losses",
    "group_chats",
    "group_changes",
    "group_members",
)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0004_losses_and_groups"
down_revision = "0003_welcome"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Losses, customer groups and their members."""
    create_table(
        "losses",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("follow_id", BIG_ID, nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("kind", WireId(16), nullable=False),
        sa.Column("lost_at", UtcDateTime(), nullable=False),
        sa.Column("days_known", sa.Integer(), nullable=False),
        sa.Column("returned_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["follow_id"], ["follow_users.id"], name="fk_losses_follow_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_losses"),
        sa.UniqueConstraint("follow_id", name="uq_losses_follow_id"),
    )
    create_index("ix_losses_external_userid", "losses", ["external_userid"])
    create_index("ix_losses_userid_lost_at", "losses", ["userid", "lost_at"])
    create_table(
        "group_chats",
        sa.Column("chat_id", WireId(64), nullable=False),
        sa.Column("name", Words(128), nullable=False),
        sa.Column("owner", WireId(64), nullable=False),
        sa.Column("notice", Words(2048), nullable=False),
        sa.Column("member_version", WireId(64), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=True),
        sa.Column("fetched_at", UtcDateTime(), nullable=True),
        sa.Column("dismissed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("chat_id", name="pk_group_chats"),
    )
    create_index("ix_group_chats_owner", "group_chats", ["owner"])
    create_table(
        "group_changes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("chat_id", WireId(64), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("kind", WireId(16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("scene", sa.Integer(), nullable=True),
        sa.Column("invitor", WireId(64), nullable=False),
        sa.Column("state", Words(128), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["chat_id"],
            ["group_chats.chat_id"],
            name="fk_group_changes_chat_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_group_changes"),
        sa.UniqueConstraint(
            "chat_id", "userid", "kind", "at", name="uq_group_changes_chat_id_userid_kind_at"
        ),
    )
    create_table(
        "group_members",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("chat_id", WireId(64), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("type", sa.Integer(), nullable=False),
        sa.Column("name", Words(128), nullable=False),
        sa.Column("group_nickname", Words(128), nullable=False),
        sa.Column("invitor", WireId(64), nullable=False),
        sa.Column("state", Words(128), nullable=False),
        sa.Column("join_scene", sa.Integer(), nullable=True),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("quit_scene", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["chat_id"],
            ["group_chats.chat_id"],
            name="fk_group_members_chat_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_group_members"),
        sa.UniqueConstraint(
            "chat_id", "userid", "period", name="uq_group_members_chat_id_userid_period"
        ),
    )
    create_index("ix_group_members_userid", "group_members", ["userid"])


def downgrade() -> None:
    """Undo it."""
    for table in reversed(TABLES):
        drop_table(table)
