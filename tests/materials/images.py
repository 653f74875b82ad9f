"""Images as no camera makes them, for tests: pieced together of what a usual one consists of."""

import struct
import zlib
from collections.abc import Iterable
from io import BytesIO

from PIL import Image

START, END = b"\xff\xd8", b"\xff\xd9"
SCAN, TABLES = 0xDA, frozenset({0xDB, 0xC4})
COLOURS = {"RGB": 3, "CMYK": 4}


def drawn(width: int, height: int, form: str = "PNG", mode: str = "RGB") -> bytes:
    """Return an image of one colour."""
    made = BytesIO()
    Image.new(mode, (width, height)).save(made, form)
    return made.getvalue()


def segment(marker: int, body: bytes = b"") -> bytes:
    """Return a segment of a JPEG."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def jpeg(
    width: int,
    height: int,
    *,
    mode: str = "RGB",
    frame: int = 0xC0,
    scans: int = 1,
    scanned: Iterable[int] = (),
    before: bytes = b"",
) -> bytes:
    """Return a JPEG whose scans are empty, each of the colours `scanned`, numbers from 1, or all.

    `before` stands before everything else.
    """
    colours = range(1, COLOURS[mode] + 1)
    made = segment(
        frame,
        struct.pack(">BHHB", 8, height, width, len(colours))
        + b"".join(bytes((colour, 0x11, 0)) for colour in colours),
    )
    chosen = tuple(scanned) or tuple(colours)
    last = 0 if frame == 0xC2 else 63
    scan = segment(
        SCAN,
        bytes((len(chosen), *(byte for colour in chosen for byte in (colour, 0)), 0, last, 0)),
    )
    return START + before + _tables(mode) + made + scan * scans + END


def png(*chunks: tuple[bytes, bytes], data: int = 1) -> bytes:
    """Return a grey PNG of 8 by 8, with these chunks before its data, which comes in so many."""
    packed = zlib.compress(bytes(72))
    cuts = [packed[n : n + 1] for n in range(data - 1)] + [packed[data - 1 :]]
    size = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    pieces = [(b"IHDR", size), *chunks, *((b"IDAT", cut) for cut in cuts), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*piece) for piece in pieces)


def _tables(mode: str) -> bytes:
    """Return the tables of a usual JPEG."""
    data, at, found = drawn(16, 16, "JPEG", mode), len(START), b""
    while data[at + 1] != SCAN:
        after = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        found += data[at:after] if data[at + 1] in TABLES else b""
        at = after
    return found


def _chunk(kind: bytes, body: bytes) -> bytes:
    checked = kind + body
    return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))
