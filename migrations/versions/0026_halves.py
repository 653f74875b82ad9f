"""A batch of tags is gone through in two halves at the same time: each has its own place."""

import sqlalchemy as sa
from alembic import op

from app.db import BigId
from migrations.steps import add_column, drop_column

revision = "0026_halves"
down_revision = "0025_batch_speed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the middle and the place below it; what is under way has nothing below its own."""
    for name in ("middle", "reached_below"):
        add_column("batches", sa.Column(name, BigId, nullable=False, server_default="0"))


def downgrade() -> None:
    """Undo it; a batch of tags that is under way goes through all of them once more."""
    op.execute(
        "UPDATE batches SET reached = 0"
        " WHERE ended_at IS NULL AND cancelled_by = '' AND kind IN ('tag_add', 'tag_remove')"
    )
    for name in ("middle", "reached_below"):
        drop_column("batches", name)
