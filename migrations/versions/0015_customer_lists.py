"""The list of customers: what it is searched by, its saved views, and what is done to many."""

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

TABLES = ("batches", "batch_items", "customer_views")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INDEXES = {
    "ix_follow_users_state_added_at_userid": ("follow_users", ["state", "added_at", "userid"]),
    "ix_follow_tags_tag_id_follow_id": ("follow_tags", ["tag_id", "follow_id"]),
    "ix_pushes_lane_due_at": ("pushes", ["lane", "due_at"]),
    "ix_pushes_batch_id_outcome": ("pushes", ["batch_id", "outcome"]),
}
# A collation other than C cannot look for beginnings; these can.
BEGINNINGS = {
    "ix_customers_name": ("customers", "name"),
    "ix_follow_users_remark": ("follow_users", "remark"),
}

revision = "0015_customer_lists"
down_revision = "0014_win_back"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, columns and indexes."""
    create_table(
        "batches",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_by", WireId(32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("kind", WireId(16), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("what", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("reached", BIG_ID, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("cancelled_by", WireId(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
    )
    create_index("ix_batches_due_at", "batches", ["due_at"])
    create_table(
        "batch_items",
        sa.Column("batch_id", BIG_ID, nullable=False),
        sa.Column("follow_id", BIG_ID, nullable=False),
        sa.Column("outcome", WireId(16), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name="fk_batch_items_batch_id_batches", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "follow_id", name="pk_batch_items"),
    )
    create_table(
        "customer_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("name", Words(32), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customer_views"),
        sa.UniqueConstraint("userid", "name", name="uq_customer_views_userid_name"),
    )
    lane: sa.Column[str] = sa.Column("lane", WireId(16), nullable=False, server_default="pushes")
    add_column("pushes", lane)
    add_column("pushes", sa.Column("batch_id", BIG_ID, nullable=True))
    for name, (table, columns) in INDEXES.items():
        create_index(name, table, columns)
    for name, (table, column) in BEGINNINGS.items():
        create_index(name, table, [column], postgresql_ops={column: "varchar_pattern_ops"})
    # The wider ones take their places.
    drop_index("ix_pushes_due_at", "pushes")
    drop_index("ix_follow_tags_tag_id", "follow_tags")


def downgrade() -> None:
    """Undo it."""
    create_index("ix_pushes_due_at", "pushes", ["due_at"])
    create_index("ix_follow_tags_tag_id", "follow_tags", ["tag_id"])
    for name, (table, _columns) in (INDEXES | BEGINNINGS).items():
        drop_index(name, table)
    for name in ("batch_id", "lane"):
        drop_column("pushes", name)
    for table in reversed(TABLES):
        drop_table(table)
