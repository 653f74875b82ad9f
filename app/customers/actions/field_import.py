"""Fields from a TOML file: all of it or nothing, every fault with its place, twice is once.

[[field]]
key = "budget"              # what this file calls it by, for ever; another name under it renames it
name = "预算"
kind = "money"              # for ever too; text number money date choice choices phone address
hint = "大概就行"            # link yes_no
pinned = true
read_only = true
visible_to = "managers"     # "": everybody; left out, it stays as it is
sensitive = true            # sealed and masked, also what stands there; left out, as it is
removed = true              # away from the cards; what stands in it is kept

[[field]]
key = "visit"
name = "来店方式"
kind = "choice"
options = ["路过", { key = "friend", name = "朋友介绍" }]    # a text is its own key
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.field_kinds import KINDS
from app.customers.actions.names import NAME_LENGTH
from app.customers.actions.resealing import reseal_fields
from app.customers.errors import FieldsRefused
from app.customers.models import CustomField
from app.customers.queries.fields import MOST_FIELDS, VISIBLE_TO
from app.i18n import N_, _
from app.words import clean

KEY = re.compile(r"[a-z0-9_-]{1,32}")
HINT_LENGTH = 64
MOST_OPTIONS = 100
FIELD_KEYS = (
    "key",
    "name",
    "kind",
    "options",
    "hint",
    "pinned",
    "read_only",
    "visible_to",
    "sensitive",
    "removed",
)
OPTION_KEYS = ("key", "name")
CHOOSING = frozenset({"choice", "choices"})
# Of few options, what they are found by would say which one it is.
SENSITIVE_KINDS = frozenset(KINDS) - {*CHOOSING, "yes_no"}
NOT_SENSITIVE = N_("只有几种内容可选的资料项不能设为敏感，加密也藏不住")


@dataclass(frozen=True, kw_only=True)
class ImportedFields:
    """The names of the fields in the file, by what became of them.

    Of those that were there before, `sealed` became sensitive and `opened` are so no more.
    """

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    sealed: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()


def import_fields(session: Session, toml_text: str) -> ImportedFields:
    """Take over every field of the file, in its order; those not in it follow, as they were.

    A field that was removed comes back when it is in a file without `removed`.

    Raises:
        FieldsRefused: with every fault and its place. Whoever holds the session must roll back.
    """
    rows = {row.key: row for row in session.scalars(select(CustomField).with_for_update())}
    reading = _Reading(rows)
    drafts = reading.drafts(toml_text)
    if not reading.faults:
        reading.check_together(drafts)
    if reading.faults:
        raise FieldsRefused(reading.faults)
    _place(rows, drafts)
    fates: dict[str, list[str]] = {one.name: [] for one in fields(ImportedFields)}
    for draft in drafts:
        row = rows.get(draft.key)
        if row is not None and row.sensitive != draft.sensitive:
            fates["sealed" if draft.sensitive else "opened"].append(draft.name)
        fates[_take_over(session, row, draft)].append(draft.name)
    session.flush()
    if fates["sealed"] or fates["opened"]:
        reseal_fields(session)
    return ImportedFields(**{fate: tuple(names) for fate, names in fates.items()})


@dataclass(kw_only=True)
class _Draft:
    key: str
    name: str
    kind: str
    options: list[dict[str, Any]]
    hint: str
    pinned: bool
    read_only: bool
    visible_to: str
    sensitive: bool
    removed: bool
    position: int = 0


@dataclass
class _Reading:
    """Reads the file's tree, gathering faults instead of stopping at the first."""

    rows: Mapping[str, CustomField]
    faults: list[str] = field(default_factory=list)
    place: str = ""

    def drafts(self, toml_text: str) -> list[_Draft]:
        try:
            tree = tomllib.loads(toml_text)
        except (ValueError, RecursionError) as error:
            # The parser's own words name the line.
            self._fault(_("文件不是正确的 TOML：{error}", error=error))
            return []
        self._only_known_keys(tree, ("field",))
        tables = tree.get("field")
        if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
            self._fault(_("至少要有一个 {heading}", heading="[[field]]"))
            return []
        return [self._field(n, table) for n, table in enumerate(tables, 1)]

    def check_together(self, drafts: Sequence[_Draft]) -> None:
        """Look at what the fields would be side by side."""
        self.place = ""
        given = {draft.key: draft for draft in drafts}
        others = [
            row.name for row in self.rows.values() if row.key not in given and not row.removed_at
        ]
        names = [draft.name for draft in drafts if not draft.removed] + others
        if len(names) > MOST_FIELDS:
            self._fault(_("{heading} 最多 {most} 个", heading="[[field]]", most=MOST_FIELDS))
        keys = [draft.key for draft in drafts]
        for word, values in (("key", keys), ("name", names)):
            for value in dict.fromkeys(values):
                if values.count(value) > 1:
                    self._fault(_("{word}「{value}」出现了多次", word=word, value=value))

    def _field(self, n: int, table: Mapping[str, Any]) -> _Draft:
        key = table.get("key")
        named = isinstance(key, str) and KEY.fullmatch(key)
        self.place = _("第 {n} 项「{key}」", n=n, key=key) if named else _("第 {n} 项", n=n)
        self._only_known_keys(table, FIELD_KEYS)
        if not named:
            self._fault(_("key 要写成 1 到 32 个小写字母、数字、下划线或连字符"))
        row = self.rows.get(str(key))
        kind = self._kind(table, row)
        return _Draft(
            key=str(key),
            name=self._text(table, "name", NAME_LENGTH, needed=True),
            kind=kind,
            options=self._options(table, kind, row),
            hint=self._text(table, "hint", HINT_LENGTH),
            pinned=self._switch(table, "pinned"),
            read_only=self._switch(table, "read_only"),
            visible_to=self._visible_to(table, row),
            sensitive=self._sensitive(table, kind, row),
            removed=self._switch(table, "removed"),
        )

    def _kind(self, table: Mapping[str, Any], row: CustomField | None) -> str:
        kind = table.get("kind")
        if kind not in KINDS:
            self._fault(_("kind 只能是 {known}", known=_("、").join(KINDS)))
        elif row is not None and row.kind != kind:
            self._fault(
                _("kind 不能从 {old} 改成 {new}；请换一个 key 新建一项", old=row.kind, new=kind)
            )
        return str(kind)

    def _options(
        self, table: Mapping[str, Any], kind: str, row: CustomField | None
    ) -> list[dict[str, Any]]:
        given = table.get("options", [])
        if kind not in CHOOSING:
            if given:
                self._fault(_("只有 choice 和 choices 才有 options"))
            return []
        if not isinstance(given, list) or not 1 <= len(given) <= MOST_OPTIONS:
            self._fault(_("options 要写 1 到 {most} 个选项", most=MOST_OPTIONS))
            return []
        options = [self._option(one) for one in given]
        for word in ("id", "name"):
            values = [option[word] for option in options if option[word]]
            if len(set(values)) != len(values):
                self._fault(_("options 里有重复的选项"))
                break
        kept = {option["id"] for option in options}
        # Who has one that was taken out still has it, and it still has its name.
        gone = [one | {"removed": True} for one in (row.options if row else ())]
        return options + [one for one in gone if one["id"] not in kept]

    def _option(self, given: object) -> dict[str, Any]:
        if isinstance(given, str):
            given = {"key": given, "name": given}
        if not isinstance(given, dict):
            self._fault(_('options 的每一项写成 "名称" 或 { key = "…", name = "…" }'))
            return {"id": "", "name": ""}
        self._only_known_keys(given, OPTION_KEYS)
        return {
            "id": self._text(given, "key", NAME_LENGTH, needed=True),
            "name": self._text(given, "name", NAME_LENGTH, needed=True),
        }

    def _text(self, table: Mapping[str, Any], key: str, most: int, *, needed: bool = False) -> str:
        value = table.get(key, "")
        text = clean(value).strip() if isinstance(value, str) else ""
        if len(text) > most or (needed and not text) or not isinstance(value, str):
            least = 1 if needed else 0
            self._fault(_("{key} 要写成 {least} 到 {most} 个字", key=key, least=least, most=most))
            return ""
        return text

    def _switch(self, table: Mapping[str, Any], key: str) -> bool:
        value = table.get(key, False)
        if not isinstance(value, bool):
            self._fault(_("{key} 只能是 true 或 false", key=key))
        return value is True

    def _sensitive(self, table: Mapping[str, Any], kind: str, row: CustomField | None) -> bool:
        # An older file must not open what was sealed since.
        if "sensitive" not in table:
            return row is not None and row.sensitive
        is_sensitive = self._switch(table, "sensitive")
        if is_sensitive and kind in KINDS and kind not in SENSITIVE_KINDS:
            self._fault(_(NOT_SENSITIVE))
        return is_sensitive

    def _visible_to(self, table: Mapping[str, Any], row: CustomField | None) -> str:
        # An older file must not show everybody what was hidden since.
        value = table.get("visible_to", row.visible_to if row else "")
        if not isinstance(value, str) or value not in VISIBLE_TO:
            known = _("、").join(f'"{one}"' for one in VISIBLE_TO)
            self._fault(_("visible_to 只能是 {known}", known=known))
            return ""
        return value

    def _only_known_keys(self, table: Mapping[str, Any], known: Sequence[str]) -> None:
        for key in table:
            if key not in known:
                told = _("、").join(known)
                self._fault(_("没有「{key}」这一项，可用的有：{known}", key=key, known=told))

    def _fault(self, fault: str) -> None:
        self.faults.append(f"{self.place}：{fault}" if self.place else fault)


def _place(rows: Mapping[str, CustomField], drafts: Sequence[_Draft]) -> None:
    """Give the file's fields the first positions, and the others those behind."""
    for position, draft in enumerate(drafts):
        draft.position = position
    given = {draft.key for draft in drafts}
    others = [row for row in rows.values() if row.key not in given]
    for position, row in enumerate(
        sorted(others, key=lambda row: (row.position, row.id)), len(drafts)
    ):
        row.position = position


def _take_over(session: Session, row: CustomField | None, draft: _Draft) -> str:
    """Write a draft, and return what became of it: a name of ImportedFields."""
    wanted = vars(draft).copy()
    removed = wanted.pop("removed")
    if row is None:
        now = clock.utcnow()
        session.add(CustomField(**wanted, created_at=now, removed_at=now if removed else None))
        return "removed" if removed else "created"
    was_removed = row.removed_at is not None
    changed = was_removed != removed
    for name, value in wanted.items():
        changed = changed or getattr(row, name) != value
        setattr(row, name, value)
    if was_removed != removed:
        row.removed_at = clock.utcnow() if removed else None
    if not changed:
        return "unchanged"
    return "removed" if removed else "changed"
