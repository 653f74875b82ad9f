"""Phones and sensitive fields lie sealed; what they are found by, and how far sealing has come."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.db import BigId, UtcDateTime, WireId, Words
from migrations.steps import (
    add_column,
    create_index,
    create_table,
    drop_column,
    drop_index,
    drop_table,
)

revision = "0022_sealed"
down_revision = "0021_privacy"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room. Rows from before are sealed by the relay, or by `flask privacy rotate`."""
    create_table(
        "seal_walks",
        sa.Column("name", WireId(32), nullable=False),
        sa.Column("key_id", WireId(16), nullable=False),
        sa.Column("reached", sa.JSON(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_seal_walks"),
    )
    create_table(
        "follow_mobiles",
        sa.Column("follow_id", BigId, nullable=False),
        sa.Column("digest", WireId(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_id"],
            ["follow_users.id"],
            name="fk_follow_mobiles_follow_id_follow_users",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("follow_id", "digest", name="pk_follow_mobiles"),
    )
    create_index("ix_follow_mobiles_digest", "follow_mobiles", ["digest"])
    add_column(
        "custom_fields",
        sa.Column("sensitive", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    add_column("field_values", sa.Column("box", Words(4000), nullable=True))
    add_column("field_values", sa.Column("digest", WireId(32), nullable=True))
    create_index("ix_field_values_digest", "field_values", ["digest"])
    _turn_imports_back()
    drop_index("ix_import_rows_batch_id_sought", "import_rows")
    drop_column("import_rows", "sought")


def _turn_imports_back() -> None:
    """Have imports that were looking for numbers wait: there is an index now, and no such phase.

    Examples of their rows are read from these; a batch keeps none.
    """
    batches = sa.table(
        "batches",
        sa.column("id", BigId),
        sa.column("kind", WireId(16)),
        sa.column("what", sa.JSON()),
        sa.column("due_at", UtcDateTime()),
    )
    connection = op.get_bind()
    rows = connection.execute(sa.select(batches).where(batches.c.kind == "import")).all()
    for row in rows:
        what = {name: value for name, value in row.what.items() if name != "examples"}
        changed: dict[str, Any] = {"what": what}
        if what.get("phase") in {"seeking", "walking"}:
            changed = {"what": what | {"phase": "mapping"}, "due_at": None}
        connection.execute(sa.update(batches).where(batches.c.id == row.id).values(changed))


def downgrade() -> None:
    """Undo it. What is sealed by then cannot be read by the version before."""
    sought: sa.Column[str] = sa.Column("sought", WireId(32), nullable=False, server_default="")
    add_column("import_rows", sought)
    create_index("ix_import_rows_batch_id_sought", "import_rows", ["batch_id", "sought"])
    drop_index("ix_field_values_digest", "field_values")
    for table, name in (
        ("field_values", "digest"),
        ("field_values", "box"),
        ("custom_fields", "sensitive"),
    ):
        drop_column(table, name)
    drop_table("follow_mobiles")
    drop_table("seal_walks")
