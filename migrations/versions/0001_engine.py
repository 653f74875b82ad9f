"""Inbox, deliveries, members, customers, welcome scripts, losses, groups."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from app.db import UtcDateTime, WireId, Words
from migrations.steps import create_index, create_table, drop_table

TABLES = (
    "customers",
    "deliveries",
    "departments",
    "group_chats",
    "inbox_events",
    "materials",
    "members",
    "pipelines",
    "schedule_runs",
    "welcome_scripts",
    "welcome_switch",
    "follow_changes",
    "follow_users",
    "group_changes",
    "group_members",
    "material_chunks",
    "member_departments",
    "stages",
    "timeline",
    "welcome_rules",
    "welcome_versions",
    "customer_stages",
    "follow_tags",
    "losses",
    "stage_changes",
    "welcome_attachments",
)
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

revision = "0001_engine"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Inbox, deliveries, members, customers, welcome scripts, losses, groups."""
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
    create_index("ix_customers_unionid", "customers", ["unionid"], unique=False)
    create_table(
        "deliveries",
        sa.Column("kind", WireId(32), nullable=False),
        sa.Column("dedupe_key", WireId(190), nullable=False),
        sa.Column("recipient", WireId(64), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("ref", WireId(64), nullable=False),
        sa.Column(
            "payload",
            sa.LargeBinary()
            .with_variant(mysql.LONGBLOB(), "mariadb")
            .with_variant(mysql.LONGBLOB(), "mysql"),
            nullable=True,
        ),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", WireId(16), nullable=True),
        sa.Column("reason", WireId(64), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_by", WireId(32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("dedupe_key", name="uq_deliveries_dedupe_key"),
    )
    create_index("ix_deliveries_due_at", "deliveries", ["due_at"], unique=False)
    create_index(
        "ix_deliveries_external_userid_id", "deliveries", ["external_userid", "id"], unique=False
    )
    create_index(
        "ix_deliveries_kind_created_at", "deliveries", ["kind", "created_at"], unique=False
    )
    create_index(
        "ix_deliveries_recipient_sent_at", "deliveries", ["recipient", "sent_at"], unique=False
    )
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
        "group_chats",
        sa.Column("chat_id", WireId(64), nullable=False),
        sa.Column("name", Words(128), nullable=False),
        sa.Column("owner", WireId(64), nullable=False),
        sa.Column("notice", Words(2048), nullable=False),
        sa.Column("member_version", WireId(64), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=True),
        sa.Column("fetched_at", UtcDateTime(), nullable=True),
        sa.Column("dismissed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("chat_id", name="pk_group_chats"),
    )
    create_index("ix_group_chats_owner", "group_chats", ["owner"], unique=False)
    create_table(
        "inbox_events",
        sa.Column("corp_id", WireId(64), nullable=False),
        sa.Column("dedupe_key", WireId(64), nullable=False),
        sa.Column("receiver", WireId(32), nullable=False),
        sa.Column("lane", WireId(16), nullable=False),
        sa.Column("event", WireId(64), nullable=False),
        sa.Column("change_type", WireId(64), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("chat_id", WireId(64), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=True),
        sa.Column(
            "body",
            sa.LargeBinary()
            .with_variant(mysql.LONGBLOB(), "mariadb")
            .with_variant(mysql.LONGBLOB(), "mysql"),
            nullable=True,
        ),
        sa.Column("msg_signature", WireId(40), nullable=False),
        sa.Column("last_msg_signature", WireId(40), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("ticked", sa.JSON(), nullable=False),
        sa.Column("fate", WireId(16), nullable=True),
        sa.Column("note", Words(500), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_by", WireId(32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inbox_events"),
        sa.UniqueConstraint("corp_id", "dedupe_key", name="uq_inbox_events_corp_id_dedupe_key"),
    )
    create_index(
        "ix_inbox_events_fate_finished_at", "inbox_events", ["fate", "finished_at"], unique=False
    )
    create_index("ix_inbox_events_lane_due_at", "inbox_events", ["lane", "due_at"], unique=False)
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
        "pipelines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", Words(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pipelines"),
        sa.UniqueConstraint("name", name="uq_pipelines_name"),
    )
    create_table(
        "schedule_runs",
        sa.Column("name", WireId(64), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_schedule_runs"),
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
        "welcome_switch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("paused_at", UtcDateTime(), nullable=False),
        sa.Column("paused_by", WireId(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_welcome_switch"),
    )
    create_table(
        "follow_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
    create_index(
        "ix_follow_users_external_userid", "follow_users", ["external_userid"], unique=False
    )
    create_index(
        "ix_follow_users_userid_added_at", "follow_users", ["userid", "added_at"], unique=False
    )
    create_table(
        "group_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chat_id", WireId(64), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("kind", WireId(16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("scene", sa.Integer(), nullable=True),
        sa.Column("invitor", WireId(64), nullable=False),
        sa.Column("state", Words(128), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["chat_id"],
            ["group_chats.chat_id"],
            name="fk_group_changes_chat_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_group_changes"),
        sa.UniqueConstraint(
            "chat_id", "userid", "kind", "at", name="uq_group_changes_chat_id_userid_kind_at"
        ),
    )
    create_table(
        "group_members",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chat_id", WireId(64), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("type", sa.Integer(), nullable=False),
        sa.Column("name", Words(128), nullable=False),
        sa.Column("group_nickname", Words(128), nullable=False),
        sa.Column("invitor", WireId(64), nullable=False),
        sa.Column("state", Words(128), nullable=False),
        sa.Column("join_scene", sa.Integer(), nullable=True),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("quit_scene", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["chat_id"],
            ["group_chats.chat_id"],
            name="fk_group_members_chat_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_group_members"),
        sa.UniqueConstraint(
            "chat_id", "userid", "period", name="uq_group_members_chat_id_userid_period"
        ),
    )
    create_index("ix_group_members_userid", "group_members", ["userid"], unique=False)
    create_table(
        "material_chunks",
        sa.Column("material_id", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "data",
            sa.LargeBinary()
            .with_variant(mysql.LONGBLOB(), "mariadb")
            .with_variant(mysql.LONGBLOB(), "mysql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["material_id"],
            ["materials.id"],
            name="fk_material_chunks_material_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("material_id", "n", name="pk_material_chunks"),
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
    create_index(
        "ix_member_departments_department_id", "member_departments", ["department_id"], unique=False
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
        "timeline",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
    create_index(
        "ix_timeline_external_userid_at", "timeline", ["external_userid", "at"], unique=False
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
    create_index(
        "ix_welcome_rules_scope_target", "welcome_rules", ["scope", "target"], unique=False
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
    create_index("ix_customer_stages_stage_id", "customer_stages", ["stage_id"], unique=False)
    create_table(
        "follow_tags",
        sa.Column(
            "follow_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("group_name", Words(64), nullable=False),
        sa.Column("tag_name", Words(64), nullable=False),
        sa.Column("tag_id", WireId(64), nullable=False),
        sa.Column("type", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_id"], ["follow_users.id"], name="fk_follow_tags_follow_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("follow_id", "group_name", "tag_name", name="pk_follow_tags"),
    )
    create_index("ix_follow_tags_tag_id", "follow_tags", ["tag_id"], unique=False)
    create_table(
        "losses",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "follow_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("external_userid", WireId(64), nullable=False),
        sa.Column("kind", WireId(16), nullable=False),
        sa.Column("lost_at", UtcDateTime(), nullable=False),
        sa.Column("days_known", sa.Integer(), nullable=False),
        sa.Column("returned_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["follow_id"], ["follow_users.id"], name="fk_losses_follow_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_losses"),
        sa.UniqueConstraint("follow_id", name="uq_losses_follow_id"),
    )
    create_index("ix_losses_external_userid", "losses", ["external_userid"], unique=False)
    create_index("ix_losses_userid_lost_at", "losses", ["userid", "lost_at"], unique=False)
    create_table(
        "stage_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
    create_index(
        "ix_stage_changes_external_userid_id",
        "stage_changes",
        ["external_userid", "id"],
        unique=False,
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
