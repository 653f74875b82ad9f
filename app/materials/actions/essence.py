"""What of an image its decoder is shown: what makes the picture, and nothing else.

Pillow reads a JPEG's segments, a PNG's chunks and what cameras write there in Python, one by one,
and goes over a whole JPEG for each of its scans: a few kilobytes could keep it for minutes, or have
it fill the memory. So the file is walked through here first, in steps that are counted.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

# What cameras and programs write stays far below: a JPEG has some ten scans, a PNG of 10 MB has
# 1,300 chunks.
MOST_SCANS, MOST_SEGMENTS, MOST_CHUNKS = 64, 1000, 20_000
MOST_HEADER = 256 * 1024

JPEG_START = b"\xff\xd8"
# None of those that stand in a scan's data: an escaped FF, a restart, filling.
MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
ALONE, SCAN, END = frozenset({0x01, 0xD8, 0xD9}), 0xDA, 0xD9
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Neither progressive nor anything rare: when its scan has all colours, it is drawn as it is read.
PLAIN_FRAMES = frozenset({0xC0, 0xC1})
# Tables, and what says which colours they are.
JPEG_NEEDS = FRAMES | {0xC4, 0xCC, 0xDB, 0xDD, 0xE0, 0xEE}
EXIF, EXIF_START = 0xE1, b"Exif\0\0"
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_NEEDS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
ORIENTATION, UPRIGHT = 0x0112, 1

_Segment = tuple[int, int, int]


class TooComplex(Exception):
    """The file has more pieces than any picture has a use for."""


@dataclass(frozen=True)
class Essence:
    """What the decoder needs, and what it cannot tell us then.

    `orientation`: EXIF's, 1 to 8. `is_light`: it is made small while it is read; any other stands
    in memory whole.
    """

    data: bytes
    orientation: int = UPRIGHT
    is_light: bool = False


def find_essence(data: bytes) -> Essence:
    """Take out of a JPEG or PNG what makes the picture; what is damaged stays so.

    Raises:
        TooComplex: it would take the decoder too long.
    """
    return _of_png(data) if data.startswith(PNG_START) else _of_jpeg(data)


def _of_jpeg(data: bytes) -> Essence:
    header, frame, exif = bytearray(JPEG_START), b"", b""
    segments = _walk_jpeg(data)
    for kind, start, after in segments:
        segment = data[start:after]
        if kind == SCAN:
            image = data[start : _find_end(segments)]
            is_light = _is_light(frame, segment)
            return Essence(bytes(header) + image, _read_orientation(exif), is_light)
        if kind in FRAMES:
            frame = segment
        if kind in JPEG_NEEDS:
            header += segment
        elif kind == EXIF and segment.startswith(EXIF_START, 4):
            exif = exif or segment[4 + len(EXIF_START) :]
        if len(header) > MOST_HEADER:
            raise TooComplex
    return Essence(bytes(header))


def _walk_jpeg(data: bytes) -> Iterator[_Segment]:
    """Give each segment's marker, where it starts and ends; junk between them is none."""
    after = len(JPEG_START)
    for _n in range(MOST_SEGMENTS):
        found = MARKER.search(data, after)
        if found is None:
            return
        start, after = found.span()
        kind = data[start + 1]
        if kind not in ALONE:
            after += int.from_bytes(data[after : after + 2])
        yield kind, start, after
    raise TooComplex


def _find_end(segments: Iterator[_Segment]) -> int | None:
    """Return where the image ends whose first scan has been met; None: where the file does."""
    scans = 1
    for kind, _start, after in segments:
        if kind == END:
            return after
        scans += kind == SCAN
        if scans > MOST_SCANS:
            raise TooComplex
    return None


def _is_light(frame: bytes, scan: bytes) -> bool:
    """Tell whether the first scan has as many colours as the frame."""
    return bool(frame) and frame[1] in PLAIN_FRAMES and scan[4:5] == frame[9:10]


def _of_png(data: bytes) -> Essence:
    kept, exif, start = [PNG_START], b"", len(PNG_START)
    for _n in range(MOST_CHUNKS):
        kind = data[start + 4 : start + 8]
        after = start + 12 + int.from_bytes(data[start : start + 4])
        if kind in PNG_NEEDS:
            kept.append(data[start:after])
        elif kind == b"eXIf":
            exif = exif or data[start + 8 : after - 4]
        if kind == b"IEND" or after >= len(data):
            return Essence(b"".join(kept), _read_orientation(exif))
        start = after
    raise TooComplex


def _read_orientation(exif: bytes) -> int:
    """Find it in the first directory of EXIF, and read nothing else there."""
    order = ">" if exif.startswith(b"MM") else "<"
    try:
        (first,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, first)
        for n in range(count):
            tag, _kind, _count, value = struct.unpack_from(f"{order}HHIH", exif, first + 2 + 12 * n)
            if tag == ORIENTATION:
                return int(value)
    except struct.error:
        pass
    return UPRIGHT
