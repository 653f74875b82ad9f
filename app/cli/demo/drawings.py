"""The pictures of the demo's library, drawn when it starts: shapes and colours, no letters."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

from app.cli.demo.video import build_video

SIZE = (800, 600)
# Drawn larger and then reduced, so that edges are smooth.
SCALE = 2
JPEG_QUALITY = 88

CREAM, OAT, CAMEL, BROWN = "#faf6ef", "#e8dcc8", "#c19a6b", "#7a5c40"
MIST, SLATE, WINE, MOSS, ROSE = "#a9bcc9", "#5d7183", "#7d3240", "#75805a", "#d9a5a0"
COLOURS = (OAT, CAMEL, BROWN, MIST, SLATE, WINE, MOSS, ROSE)

Draw = ImageDraw.ImageDraw


def draw_all(folder: Path) -> None:
    """Draw every picture into `folder`, and the lookbook and the video that have them all."""
    drawn = {name: _drawn(paint) for name, paint in PICTURES.items()}
    for name, image in drawn.items():
        image.save(folder / f"{name}.jpg", quality=JPEG_QUALITY)
    first, *others = drawn.values()
    first.save(folder / "秋冬搭配册.pdf", save_all=True, append_images=others)
    (folder / "本季新品.mp4").write_bytes(build_video(list(drawn.values())))


def _drawn(paint: Callable[[Draw], None]) -> Image.Image:
    image = Image.new("RGB", (SIZE[0] * SCALE, SIZE[1] * SCALE), CREAM)
    paint(ImageDraw.Draw(image))
    return image.reduce(SCALE)


def _coat(draw: Draw) -> None:
    """Draw a coat on its hanger."""
    draw.ellipse((420, 180, 1180, 940), fill=OAT)
    draw.arc((765, 150, 835, 230), 150, 380, fill=BROWN, width=10)
    draw.line([(660, 320), (800, 230), (940, 320)], fill=BROWN, width=10, joint="curve")
    for side in (-1, 1):
        sleeve = [(130, 300), (235, 350), (330, 800), (245, 820), (150, 560)]
        draw.polygon([(800 + side * x, y) for x, y in sleeve], fill="#b08a5c")
    body = [(640, 300), (960, 300), (990, 560), (1030, 1060), (570, 1060), (610, 560)]
    draw.polygon(body, fill=CAMEL)
    draw.polygon([(640, 300), (745, 285), (800, 560), (700, 470)], fill="#a98253")
    draw.polygon([(960, 300), (855, 285), (800, 560), (900, 470)], fill="#a98253")
    draw.polygon([(745, 285), (855, 285), (800, 560)], fill=CREAM)
    draw.line([(800, 560), (800, 1060)], fill="#a98253", width=6)
    draw.rectangle((596, 640, 1004, 690), fill=BROWN)
    for y in (600, 760, 880):
        draw.ellipse((826, y - 14, 854, y + 14), fill=BROWN)


def _scarf(draw: Draw) -> None:
    """Draw two scarves beside each other, with stripes and fringes."""
    for left, ground, stripe in ((330, OAT, CAMEL), (870, MIST, SLATE)):
        draw.rounded_rectangle((left, 120, left + 400, 980), 30, fill=ground)
        for y in (240, 300, 780, 840):
            draw.rectangle((left, y, left + 400, y + 26), fill=stripe)
        for x in (left + 110, left + 264):
            draw.line([(x, 120), (x, 980)], fill=stripe, width=8)
        for x in range(left + 16, left + 400, 32):
            draw.line([(x, 980), (x, 1060)], fill=ground, width=14)


def _colours(draw: Draw) -> None:
    """Draw a card of this season's colours."""
    draw.rounded_rectangle((100, 100, 1500, 1100), 40, fill="#ffffff")
    for n, colour in enumerate(COLOURS):
        x, y = 170 + n % 4 * 325, 170 + n // 4 * 440
        draw.rounded_rectangle((x, y, x + 285, y + 400), 24, fill=colour)
        draw.ellipse((x + 225, y + 340, x + 265, y + 380), fill="#ffffff")


def _wardrobe(draw: Draw) -> None:
    """Draw a rail of the new arrivals."""
    draw.rectangle((160, 220, 1440, 236), fill=BROWN)
    for x in (180, 1404):
        draw.rectangle((x, 220, x + 16, 1080), fill=BROWN)
    for n, colour in enumerate((CAMEL, OAT, WINE, SLATE, MOSS, ROSE)):
        x = 240 + n * 195
        draw.arc((x + 55, 190, x + 95, 250), 180, 400, fill=SLATE, width=8)
        length = 880 + n % 3 * 60
        shape = [(x + 20, 290), (x + 75, 250), (x + 130, 290), (x + 155, length), (x - 5, length)]
        draw.polygon(shape, fill=colour)
        draw.line([(x + 75, 262), (x + 75, length)], fill=CREAM, width=4)


PICTURES: dict[str, Callable[[Draw], None]] = {
    "coat": _coat,
    "scarf": _scarf,
    "colours": _colours,
    "wardrobe": _wardrobe,
}
