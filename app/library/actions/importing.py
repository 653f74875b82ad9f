"""The corp's items from a TOML file: all or none, every fault with its place, twice is once.

[[script]]
key = "hello"               # what this file calls it by, for ever
title = "问候"
group = "接待"               # groups stand in the order in which a file names them first
text = "您好，{{客户称呼}}！"
removed = true              # off the shelf; in a file without it, it comes back

[[script]]
key = "sizes"
title = "尺码表"
parts = [
  { type = "text", content = "这是尺码表：" },
  { type = "image", file = "pictures/sizes.png" },      # beside the TOML file, or below
]

[[material]]
key = "catalogue"
title = "画册"
type = "file"               # image video file news miniprogram, the fields as sendChatMessage's
file = "catalogue.pdf"

[[material]]
key = "shop"
title = "门店地址"           # what the message is called too, unless `parts` say otherwise
type = "news"
link = "https://example.com/shop"
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import Refused
from app.i18n import N_, _
from app.library.actions.checks import FORMS, Draft, DraftPart, find_draft_faults, normalized
from app.library.actions.rows import find_or_make_group, read_draft, say
from app.library.errors import Fault, ItemRefused
from app.library.models import SHELVES, LibraryGroup, LibraryItem
from app.materials.actions import make_picture, store_file
from app.toml_file import Reading, are_texts, read_beside

KEY = re.compile(r"[a-z0-9_-]{1,32}")
HEADINGS = {"scripts": "script", "materials": "material"}
PLACES = {
    "scripts": (N_("第 {n} 条话术「{key}」"), N_("第 {n} 条话术")),
    "materials": (N_("第 {n} 条素材「{key}」"), N_("第 {n} 条素材")),
}
ITEM_KEYS = ("key", "title", "group", "removed", "parts")
MOST_ITEMS = 5000
LAST = 2 * MOST_ITEMS


@dataclass(frozen=True, kw_only=True)
class ImportedItems:
    """The titles of the items in the file, by what became of them."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


def import_items(session: Session, toml_text: str, *, folder: Path) -> ImportedItems:
    """Take over every item of the file, which stands in `folder`, in its order.

    Those not in it follow, as they were.

    Raises:
        ItemRefused: with every fault and its place. Whoever holds the session must roll back.
    """
    reading = _Reading(session=session, folder=folder)
    wanted = reading.items(toml_text)
    if reading.faults:
        raise ItemRefused(map(Fault, reading.faults))
    fates: dict[str, list[str]] = {"created": [], "changed": [], "removed": [], "unchanged": []}
    for shelf in SHELVES:
        mine = [one for one in wanted if one.shelf == shelf]
        _arrange_groups(session, shelf, [one.draft.group_name for one in mine])
        known = {row.key: row for row in _list_rows(session, shelf)}
        for one in mine:
            fates[_take_over(session, known.get(one.key), one)].append(one.draft.title or one.key)
        _arrange_items(session, shelf, [one.key for one in mine])
    return ImportedItems(**{fate: tuple(titles) for fate, titles in fates.items()})


@dataclass(frozen=True)
class _Wanted:
    """An item as the file has it; of a removed one, only its key counts."""

    shelf: str
    key: str
    draft: Draft
    removed: bool


@dataclass(kw_only=True)
class _Reading(Reading):
    """Reads the file's tree into items."""

    session: Session
    folder: Path
    _kinds: dict[int, str] = field(default_factory=dict)
    _unread: set[int] = field(default_factory=set)

    def items(self, toml_text: str) -> list[_Wanted]:
        tree = self.parse(toml_text)
        self.only_known_keys(tree, HEADINGS.values())
        items = [
            self._item(shelf, n, table)
            for shelf, heading in HEADINGS.items()
            for n, table in enumerate(self.tables(tree.get(heading), heading), 1)
        ]
        self.place = ""
        if not items and not self.faults:
            self.fault(_("文件里没有 [[script]]，也没有 [[material]]"))
        self._check_together(items)
        return items

    def _check_together(self, items: Sequence[_Wanted]) -> None:
        for shelf, heading in HEADINGS.items():
            keys = [item.key for item in items if item.shelf == shelf]
            if len(keys) > MOST_ITEMS:
                self.fault(_("{heading} 最多 {most} 个", heading=f"[[{heading}]]", most=MOST_ITEMS))
            for key, count in Counter(keys).items():
                if count > 1:
                    self.fault(
                        _("{heading} 的 key「{key}」出现了多次", heading=f"[[{heading}]]", key=key)
                    )

    def _item(self, shelf: str, n: int, table: Mapping[str, Any]) -> _Wanted:
        key = table.get("key")
        named = isinstance(key, str) and KEY.fullmatch(key)
        self.place = _(PLACES[shelf][0 if named else 1], n=n, key=key)
        if not named:
            self.fault(_("key 要写成 1 到 32 个小写字母、数字、下划线或连字符"))
        if self.switch(table, "removed"):
            return _Wanted(shelf, str(key), Draft("", "", ()), removed=True)
        self._unread = set()
        title, parts = self.text(table, "title"), self._parts(shelf, table)
        draft = normalized(
            Draft(
                title=title,
                group_name=self.text(table, "group"),
                parts=tuple(
                    self._part(part, title, n=n, of=len(parts)) for n, part in enumerate(parts, 1)
                ),
            )
        )
        for fault in find_draft_faults(shelf, draft, self._kinds, unread=self._unread):
            self.fault(str(fault))
        return _Wanted(shelf, str(key), draft, removed=False)

    def _parts(self, shelf: str, table: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Return the tables of the parts; an item that has no `parts` is its only one itself."""
        rest = {key: value for key, value in table.items() if key not in ITEM_KEYS}
        if "parts" in table:
            self.only_known_keys(table, ITEM_KEYS)
            return self.tables(table["parts"], "parts")
        if shelf == "materials":
            return [rest]
        self.only_known_keys(rest, ("text",))
        return [{"type": "text", "content": rest.get("text", "")}]

    def _part(self, table: Mapping[str, Any], title: str, *, n: int, of: int) -> DraftPart:
        """Read part `n` of so many."""
        msgtype = table.get("type")
        fields = {key: value for key, value in table.items() if key not in {"type", "file"}}
        fault, material_id = "", None
        if not isinstance(msgtype, str) or msgtype not in FORMS:
            fault = _("type 只能是 {known}", known=_("、").join(FORMS))
        elif not are_texts(list(fields.values())):
            fault = _("每一项都要写成文字")
        elif "file" in table:
            fault, material_id = self._material(FORMS[msgtype].material, table["file"])
        if fault:
            self._unread.add(n)
            self.fault(str(Fault(fault, n, of=of)))
            return DraftPart("", {})
        if "title" in FORMS[str(msgtype)].fields:
            fields = {"title": title} | fields
        return DraftPart(str(msgtype), fields, material_id)

    def _material(self, kind: str | None, name: object) -> tuple[str, int | None]:
        """Store the file that stands beside the TOML, with its small picture."""
        if kind is None or not isinstance(name, str):
            return _("这种内容不带文件") if kind is None else _("file 要写成文件名"), None
        try:
            data = read_beside(self.folder, name)
            material = store_file(self.session, kind=kind, filename=PurePath(name).name, data=data)
            make_picture(self.session, material, data)
        except Refused as refused:
            return str(refused), None
        self._kinds[material.id] = kind
        return "", material.id


def _list_rows(session: Session, shelf: str) -> Sequence[LibraryItem]:
    return session.scalars(
        select(LibraryItem)
        .filter_by(shelf=shelf, owner="")
        .order_by(LibraryItem.position, LibraryItem.id)
        .with_for_update()
    ).all()


def _take_over(session: Session, row: LibraryItem | None, wanted: _Wanted) -> str:
    now = clock.utcnow()
    if wanted.removed:
        if row is None or row.removed_at is not None:
            return "unchanged"
        row.removed_at = now
        return "removed"
    if row is not None and row.removed_at is None and read_draft(session, row) == wanted.draft:
        return "unchanged"
    fate = "changed" if row else "created"
    if row is None:
        row = LibraryItem(shelf=wanted.shelf, owner="", key=wanted.key, version=0, created_at=now)
    say(session, row, wanted.draft)
    row.removed_at = None
    return fate


def _arrange_groups(session: Session, shelf: str, names: Sequence[str]) -> None:
    """Have all these groups, in this order, and those that are not in the file behind them."""
    first = [name for name in dict.fromkeys(names) if name]
    for name in first:
        find_or_make_group(session, shelf, "", name)
    rows = session.scalars(
        select(LibraryGroup).filter_by(shelf=shelf, owner="").order_by(LibraryGroup.position)
    ).all()
    places = {name: place for place, name in enumerate(first)}
    for position, row in enumerate(sorted(rows, key=lambda row: places.get(row.name, LAST)), 1):
        row.position = position


def _arrange_items(session: Session, shelf: str, keys: Sequence[str]) -> None:
    """Put these items in this order, and those that are not in the file behind them."""
    session.flush()
    places = {key: place for place, key in enumerate(keys)}
    rows = sorted(_list_rows(session, shelf), key=lambda row: places.get(row.key, LAST))
    for position, row in enumerate(rows, 1):
        row.position = position
    session.flush()
