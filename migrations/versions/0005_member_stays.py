"""How often a member has left: a session of his does not outlive that."""

import sqlalchemy as sa

from migrations.steps import add_column, drop_column

revision = "0005_member_stays"
down_revision = "0004_losses_and_groups"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count the stays of members."""
    add_column("members", sa.Column("stay", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    """Undo it."""
    drop_column("members", "stay")
