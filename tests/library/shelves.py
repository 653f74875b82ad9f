"""Items for the tests: the corp's out of a file, a member's own as the sidebar saves them."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from app.db import Database
from app.library.actions import Draft, DraftPart, import_items, save_item
from app.library.queries import list_shelf
from app.materials.actions import finish_upload, store_piece

ZHAO, LI = "zhaoyi", "lisi"


def text(content: str = "您好") -> DraftPart:
    return DraftPart("text", {"content": content})


def draft(
    title: str = "问候", parts: Sequence[DraftPart] = (), *, group: str = "", content: str = "您好"
) -> Draft:
    return Draft(title, group, tuple(parts) or (text(content),))


def save(
    db: Database,
    what: Draft,
    *,
    by: str = ZHAO,
    shelf: str = "scripts",
    item_id: int = 0,
    version: int = 0,
    key: str = "",
) -> int:
    return db.commit(
        lambda session: save_item(
            session, by, shelf, what, item_id=item_id, version=version, key=key
        )
    )


def import_toml(db: Database, toml: str, folder: Path = Path()) -> dict[str, tuple[str, ...]]:
    """Import a file; return the titles by what became of them, fates of none left out."""
    with db.write() as session:
        imported = import_items(session, toml, folder=folder)
    return {fate: titles for fate, titles in vars(imported).items() if titles}


def script(key: str, title: str, *, group: str = "", content: str = "您好") -> str:
    return f'[[script]]\nkey = "{key}"\ntitle = "{title}"\ngroup = "{group}"\ntext = "{content}"\n'


def ids(db: Database, shelf: str = "scripts") -> Mapping[str, int]:
    """Return the corp's items by key."""
    with db.read() as session:
        return {row.key: row.item.id for row in list_shelf(session, shelf)}


def image(*, side: tuple[int, int] = (400, 300), form: str = "PNG", colour: str = "teal") -> bytes:
    made = BytesIO()
    Image.new("RGB", side, colour).save(made, form)
    return made.getvalue()


def upload(
    db: Database, data: bytes, *, by: str = ZHAO, kind: str = "image", filename: str = "a.png"
) -> int:
    """Upload a small file; return the id of its material."""
    with db.write() as session:
        store_piece(
            session,
            userid=by,
            key=filename,
            kind=kind,
            filename=filename,
            size=len(data),
            n=0,
            data=data,
        )
        return finish_upload(session, by, filename).id
