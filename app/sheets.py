"""Tables that people keep: CSV that Excel and WPS open, with no formula in any cell. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

# A cell that begins so is run by the program that opens it; full-width ones too, in some.
RUN = frozenset("=+-@\t\r\n|%＝＋－＠")


def write_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Write a table. Numbers stay numbers; a text that would run as a formula gets a quote."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    # With its mark, Excel knows that this is UTF-8.
    return text.getvalue().encode("utf-8-sig", errors="replace")


def stream_csv(
    header: Sequence[str], pieces: Iterable[Iterable[Sequence[object]]]
) -> Iterator[bytes]:
    """Write a long table piece by piece, so that no more than one of them is held."""
    # With its mark, Excel knows that this is UTF-8.
    yield "\ufeff".encode()
    for piece in chain([[header]], pieces):
        text = io.StringIO()
        csv.writer(text).writerows([safe_cell(value) for value in row] for row in piece)
        yield text.getvalue().encode(errors="replace")


def safe_cell(value: object) -> object:
    """Make what stands in a cell harmless."""
    if not isinstance(value, str):
        return "" if value is None else value
    shown = value.replace("\x00", "")
    # Spaces before it do not keep a program from running it.
    return f"'{shown}" if shown.lstrip()[:1] in RUN or shown[:1] in RUN else shown


def plain_cell(text: str) -> str:
    """Take the quote off again that `safe_cell` has put before a text."""
    return text[1:] if text.startswith("'") and safe_cell(text[1:]) == text else text
