"""Small pictures of images: what a list shows, without sending the image itself to a phone."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from io import BytesIO
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.i18n import _
from app.materials.actions.essence import Essence, TooComplex, find_essence
from app.materials.errors import MaterialRefused
from app.materials.models import Material, MaterialPicture
from app.rows import upsert

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURE_SIDE = 240
QUALITY = 80
# A plain JPEG is made small while it is read; all others stand in memory whole, up to 8 bytes a
# pixel.
MOST_PIXELS, MOST_LIGHT_PIXELS = 24_000_000, 64_000_000
# The largest takes 200 MB and half a second: one at a time, and by one thread, since each
# keeps for itself what it has ever had.
# What is so large at a time goes back to the system at once.
os.environ["PILLOW_BLOCK_SIZE"] = "128m"
DRAWING = ThreadPoolExecutor(1, thread_name_prefix="drawing")
DRAW_SECONDS = 10.0


def make_picture(
    session: Session, material: Material, data: bytes, *, picture: bytes | None = None
) -> None:
    """Keep the small picture of an image, or make it; other kinds have none.

    Raises:
        MaterialRefused: it is no image that can be opened, or one too large to open.
    """
    if material.kind == "image" and session.get(MaterialPicture, material.id) is None:
        drawn = picture or shrink(data, name=material.filename)
        row = {"material_id": material.id, "data": drawn}
        upsert(session, MaterialPicture, [row], key=["material_id"])


def shrink(data: bytes, *, name: str) -> bytes:
    """Return an image as a JPEG of at most PICTURE_SIDE pixels a side, upright, on white.

    Raises:
        MaterialRefused: see `make_picture`.
    """
    drawing = DRAWING.submit(copy_context().run, _draw, data, name)
    try:
        return drawing.result(timeout=DRAW_SECONDS)
    except TimeoutError as error:
        drawing.cancel()
        raise MaterialRefused(_("图片「{name}」太久没有打开，请过一会儿再试", name=name)) from error


def _draw(data: bytes, name: str) -> bytes:
    # Only who stores an image needs it: it takes 10 MB of memory.
    from PIL import Image  # noqa: PLC0415

    # Its own guard warns or raises by turns; the size is looked at here before a pixel is read.
    Image.MAX_IMAGE_PIXELS = None
    try:
        essence = find_essence(data)
        with Image.open(BytesIO(essence.data), formats=("JPEG", "PNG")) as image:
            _check_pixels(image, name, is_light=essence.is_light)
            image.draft("RGB", (PICTURE_SIDE * 2, PICTURE_SIDE * 2))
            small = _in_eight_bits(image)
            small.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
            made = BytesIO()
            _on_white(_upright(small, essence)).save(made, "JPEG", quality=QUALITY, optimize=True)
    except MaterialRefused:
        raise
    except TooComplex as error:
        raise MaterialRefused(
            _("图片「{name}」的结构太复杂，请另存为普通的 JPG 或 PNG 再试", name=name)
        ) from error
    # A file that is damaged, or made to break it, raises whatever the decoder did not think of.
    except Exception as error:
        raise MaterialRefused(_("图片「{name}」打不开，可能已经损坏", name=name)) from error
    return made.getvalue()


def _check_pixels(image: "Image", name: str, *, is_light: bool) -> None:
    most = MOST_LIGHT_PIXELS if is_light else MOST_PIXELS
    if image.width * image.height > most:
        raise MaterialRefused(
            _(
                "图片「{name}」有 {width}×{height} 像素，太大了，请缩小后再试",
                name=name,
                width=image.width,
                height=image.height,
            )
        )


def _upright(small: "Image", essence: Essence) -> "Image":
    """Turn it as the file says."""
    from PIL import Image  # noqa: PLC0415

    turns = (
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE,
        Image.Transpose.ROTATE_270,
        Image.Transpose.TRANSVERSE,
        Image.Transpose.ROTATE_90,
    )
    turn = dict(enumerate(turns, 2)).get(essence.orientation)
    return small if turn is None else small.transpose(turn)


def _in_eight_bits(image: "Image") -> "Image":
    """Give a grey image of 16 bits as one that can be made small, and is not all white then."""
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point(lambda value: value / 256).convert("L")


def _on_white(image: "Image") -> "Image":
    from PIL import Image  # noqa: PLC0415

    if not image.has_transparency_data:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    white = Image.new("RGBA", seen.size, "white")
    return Image.alpha_composite(white, seen).convert("RGB")
