"""What stands in the form of a script or material, whether typed, kept as a draft or stored. Pure.

A form's parts are lists of fields: the first part that has a field has the first value of its name,
and so on. Adding and moving parts therefore renames nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.i18n import N_, _
from app.library.actions import FORMS, Draft, DraftPart
from app.library.models import TITLE_LENGTH
from app.library.queries import Item
from app.materials.actions import MEGABYTE, RULES

# An id that is longer is nobody's.
DIGITS = 9
# More than a form can have; what is sent beyond that is nobody's form.
MOST_READ = 40
ITEM_FIELDS = ("item_title", "item_group", "version", "copied")


@dataclass(frozen=True)
class Chooser:
    """How a file of a kind is chosen: the words on the button, what fits, for the browser too."""

    choose: str
    fits: str
    accept: str = ""


CHOOSERS = {
    "image": Chooser(N_("选择图片"), N_("JPG 或 PNG，最大 {most} MB"), "image/jpeg,image/png"),
    "video": Chooser(N_("选择视频"), N_("MP4，最大 {most} MB"), "video/mp4"),
    "file": Chooser(N_("选择文件"), N_("最大 {most} MB")),
}
# What a line begins with or looks like.
HINTS = {"link": "https://", "imgUrl": "https://", "appid": "wx", "page": "pages/index/index.html"}
PART_FIELDS = tuple(
    dict.fromkeys(
        ["material", "filename", *(name for form in FORMS.values() for name in form.fields)]
    )
)
NAMES = (*ITEM_FIELDS, "msgtype", *PART_FIELDS)


@dataclass(frozen=True)
class TypedPart:
    """A part as it stands in the form; `filename` is there to be read, not to be believed."""

    msgtype: str
    fields: Mapping[str, str]
    material_id: int = 0
    filename: str = ""

    @property
    def said(self) -> tuple[object, ...]:
        """What would be sent of it; () for nothing."""
        fields = {name: text for name, text in self.fields.items() if text}
        return (self.msgtype, fields, self.material_id) if fields or self.material_id else ()


@dataclass(frozen=True)
class TypedForm:
    """The form. `version`: the item's that it began with; `copied`: the item it copies, or 0."""

    title: str = ""
    group: str = ""
    version: int = 0
    copied: int = 0
    parts: tuple[TypedPart, ...] = ()

    def says_the_same(self, other: "TypedForm") -> bool:
        """Tell whether nobody would miss either; a part that is empty says nothing."""
        mine, others = (
            (form.title, form.group, [part.said for part in form.parts if part.said])
            for form in (self, other)
        )
        return mine == others

    def build_draft(self, shelf: str) -> Draft:
        """Make of it what is saved; a material without a title has its file's or its link's."""
        title = self.title
        if not title and shelf == "materials" and self.parts:
            part = self.parts[0]
            title = (
                part.filename.rpartition(".")[0] or part.filename or part.fields.get("title", "")
            )
            title = title[:TITLE_LENGTH]
        parts = tuple(
            DraftPart(part.msgtype, part.fields, part.material_id or None) for part in self.parts
        )
        return Draft(title, self.group, parts)


def read_form(lists: Mapping[str, Any]) -> TypedForm:
    """Read a form from the lists of its fields; what is none of ours is not looked at."""
    given = {name: _texts(lists.get(name)) for name in NAMES}
    first = {name: next(iter(given[name]), "").strip() for name in ITEM_FIELDS}
    rest = {name: iter(given[name]) for name in PART_FIELDS}
    return TypedForm(
        title=first["item_title"],
        group=first["item_group"],
        version=_number(first["version"]),
        copied=_number(first["copied"]),
        parts=tuple(_read_part(name, rest) for name in given["msgtype"] if name in FORMS),
    )


def form_of(item: Item, *, copied: int = 0) -> TypedForm:
    """Return the form of an item as it is stored."""
    parts = tuple(
        TypedPart(
            part.msgtype,
            part.fields,
            part.material.id if part.material else 0,
            part.material.filename if part.material else "",
        )
        for part in item.parts
    )
    return TypedForm(item.title, item.group_name, item.version, copied, parts)


def show_kind(msgtype: str) -> dict[str, Any]:
    """Show what a part of this kind asks for."""
    chooser, rule = CHOOSERS.get(msgtype), RULES.get(msgtype)
    return {
        "msgtype": msgtype,
        "word": _(FORMS[msgtype].word),
        "fields": [
            {
                "name": name,
                "word": _(one.word),
                "hint": HINTS.get(name, ""),
                "mode": "url" if one.is_url else "",
                "is_required": one.required,
            }
            for name, one in FORMS[msgtype].fields.items()
        ],
        "choose": _(chooser.choose) if chooser else "",
        "hint": _(chooser.fits, most=rule.max_bytes // MEGABYTE) if chooser and rule else "",
        "accept": chooser.accept if chooser else "",
        "most_bytes": rule.max_bytes if rule else 0,
    }


def _read_part(msgtype: str, rest: Mapping[str, Iterator[str]]) -> TypedPart:
    if FORMS[msgtype].material:
        material_id = _number(next(rest["material"], ""))
        return TypedPart(msgtype, {}, material_id, next(rest["filename"], ""))
    fields = {name: next(rest[name], "") for name in FORMS[msgtype].fields}
    return TypedPart(msgtype, {name: _plain(text) for name, text in fields.items()})


def _texts(given: Any) -> Sequence[str]:
    """Return a field's texts; a draft is what an older server kept, so anything may be missing."""
    given = given if isinstance(given, list) else [given]
    return [text for text in given[:MOST_READ] if isinstance(text, str)]


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else 0
