"""A file that WeCom would refuse is refused when it is stored; any other comes back whole."""

import pytest

from app.db import Database
from app.errors import NotFound
from app.materials.actions import CHUNK_BYTES, MEGABYTE, store_file
from app.materials.errors import MaterialRefused
from app.materials.models import Material, MaterialChunk
from app.materials.queries import read_file

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
JPG = b"\xff\xd8\xff\xe0" + bytes(100)
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(100)


def test_a_file_comes_back_whole(any_db: Database) -> None:
    data = PNG + bytes(range(256)) * 5000
    with any_db.write() as session:
        material = store_file(session, kind="image", filename="hello.png", data=data)
    with any_db.read() as session:
        assert read_file(session, material.id) == data
        chunks = session.query(MaterialChunk).filter_by(material_id=material.id).all()
    assert max(len(chunk.data) for chunk in chunks) <= CHUNK_BYTES
    assert len(chunks) == 3


def test_the_same_file_again_is_the_same_row(db: Database) -> None:
    with db.write() as session:
        first = store_file(session, kind="image", filename="a.png", data=PNG)
        again = store_file(session, kind="image", filename="a.png", data=PNG)
        other = store_file(session, kind="image", filename="b.png", data=PNG)
        assert first.id == again.id != other.id


@pytest.mark.parametrize(
    ("kind", "filename", "data"),
    [
        ("image", "a.png", PNG),
        ("image", "a.JPG", JPG),
        ("video", "a.mp4", MP4),
        ("file", "价目表.pdf", b"%PDF-1.7 ..."),
    ],
)
def test_what_wecom_takes_is_taken(db: Database, kind: str, filename: str, data: bytes) -> None:
    with db.write() as session:
        assert store_file(session, kind=kind, filename=filename, data=data).filename == filename


@pytest.mark.parametrize(
    ("kind", "filename", "data", "words"),
    [
        ("voice", "a.amr", bytes(10), "只能是图片、视频或文件"),
        ("image", "a.png", b"GIF89a" + bytes(10), "不是 JPG 或 PNG"),
        ("image", "a.gif", PNG, "要以 .jpg、.jpeg、.png 结尾"),
        ("image", "a.png", b"<svg onload=...>", "不是 JPG 或 PNG"),
        ("image", "", PNG, "没有文件名"),
        ("image", "a.png", PNG + bytes(10 * MEGABYTE), "最大 10 MB"),
        ("video", "a.mp4", bytes(100), "不是 MP4"),
        ("video", "a.mp4", MP4 + bytes(10 * MEGABYTE), "最大 10 MB"),
        ("file", "a.pdf", b"12345", "空的或太小"),
        ("file", "a.pdf", bytes(20 * MEGABYTE + 1), "最大 20 MB"),
    ],
)
def test_what_wecom_refuses_is_refused(
    db: Database, kind: str, filename: str, data: bytes, words: str
) -> None:
    with db.write() as session, pytest.raises(MaterialRefused, match=words):
        store_file(session, kind=kind, filename=filename, data=data)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\photos\\a.png", "a.png"),
        ("a\r\nb\x00.png", "ab.png"),
        (f"{'长' * 300}.png", f"{'长' * 96}.png"),
    ],
)
def test_a_file_name_is_only_a_name(db: Database, given: str, kept: str) -> None:
    with db.write() as session:
        assert store_file(session, kind="image", filename=given, data=PNG).filename == kept


def test_a_file_that_is_not_there_is_not_found(db: Database) -> None:
    with db.read() as session, pytest.raises(NotFound):
        read_file(session, 7)


def test_nothing_is_kept_of_a_refused_file(db: Database) -> None:
    with db.write() as session, pytest.raises(MaterialRefused):
        store_file(session, kind="image", filename="a.png", data=b"nothing of the kind")
    with db.read() as session:
        assert session.query(Material).count() == 0
