"""Who may look after the whole: roles, sessions, login links; the audit log becomes a chain."""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime, WireId, Words
from migrations.steps import add_column, create_index, create_table, drop_column, drop_table

TABLES = ("admin_roles", "admin_sessions", "login_links", "audit_head")
HEAD = sa.table("audit_head", sa.column("id"), sa.column("digest"))

revision = "0011_accounts"
down_revision = "0010_library"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables. Entries from before the chain have no digest."""
    create_table(
        "admin_roles",
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("role", WireId(16), nullable=False),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.Column("granted_by", WireId(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["userid"], ["members.userid"], name="fk_admin_roles_userid", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("userid", name="pk_admin_roles"),
    )
    create_table(
        "admin_sessions",
        sa.Column("digest", WireId(64), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("stay", sa.Integer(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("proved_at", UtcDateTime(), nullable=False),
        sa.Column("origin", WireId(64), nullable=False),
        sa.Column("agent", Words(120), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_admin_sessions"),
    )
    create_index("ix_admin_sessions_userid", "admin_sessions", ["userid"])
    create_table(
        "login_links",
        sa.Column("digest", WireId(64), nullable=False),
        sa.Column("userid", WireId(64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_login_links"),
    )
    create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", WireId(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    bind = op.get_bind()
    if bind.scalar(sa.select(HEAD.c.id)) is None:
        bind.execute(sa.insert(HEAD).values(id=1, digest=""))
    for name in ("origin", "digest"):
        column: sa.Column[str] = sa.Column(name, WireId(64), nullable=False, server_default="")
        add_column("audit_log", column)


def downgrade() -> None:
    """Undo it."""
    for name in ("digest", "origin"):
        drop_column("audit_log", name)
    for table in reversed(TABLES):
        drop_table(table)
