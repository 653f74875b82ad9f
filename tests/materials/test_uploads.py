"""A file comes in pieces, in any order, each once; then it is a material with its small picture."""

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from app import clock
from app.db import Database
from app.errors import NotFound
from app.library.actions import Draft, DraftPart, save_item
from app.materials.actions import (
    PIECE_BYTES,
    finish_upload,
    forget_upload,
    store_piece,
    take_upload,
)
from app.materials.actions.pictures import MOST_PIXELS, PICTURE_SIDE, shrink
from app.materials.errors import MaterialRefused
from app.materials.models import Material, MaterialPicture, Upload, UploadPiece
from app.materials.queries import read_file
from app.privacy.retention import purge
from app.privacy.retentions import RETENTIONS
from app.runtime import Runtime
from tests.materials.images import drawn

(UPLOADS,) = [one for one in RETENTIONS if one.kind == "uploads"]
PDF = b"%PDF-1.7 " + bytes(range(256)) * 400


def send(
    db: Database,
    data: bytes,
    n: int,
    *,
    key: str = "key-1",
    by: str = "zhaoyi",
    kind: str = "file",
    filename: str = "价目表.pdf",
) -> int:
    piece = data[n * PIECE_BYTES : (n + 1) * PIECE_BYTES]
    return db.commit(
        lambda session: store_piece(
            session,
            userid=by,
            key=key,
            kind=kind,
            filename=filename,
            size=len(data),
            n=n,
            data=piece,
        )
    )


def finish(db: Database, *, key: str = "key-1", by: str = "zhaoyi") -> int:
    return db.commit(lambda session: finish_upload(session, by, key).id)


def upload(
    db: Database, data: bytes, *, kind: str = "image", filename: str = "a.png", key: str = "key-1"
) -> int:
    for n in range(-(-len(data) // PIECE_BYTES)):
        send(db, data, n, kind=kind, filename=filename, key=key)
    return finish(db, key=key)


def test_pieces_in_any_order_make_the_file(any_db: Database) -> None:
    assert send(any_db, PDF, 2) == len(PDF) - 2 * PIECE_BYTES
    assert send(any_db, PDF, 0) == len(PDF) - PIECE_BYTES
    assert send(any_db, PDF, 0) == len(PDF) - PIECE_BYTES
    with pytest.raises(MaterialRefused, match="还没有传完"):
        finish(any_db)
    assert send(any_db, PDF, 1) == len(PDF)
    material_id = finish(any_db)
    assert finish(any_db) == material_id
    assert send(any_db, PDF, 1) == len(PDF)
    with any_db.read() as session:
        assert read_file(session, material_id) == PDF
        assert session.get_one(Material, material_id).filename == "价目表.pdf"
        assert session.query(UploadPiece).count() == 0


def test_what_is_to_be_no_material_is_taken_whole_by_its_owner_and_once(any_db: Database) -> None:
    def take(by: str = "zhaoyi") -> tuple[str, bytes]:
        return any_db.commit(lambda session: take_upload(session, by, "key-1"))

    send(any_db, PDF, 0)
    with pytest.raises(MaterialRefused, match="还没有传完"):
        take()
    for n in (1, 2):
        send(any_db, PDF, n)
    with pytest.raises(NotFound):
        take("lisi")
    assert take() == ("价目表.pdf", PDF)
    with pytest.raises(NotFound):
        take()
    with any_db.read() as session:
        for model in (Material, Upload, UploadPiece):
            assert session.scalars(select(model)).all() == []


def test_an_upload_is_his_who_began_it(db: Database) -> None:
    send(db, PDF, 0)
    with pytest.raises(NotFound):
        finish(db, by="lisi")


@pytest.mark.parametrize(
    ("kind", "filename", "data", "words"),
    [
        ("file", "a.pdf", bytes(20 * 1024 * 1024 + 1), "最大 20 MB"),
        ("image", "a.gif", bytes(100), "要以 .jpg、.jpeg、.png 结尾"),
        ("image", "a.png", b"GIF89a" + bytes(100), "不是 JPG 或 PNG"),
        ("voice", "a.amr", bytes(100), "只能是图片、视频或文件"),
    ],
)
def test_what_will_not_do_is_refused_with_its_first_piece(
    db: Database, kind: str, filename: str, data: bytes, words: str
) -> None:
    with pytest.raises(MaterialRefused, match=words):
        send(db, data, 0, kind=kind, filename=filename)
    with db.read() as session:
        assert session.query(Upload).count() == 0


@pytest.mark.parametrize(("n", "length"), [(0, 5), (3, 0), (-1, 0), (2, PIECE_BYTES)])
def test_a_piece_of_another_length_is_none(db: Database, n: int, length: int) -> None:
    with db.write() as session, pytest.raises(MaterialRefused, match="没有传完整"):
        store_piece(
            session,
            userid="zhaoyi",
            key="key-1",
            kind="file",
            filename="a.pdf",
            size=len(PDF),
            n=n,
            data=bytes(length),
        )


def test_one_member_has_three_on_their_way_and_what_stands_still_gives_way(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        send(db, PDF, 0, key=f"key-{n}")
    with pytest.raises(MaterialRefused, match="最多上传 3 个"):
        send(db, PDF, 0, key="key-3")
    send(db, PDF, 0, key="key-3", by="lisi")
    now = clock.utcnow()
    monkeypatch.setattr(clock, "utcnow", lambda: now + timedelta(minutes=3))
    send(db, PDF, 0, key="key-3")
    with db.read() as session:
        left = session.query(Upload.key).filter_by(userid="zhaoyi").order_by(Upload.key)
        assert [key for (key,) in left] == ["key-1", "key-2", "key-3"]


def test_a_name_whose_ending_is_none_is_cut_like_any_other(any_db: Database) -> None:
    send(any_db, b"%PDF-1.7", 0, filename="报价." + "长" * 300)
    material_id = finish(any_db)
    with any_db.read() as session:
        assert session.get_one(Material, material_id).filename == "报价." + "长" * 97


def test_a_member_uploads_so_much_a_day_and_no_more(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.materials.actions.uploads.MOST_A_DAY", 2 * len(PDF))
    for key in ("key-1", "key-2"):
        upload(db, PDF, kind="file", filename="a.pdf", key=key)
    with pytest.raises(MaterialRefused, match="明天"):
        send(db, PDF, 0, key="key-3")
    send(db, PDF, 0, key="key-3", by="lisi")
    now = clock.utcnow()
    monkeypatch.setattr(clock, "utcnow", lambda: now + timedelta(days=1, seconds=1))
    send(db, PDF, 0, key="key-3")


def test_an_upload_that_goes_on_again_is_not_given_up(db: Database) -> None:
    send(db, PDF, 0)
    with db.write() as session:
        upload_id = session.scalars(select(Upload.id)).one()
        forget_upload(session, upload_id, before=clock.utcnow() - timedelta(days=1))
        assert session.get(Upload, upload_id)


def test_what_was_given_up_goes_and_what_is_sent_stays(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = runtime.db
    send(db, PDF, 0, key="given-up")
    forgotten = upload(db, drawn(9, 9), key="forgotten")
    sent = upload(db, drawn(8, 8), key="sent", filename="b.png")
    parts = (DraftPart("image", {}, sent),)
    db.commit(lambda s: save_item(s, "zhaoyi", "materials", Draft("图", "", parts)))
    assert purge(runtime, UPLOADS)
    with db.read() as session:
        assert session.query(Upload).count() == 3
    now = clock.utcnow()
    monkeypatch.setattr(clock, "utcnow", lambda: now + timedelta(days=31))
    assert purge(runtime, UPLOADS)
    with db.read() as session:
        assert session.query(Upload).count() == 0
        assert session.get(Material, forgotten) is None
        assert read_file(session, sent)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (drawn(1200, 400), (240, 80)),
        (drawn(300, 900, "JPEG"), (80, 240)),
        (drawn(20, 10, mode="RGBA"), (20, 10)),
        (drawn(20, 10, mode="P"), (20, 10)),
        (drawn(20, 10, mode="I;16"), (20, 10)),
        (drawn(2400, 1200, mode="I;16"), (240, 120)),
        (drawn(20, 10, "JPEG", mode="CMYK"), (20, 10)),
    ],
)
def test_an_image_has_a_small_picture(data: bytes, size: tuple[int, int]) -> None:
    with Image.open(BytesIO(shrink(data, name="a"))) as small:
        assert (small.format, small.mode, small.size) == ("JPEG", "RGB", size)
        assert max(small.size) <= PICTURE_SIDE


def test_what_can_be_seen_through_is_shown_on_white() -> None:
    with Image.open(BytesIO(shrink(drawn(20, 10, mode="RGBA"), name="a"))) as small:
        assert small.getpixel((5, 5)) == (255, 255, 255)


def test_a_picture_taken_sideways_is_upright() -> None:
    made = BytesIO()
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (40, 20)).save(made, "JPEG", exif=turned)
    with Image.open(BytesIO(shrink(made.getvalue(), name="a"))) as small:
        assert small.size == (20, 40)


def test_a_grey_picture_of_16_bits_is_not_all_white() -> None:
    made = BytesIO()
    Image.new("I;16", (20, 10), 0x4000).save(made, "PNG")
    with Image.open(BytesIO(shrink(made.getvalue(), name="a"))) as small:
        assert small.getpixel((5, 5)) == (64, 64, 64)


def test_what_a_camera_wrote_oddly_into_a_picture_does_not_matter() -> None:
    made = BytesIO()
    turned = Image.Exif()
    turned[0x0112], turned[0x011A] = 6, 72.0
    Image.new("RGB", (40, 20)).save(made, "JPEG", exif=turned)
    # The resolution is said to be 4 bytes of text.
    odd = made.getvalue().replace(b"\x01\x1a\x00\x05", b"\x01\x1a\x00\x02")
    odd = odd.replace(b"\x1a\x01\x05\x00", b"\x1a\x01\x02\x00")
    assert odd != made.getvalue()
    with Image.open(BytesIO(shrink(odd, name="a"))) as small:
        assert small.size == (20, 40)


def test_an_image_that_would_fill_the_memory_is_refused(db: Database) -> None:
    side = int(MOST_PIXELS**0.5) + 1
    bomb = drawn(side, side, mode="1")
    assert len(bomb) < 500_000
    with pytest.raises(MaterialRefused, match="像素，太大了"):
        upload(db, bomb)


@pytest.mark.parametrize("data", [drawn(300, 300)[:200], drawn(30, 30, "JPEG")[:300]])
def test_a_broken_image_is_refused_and_leaves_nothing(db: Database, data: bytes) -> None:
    filename = "a.png" if data.startswith(b"\x89") else "a.jpg"
    with pytest.raises(MaterialRefused, match="打不开"):
        upload(db, data, filename=filename)
    with db.read() as session:
        assert session.query(Material).count() == session.query(MaterialPicture).count() == 0


def test_an_uploaded_image_has_its_small_picture(any_db: Database) -> None:
    material_id = upload(any_db, drawn(600, 300))
    with any_db.read() as session:
        data = session.get_one(MaterialPicture, material_id).data
    with Image.open(BytesIO(data)) as small:
        assert small.size == (240, 120)
