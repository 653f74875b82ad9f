"""How alembic reaches our database: through the connection that `app.cli` hands it.

Authors run it by hand: `alembic -x url=sqlite:///var/banke.db revision --autogenerate …`.
"""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.engine import Connection

from app.db import Database, Words
from app.tables import metadata


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our column types by their names."""
    if kind == "type" and type(item).__module__ == "app.db":
        name = type(item).__name__
        autogen.imports.add(f"from app.db import {name}")
        return f"{name}({item.length})" if isinstance(item, Words) else f"{name}()"
    return False


def run(connection: Connection) -> None:
    """Migrate over this connection."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=render_item,
        transaction_per_migration=True,
        compare_type=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    database = Database(context.get_x_argument(as_dictionary=True)["url"])
    with database.engine.connect() as own:
        run(own)
        own.commit()
