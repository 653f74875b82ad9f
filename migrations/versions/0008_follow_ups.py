"""What members write down about a customer, their drafts and reminders."""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime, WireId, Words
from migrations.steps import (
    add_column,
    create_index,
    create_table,
    drop_column,
    drop_index,
    drop_table,
)

TABLES = ("follow_ups", "reminders", "drafts")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CUSTOMER = "customers.external_userid"
WANTED_AT = "ix_deliveries_external_userid_wanted_at"
LONG_AGO = "1970-01-01 00:00:00"

revision = "0008_follow_ups"
down_revision = "0007_fields"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and let a message be wanted later than it is made."""
    create_table(
        "follow_ups",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("form_key", WireId(64), nullable=False),
        sa.Column("text", Words(2000), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("edited_at", UtcDateTime(), nullable=True),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["external_userid"],
            [CUSTOMER],
            name="fk_follow_ups_external_userid",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_follow_ups"),
        sa.UniqueConstraint("userid", "form_key", name="uq_follow_ups_userid_form_key"),
    )
    create_index(
        "ix_follow_ups_external_userid_created_at", "follow_ups", ["external_userid", "created_at"]
    )
    create_table(
        "reminders",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("follow_up_id", BIG_ID, nullable=True),
        sa.Column("form_key", WireId(64), nullable=False),
        sa.Column("text", Words(200), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("state", WireId(16), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("delivery_id", BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["external_userid"], [CUSTOMER], name="fk_reminders_external_userid", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["follow_up_id"],
            ["follow_ups.id"],
            name="fk_reminders_follow_up_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reminders"),
        sa.UniqueConstraint("userid", "form_key", name="uq_reminders_userid_form_key"),
    )
    create_index(
        "ix_reminders_external_userid_userid_state",
        "reminders",
        ["external_userid", "userid", "state"],
    )
    create_index("ix_reminders_follow_up_id", "reminders", ["follow_up_id"])
    create_table(
        "drafts",
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("place", WireId(32), nullable=False),
        sa.Column("form_key", WireId(64), nullable=False),
        sa.Column("version", BIG_ID, nullable=False),
        sa.Column("text", Words(2000), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["external_userid"], [CUSTOMER], name="fk_drafts_external_userid", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("external_userid", "userid", "place", name="pk_drafts"),
    )
    add_column(
        "deliveries",
        sa.Column("wanted_at", UtcDateTime(), nullable=False, server_default=LONG_AGO),
    )
    op.execute(
        f"UPDATE deliveries SET wanted_at = created_at WHERE wanted_at = '{LONG_AGO}'"  # noqa: S608
    )
    create_index(WANTED_AT, "deliveries", ["external_userid", "wanted_at"])


def downgrade() -> None:
    """Undo it."""
    drop_index(WANTED_AT, "deliveries")
    drop_column("deliveries", "wanted_at")
    for table in reversed(TABLES):
        drop_table(table)
