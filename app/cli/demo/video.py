"""A short video of the demo's library, made when it starts: the drawings, a second each.

MP4 with H.264 (Baseline), by bytes: every picture stands in it as it is (I_PCM), so that writing it
takes no encoder. Sources: ITU-T H.264, 7.3 and 9.1; ISO/IEC 14496-12 and 14496-15.
"""

import re
import struct
from collections.abc import Sequence

from PIL import Image

WIDTH, HEIGHT = 320, 240
MB = 16
# Level 2: so many bytes a second are within it.
PROFILE, COMPATIBLE, LEVEL = 66, 0xC0, 20
SPS, PPS, IDR = b"\x67", b"\x68", b"\x65"
I_SLICE, I_PCM = 7, 25
TIMESCALE = 1000
# An identity matrix, as every header of a file without a turn has it.
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def build_video(pictures: Sequence[Image.Image]) -> bytes:
    """Return the file: each picture for a second."""
    samples = [_sample(picture, number) for number, picture in enumerate(pictures)]
    sizes = [len(sample) for sample in samples]
    begin = _box(b"ftyp", b"isom", bytes([0, 0, 2, 0]), b"isomiso2avc1mp41")
    # Where the first sample begins says the index before it, whose length that does not change.
    first = len(begin) + len(_moov(sizes, first=0)) + 8
    return begin + _moov(sizes, first=first) + _box(b"mdat", *samples)


class _Bits:
    """Writes bits, as H.264 packs them."""

    def __init__(self) -> None:
        self._bits = ""

    def u(self, width: int, value: int) -> "_Bits":
        """Add a number of so many bits."""
        self._bits += f"{value:0{width}b}"
        return self

    def ue(self, *values: int) -> "_Bits":
        """Add numbers in Exp-Golomb code."""
        for value in values:
            digits = f"{value + 1:b}"
            self._bits += "0" * (len(digits) - 1) + digits
        return self

    def aligned(self) -> bytes:
        """Return the bytes, filled up with zeros."""
        padded = self._bits + "0" * (-len(self._bits) % 8)
        return int(padded, 2).to_bytes(len(padded) // 8, "big")

    def closed(self) -> bytes:
        """Return the bytes with the mark of the end."""
        return self.u(1, 1).aligned()


def _sps() -> bytes:
    bits = _Bits().u(8, PROFILE).u(8, COMPATIBLE).u(8, LEVEL)
    # Its number, the width of frame numbers, output in order, one picture to refer to.
    bits.ue(0, 0, 2, 1).u(1, 0)
    bits.ue(WIDTH // MB - 1, HEIGHT // MB - 1)
    # Frames, not fields; nothing is cropped or said about how to show it.
    return SPS + bits.u(1, 1).u(1, 1).u(1, 0).u(1, 0).closed()


def _pps() -> bytes:
    # CAVLC, one group of slices, no weights; three offsets of zero; no filters of its own.
    bits = _Bits().ue(0, 0).u(2, 0).ue(0, 0, 0).u(3, 0).ue(0, 0, 0).u(3, 0)
    return PPS + bits.closed()


def _sample(picture: Image.Image, number: int) -> bytes:
    """Return a picture as one slice that needs no other; two in a row have different ids."""
    # First block, kind, parameters; frame number; id; marking; quality.
    head = _Bits().ue(0, I_SLICE, 0).u(4, 0).ue(number % 2).u(2, 0).ue(0)
    first, *others = _blocks(picture)
    block = _Bits().ue(I_PCM).aligned()
    data = b"".join((head.ue(I_PCM).aligned(), first, *(block + other for other in others)))
    # Two zeros are followed by no small number, or they would look like the start of a unit.
    unit = IDR + re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", data + b"\x80")
    return struct.pack(">I", len(unit)) + unit


def _blocks(picture: Image.Image) -> list[bytes]:
    """Return the macroblocks: 16 by 16 of light, 8 by 8 of each colour."""
    y, cb, cr = picture.resize((WIDTH, HEIGHT)).convert("YCbCr").split()
    half = WIDTH // 2, HEIGHT // 2
    # The range of video: no sample is zero, which PCM forbids.
    light = y.point([16 + value * 219 // 255 for value in range(256)]).tobytes()
    colours = [
        one.resize(half).point([16 + value * 224 // 255 for value in range(256)]).tobytes()
        for one in (cb, cr)
    ]
    return [
        b"".join(
            (
                _square(light, WIDTH, column, row, MB),
                *(_square(one, WIDTH // 2, column, row, MB // 2) for one in colours),
            )
        )
        for row in range(HEIGHT // MB)
        for column in range(WIDTH // MB)
    ]


def _square(plane: bytes, width: int, column: int, row: int, side: int) -> bytes:
    begin = row * side * width + column * side
    return b"".join(plane[begin + n * width : begin + n * width + side] for n in range(side))


def _moov(sizes: Sequence[int], *, first: int) -> bytes:
    """Return the index of the file."""
    length = len(sizes) * TIMESCALE
    times = struct.pack(">4I", 0, 0, TIMESCALE, length)
    mvhd = _full(b"mvhd", times, struct.pack(">IH10x", 0x10000, 0x100), MATRIX, bytes(24), _u(2))
    shown = struct.pack(">5I", 0, 0, 1, 0, length)
    size = struct.pack(">2I", WIDTH << 16, HEIGHT << 16)
    tkhd = _full(b"tkhd", shown, bytes(16), MATRIX, size, flags=3)
    mdhd = _full(b"mdhd", times, struct.pack(">2H", 0x55C4, 0))
    hdlr = _full(b"hdlr", _u(0), b"vide", bytes(12), b"Pictures\x00")
    dinf = _box(b"dinf", _full(b"dref", _u(1), _full(b"url ", flags=1)))
    minf = _box(b"minf", _full(b"vmhd", bytes(8), flags=1), dinf, _stbl(sizes, first))
    return _box(b"moov", mvhd, _box(b"trak", tkhd, _box(b"mdia", mdhd, hdlr, minf)))


def _stbl(sizes: Sequence[int], first: int) -> bytes:
    """Return where the samples lie, in one chunk, and how they are to be read."""
    sps, pps = _sps(), _pps()
    avcc = _box(
        b"avcC",
        bytes([1, PROFILE, COMPATIBLE, LEVEL, 0xFF, 0xE1]),
        struct.pack(">H", len(sps)) + sps,
        b"\x01" + struct.pack(">H", len(pps)) + pps,
    )
    seen = struct.pack(">6xH16x2H2I4xH32xHh", 1, WIDTH, HEIGHT, 0x480000, 0x480000, 1, 24, -1)
    count = len(sizes)
    return _box(
        b"stbl",
        _full(b"stsd", _u(1), _box(b"avc1", seen, avcc)),
        _full(b"stts", _u(1, count, TIMESCALE)),
        _full(b"stsc", _u(1, 1, count, 1)),
        _full(b"stsz", _u(0, count, *sizes)),
        _full(b"stco", _u(1, first)),
    )


def _u(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def _full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return _box(kind, _u(flags), *parts)
