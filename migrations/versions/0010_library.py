"""The library: items, groups, parts, what members do with them; files on their way here."""

import sqlalchemy as sa

from app.db import Blob, UtcDateTime, WireId, Words
from migrations.steps import create_index, create_table, drop_table

TABLES = (
    "uploads",
    "upload_pieces",
    "material_pictures",
    "library_groups",
    "library_items",
    "library_parts",
    "library_marks",
    "library_uses",
    "library_drafts",
)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0010_library"
down_revision = "0009_stage_notes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _make_files()
    create_table(
        "library_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shelf", WireId(16), nullable=False),
        sa.Column("owner", WireId(64), nullable=False),
        sa.Column("name", Words(16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_library_groups"),
        sa.UniqueConstraint("shelf", "owner", "name", name="uq_library_groups_shelf_owner_name"),
    )
    _make_items()
    create_table(
        "library_marks",
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("favourite_at", UtcDateTime(), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        _of_item("library_marks"),
        sa.PrimaryKeyConstraint("userid", "item_id", name="pk_library_marks"),
    )
    create_index("ix_library_marks_userid_used_at", "library_marks", ["userid", "used_at"])
    create_table(
        "library_uses",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("key", WireId(64), nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("chat_id", WireId(64), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        _of_item("library_uses"),
        sa.PrimaryKeyConstraint("id", name="pk_library_uses"),
        sa.UniqueConstraint("userid", "key", name="uq_library_uses_userid_key"),
    )
    create_index("ix_library_uses_item_id_at", "library_uses", ["item_id", "at"])
    create_index("ix_library_uses_external_userid", "library_uses", ["external_userid"])
    create_table(
        "library_drafts",
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("shelf", WireId(16), nullable=False),
        sa.Column("item_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("form", sa.JSON(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("userid", "shelf", "item_id", name="pk_library_drafts"),
    )


def downgrade() -> None:
    """Undo it."""
    for table in reversed(TABLES):
        drop_table(table)


def _make_files() -> None:
    create_table(
        "uploads",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("key", WireId(64), nullable=False),
        sa.Column("kind", WireId(16), nullable=False),
        sa.Column("filename", Words(128), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("moved_at", UtcDateTime(), nullable=False),
        sa.Column("material_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["material_id"], ["materials.id"], name="fk_uploads_material_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
        sa.UniqueConstraint("userid", "key", name="uq_uploads_userid_key"),
    )
    create_index("ix_uploads_moved_at", "uploads", ["moved_at"])
    create_index("ix_uploads_material_id", "uploads", ["material_id"])
    create_table(
        "upload_pieces",
        sa.Column("upload_id", BIG_ID, nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", Blob, nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name="fk_upload_pieces_upload_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", "n", name="pk_upload_pieces"),
    )
    create_table(
        "material_pictures",
        sa.Column("material_id", sa.Integer(), nullable=False),
        sa.Column("data", Blob, nullable=False),
        sa.ForeignKeyConstraint(
            ["material_id"],
            ["materials.id"],
            name="fk_material_pictures_material_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("material_id", name="pk_material_pictures"),
    )


def _make_items() -> None:
    create_table(
        "library_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shelf", WireId(16), nullable=False),
        sa.Column("owner", WireId(64), nullable=False),
        sa.Column("key", WireId(32), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("title", Words(32), nullable=False),
        sa.Column("words", Words(4000), nullable=False),
        sa.Column("sounds", WireId(1000), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id"], ["library_groups.id"], name="fk_library_items_group_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_library_items"),
        sa.UniqueConstraint("shelf", "key", name="uq_library_items_shelf_key"),
    )
    create_index(
        "ix_library_items_shelf_owner_removed_at",
        "library_items",
        ["shelf", "owner", "removed_at"],
    )
    create_index("ix_library_items_group_id", "library_items", ["group_id"])
    create_table(
        "library_parts",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("msgtype", WireId(16), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("material_id", sa.Integer(), nullable=True),
        _of_item("library_parts"),
        sa.ForeignKeyConstraint(
            ["material_id"], ["materials.id"], name="fk_library_parts_material_id"
        ),
        sa.PrimaryKeyConstraint("item_id", "n", name="pk_library_parts"),
    )
    create_index("ix_library_parts_material_id", "library_parts", ["material_id"])


def _of_item(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["item_id"], ["library_items.id"], name=f"fk_{table}_item_id", ondelete="CASCADE"
    )
