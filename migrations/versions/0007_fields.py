"""Fields of a customer (资料) and their values, members' preferences, and the audit log."""

import sqlalchemy as sa
from alembic import op

from app import clock
from app.db import UtcDateTime, WireId, Words
from app.money import Money
from migrations.steps import create_index, create_table, drop_table

TABLES = (
    "custom_fields",
    "field_values",
    "field_choices",
    "field_changes",
    "member_preferences",
    "audit_log",
)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FIELDS = sa.table(
    "custom_fields",
    sa.column("id", sa.Integer),
    sa.column("key"),
    sa.column("name"),
    sa.column("kind"),
    sa.column("options", sa.JSON),
    sa.column("hint"),
    sa.column("position", sa.Integer),
    sa.column("pinned", sa.Boolean),
    sa.column("read_only", sa.Boolean),
    sa.column("created_at", UtcDateTime()),
)
# What a shop wants to know of nearly everybody: key, name, kind, options, hint.
FIRST: tuple[tuple[str, str, str, tuple[tuple[str, str], ...], str], ...] = (
    ("phone", "手机", "phone", (), ""),
    ("birthday", "生日", "date", (), ""),
    ("company", "公司", "text", (), ""),
    ("address", "地址", "address", (), "收货地址，可以写到门牌号"),
    ("budget", "预算", "money", (), ""),
    (
        "visit",
        "来店方式",
        "choice",
        (
            ("passing", "路过"),
            ("friend", "朋友介绍"),
            ("online", "线上广告"),
            ("again", "老客回访"),
            ("other", "其他"),
        ),
        "",
    ),
    (
        "interests",
        "感兴趣的商品",
        "choices",
        (
            ("new", "新品"),
            ("best", "热销款"),
            ("set", "套餐"),
            ("gift", "礼盒"),
            ("custom", "定制"),
        ),
        "",
    ),
    ("member", "会员", "yes_no", (), ""),
)

revision = "0007_fields"
down_revision = "0006_pushes_and_tags"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the fields that every installation begins with."""
    create_table(
        "custom_fields",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", WireId(32), nullable=False),
        sa.Column("name", Words(32), nullable=False),
        sa.Column("kind", WireId(16), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("hint", Words(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_custom_fields"),
        sa.UniqueConstraint("key", name="uq_custom_fields_key"),
    )
    _make_values()
    create_table(
        "member_preferences",
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("key", WireId(32), nullable=False),
        sa.Column("value", Words(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["userid"],
            ["members.userid"],
            name="fk_member_preferences_userid",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("userid", "key", name="pk_member_preferences"),
    )
    create_table(
        "audit_log",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("action", WireId(32), nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    create_index("ix_audit_log_external_userid_at", "audit_log", ["external_userid", "at"])
    create_index("ix_audit_log_userid_at", "audit_log", ["userid", "at"])
    _make_first_fields()


def downgrade() -> None:
    """Undo it."""
    for table in reversed(TABLES):
        drop_table(table)


def _make_values() -> None:
    create_table(
        "field_values",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("text", Words(500), nullable=True),
        sa.Column("number", Money(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        *_belongs_to("field_values"),
        sa.PrimaryKeyConstraint("id", name="pk_field_values"),
        sa.UniqueConstraint(
            "external_userid", "field_id", name="uq_field_values_external_userid_field_id"
        ),
    )
    create_index("ix_field_values_field_id", "field_values", ["field_id"])
    create_table(
        "field_choices",
        sa.Column("value_id", BIG_ID, nullable=False),
        sa.Column("option", WireId(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["value_id"],
            ["field_values.id"],
            name="fk_field_choices_value_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("value_id", "option", name="pk_field_choices"),
    )
    create_table(
        "field_changes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        *_belongs_to("field_changes"),
        sa.PrimaryKeyConstraint("id", name="pk_field_changes"),
    )
    create_index("ix_field_changes_external_userid", "field_changes", ["external_userid"])
    create_index("ix_field_changes_field_id", "field_changes", ["field_id"])


def _belongs_to(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    return (
        sa.ForeignKeyConstraint(
            ["external_userid"],
            ["customers.external_userid"],
            name=f"fk_{table}_external_userid",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["field_id"], ["custom_fields.id"], name=f"fk_{table}_field_id", ondelete="CASCADE"
        ),
    )


def _make_first_fields() -> None:
    if op.get_bind().scalar(sa.select(sa.func.count()).select_from(FIELDS)):
        return
    op.bulk_insert(
        FIELDS,
        [
            {
                "key": key,
                "name": name,
                "kind": kind,
                "options": [{"id": one, "name": called} for one, called in options],
                "hint": hint,
                "position": position,
                "pinned": key == "phone",
                "read_only": False,
                "created_at": clock.utcnow(),
            }
            for position, (key, name, kind, options, hint) in enumerate(FIRST)
        ],
    )
