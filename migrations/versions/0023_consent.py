"""Who wants to hear of offers, and how that came; what each purge did."""

import sqlalchemy as sa
from alembic import op

from app.db import BigId, UtcDateTime, WireId, Words
from migrations.steps import create_index, create_table, drop_table

revision = "0023_consent"
down_revision = "0022_sealed"
branch_labels = None
depends_on = None

# Each kind of data has a job of its own name since.
OLD_JOBS = (
    "library.prune",
    "materials.prune_uploads",
    "inbox.prune",
    "pushes.prune",
    "batches.prune",
)


def upgrade() -> None:
    """Make the tables."""
    create_table(
        "marketing_consents",
        sa.Column("external_userid", WireId(), nullable=False),
        sa.Column("state", WireId(16), nullable=False),
        sa.Column("change_id", BigId, nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        _of_customer("marketing_consents"),
        sa.PrimaryKeyConstraint("external_userid", name="pk_marketing_consents"),
    )
    create_index("ix_marketing_consents_state", "marketing_consents", ["state"])
    create_table(
        "consent_changes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("external_userid", WireId(), nullable=False),
        sa.Column("from_state", WireId(16), nullable=False),
        sa.Column("to_state", WireId(16), nullable=False),
        sa.Column("way", WireId(16), nullable=False),
        sa.Column("note", Words(200), nullable=False),
        sa.Column("userid", WireId(), nullable=False),
        sa.Column("is_undo", sa.Boolean(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        _of_customer("consent_changes"),
        sa.PrimaryKeyConstraint("id", name="pk_consent_changes"),
    )
    create_index(
        "ix_consent_changes_external_userid_id", "consent_changes", ["external_userid", "id"]
    )
    create_table(
        "retention_runs",
        sa.Column("kind", WireId(32), nullable=False),
        sa.Column("ran_at", UtcDateTime(), nullable=True),
        sa.Column("purged", BigId, nullable=False),
        sa.Column("purged_at", UtcDateTime(), nullable=True),
        sa.Column("purged_ever", BigId, nullable=False),
        sa.Column("held", BigId, nullable=False),
        sa.Column("oldest_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("kind", name="pk_retention_runs"),
    )
    runs = sa.table("schedule_runs", sa.column("name", WireId()))
    op.execute(runs.delete().where(runs.c.name.in_(OLD_JOBS)))


def downgrade() -> None:
    """Undo it."""
    for table in ("retention_runs", "consent_changes", "marketing_consents"):
        drop_table(table)


def _of_customer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["external_userid"],
        ["customers.external_userid"],
        name=f"fk_{table}_external_userid_customers",
        ondelete="CASCADE",
    )
