"""Welcome scripts have drafts; a version tells where it held and what else it does."""

import sqlalchemy as sa

from app.db import UtcDateTime, WireId
from migrations.steps import add_column, create_table, drop_column, drop_table

revision = "0012_welcome_drafts"
down_revision = "0011_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the columns."""
    create_table(
        "welcome_drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=True),
        sa.Column("base_version_id", sa.Integer(), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.Column("saved_by", WireId(64), nullable=False),
        sa.Column("writer", WireId(32), nullable=False),
        sa.Column("typed", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["script_id"],
            ["welcome_scripts.id"],
            name="fk_welcome_drafts_script_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_welcome_drafts"),
        sa.UniqueConstraint("script_id", name="uq_welcome_drafts_script_id"),
    )
    for name in ("rules", "extras"):
        column: sa.Column[dict[str, object]] = sa.Column(name, sa.JSON(), nullable=True)
        add_column("welcome_versions", column)


def downgrade() -> None:
    """Undo it."""
    for name in ("extras", "rules"):
        drop_column("welcome_versions", name)
    drop_table("welcome_drafts")
