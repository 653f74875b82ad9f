"""Since when members are away; and what WeCom is told may be as long as a description."""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime, Words
from migrations.steps import add_column, drop_column

revision = "0024_leavers"
down_revision = "0023_consent"
branch_labels = None
depends_on = None

AWAY = ("away_at", "away_told_at")


def upgrade() -> None:
    """Add the columns; of who is away already nobody is told any more."""
    for name in AWAY:
        add_column("members", sa.Column(name, UtcDateTime(), nullable=True))
    op.execute(
        "UPDATE members SET away_at = COALESCE(removed_at, seen_at),"
        " away_told_at = COALESCE(removed_at, seen_at)"
        " WHERE (removed_at IS NOT NULL OR status = 2) AND away_at IS NULL"
    )
    _resize(128, 1024)


def downgrade() -> None:
    """Undo it; what is too long is cut, and was never told."""
    op.execute("UPDATE pushes SET value = SUBSTR(value, 1, 128)")
    _resize(1024, 128)
    for name in AWAY:
        drop_column("members", name)


def _resize(was: int, wanted: int) -> None:
    # To SQLite a length says nothing, and changing it would copy the table.
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column(
            "pushes",
            "value",
            type_=Words(wanted),
            existing_type=Words(was),
            existing_nullable=False,
        )
