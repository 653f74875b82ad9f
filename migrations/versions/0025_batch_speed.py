"""A batch of 100,000 is written sooner: one check and one index entry less for each of its rows."""

import sqlalchemy as sa

from migrations.steps import add_foreign_key, create_index, drop_foreign_key, drop_index

INDEX, COLUMNS = "ix_pushes_userid_kind_id", ["userid", "kind", "id"]
KEY = "fk_batch_items_batch_id_batches"

revision = "0025_batch_speed"
down_revision = "0024_leavers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave what batches want out of the index, and drop a key that their end keeps by itself."""
    own = sa.text("batch_id IS NULL")
    drop_index(INDEX, "pushes")
    create_index(INDEX, "pushes", COLUMNS, postgresql_where=own, sqlite_where=own)
    drop_foreign_key(KEY, "batch_items")


def downgrade() -> None:
    """Undo it."""
    add_foreign_key(KEY, "batch_items", "batches", ["batch_id"], ["id"], ondelete="CASCADE")
    drop_index(INDEX, "pushes")
    create_index(INDEX, "pushes", COLUMNS)
