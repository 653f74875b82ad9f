"""Storing files that are sent to customers. What WeCom would refuse is refused here, at once."""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.i18n import N_, _
from app.materials.errors import MaterialRefused
from app.materials.models import Material, MaterialChunk

CHUNK_BYTES = 512 * 1024
MIN_BYTES = 6
MAX_FILENAME, MAX_SUFFIX = 100, 16
MEGABYTE = 1024 * 1024

PNG = b"\x89PNG\r\n\x1a\n"
JPG = b"\xff\xd8\xff"
MP4_BOX = b"ftyp"


@dataclass(frozen=True)
class _Rule:
    """What WeCom takes of one kind (developer.work.weixin.qq.com/document/path/90253)."""

    word: str
    max_bytes: int
    suffixes: tuple[str, ...] = ()


RULES: Mapping[str, _Rule] = {
    "image": _Rule(N_("图片"), 10 * MEGABYTE, (".jpg", ".jpeg", ".png")),
    "video": _Rule(N_("视频"), 10 * MEGABYTE, (".mp4",)),
    "file": _Rule(N_("文件"), 20 * MEGABYTE),
}


def store_file(session: Session, *, kind: str, filename: str, data: bytes) -> Material:
    """Store a file as an image, video or file; the same one again is the same row.

    Raises:
        MaterialRefused: WeCom would not take it.
    """
    filename = clean_name(filename)
    check_claim(kind, filename, size=len(data))
    check_start(kind, filename, data)
    digest = sha256(data).hexdigest()
    known = session.scalar(
        select(Material).where(
            Material.sha256 == digest, Material.kind == kind, Material.filename == filename
        )
    )
    if known is not None:
        return known
    material = Material(
        sha256=digest,
        kind=kind,
        filename=filename,
        size=len(data),
        created_at=clock.utcnow(),
        upload_error="",
    )
    session.add(material)
    session.flush()
    for n, start in enumerate(range(0, len(data), CHUNK_BYTES)):
        session.add(
            MaterialChunk(material_id=material.id, n=n, data=data[start : start + CHUNK_BYTES])
        )
        # One at a time, so that a statement never outgrows a database's packet.
        session.flush()
    return material


def forget_media(session: Session, media_ids: Collection[str]) -> None:
    """Take these media_ids, which WeCom refused, off their materials: they are uploaded again."""
    if not media_ids:
        return
    session.execute(
        update(Material)
        .where(Material.media_id.in_(media_ids))
        .values(media_id=None, media_expires_at=None)
        .execution_options(synchronize_session=False)
    )


def clean_name(filename: str) -> str:
    """Keep the last part of a path and only what can be shown."""
    name = PurePosixPath(filename.replace("\\", "/")).name
    name = "".join(ch for ch in name if unicodedata.category(ch)[0] != "C").strip()
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > MAX_SUFFIX:
        return name[:MAX_FILENAME]
    return f"{stem[: MAX_FILENAME - len(suffix) - 1]}.{suffix}"


def check_claim(kind: str, filename: str, *, size: int) -> None:
    """Look at what is known of a file before it is here.

    Raises:
        MaterialRefused: WeCom takes no such kind, name or size.
    """
    rule = RULES.get(kind)
    if rule is None:
        raise MaterialRefused(_("素材只能是图片、视频或文件"))
    word = _(rule.word)
    if not filename:
        raise MaterialRefused(_("{word}没有文件名", word=word))
    if size < MIN_BYTES:
        raise MaterialRefused(_("{word}「{name}」是空的或太小", word=word, name=filename))
    if size > rule.max_bytes:
        raise MaterialRefused(
            _(
                "{word}「{name}」有 {size} MB，最大 {most} MB",
                word=word,
                name=filename,
                size=f"{size / MEGABYTE:.1f}",
                most=rule.max_bytes // MEGABYTE,
            )
        )
    if rule.suffixes and not filename.lower().endswith(rule.suffixes):
        raise MaterialRefused(
            _(
                "{word}「{name}」的文件名要以 {suffixes} 结尾",
                word=word,
                name=filename,
                suffixes="、".join(rule.suffixes),
            )
        )


def check_start(kind: str, filename: str, start: bytes) -> None:
    """Look at the first bytes themselves: a name proves nothing.

    Raises:
        MaterialRefused: this is no file of that kind.
    """
    if kind == "image" and not start.startswith((PNG, JPG)):
        raise MaterialRefused(_("图片「{name}」不是 JPG 或 PNG", name=filename))
    if kind == "video" and start[4:8] != MP4_BOX:
        raise MaterialRefused(_("视频「{name}」不是 MP4", name=filename))
