"""Winning customers back, many losses at once, and the reports that are kept ready."""

import sqlalchemy as sa

from app.db import UtcDateTime, WireId
from migrations.steps import (
    add_column,
    create_index,
    create_table,
    drop_column,
    drop_index,
    drop_table,
)

TABLES = ("mass_losses", "kept_reports")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# What the lists and figures of losses and relations walk along.
INDEXES = {
    "ix_losses_kind_lost_at_id": ("losses", ["kind", "lost_at", "id"]),
    "ix_losses_lost_at_id": ("losses", ["lost_at", "id"]),
    "ix_follow_users_added_at_userid": ("follow_users", ["added_at", "userid"]),
    "ix_follow_users_removed_at_external_userid_userid": (
        "follow_users",
        ["removed_at", "external_userid", "userid"],
    ),
}

revision = "0014_win_back"
down_revision = "0013_operations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, columns and indexes."""
    for name in ("assigned_to", "assigned_by", "contacted_by"):
        column: sa.Column[str] = sa.Column(name, WireId(64), nullable=False, server_default="")
        add_column("losses", column)
    for name in ("assigned_at", "contacted_at"):
        add_column("losses", sa.Column(name, UtcDateTime(), nullable=True))
    create_table(
        "mass_losses",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("seen_by", WireId(64), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mass_losses"),
        sa.UniqueConstraint("userid", "day", name="uq_mass_losses_userid_day"),
    )
    create_index("ix_mass_losses_day", "mass_losses", ["day"])
    create_table(
        "kept_reports",
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("scope", WireId(64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("userid", name="pk_kept_reports"),
    )
    for name, (table, columns) in INDEXES.items():
        create_index(name, table, columns)


def downgrade() -> None:
    """Undo it."""
    for name, (table, _columns) in INDEXES.items():
        drop_index(name, table)
    for table in reversed(TABLES):
        drop_table(table)
    for name in ("contacted_at", "assigned_at", "contacted_by", "assigned_by", "assigned_to"):
        drop_column("losses", name)
