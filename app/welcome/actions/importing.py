"""Scripts from a TOML file: all or none, every fault with its place, the same twice is no change.

[[script]]
name = "夜间"
text = "您好，{{客户昵称}}"
returning = "same"                    # or "none", or { text = "欢迎回来" }
states = ["store-12"]                 # where it holds: any of these four
members = ["zhaoyi"]
departments = [3, "华南门店"]          # by id, or by a name that only one department has
default = true
windows = [{ days = ["mon", "tue"], from = "22:00", to = "08:00" }]

[[script.attachments]]
type = "image"                        # image, link, miniprogram, video, file
file = "images/hello.png"             # beside the TOML file
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.i18n import _
from app.materials.actions import store_file
from app.members.models import Department
from app.toml_file import Reading, are_texts, read_beside
from app.welcome.actions.checks import TYPES, find_draft_faults, normalized
from app.welcome.actions.scripts import save_script
from app.welcome.errors import ScriptRefused
from app.welcome.queries.scripts import Attachment, Draft, Rule, find_draft
from app.welcome.queries.windows import DAYS, Window

SCRIPT_KEYS = (
    "name",
    "text",
    "returning",
    "states",
    "members",
    "departments",
    "default",
    "windows",
    "attachments",
)
WINDOW_KEYS = ("days", "from", "to")
FILE_KEY = "file"


@dataclass(frozen=True, kw_only=True)
class Imported:
    """The names of the scripts in the file, by what became of them."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


def import_scripts(session: Session, toml_text: str, *, folder: Path, by: str = "") -> Imported:
    """Save every script of the file, which stands in `folder`; scripts not in it stay as they are.

    Raises:
        ScriptRefused: with every fault and its place. Whoever holds the session must roll back.
    """
    reading = _Reading(session=session, folder=folder)
    drafts = reading.drafts(toml_text)
    if reading.faults:
        raise ScriptRefused(reading.faults)
    fates: dict[str, list[str]] = {"created": [], "changed": [], "unchanged": []}
    for draft in drafts:
        before = find_draft(session, draft.name)
        # A file does not say what else happens: that stays as the admin web has it.
        kept = replace(draft, extras=before.extras) if before else draft
        saved = save_script(session, kept, by=by)
        fate = "unchanged" if not saved.changed else "changed" if before else "created"
        fates[fate].append(draft.name)
    return Imported(**{fate: tuple(names) for fate, names in fates.items()})


@dataclass(kw_only=True)
class _Reading(Reading):
    """Reads the file's tree into drafts."""

    session: Session
    folder: Path
    _unread: set[int] = field(default_factory=set)

    def drafts(self, toml_text: str) -> list[Draft]:
        tree = self.parse(toml_text)
        self.only_known_keys(tree, ("script",))
        tables = self.tables(tree.get("script"), "script")
        if not tables and not self.faults:
            self.fault(_("文件里没有 [[script]]"))
        drafts = [self._script(n, table) for n, table in enumerate(tables, 1)]
        names = [draft.name for draft in drafts]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.faults.append(_("「{name}」在文件里出现了多次", name=name))
        return drafts

    def _script(self, n: int, table: Mapping[str, Any]) -> Draft:
        name = table.get("name") if isinstance(table.get("name"), str) else ""
        self.place = (
            _("第 {n} 个脚本「{name}」", n=n, name=name) if name else _("第 {n} 个脚本", n=n)
        )
        self._unread = set()
        self.only_known_keys(table, SCRIPT_KEYS)
        returning, returning_content = self._returning(table.get("returning", "same"))
        draft = normalized(
            Draft(
                name=self.text(table, "name"),
                content=self.text(table, "text"),
                attachments=tuple(self._attachments(table)),
                rules=tuple(self._rules(table)),
                returning=returning,
                returning_content=returning_content,
            )
        )
        faults = find_draft_faults(self.session, draft, unread=self._unread)
        for fault in dict.fromkeys(faults):
            self.fault(fault)
        return draft

    def _returning(self, value: object) -> tuple[str, str]:
        if isinstance(value, dict) and set(value) == {"text"} and isinstance(value["text"], str):
            return "text", value["text"]
        if isinstance(value, str) and value in {"same", "none"}:
            return value, ""
        self.fault(_('returning 只能是 "same"、"none" 或 { text = "…" }'))
        return "same", ""

    def _rules(self, table: Mapping[str, Any]) -> Iterator[Rule]:
        windows = tuple(self._windows(table))
        found = [Rule(scope="state", target=one) for one in self._texts(table, "states")]
        found += [Rule(scope="member", target=one) for one in self._texts(table, "members")]
        found += [Rule(scope="department", target=one) for one in self._departments(table)]
        if self.switch(table, "default"):
            found.append(Rule(scope="default"))
        scopes = ("states", "members", "departments", "default")
        if not found and not any(table.get(key) for key in scopes):
            self.fault(_("没有写在哪里使用：states、members、departments 或 default = true"))
        for rule in found:
            yield Rule(scope=rule.scope, target=rule.target, windows=windows)

    def _windows(self, table: Mapping[str, Any]) -> Iterator[Window]:
        for n, window in enumerate(self.tables(table.get("windows"), "windows"), 1):
            self.only_known_keys(window, WINDOW_KEYS)
            days = window.get("days", list(DAYS))
            start, end = window.get("from"), window.get("to")
            if not are_texts(days) or not isinstance(start, str) or not isinstance(end, str):
                self.fault(
                    _(
                        '第 {n} 个时间段要写成 {{ days = ["mon"], from = "22:00", to = "08:00" }}',
                        n=n,
                    )
                )
                continue
            yield Window(days=tuple(days), start=start, end=end)

    def _departments(self, table: Mapping[str, Any]) -> Iterator[str]:
        values = table.get("departments", [])
        if not isinstance(values, list):
            self.fault(_("departments 要写成列表"))
            return
        for value in values:
            if isinstance(value, int) and not isinstance(value, bool):
                yield str(value)
            elif isinstance(value, str):
                yield from self._department_named(value)
            else:
                self.fault(_("部门「{value}」要写成编号或名称", value=value))

    def _department_named(self, name: str) -> Iterator[str]:
        ids = self.session.scalars(
            select(Department.id).where(Department.name == name, Department.removed_at.is_(None))
        ).all()
        if len(ids) == 1:
            yield str(ids[0])
        elif ids:
            known = _("、").join(str(one) for one in sorted(ids))
            self.fault(_("有多个部门叫「{name}」，请改写编号：{known}", name=name, known=known))
        else:
            self.fault(_("没有叫「{name}」的部门；通讯录若还没有同步，请改写编号", name=name))

    def _attachments(self, table: Mapping[str, Any]) -> Iterator[Attachment]:
        for n, fields in enumerate(self.tables(table.get("attachments"), "attachments"), 1):
            msgtype = fields.get("type")
            rest = {key: value for key, value in fields.items() if key not in {"type", FILE_KEY}}
            fault, material_id = "", None
            if not isinstance(msgtype, str) or msgtype not in TYPES:
                fault = _("type 只能是 {known}", known=_("、").join(TYPES))
            elif not are_texts(list(rest.values())):
                fault = _("每一项都要写成文字")
            else:
                fault, material_id = self._material(fields.get(FILE_KEY), msgtype)
            if fault:
                self._unread.add(n)
                self.fault(_("第 {n} 个附件：{fault}", n=n, fault=fault))
                rest = {}
            yield Attachment(msgtype=str(msgtype), fields=rest, material_id=material_id)

    def _material(self, name: object, msgtype: str) -> tuple[str, int | None]:
        """Store the file that stands beside the TOML; none outside its folder is read."""
        kind = TYPES[msgtype].material
        if name is None:
            return "", None
        if kind is None or not isinstance(name, str):
            return _("这种附件不带文件") if kind is None else _("file 要写成文件名"), None
        try:
            data = read_beside(self.folder, name)
            filename = PurePath(name).name
            return "", store_file(self.session, kind=kind, filename=filename, data=data).id
        except Refused as refused:
            return str(refused), None

    def _texts(self, table: Mapping[str, Any], key: str) -> list[str]:
        values = table.get(key, [])
        if are_texts(values):
            return list(values)
        self.fault(_('{key} 要写成文字的列表，例如 ["a", "b"]', key=key))
        return []
