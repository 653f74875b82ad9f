"""What a decoder would be kept by for minutes, or what would fill the memory, it never sees."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.materials.actions import pictures
from app.materials.actions.essence import MOST_SCANS, TooComplex, find_essence
from app.materials.actions.pictures import shrink
from app.materials.errors import MaterialRefused
from tests.materials.images import END, START, drawn, jpeg, png, segment

COMMENT, TABLE, EXIF = 0xFE, 0xDB, 0xE1
PROGRESSIVE = 0xC2


def saved(form: str, mode: str = "RGB", **options: object) -> bytes:
    """Return a picture that has something on it."""
    made = BytesIO()
    Image.effect_noise((90, 60), 60).convert(mode).save(made, form, **options)
    return made.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        jpeg(6000, 4000, frame=PROGRESSIVE, scans=MOST_SCANS + 1),
        jpeg(60, 40, before=segment(COMMENT) * 100_000),
        jpeg(60, 40, before=segment(TABLE, bytes(65 * 900)) * 100),
        png(*[(b"prVt", b"")] * 100_000),
        png((b"IDAT", b""), *[(b"IDAT", b"")] * 100_000),
    ],
    ids=["scans", "comments", "tables", "chunks", "pieces of data"],
)
def test_an_image_that_is_made_to_be_slow_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(MaterialRefused, match="「a」的结构太复杂"):
        shrink(data, name="a")


def test_an_image_of_as_many_scans_as_anybody_needs_is_drawn() -> None:
    assert shrink(jpeg(60, 40, frame=PROGRESSIVE, scans=MOST_SCANS), name="a")


@pytest.mark.parametrize("filling", [b"\xff", b"\x11", b"\xff\x00", b"\xff\xd0"])
def test_what_fills_the_space_between_segments_is_left_out(filling: bytes) -> None:
    usual = drawn(300, 200, "JPEG")
    assert find_essence(START + filling * 1000 + usual[2:]).data == find_essence(usual).data


def test_what_follows_the_image_is_left_out() -> None:
    usual = drawn(300, 200, "JPEG")
    assert find_essence(usual + usual).data == find_essence(usual).data


@pytest.mark.parametrize(
    "data",
    [
        saved("JPEG"),
        saved("JPEG", progressive=True),
        saved("JPEG", "L"),
        saved("JPEG", "CMYK"),
        saved("JPEG", exif=b"Exif\0\0MM", comment=b"hello", icc_profile=bytes(90_000)),
        saved("JPEG", restart_marker_blocks=2),
        saved("PNG"),
        saved("PNG", "P", transparency=3),
        saved("PNG", "RGBA", icc_profile=bytes(900)),
        png(data=4),
    ],
)
def test_the_picture_stays_as_it_was(data: bytes) -> None:
    essence = find_essence(data)
    with Image.open(BytesIO(data)) as whole, Image.open(BytesIO(essence.data)) as bare:
        assert bare.convert("RGBA").tobytes() == whole.convert("RGBA").tobytes()


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_the_decoder_sees_no_exif_and_the_picture_is_upright_all_the_same(form: str) -> None:
    turned = Image.Exif()
    turned[0x010F], turned[0x0112] = "a camera", 6
    data = saved(form, exif=turned)
    essence = find_essence(data)
    assert (b"a camera" in data, b"a camera" in essence.data) == (True, False)
    assert essence.orientation == 6
    with Image.open(BytesIO(shrink(data, name="a"))) as small:
        assert small.size == (60, 90)


@pytest.mark.parametrize(
    ("data", "is_light"),
    [
        (saved("JPEG"), True),
        (saved("JPEG", "CMYK"), True),
        (saved("JPEG", progressive=True), False),
        (jpeg(60, 40, mode="CMYK", scanned=(1,)), False),
        (saved("PNG"), False),
    ],
    ids=["usual", "of four colours", "progressive", "colour by colour", "png"],
)
def test_light_is_what_never_stands_in_memory_whole(data: bytes, *, is_light: bool) -> None:
    assert find_essence(data).is_light is is_light


def test_a_large_image_that_would_stand_in_memory_whole_is_refused() -> None:
    with pytest.raises(MaterialRefused, match="8000×8000 像素，太大了"):
        shrink(jpeg(8000, 8000, mode="CMYK", scanned=(1,)), name="a")


@pytest.mark.parametrize("data", [START, START + END, jpeg(60, 40)[:40], png()[:30], png()[:12]])
def test_what_is_cut_off_is_damaged(data: bytes) -> None:
    with pytest.raises(MaterialRefused, match="打不开"):
        shrink(data, name="a")


@given(st.sampled_from([START, png()[:8], jpeg(60, 40), png()]), st.binary(max_size=200))
def test_no_bytes_are_a_surprise(start: bytes, rest: bytes) -> None:
    try:
        find_essence(start + rest)
        find_essence(start[: len(rest)] + rest + start)
    except TooComplex:
        pass


def test_a_drawing_that_takes_too_long_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    done = Event()
    with ThreadPoolExecutor(1) as slow:
        monkeypatch.setattr(pictures, "DRAWING", slow)
        monkeypatch.setattr(pictures, "DRAW_SECONDS", 0.01)
        slow.submit(done.wait)
        with pytest.raises(MaterialRefused, match="「a」太久没有打开"):
            shrink(drawn(60, 40), name="a")
        done.set()
