"""Items of the library for tests: the corp's and members' own, with files of every kind."""

from io import BytesIO
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from app.library.actions import Draft, DraftPart, save_item
from app.materials.actions import PIECE_BYTES, finish_upload, store_piece

# Who owns what belongs to nobody.
CORP = ""
KEY_LENGTH = 64


def keep(
    session: Session,
    title: str,
    *parts: str | DraftPart,
    owner: str = CORP,
    shelf: str = "scripts",
    group: str = "",
) -> int:
    """Keep an item and return its id; a part that is a string is a text."""
    made = tuple(text(part) if isinstance(part, str) else part for part in parts)
    return save_item(session, owner, shelf, Draft(title, group, made))


def text(content: str) -> DraftPart:
    """Return a text."""
    return DraftPart("text", {"content": content})


def link(title: str = "春季新品", **changed: Any) -> DraftPart:
    """Return a link."""
    fields = {"link": "https://example.com/a", "title": title, "desc": "", "imgUrl": ""}
    return DraftPart("news", fields | changed)


def program(title: str = "会员商城", **changed: Any) -> DraftPart:
    """Return a mini-program (小程序)."""
    fields = {
        "appid": "wx0123456789abcdef",
        "title": title,
        "imgUrl": "https://example.com/cover.png",
        "page": "pages/index/index.html",
    }
    return DraftPart("miniprogram", fields | changed)


def file_of(
    session: Session,
    *,
    owner: str = CORP,
    kind: str = "file",
    filename: str = "价目表.pdf",
    data: bytes = b"%PDF-1.7 prices",
) -> DraftPart:
    """Upload a file and return the part that sends it."""
    key = f"{kind}-{owner}-{filename}"[:KEY_LENGTH]
    told: dict[str, Any] = {"userid": owner, "key": key, "kind": kind, "filename": filename}
    for n, start in enumerate(range(0, len(data), PIECE_BYTES)):
        store_piece(session, **told, size=len(data), n=n, data=data[start : start + PIECE_BYTES])
    material = finish_upload(session, owner, key)
    return DraftPart(kind, {}, material.id)


def picture_of(session: Session, *, owner: str = CORP, filename: str = "门店.png") -> DraftPart:
    """Upload a picture and return the part that sends it."""
    drawn = BytesIO()
    Image.new("RGB", (640, 480), (222, 120, 60)).save(drawn, "PNG")
    return file_of(session, owner=owner, kind="image", filename=filename, data=drawn.getvalue())


def video_of(session: Session, *, owner: str = CORP, filename: str = "试穿.mp4") -> DraftPart:
    """Upload what begins as a video does, and return the part that sends it."""
    data = b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 64
    return file_of(session, owner=owner, kind="video", filename=filename, data=data)
