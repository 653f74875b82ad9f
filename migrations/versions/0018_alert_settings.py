"""What admins set about alerts, past the configuration file."""

import sqlalchemy as sa

from app.db import WireId
from migrations.steps import create_table, drop_table

FIGURES = ("grace_seconds", "digest_above", "mass_loss_above", "mass_loss_minutes")

revision = "0018_alert_settings"
down_revision = "0017_library_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    create_table(
        "alert_settings",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("admins", sa.JSON(), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in FIGURES),
        sa.Column("quiet_hours", WireId(16), nullable=True),
        sa.Column("daily_digest_at", WireId(8), nullable=True),
        sa.Column("digested_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alert_settings"),
    )


def downgrade() -> None:
    """Undo it."""
    drop_table("alert_settings")
