"""Materials, their bytes and small pictures, and files that are still on their way here."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, Blob, WireId, Words


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


class MaterialPicture(Base):
    """A small picture (JPEG) of an image: what a list shows of it."""

    __tablename__ = "material_pictures"

    material_id: Mapped[int] = mapped_column(
        ForeignKey("materials.id", ondelete="CASCADE"), primary_key=True
    )
    data: Mapped[bytes] = mapped_column(Blob)


class Upload(Base):
    """A file that a member sends us in pieces. `key` is its maker's.

    `moved_at`: when its last piece came. `material_id`: what became of it; the pieces are gone
    then, and the row says for a while that this member may use the material.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        UniqueConstraint("userid", "key"),
        Index("ix_uploads_moved_at", "moved_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    userid: Mapped[str] = mapped_column(WireId())
    key: Mapped[str] = mapped_column(WireId(64))
    kind: Mapped[str] = mapped_column(WireId(16))
    filename: Mapped[str] = mapped_column(Words(128))
    size: Mapped[int]
    moved_at: Mapped[datetime]
    material_id: Mapped[int | None] = mapped_column(
        ForeignKey("materials.id", ondelete="CASCADE"), index=True
    )


class UploadPiece(Base):
    """A piece of a file on its way, from 0; the same piece again is the same row."""

    __tablename__ = "upload_pieces"

    upload_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(Blob)
