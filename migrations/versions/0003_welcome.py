"""Materials and welcome scripts."""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from app.db import UtcDateTime, WireId, Words
from migrations.steps import create_index, create_table, drop_table

TABLES = (
    "materials",
    "material_chunks",
    "welcome_scripts",
    "welcome_versions",
    "welcome_attachments",
    "welcome_rules",
    "welcome_switch",
)
BLOB = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")

revision = "0003_welcome"
down_revision = "0002_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Materials and welcome scripts."""
    create_table(
        "materials",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", WireId(64), nullable=False),
        sa.Column("kind", WireId(16), nullable=False),
        sa.Column("filename", Words(128), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("media_id", WireId(512), nullable=True),
        sa.Column("media_expires_at", UtcDateTime(), nullable=True),
        sa.Column("upload_error", Words(300), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_materials"),
    )
    create_table(
        "material_chunks",
        sa.Column("material_id", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", BLOB, nullable=False),
        sa.ForeignKeyConstraint(
            ["material_id"],
            ["materials.id"],
            name="fk_material_chunks_material_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("material_id", "n", name="pk_material_chunks"),
    )
    create_table(
        "welcome_scripts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", Words(64), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_welcome_scripts"),
        sa.UniqueConstraint("name", name="uq_welcome_scripts_name"),
    )
    create_table(
        "welcome_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", Words(4000), nullable=False),
        sa.Column("when_returning", WireId(8), nullable=False),
        sa.Column("returning_content", Words(4000), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", WireId(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["script_id"],
            ["welcome_scripts.id"],
            name="fk_welcome_versions_script_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_welcome_versions"),
        sa.UniqueConstraint("script_id", "number", name="uq_welcome_versions_script_id_number"),
    )
    create_table(
        "welcome_attachments",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("msgtype", WireId(16), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("material_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["material_id"], ["materials.id"], name="fk_welcome_attachments_material_id"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["welcome_versions.id"],
            name="fk_welcome_attachments_version_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "n", name="pk_welcome_attachments"),
    )
    create_table(
        "welcome_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("scope", WireId(16), nullable=False),
        sa.Column("target", WireId(128), nullable=False),
        sa.Column("windows", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["script_id"],
            ["welcome_scripts.id"],
            name="fk_welcome_rules_script_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_welcome_rules"),
    )
    create_index("ix_welcome_rules_scope_target", "welcome_rules", ["scope", "target"])
    create_table(
        "welcome_switch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("paused_at", UtcDateTime(), nullable=False),
        sa.Column("paused_by", WireId(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_welcome_switch"),
    )


def downgrade() -> None:
    """Undo it."""
    for table in reversed(TABLES):
        drop_table(table)
