"""The corp's items from a spreadsheet: first what it would change, then just that.

A row means the item that its number (编号) names, else the one of its group and title, else a new
one. Rows that cannot be taken are left out, each with its reasons; the others are taken.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.i18n import N_, _
from app.library.actions.checks import FORMS, Draft, DraftPart, find_draft_faults, normalized
from app.library.actions.corp import (
    MOST_CORP,
    build_corp_item,
    check_corp_room,
    get_corp_item,
    last_position,
)
from app.library.actions.drafts import OWN_KEY, own_key
from app.library.actions.importing import KEY
from app.library.actions.rows import say
from app.library.actions.sheet_rows import Row, read_rows
from app.library.models import SHELVES, LibraryItem
from app.library.queries.items import Item
from app.library.queries.shelves import list_shelf
from app.sheet_files import SheetRow

BETWEEN = "\n—\n"
NOTHING = Draft("", "", ())
CHANGED = N_("你核对之后，内容库又有了改动；下面是按现在的内容重新算的，请再核对一次")


@dataclass(frozen=True)
class Change:
    """One thing that a row says anew, in words, cut to what can be looked at."""

    word: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class PlannedRow:
    """What would become of a row: `fate` is created, changed, unchanged or refused."""

    number: int
    fate: str
    shelf: str
    kind: str
    title: str
    group_name: str
    text: str
    changes: tuple[Change, ...] = ()
    faults: tuple[str, ...] = ()
    draft: Draft | None = None
    item_id: int = 0
    key: str = ""


@dataclass(frozen=True)
class Plan:
    """What would become of a sheet. `digest`: the same again comes to the same."""

    rows: tuple[PlannedRow, ...]
    digest: str

    def count(self, fate: str) -> int:
        """Count the rows of one fate."""
        return sum(row.fate == fate for row in self.rows)


class PlanChanged(Refused):
    """The library is not as it was when the plan was looked at."""


def plan_import(session: Session, sheet: Sequence[SheetRow]) -> Plan:
    """Say what would become of every row; nothing is changed.

    Raises:
        Refused: the sheet as a whole will not do.
    """
    return _plan(session, read_rows(sheet))


def import_sheet(session: Session, sheet: Sequence[SheetRow], *, digest: str) -> Plan:
    """Do what was planned, and return it. `digest`: of the plan that somebody has agreed to.

    Raises:
        PlanChanged: it would come to something else now.
        Refused: the sheet as a whole will not do, or the shelf is full.
    """
    # Whoever imports or saves meanwhile waits, or is in the plan.
    session.execute(
        select(LibraryItem.id)
        .where(LibraryItem.owner == "")
        .order_by(LibraryItem.id)
        .with_for_update()
    )
    plan = _plan(session, read_rows(sheet))
    if plan.digest != digest:
        raise PlanChanged(_(CHANGED))
    for shelf in SHELVES:
        new = [row for row in plan.rows if row.fate == "created" and row.shelf == shelf]
        check_corp_room(session, shelf, more=len(new))
    position = last_position(session)
    for n, row in enumerate(plan.rows, 1):
        if row.draft is None or row.fate not in {"created", "changed"}:
            continue
        if row.item_id:
            item = get_corp_item(session, row.item_id)
        else:
            key = row.key or own_key("", "")
            item = build_corp_item(row.shelf, key, position=position + n)
        say(session, item, row.draft)
    return plan


@dataclass
class _Shelf:
    """The corp's living items of one shelf, as rows may mean them."""

    by_key: dict[str, Item] = field(default_factory=dict)
    by_title: dict[str, list[Item]] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)


@dataclass
class _Planning:
    shelves: dict[str, _Shelf]
    # The number of the row that means an item, or makes one of this name.
    taken: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def plan(self, row: Row) -> PlannedRow:
        shelf = self.shelves[row.shelf]
        faults = list(row.faults)
        item, fault = _find(shelf, row)
        faults += [fault] if fault else []
        draft = _build_draft(row, item)
        if not faults:
            faults += _find_faults(row, item, draft)
        if not faults:
            faults += self._find_double(row, item, draft)
        changes = tuple(_changes(_draft_of(item), draft)) if item and not faults else ()
        fate = "created" if item is None else "changed" if changes else "unchanged"
        return PlannedRow(
            number=row.number,
            fate="refused" if faults else fate,
            shelf=row.shelf,
            kind=row.kind,
            title=draft.title,
            group_name=draft.group_name,
            text=_word_parts(draft.parts),
            changes=changes,
            faults=tuple(faults),
            draft=None if faults else draft,
            item_id=item.id if item else 0,
            key="" if item else row.key,
        )

    def _find_double(self, row: Row, item: Item | None, draft: Draft) -> Iterator[str]:
        names: list[tuple[Any, ...]] = [("key", row.shelf, row.key)] if row.key else []
        names.append(
            ("item", item.id) if item else ("new", row.shelf, draft.group_name, draft.title)
        )
        earlier = next((self.taken[name] for name in names if name in self.taken), 0)
        if earlier:
            yield _("和第 {n} 行说的是同一条", n=earlier)
        for name in names:
            self.taken.setdefault(name, row.number)


def _plan(session: Session, rows: Sequence[Row]) -> Plan:
    planning = _Planning({shelf: _read_shelf(session, shelf) for shelf in SHELVES})
    planned = tuple(planning.plan(row) for row in rows)
    # A new item's title and parts, an old one's with what they stand against.
    told = repr([(row.number, row.fate, row.item_id, row.draft, row.changes) for row in planned])
    return Plan(planned, sha256(told.encode(errors="replace")).hexdigest())


def _read_shelf(session: Session, shelf: str) -> _Shelf:
    found = _Shelf()
    for row in list_shelf(session, shelf):
        found.by_key[row.key] = row.item
        found.by_title.setdefault(row.item.title, []).append(row.item)
    archived = select(LibraryItem.key).where(
        LibraryItem.shelf == shelf, LibraryItem.owner == "", LibraryItem.removed_at.is_not(None)
    )
    found.archived.update(session.scalars(archived.limit(MOST_CORP)))
    return found


def _find(shelf: _Shelf, row: Row) -> tuple[Item | None, str]:
    """Return the item that a row means, and why it cannot mean any; neither: a new one."""
    if row.key:
        return shelf.by_key.get(row.key), _find_key_fault(shelf, row.key)
    named = normalized(Draft(row.title, row.group_name or "", ()))
    same = [
        item
        for item in shelf.by_title.get(named.title, ())
        if row.group_name is None or item.group_name == named.group_name
    ]
    if len(same) > 1:
        return None, _("有 {count} 条同名的内容，请写上编号", count=len(same))
    return (same[0] if same else None), ""


def _find_key_fault(shelf: _Shelf, key: str) -> str:
    if key in shelf.by_key:
        return ""
    if key in shelf.archived:
        return _("编号「{key}」已归档，要先在归档里恢复", key=key)
    if key.startswith(OWN_KEY):
        return _("没有编号是「{key}」的内容；新内容请把编号留空", key=key)
    if not KEY.fullmatch(key):
        return _("编号要写成 1 到 32 个小写字母、数字、下划线或连字符，也可以留空")
    return ""


def _build_draft(row: Row, item: Item | None) -> Draft:
    before = _draft_of(item) if item else NOTHING
    group_name = before.group_name if row.group_name is None else row.group_name
    parts = _build_texts(row, before) if row.kind == "text" else _build_fields(row, before)
    return normalized(Draft(row.title, group_name, parts))


def _build_texts(row: Row, before: Draft) -> tuple[DraftPart, ...]:
    texts = {n: part.fields.get("content", "") for n, part in enumerate(before.parts, 1)}
    texts |= row.texts
    return tuple(DraftPart("text", {"content": texts[n]}) for n in sorted(texts) if texts[n])


def _build_fields(row: Row, before: Draft) -> tuple[DraftPart, ...]:
    known = dict(before.parts[0].fields) if before.parts else {}
    # What it is called on the shelf is what the message is called, unless somebody said otherwise.
    if known.get("title", before.title) == before.title:
        known["title"] = row.title
    form = FORMS.get(row.kind)
    fields = known | dict(row.fields)
    names = form.fields if form else ()
    return (DraftPart(row.kind, {name: fields[name] for name in names if name in fields}),)


def _find_faults(row: Row, item: Item | None, draft: Draft) -> Iterator[str]:
    if item and {part.msgtype for part in item.parts} != {row.kind}:
        yield _("这条里有图片、文件等表格装不下的内容，请在页面上修改")
        return
    yield from map(str, find_draft_faults(row.shelf, draft, {}))


def _draft_of(item: Item) -> Draft:
    parts = (
        DraftPart(part.msgtype, part.fields, part.material.id if part.material else None)
        for part in item.parts
    )
    return Draft(item.title, item.group_name, tuple(parts))


def _changes(before: Draft, draft: Draft) -> Iterator[Change]:
    pairs = (
        (_("标题"), before.title, draft.title),
        (_("分组"), before.group_name, draft.group_name),
    )
    for word, old, new in pairs:
        if old != new:
            yield Change(word, old, new)
    if before.parts != draft.parts:
        yield Change(_("内容"), _word_parts(before.parts), _word_parts(draft.parts))


def _word_parts(parts: Sequence[DraftPart]) -> str:
    """Return what parts say, to be looked at."""
    return BETWEEN.join(_word_fields(part) for part in parts)


def _word_fields(part: DraftPart) -> str:
    names = FORMS[part.msgtype].fields if part.msgtype in FORMS else ()
    return "\n".join(part.fields[name] for name in names if name in part.fields)
