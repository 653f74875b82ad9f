"""What members change here and WeCom has to be told, and the corp's tags."""

import sqlalchemy as sa

from app.db import UtcDateTime, WireId, Words
from migrations.steps import create_index, create_table, drop_table

TABLES = ("pushes", "tag_groups", "tags")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0006_pushes_and_tags"
down_revision = "0005_member_stays"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    create_table(
        "pushes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_by", WireId(32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("kind", WireId(16), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("subject", WireId(64), nullable=False),
        sa.Column("value", Words(128), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", WireId(16), nullable=True),
        sa.Column("reason", WireId(64), nullable=False),
        sa.Column("errcode", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_pushes"),
    )
    create_index("ix_pushes_due_at", "pushes", ["due_at"])
    create_index(
        "ix_pushes_external_userid_userid_id", "pushes", ["external_userid", "userid", "id"]
    )
    create_index("ix_pushes_userid_kind_id", "pushes", ["userid", "kind", "id"])
    create_table(
        "tag_groups",
        sa.Column("group_id", WireId(64), nullable=False),
        sa.Column("name", Words(64), nullable=False),
        sa.Column("position", BIG_ID, nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("group_id", name="pk_tag_groups"),
    )
    create_table(
        "tags",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("tag_id", WireId(64), nullable=False),
        sa.Column("group_id", WireId(64), nullable=False),
        sa.Column("name", Words(64), nullable=False),
        sa.Column("position", BIG_ID, nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
        sa.UniqueConstraint("tag_id", name="uq_tags_tag_id"),
    )
    create_index("ix_tags_group_id", "tags", ["group_id"])


def downgrade() -> None:
    """Undo it."""
    for table in reversed(TABLES):
        drop_table(table)
