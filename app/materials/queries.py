"""Reading materials: their bytes, and the media_id that stands for them at WeCom."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import NotFound
from app.i18n import _
from app.materials.models import Material, MaterialChunk

# A media_id that ends while a message is on its way would be refused.
MARGIN = timedelta(minutes=1)


def usable(media_id: str | None, expires_at: datetime | None) -> bool:
    """Tell whether WeCom still takes this media_id, by the clock."""
    return bool(media_id) and expires_at is not None and expires_at - MARGIN > clock.utcnow()


def find_media_id(session: Session, material_id: int) -> str | None:
    """Find the media_id of a material, if WeCom still takes it."""
    material = session.get(Material, material_id)
    if material is None or not usable(material.media_id, material.media_expires_at):
        return None
    return material.media_id


def read_file(session: Session, material_id: int) -> bytes:
    """Read a material's bytes.

    Raises:
        NotFound: there is no such material.
    """
    chunks = session.scalars(
        select(MaterialChunk.data)
        .where(MaterialChunk.material_id == material_id)
        .order_by(MaterialChunk.n)
    ).all()
    if not chunks:
        raise NotFound(_("没有这个素材"))
    return b"".join(chunks)


def list_ending(
    session: Session,
    material_ids: Collection[int],
    *,
    before: datetime,
    most: int | None = None,
) -> list[Material]:
    """List those of these materials that have no media_id, or one that ends `before` then.

    At most `most` of them: those without one first, and last those that failed before.
    """
    return list(
        session.scalars(
            select(Material)
            .where(
                Material.id.in_(material_ids),
                or_(
                    Material.media_id.is_(None),
                    Material.media_expires_at.is_(None),
                    Material.media_expires_at < before,
                ),
            )
            .order_by(
                Material.upload_error != "",
                Material.media_id.is_not(None),
                Material.media_expires_at,
                Material.id,
            )
            .limit(most)
        )
    )
