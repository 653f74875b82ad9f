"""A first sync of very many writes less: no index entry for what no page looks up by it."""

import sqlalchemy as sa

from migrations.steps import create_index, drop_index

BY_STATE = "ix_follow_users_state_added_at_userid"
STATE = ["state", "added_at", "userid"]
BY_END = "ix_follow_users_removed_at_external_userid_userid"
END = ["removed_at", "external_userid", "userid"]
PEOPLE = "ix_follow_users_external_userid_userid_removed_at"

revision = "0029_fewer_entries"
down_revision = "0028_sync_groups"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave out whoever has no state or is not gone; let one index lead to a customer's relations.

    The new one is made first: MariaDB will have some index for the foreign key at any time.
    """
    create_index(PEOPLE, "follow_users", ["external_userid", "userid", "removed_at"])
    drop_index("ix_follow_users_external_userid", "follow_users")
    for name, columns, words in (
        (BY_STATE, STATE, "state > ''"),
        (BY_END, END, "removed_at IS NOT NULL"),
    ):
        drop_index(name, "follow_users")
        some = sa.text(words)
        create_index(name, "follow_users", columns, postgresql_where=some, sqlite_where=some)
    drop_index("ix_customers_unionid", "customers")


def downgrade() -> None:
    """Undo it."""
    create_index("ix_customers_unionid", "customers", ["unionid"])
    for name, columns in ((BY_STATE, STATE), (BY_END, END)):
        drop_index(name, "follow_users")
        create_index(name, "follow_users", columns)
    create_index("ix_follow_users_external_userid", "follow_users", ["external_userid"])
    drop_index(PEOPLE, "follow_users")
