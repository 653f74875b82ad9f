"""Materials and their bytes."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Blob, WireId, Words


class Material(Base):
    """One file. `kind` is WeCom's media type: image, video or file."""

    __tablename__ = "materials"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(WireId(64))
    kind: Mapped[str] = mapped_column(WireId(16))
    filename: Mapped[str] = mapped_column(Words(128))
    size: Mapped[int]
    created_at: Mapped[datetime]
    media_id: Mapped[str | None] = mapped_column(WireId(512))
    media_expires_at: Mapped[datetime | None]
    upload_error: Mapped[str] = mapped_column(Words(300), default="")


class MaterialChunk(Base):
    """A piece of a material's bytes, small enough for every database's packet limit."""

    __tablename__ = "material_chunks"

    material_id: Mapped[int] = mapped_column(
        ForeignKey("materials.id", ondelete="CASCADE"), primary_key=True
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(Blob)
