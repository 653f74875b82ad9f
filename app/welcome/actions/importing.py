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

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.i18n import _
from app.materials.actions import store_file
from app.materials.errors import MaterialRefused
from app.members.models import Department
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
# What no kind of file comes near; not even read, to be told how large it may be.
MOST_BYTES = 64 * 1024 * 1024


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
    reading = _Reading(session, folder)
    drafts = reading.drafts(_parsed(toml_text))
    if reading.faults:
        raise ScriptRefused(reading.faults)
    fates: dict[str, list[str]] = {"created": [], "changed": [], "unchanged": []}
    for draft in drafts:
        was_there = find_draft(session, draft.name) is not None
        saved = save_script(session, draft, by=by)
        fate = "unchanged" if not saved.changed else "changed" if was_there else "created"
        fates[fate].append(draft.name)
    return Imported(**{fate: tuple(names) for fate, names in fates.items()})


def _parsed(toml_text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(toml_text)
    except (ValueError, RecursionError) as error:
        raise ScriptRefused([_("文件不是正确的 TOML：{error}", error=error)]) from None


@dataclass
class _Reading:
    """Reads the file's tree into drafts, gathering faults instead of stopping at the first."""

    session: Session
    folder: Path
    faults: list[str] = field(default_factory=list)
    place: str = ""
    _unread: set[int] = field(default_factory=set)

    def drafts(self, tree: Mapping[str, Any]) -> list[Draft]:
        self._only_known_keys(tree, ("script",))
        tables = self._tables(tree.get("script"), "script")
        if not tables and not self.faults:
            self._fault(_("文件里没有 [[script]]"))
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
        self._only_known_keys(table, SCRIPT_KEYS)
        returning, returning_content = self._returning(table.get("returning", "same"))
        draft = normalized(
            Draft(
                name=self._text(table, "name"),
                content=self._text(table, "text"),
                attachments=tuple(self._attachments(table)),
                rules=tuple(self._rules(table)),
                returning=returning,
                returning_content=returning_content,
            )
        )
        faults = find_draft_faults(self.session, draft, unread=self._unread)
        for fault in dict.fromkeys(faults):
            self._fault(fault)
        return draft

    def _returning(self, value: object) -> tuple[str, str]:
        if isinstance(value, dict) and set(value) == {"text"} and isinstance(value["text"], str):
            return "text", value["text"]
        if isinstance(value, str) and value in {"same", "none"}:
            return value, ""
        self._fault(_('returning 只能是 "same"、"none" 或 { text = "…" }'))
        return "same", ""

    def _rules(self, table: Mapping[str, Any]) -> Iterator[Rule]:
        windows = tuple(self._windows(table))
        found = [Rule(scope="state", target=one) for one in self._texts(table, "states")]
        found += [Rule(scope="member", target=one) for one in self._texts(table, "members")]
        found += [Rule(scope="department", target=one) for one in self._departments(table)]
        default = table.get("default", False)
        if not isinstance(default, bool):
            self._fault(_("default 只能是 true 或 false"))
        elif default:
            found.append(Rule(scope="default"))
        scopes = ("states", "members", "departments", "default")
        if not found and not any(table.get(key) for key in scopes):
            self._fault(_("没有写在哪里使用：states、members、departments 或 default = true"))
        for rule in found:
            yield Rule(scope=rule.scope, target=rule.target, windows=windows)

    def _windows(self, table: Mapping[str, Any]) -> Iterator[Window]:
        for n, window in enumerate(self._tables(table.get("windows"), "windows"), 1):
            self._only_known_keys(window, WINDOW_KEYS)
            days = window.get("days", list(DAYS))
            start, end = window.get("from"), window.get("to")
            if not _all_texts(days) or not isinstance(start, str) or not isinstance(end, str):
                self._fault(
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
            self._fault(_("departments 要写成列表"))
            return
        for value in values:
            if isinstance(value, int) and not isinstance(value, bool):
                yield str(value)
            elif isinstance(value, str):
                yield from self._department_named(value)
            else:
                self._fault(_("部门「{value}」要写成编号或名称", value=value))

    def _department_named(self, name: str) -> Iterator[str]:
        ids = self.session.scalars(
            select(Department.id).where(Department.name == name, Department.removed_at.is_(None))
        ).all()
        if len(ids) == 1:
            yield str(ids[0])
        elif ids:
            known = _("、").join(str(one) for one in sorted(ids))
            self._fault(_("有多个部门叫「{name}」，请改写编号：{known}", name=name, known=known))
        else:
            self._fault(_("没有叫「{name}」的部门；通讯录若还没有同步，请改写编号", name=name))

    def _attachments(self, table: Mapping[str, Any]) -> Iterator[Attachment]:
        for n, fields in enumerate(self._tables(table.get("attachments"), "attachments"), 1):
            msgtype = fields.get("type")
            rest = {key: value for key, value in fields.items() if key not in {"type", FILE_KEY}}
            fault, material_id = "", None
            if not isinstance(msgtype, str) or msgtype not in TYPES:
                fault = _("type 只能是 {known}", known=_("、").join(TYPES))
            elif not _all_texts(list(rest.values())):
                fault = _("每一项都要写成文字")
            else:
                fault, material_id = self._material(fields.get(FILE_KEY), msgtype)
            if fault:
                self._unread.add(n)
                self._fault(_("第 {n} 个附件：{fault}", n=n, fault=fault))
                rest = {}
            yield Attachment(msgtype=str(msgtype), fields=rest, material_id=material_id)

    def _material(self, name: object, msgtype: str) -> tuple[str, int | None]:
        """Store the file that stands beside the TOML; none outside its folder is read."""
        kind = TYPES[msgtype].material
        if name is None:
            return "", None
        if kind is None or not isinstance(name, str):
            return _("这种附件不带文件") if kind is None else _("file 要写成文件名"), None
        path = (self.folder / name.replace("\0", "")).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            return _("文件「{name}」要放在导入文件所在的文件夹里", name=name), None
        try:
            data = _read(path)
            material = store_file(self.session, kind=kind, filename=path.name, data=data)
        except OSError:
            return _("读不到文件「{name}」", name=name), None
        except MaterialRefused as refused:
            return str(refused), None
        return "", material.id

    def _text(self, table: Mapping[str, Any], key: str) -> str:
        value = table.get(key, "")
        if isinstance(value, str):
            return value
        self._fault(_("{key} 要写成文字", key=key))
        return ""

    def _texts(self, table: Mapping[str, Any], key: str) -> list[str]:
        values = table.get(key, [])
        if _all_texts(values):
            return list(values)
        self._fault(_('{key} 要写成文字的列表，例如 ["a", "b"]', key=key))
        return []

    def _tables(self, value: object, key: str) -> list[Mapping[str, Any]]:
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            return value
        self._fault(_("{key} 要写成表的列表", key=key))
        return []

    def _only_known_keys(self, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                self._fault(
                    _("没有「{key}」这一项，可用的有：{known}", key=key, known=_("、").join(known))
                )

    def _fault(self, fault: str) -> None:
        self.faults.append(f"{self.place}：{fault}" if self.place else fault)


def _all_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _read(path: Path) -> bytes:
    """Read a plain file. Raises: OSError, also for a pipe or for what no kind of file may hold."""
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        raise OSError
    return path.read_bytes()
