"""The rows of a spreadsheet of corp items: what its columns are, and what a row says of an item.

A row is a script of one or several texts (话术), a link (链接) or a mini-program (小程序). A column
that is not there says nothing: what an item has already stays.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.errors import Refused
from app.i18n import N_, _
from app.library.actions.checks import FORMS, MOST_PARTS
from app.sheet_files import SheetRow
from app.sheets import plain_cell
from app.words import clean

KEY, KIND, GROUP, TITLE = N_("编号"), N_("类型"), N_("分组"), N_("标题")
TEXT = N_("内容")
# A column's heading, and the field of sendChatMessage's that it fills.
FIELDS = {
    N_("网址"): "link",
    N_("描述"): "desc",
    N_("封面网址"): "imgUrl",
    "appid": "appid",
    N_("页面路径"): "page",
}
KINDS = {"text": N_("话术"), "news": N_("链接"), "miniprogram": N_("小程序")}
SHELF_OF = {"text": "scripts", "news": "materials", "miniprogram": "materials"}
# 内容 is the first text, 内容2 to 内容9 the others.
NUMBERS = re.compile(rf"[1-{MOST_PARTS}]?")
MOST_TOLD = 20


@dataclass(frozen=True)
class Columns:
    """Which column stands where, from 0; `texts` by the number of the text."""

    places: Mapping[str, int]
    texts: Mapping[int, int]


@dataclass(frozen=True)
class Row:
    """What a row says. `group_name` None: its column is not there, and so what is in no mapping.

    `texts` by their numbers; `faults`: why it cannot be read.
    """

    number: int
    kind: str
    key: str
    title: str
    group_name: str | None
    texts: Mapping[int, str]
    fields: Mapping[str, str]
    faults: tuple[str, ...] = ()

    @property
    def shelf(self) -> str:
        """The shelf that it belongs to."""
        return SHELF_OF.get(self.kind, "scripts")


def list_headings() -> list[str]:
    """Return the headings that a sheet may have, in the reader's language."""
    texts = [_(TEXT), *(f"{_(TEXT)}{n}" for n in (2, 3))]
    return [_(KEY), _(KIND), _(GROUP), _(TITLE), *texts, *map(_, FIELDS)]


def read_rows(sheet: Sequence[SheetRow]) -> list[Row]:
    """Read the rows below the heading.

    Raises:
        Refused: the heading is none of ours, or nothing stands below it.
    """
    columns = _read_heading(sheet[0].cells)
    if len(sheet) == 1:
        raise Refused(_("表格只有标题行，下面没有内容"))
    return [_read_row(row, columns) for row in sheet[1:]]


def _read_heading(cells: Sequence[str]) -> Columns:
    known = {_(word): word for word in (KEY, KIND, GROUP, TITLE, *FIELDS)}
    # A sheet with Chinese headings is read whatever the reader speaks.
    known |= {word: word for word in known.values()}
    places: dict[str, int] = {}
    texts: dict[int, int] = {}
    for place, cell in enumerate(cells):
        heading = clean(plain_cell(cell)).strip().rstrip("*")
        if not heading:
            continue
        n, name = _read_text_heading(heading), known.get(heading)
        if not n and name is None:
            raise Refused(
                _(
                    "不认识的列「{name}」，可用的有：{known}",
                    name=heading[:MOST_TOLD],
                    known=_("、").join(list_headings()),
                )
            )
        if n in texts or name in places:
            raise Refused(_("「{name}」这一列出现了两次", name=heading))
        if name is None:
            texts[n] = place
        else:
            places[name] = place
    if TITLE not in places:
        raise Refused(_("第一行要是列名，而且要有「{name}」这一列", name=_(TITLE)))
    return Columns(places, texts)


def _read_text_heading(heading: str) -> int:
    """Return which text stands below it; 0: it heads none."""
    for word in (_(TEXT), TEXT):
        number = heading.removeprefix(word).strip()
        if heading.startswith(word) and NUMBERS.fullmatch(number):
            return int(number or 1)
    return 0


def _read_row(row: SheetRow, columns: Columns) -> Row:
    def cell(place: int | None) -> str | None:
        if place is None:
            return None
        return plain_cell(row.cells[place]).strip() if place < len(row.cells) else ""

    kind_word = cell(columns.places.get(KIND)) or ""
    given = {name: cell(columns.places.get(heading)) for heading, name in FIELDS.items()}
    kind = _read_kind(kind_word)
    texts = {n: cell(place) or "" for n, place in columns.texts.items()}
    fields = {name: text for name, text in given.items() if text is not None}
    return Row(
        number=row.number,
        kind=kind,
        key=cell(columns.places.get(KEY)) or "",
        title=cell(columns.places[TITLE]) or "",
        group_name=cell(columns.places.get(GROUP)),
        texts=texts,
        fields=fields,
        faults=(
            *_find_formulas(row, columns),
            *_find_strays(kind, kind_word, texts=texts, fields=fields),
        ),
    )


def _read_kind(word: str) -> str:
    """Return the msgtype that a word means, "" for none; an empty cell is a script."""
    words = {_(known): kind for kind, known in KINDS.items()} | {
        known: kind for kind, known in KINDS.items()
    }
    return words.get(word, "") if word else "text"


def _find_formulas(row: SheetRow, columns: Columns) -> Iterator[str]:
    used = {*columns.places.values(), *columns.texts.values()}
    if row.formulas & used:
        yield _("有单元格是公式，请复制后“粘贴为值”")


def _find_strays(
    kind: str, word: str, *, texts: Mapping[int, str], fields: Mapping[str, str]
) -> Iterator[str]:
    """Say what the row holds that its kind has no place for."""
    if not kind:
        known = _("、").join(map(_, KINDS.values()))
        yield _("类型「{name}」不能用，可用的有：{known}", name=word[:MOST_TOLD], known=known)
        return
    if kind != "text" and any(texts.values()):
        yield _("{type}没有「{key}」这一项", type=_(KINDS[kind]), key=_(TEXT))
    for heading, name in FIELDS.items():
        if fields.get(name) and name not in FORMS[kind].fields:
            yield _("{type}没有「{key}」这一项", type=_(KINDS[kind]), key=_(heading))
