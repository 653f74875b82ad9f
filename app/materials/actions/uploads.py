"""Files that come in pieces: a phone's network drops a long request, and a proxy may cap it."""

from datetime import datetime, timedelta
from typing import IO

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import clock
from app.errors import NotFound
from app.i18n import N_, _
from app.materials.actions.files import (
    MEGABYTE,
    check_claim,
    check_start,
    clean_name,
    store_file,
)
from app.materials.actions.pictures import make_picture
from app.materials.errors import MaterialRefused
from app.materials.models import Material, Upload, UploadPiece
from app.rows import upsert

PIECE_BYTES = 48 * 1024
MOST_UPLOADS = 3
# All of it is here and waits for its reader: nothing makes room for others then.
TAKEN = "taken"
# What a member puts into nothing stays for a while all the same: a member's upload says that
# he may use its file, as long as a form may lie about.
MOST_A_DAY = 500 * MEGABYTE
# One that has stood still so long gives way to a new one of the same member.
STALLED = timedelta(minutes=2)
# Of what has stood still so long the rest will not come. A few at once: files are large.
GIVEN_UP = timedelta(days=1)
PRUNED_AT_ONCE = 10


def store_piece(
    session: Session,
    *,
    userid: str,
    key: str,
    kind: str,
    filename: str,
    size: int,
    n: int,
    data: bytes,
) -> int:
    """Keep piece `n`, from 0, of a file of `size` bytes; return how many bytes are here so far.

    Every piece has PIECE_BYTES but the last; the same one twice is once. `key` is the upload's,
    drawn by whoever sends it.

    Raises:
        MaterialRefused: WeCom would not take such a file, too many are on their way, or enough of
            them came today.
    """
    filename = clean_name(filename)
    if len(data) != _length(size, n):
        raise MaterialRefused(_("文件「{name}」没有传完整，请重新选择", name=filename))
    upload = _find(session, userid, key)
    if upload is None:
        _make_room(session, userid)
        _check_day(session, userid, size)
        upload = _begin(session, userid, key, kind=kind, filename=filename, size=size)
    if (upload.kind, upload.filename, upload.size) != (kind, filename, size):
        raise MaterialRefused(_("文件「{name}」没有传完整，请重新选择", name=filename))
    if upload.material_id is not None:
        return size
    if n == 0:
        check_start(kind, filename, data)
    row = {"upload_id": upload.id, "n": n, "data": data}
    upsert(session, UploadPiece, [row], key=["upload_id", "n"])
    upload.moved_at = clock.utcnow()
    return _count_bytes(session, upload)


def find_image(session: Session, userid: str, key: str) -> tuple[bytes, str] | None:
    """Read a member's image and its name while it is not finished, to `shrink` it; else None.

    Raises:
        MaterialRefused: pieces are missing.
    """
    upload = session.scalar(select(Upload).filter_by(userid=userid, key=key))
    if upload is None or upload.kind != "image" or upload.material_id is not None:
        return None
    return _read(session, upload), upload.filename


def finish_upload(
    session: Session, userid: str, key: str, *, picture: bytes | None = None
) -> Material:
    """Make a material of a member's upload, with the small picture of an image; twice is once.

    `picture` is what `shrink` made of `find_image`: that takes its time, and others wait to write.

    Raises:
        NotFound: no such upload of his.
        MaterialRefused: pieces are missing, or WeCom would not take it.
    """
    upload = _find(session, userid, key)
    if upload is None:
        raise NotFound(N_("没有这次上传，请重新选择文件"))
    if upload.material_id is not None:
        return session.get_one(Material, upload.material_id)
    data = _read(session, upload)
    material = store_file(session, kind=upload.kind, filename=upload.filename, data=data)
    make_picture(session, material, data, picture=picture)
    session.execute(delete(UploadPiece).where(UploadPiece.upload_id == upload.id))
    upload.material_id, upload.moved_at = material.id, clock.utcnow()
    session.flush()
    return material


def take_upload(session: Session, userid: str, key: str) -> tuple[str, bytes]:
    """Take name and bytes of a member's upload that is to become no material; it is gone then.

    Raises:
        NotFound: no such upload of his.
        MaterialRefused: pieces are missing.
    """
    upload = _find(session, userid, key)
    if upload is None or upload.material_id is not None:
        raise NotFound(N_("没有这次上传，请重新选择文件"))
    data, filename = _read(session, upload), upload.filename
    session.execute(delete(UploadPiece).where(UploadPiece.upload_id == upload.id))
    session.delete(upload)
    session.flush()
    return filename, data


def set_aside(session: Session, userid: str, key: str) -> Upload:
    """Have a member's upload that is to become no material wait for who reads it, by its id.

    Raises: as `take_upload`.
    """
    upload = _find(session, userid, key)
    if upload is None or upload.material_id is not None or upload.kind == TAKEN:
        raise NotFound(N_("没有这次上传，请重新选择文件"))
    if _count_bytes(session, upload) != upload.size:
        raise MaterialRefused(_("文件「{name}」还没有传完，请再试一次", name=upload.filename))
    upload.kind = TAKEN
    session.flush()
    return upload


def copy_upload(session: Session, upload_id: int, file: IO[bytes]) -> int:
    """Write what was set aside into a file, piece by piece, for it may be long; return its size.

    Raises:
        NotFound: it is not there any more.
    """
    upload = session.get(Upload, upload_id)
    if upload is None:
        raise NotFound(N_("没有这次上传，请重新选择文件"))
    for n in range(-(-upload.size // PIECE_BYTES)):
        piece = select(UploadPiece.data).where(UploadPiece.upload_id == upload_id)
        file.write(session.scalar(piece.where(UploadPiece.n == n)) or b"")
    return file.tell()


def drop_upload(session: Session, upload_id: int) -> None:
    """Delete what was set aside."""
    session.execute(delete(UploadPiece).where(UploadPiece.upload_id == upload_id))
    session.execute(delete(Upload).where(Upload.id == upload_id, Upload.kind == TAKEN))


def prune_uploads(session: Session, *, before: datetime) -> int:
    """Delete some files that nobody put into anything since then; return how many.

    Those of which not all came go after a day.
    """
    given_up = Upload.material_id.is_(None) & (Upload.moved_at < clock.utcnow() - GIVEN_UP)
    forgotten = Upload.material_id.is_not(None) & (Upload.moved_at < before)
    ids = session.scalars(
        select(Upload.id).where(or_(given_up, forgotten)).order_by(Upload.id).limit(PRUNED_AT_ONCE)
    ).all()
    for upload_id in ids:
        forget_upload(session, upload_id, before=clock.utcnow() - GIVEN_UP)
    return len(ids)


def forget_upload(session: Session, upload_id: int, *, before: datetime) -> None:
    """Delete an upload that has not moved since, and its material as `forget_material` does."""
    upload = session.get(Upload, upload_id, with_for_update=True)
    if upload is None or upload.moved_at >= before:
        return
    material_id = upload.material_id
    session.delete(upload)
    session.flush()
    if material_id is not None:
        forget_material(session, material_id)


def forget_material(session: Session, material_id: int) -> None:
    """Delete a material unless something holds it, or somebody has just brought it."""
    if session.scalar(select(Upload.id).filter_by(material_id=material_id)):
        return
    try:
        with session.begin_nested():
            session.execute(delete(Material).where(Material.id == material_id))
    except IntegrityError:
        # A welcome or an item sends it: the rooms above refer to it, each in its own table.
        return


def _length(size: int, n: int) -> int:
    """Return how many bytes piece `n` has; -1: there is no such piece."""
    start = n * PIECE_BYTES
    return min(PIECE_BYTES, size - start) if 0 <= start < max(size, 1) else -1


def _find(session: Session, userid: str, key: str) -> Upload | None:
    return session.scalar(_wanted(userid, key))


def _wanted(userid: str, key: str) -> Select[Upload]:
    return select(Upload).where(Upload.userid == userid, Upload.key == key).with_for_update()


def _begin(
    session: Session, userid: str, key: str, *, kind: str, filename: str, size: int
) -> Upload:
    check_claim(kind, filename, size=size)
    row = {
        "userid": userid,
        "key": key,
        "kind": kind,
        "filename": filename,
        "size": size,
        "moved_at": clock.utcnow(),
    }
    upsert(session, Upload, [row], key=["userid", "key"])
    return session.scalars(_wanted(userid, key)).one()


def _make_room(session: Session, userid: str) -> None:
    """Let what stands still give way. Raises: MaterialRefused: all of them are moving."""
    open_ones = session.scalars(
        select(Upload)
        .where(Upload.userid == userid, Upload.material_id.is_(None), Upload.kind != TAKEN)
        .order_by(Upload.moved_at)
    ).all()
    if len(open_ones) < MOST_UPLOADS:
        return
    if open_ones[0].moved_at > clock.utcnow() - STALLED:
        raise MaterialRefused(_("同时最多上传 {most} 个文件，请等前面的传完", most=MOST_UPLOADS))
    session.delete(open_ones[0])
    session.flush()


def _check_day(session: Session, userid: str, size: int) -> None:
    """Raise MaterialRefused if one more of this size is more than he may bring in a day."""
    today = select(func.sum(Upload.size)).where(
        Upload.userid == userid, Upload.moved_at > clock.utcnow() - timedelta(days=1)
    )
    if (session.scalar(today) or 0) + size > MOST_A_DAY:
        raise MaterialRefused(_("一天最多上传 {most} MB，请明天再传", most=MOST_A_DAY // MEGABYTE))


def _count_bytes(session: Session, upload: Upload) -> int:
    """Count without reading a piece: all but the last one are of one size."""
    session.flush()
    count, highest = session.execute(
        select(func.count(), func.max(UploadPiece.n)).where(UploadPiece.upload_id == upload.id)
    ).one()
    last = (upload.size - 1) // PIECE_BYTES
    missing = PIECE_BYTES - _length(upload.size, last) if highest == last else 0
    return int(count) * PIECE_BYTES - missing


def _read(session: Session, upload: Upload) -> bytes:
    """Read all of it. Raises: MaterialRefused: pieces are missing."""
    pieces = session.scalars(
        select(UploadPiece.data).where(UploadPiece.upload_id == upload.id).order_by(UploadPiece.n)
    )
    data = b"".join(pieces)
    if len(data) != upload.size:
        raise MaterialRefused(_("文件「{name}」还没有传完，请再试一次", name=upload.filename))
    return data
