"""Members and departments, customers, their relations, stages and timeline."""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime, WireId, Words
from migrations.steps import create_index, create_table, drop_table

TABLES = (
    "departments",
    "members",
    "member_departments",
    "customers",
    "follow_changes",
    "follow_users",
    "follow_tags",
    "pipelines",
    "stages",
    "customer_stages",
    "stage_changes",
    "timeline",
)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DEFAULT_STAGES = ("新客户", "初步沟通", "意向", "成交", "无意向")
PIPELINES = sa.table(
    "pipelines", sa.column("id", sa.Integer), sa.column("name"), sa.column("position", sa.Integer)
)
STAGES = sa.table(
    "stages",
    sa.column("pipeline_id", sa.Integer),
    sa.column("name"),
    sa.column("position", sa.Integer),
)

revision = "0002_people"
down_revision = "0001_inbox"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Members and departments, customers, their relations, stages and timeline."""
    create_table(
        "departments",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", Words(128), nullable=False),
        sa.Column("parentid", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_departments"),
    )
    create_table(
        "members",
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("folded", WireId(64), nullable=False),
        sa.Column("name", Words(128), nullable=False),
        sa.Column("alias", Words(128), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("main_department", sa.Integer(), nullable=True),
        sa.Column("direct_leader", sa.JSON(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("userid", name="pk_members"),
        sa.UniqueConstraint("folded", name="uq_members_folded"),
    )
    create_table(
        "member_departments",
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("department_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_leader", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["userid"], ["members.userid"], name="fk_member_departments_userid", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("userid", "department_id", name="pk_member_departments"),
    )
    create_index("ix_member_departments_department_id", "member_departments", ["department_id"])
    create_table(
        "customers",
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("name", Words(128), nullable=False),
        sa.Column("avatar", Words(1024), nullable=False),
        sa.Column("type", sa.Integer(), nullable=True),
        sa.Column("gender", sa.Integer(), nullable=True),
        sa.Column("corp_name", Words(128), nullable=False),
        sa.Column("position", Words(128), nullable=False),
        sa.Column("unionid", WireId(64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("external_userid", name="pk_customers"),
    )
    create_index("ix_customers_unionid", "customers", ["unionid"])
    create_table(
        "follow_changes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("kind", WireId(16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("state", Words(128), nullable=False),
        sa.ForeignKeyConstraint(
            ["external_userid"],
            ["customers.external_userid"],
            name="fk_follow_changes_external_userid",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_follow_changes"),
        sa.UniqueConstraint(
            "external_userid",
            "userid",
            "kind",
            "at",
            name="uq_follow_changes_external_userid_userid_kind_at",
        ),
    )
    create_table(
        "follow_users",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("remark", Words(128), nullable=False),
        sa.Column("description", Words(1024), nullable=False),
        sa.Column("remark_mobiles", sa.JSON(), nullable=False),
        sa.Column("add_way", sa.Integer(), nullable=True),
        sa.Column("state", Words(128), nullable=False),
        sa.Column("oper_userid", WireId(64), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("mutual_at", UtcDateTime(), nullable=True),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by", WireId(16), nullable=True),
        sa.Column("gave_up_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["external_userid"],
            ["customers.external_userid"],
            name="fk_follow_users_external_userid",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_follow_users"),
        sa.UniqueConstraint(
            "userid",
            "external_userid",
            "period",
            name="uq_follow_users_userid_external_userid_period",
        ),
    )
    create_index("ix_follow_users_external_userid", "follow_users", ["external_userid"])
    create_index("ix_follow_users_userid_added_at", "follow_users", ["userid", "added_at"])
    create_table(
        "follow_tags",
        sa.Column("follow_id", BIG_ID, nullable=False),
        sa.Column("group_name", Words(64), nullable=False),
        sa.Column("tag_name", Words(64), nullable=False),
        sa.Column("tag_id", WireId(64), nullable=False),
        sa.Column("type", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_id"], ["follow_users.id"], name="fk_follow_tags_follow_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("follow_id", "group_name", "tag_name", name="pk_follow_tags"),
    )
    create_index("ix_follow_tags_tag_id", "follow_tags", ["tag_id"])
    create_table(
        "pipelines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", Words(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pipelines"),
        sa.UniqueConstraint("name", name="uq_pipelines_name"),
    )
    create_table(
        "stages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pipeline_id", sa.Integer(), nullable=False),
        sa.Column("name", Words(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pipeline_id"], ["pipelines.id"], name="fk_stages_pipeline_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_stages"),
        sa.UniqueConstraint("pipeline_id", "name", name="uq_stages_pipeline_id_name"),
    )
    create_table(
        "customer_stages",
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("pipeline_id", sa.Integer(), nullable=False),
        sa.Column("stage_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["external_userid"],
            ["customers.external_userid"],
            name="fk_customer_stages_external_userid",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["pipeline_id"],
            ["pipelines.id"],
            name="fk_customer_stages_pipeline_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name="fk_customer_stages_stage_id"),
        sa.PrimaryKeyConstraint("external_userid", "pipeline_id", name="pk_customer_stages"),
    )
    create_index("ix_customer_stages_stage_id", "customer_stages", ["stage_id"])
    create_table(
        "stage_changes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("pipeline_id", sa.Integer(), nullable=False),
        sa.Column("from_stage_id", sa.Integer(), nullable=True),
        sa.Column("to_stage_id", sa.Integer(), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("why", Words(200), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["external_userid"],
            ["customers.external_userid"],
            name="fk_stage_changes_external_userid",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["from_stage_id"], ["stages.id"], name="fk_stage_changes_from_stage_id"
        ),
        sa.ForeignKeyConstraint(
            ["pipeline_id"],
            ["pipelines.id"],
            name="fk_stage_changes_pipeline_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["to_stage_id"], ["stages.id"], name="fk_stage_changes_to_stage_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_stage_changes"),
    )
    create_index("ix_stage_changes_external_userid_id", "stage_changes", ["external_userid", "id"])
    create_table(
        "timeline",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("dedupe_key", WireId(190), nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("kind", WireId(32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["external_userid"],
            ["customers.external_userid"],
            name="fk_timeline_external_userid",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_timeline"),
        sa.UniqueConstraint("dedupe_key", name="uq_timeline_dedupe_key"),
    )
    create_index("ix_timeline_external_userid_at", "timeline", ["external_userid", "at"])

    if op.get_bind().scalar(sa.select(sa.func.count()).select_from(PIPELINES)):
        return
    op.bulk_insert(PIPELINES, [{"name": "客户阶段", "position": 0}])
    pipeline_id = op.get_bind().scalar(sa.select(PIPELINES.c.id))
    op.bulk_insert(
        STAGES,
        [
            {"pipeline_id": pipeline_id, "name": name, "position": n}
            for n, name in enumerate(DEFAULT_STAGES)
        ],
    )


def downgrade() -> None:
    """Undo it."""
    for table in reversed(TABLES):
        drop_table(table)
