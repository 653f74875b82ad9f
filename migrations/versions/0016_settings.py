"""Settings of stages and fields: colours, where the customers of a stage go, who sees a field."""

import sqlalchemy as sa
from alembic import op

from app.db import WireId
from migrations.steps import add_column, drop_column

# The stages that every installation begins with.
COLORS = {
    "new": "blue",
    "contacted": "teal",
    "interested": "orange",
    "won": "green",
    "not_interested": "gray",
}

revision = "0016_settings"
down_revision = "0015_customer_lists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and give the first stages their colours."""
    for name, length in (("color", 16), ("moves_by", 64)):
        text: sa.Column[str] = sa.Column(name, WireId(length), nullable=False, server_default="")
        add_column("stages", text)
    add_column("stages", sa.Column("moves_to_id", sa.Integer(), nullable=True))
    total: sa.Column[int] = sa.Column(
        "moves_total", sa.Integer(), nullable=False, server_default="0"
    )
    add_column("stages", total)
    visible: sa.Column[str] = sa.Column("visible_to", WireId(16), nullable=False, server_default="")
    add_column("custom_fields", visible)
    stages = sa.table("stages", sa.column("key"), sa.column("color"), sa.column("pipeline_id"))
    pipelines = sa.table("pipelines", sa.column("id"), sa.column("key"))
    default = sa.select(pipelines.c.id).where(pipelines.c.key == "default")
    for key, color in COLORS.items():
        op.execute(
            stages.update()
            .where(
                stages.c.key == key,
                stages.c.color == "",
                stages.c.pipeline_id.in_(default),
            )
            .values(color=color)
        )


def downgrade() -> None:
    """Undo it."""
    drop_column("custom_fields", "visible_to")
    for name in ("moves_total", "moves_to_id", "moves_by", "color"):
        drop_column("stages", name)
