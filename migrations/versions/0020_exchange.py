"""Tables of customers that are imported: their rows, and what became of each."""

import sqlalchemy as sa

from app.db import BigId, WireId
from migrations.steps import create_index, create_table, drop_table

revision = "0020_exchange"
down_revision = "0019_sync"
branch_labels = None
depends_on = None

TABLE = "import_rows"


def upgrade() -> None:
    """Make the table."""
    create_table(
        TABLE,
        sa.Column("batch_id", BigId, nullable=False),
        sa.Column("number", BigId, autoincrement=False, nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("external_userid", WireId(), nullable=False),
        sa.Column("sought", WireId(32), nullable=False),
        sa.Column("outcome", WireId(16), nullable=True),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batches.id"],
            name="fk_import_rows_batch_id_batches",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "number", name="pk_import_rows"),
    )
    create_index("ix_import_rows_batch_id_external_userid", TABLE, ["batch_id", "external_userid"])
    create_index("ix_import_rows_batch_id_sought", TABLE, ["batch_id", "sought"])
    create_index("ix_import_rows_batch_id_outcome_number", TABLE, ["batch_id", "outcome", "number"])


def downgrade() -> None:
    """Undo it."""
    drop_table(TABLE)
