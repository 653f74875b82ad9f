"""Spreadsheets of the library that wait for an admin's word."""

import sqlalchemy as sa

from app.db import Blob, UtcDateTime, WireId, Words
from migrations.steps import create_index, create_table, drop_table

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0017_library_imports"
down_revision = "0016_settings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    create_table(
        "library_imports",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("filename", Words(128), nullable=False),
        sa.Column("data", Blob, nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_library_imports"),
        sa.UniqueConstraint("userid", name="uq_library_imports_userid"),
    )
    create_index("ix_library_imports_made_at", "library_imports", ["made_at"])


def downgrade() -> None:
    """Undo it."""
    drop_table("library_imports")
