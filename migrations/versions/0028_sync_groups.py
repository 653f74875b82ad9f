"""A comparison goes through the customer groups, too, and says what it found of them."""

import sqlalchemy as sa

from migrations.steps import add_column, drop_column

COUNTS = ("groups_read", "groups_dismissed", "group_moves")

revision = "0028_sync_groups"
down_revision = "0026_halves"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the counts, and why WeCom would not show any."""
    for name in COUNTS:
        add_column("sync_runs", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    add_column("sync_runs", sa.Column("groups_errcode", sa.Integer()))


def downgrade() -> None:
    """Undo it."""
    for name in (*COUNTS, "groups_errcode"):
        drop_column("sync_runs", name)
