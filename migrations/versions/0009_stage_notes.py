"""Stages that ask for something, notes and amounts on their changes, why customers were lost."""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime, WireId, Words
from app.money import Money
from migrations.steps import add_column, create_index, drop_column, drop_index

# The stages that every installation began with: the name they go by in files, and what they ask.
FIRST = {
    "新客户": ("new", ""),
    "初步沟通": ("contacted", ""),
    "意向": ("interested", ""),
    "成交": ("won", "amount"),
    "无意向": ("not_interested", "reason"),
}
PIPELINES = sa.table(
    "pipelines", sa.column("id"), sa.column("key"), sa.column("name"), sa.column("position")
)
STAGES = sa.table(
    "stages",
    sa.column("id"),
    sa.column("pipeline_id"),
    sa.column("key"),
    sa.column("name"),
    sa.column("asks"),
)

revision = "0009_stage_notes"
down_revision = "0008_follow_ups"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and give what is there the keys that files call it by."""
    for table in ("pipelines", "stages"):
        add_column(table, _text("key", 32))
        add_column(table, sa.Column("removed_at", UtcDateTime(), nullable=True))
    add_column("stages", _text("asks", 16))
    _give_keys()
    create_index("uq_pipelines_key", "pipelines", ["key"], unique=True)
    create_index("uq_stages_pipeline_id_key", "stages", ["pipeline_id", "key"], unique=True)
    add_column("stage_changes", _text("reason", 16))
    add_column("stage_changes", sa.Column("amount", Money(), nullable=True))
    add_column("losses", _text("reason", 16))
    add_column("losses", sa.Column("reason_note", Words(200), nullable=False, server_default=""))
    add_column("losses", _text("reason_by", 64))
    add_column("losses", sa.Column("reason_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Undo it."""
    for name in ("reason", "reason_note", "reason_by", "reason_at"):
        drop_column("losses", name)
    drop_column("stage_changes", "amount")
    drop_column("stage_changes", "reason")
    drop_index("uq_stages_pipeline_id_key", "stages")
    drop_index("uq_pipelines_key", "pipelines")
    drop_column("stages", "asks")
    for table in ("stages", "pipelines"):
        drop_column(table, "removed_at")
        drop_column(table, "key")


def _text(name: str, length: int) -> "sa.Column[str]":
    return sa.Column(name, WireId(length), nullable=False, server_default="")


def _give_keys() -> None:
    bind = op.get_bind()
    pipelines = bind.scalars(
        sa.select(PIPELINES.c.id).order_by(PIPELINES.c.position, PIPELINES.c.id)
    ).all()
    for number, pipeline_id in enumerate(pipelines):
        key = f"pipeline_{pipeline_id}" if number else "default"
        no_key = (PIPELINES.c.id == pipeline_id) & (PIPELINES.c.key == "")
        bind.execute(sa.update(PIPELINES).where(no_key).values(key=key))
    stages = sa.select(STAGES.c.id, STAGES.c.pipeline_id, STAGES.c.name).where(STAGES.c.key == "")
    for stage in bind.execute(stages).all():
        is_first = stage.pipeline_id == pipelines[0]
        key, asks = FIRST.get(stage.name if is_first else "", (f"stage_{stage.id}", ""))
        bind.execute(sa.update(STAGES).where(STAGES.c.id == stage.id).values(key=key, asks=asks))
