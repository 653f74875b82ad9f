"""Tombstones of whom was erased; the audit log's chain holds when an id is taken out of it."""

import sqlalchemy as sa

from app.db import UtcDateTime, WireId
from migrations.steps import add_column, create_table, drop_column, drop_table

revision = "0021_privacy"
down_revision = "0020_exchange"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the columns."""
    create_table(
        "erased_people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", WireId(64), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=False),
        sa.Column("erased_by", WireId(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erased_people"),
        sa.UniqueConstraint("digest", name="uq_erased_people_digest"),
    )
    for name in ("subject", "cleared"):
        column: sa.Column[str] = sa.Column(name, WireId(64), nullable=False, server_default="")
        add_column("audit_log", column)


def downgrade() -> None:
    """Undo it."""
    for name in ("cleared", "subject"):
        drop_column("audit_log", name)
    drop_table("erased_people")
