"""Files of the library, for those who may see an item with them or brought them here."""

import mimetypes
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock
from app.library.models import LibraryItem, LibraryPart
from app.materials.actions import MEGABYTE
from app.materials.models import Material, MaterialPicture, Upload
from app.materials.queries import read_file
from app.turns import NoTurn, Pace, Recent, Turns

UNKNOWN_TYPE = "application/octet-stream"
# While a file is read it stands in memory twice, and once more for as long as a reader takes for
# it: he gets the ten largest at once, and then so many bytes a second.
READS, PATIENCE = Turns(3), 4.0
READERS: Recent[str, Pace] = Recent(partial(Pace, 2 * MEGABYTE, burst=100 * MEGABYTE), most=2000)


@dataclass(frozen=True)
class StoredFile:
    """A file as it was stored; `content_type` by its name, which proves nothing."""

    data: bytes
    content_type: str
    filename: str


def find_file(session: Session, userid: str, material_id: int, *, kind: str) -> StoredFile | None:
    """Find a file of this kind in an item that this member may see, or that he uploaded himself.

    Raises:
        NoTurn: too many files are being read, or he has read too much of late.
    """
    material = list_usable(session, userid, [material_id]).get(material_id)
    if material is None or material.kind != kind:
        return None
    content_type = mimetypes.guess_type(material.filename)[0] or UNKNOWN_TYPE
    if not READERS.of(userid).take(material.size):
        raise NoTurn
    with READS.awaited(clock.monotonic() + PATIENCE):
        data = read_file(session, material.id)
    return StoredFile(data, content_type, material.filename)


def find_picture(session: Session, userid: str, material_id: int) -> bytes | None:
    """Find the small picture (JPEG) of an image that this member may see."""
    if not list_usable(session, userid, [material_id]):
        return None
    return session.scalar(
        select(MaterialPicture.data).where(MaterialPicture.material_id == material_id)
    )


def list_usable(
    session: Session, userid: str, material_ids: Collection[int]
) -> dict[int, Material]:
    """Return those of these materials that this member may see and put into an item, by id."""
    if not material_ids:
        return {}
    in_items = (
        select(LibraryPart.material_id)
        .join(LibraryItem, LibraryItem.id == LibraryPart.item_id)
        .where(
            LibraryPart.material_id.in_(material_ids),
            LibraryItem.owner.in_(("", userid)),
            LibraryItem.removed_at.is_(None),
        )
    )
    uploaded = select(Upload.material_id).where(
        Upload.userid == userid, Upload.material_id.in_(material_ids)
    )
    rows = session.scalars(
        select(Material).where(or_(Material.id.in_(in_items), Material.id.in_(uploaded)))
    )
    return {material.id: material for material in rows}
