"""Reading a TOML file that somebody wrote: every fault with its place, files beside it."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import Refused
from app.i18n import _

# What no kind of file comes near; not even read, to be told how large it may be.
MOST_BYTES = 64 * 1024 * 1024


@dataclass
class Reading:
    """Reads a file's tree and gathers faults instead of stopping at the first.

    `place` names what is being read; it stands before each fault.
    """

    faults: list[str] = field(default_factory=list)
    place: str = ""

    def parse(self, toml_text: str) -> dict[str, Any]:
        """Return the tree, an empty one if it is no TOML."""
        try:
            return tomllib.loads(toml_text)
        except (ValueError, RecursionError) as error:
            # The parser's own words name the line.
            self.fault(_("文件不是正确的 TOML：{error}", error=error))
            return {}

    def text(self, table: Mapping[str, Any], key: str) -> str:
        """Return a text, "" if there is none."""
        value = table.get(key, "")
        if isinstance(value, str):
            return value
        self.fault(_("{key} 要写成文字", key=key))
        return ""

    def switch(self, table: Mapping[str, Any], key: str) -> bool:
        """Return whether it is true, which it is not if it is not there."""
        value = table.get(key, False)
        if not isinstance(value, bool):
            self.fault(_("{key} 只能是 true 或 false", key=key))
        return value is True

    def tables(self, value: object, key: str) -> list[Mapping[str, Any]]:
        """Return a list of tables, an empty one if there is none."""
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            return value
        self.fault(_("{key} 要写成表的列表", key=key))
        return []

    def only_known_keys(self, table: Mapping[str, Any], known: Collection[str]) -> None:
        """Take note of keys that nobody reads: one of them is a misspelt one."""
        for key in table:
            if key not in known:
                self.fault(
                    _("没有「{key}」这一项，可用的有：{known}", key=key, known=_("、").join(known))
                )

    def fault(self, fault: str) -> None:
        """Take note of a fault at this place."""
        self.faults.append(f"{self.place}：{fault}" if self.place else fault)


def are_texts(values: object) -> bool:
    """Tell whether this is a list of texts."""
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def read_beside(folder: Path, name: str) -> bytes:
    """Read a plain file in `folder`, or below it; none outside is read.

    Raises:
        Refused: it lies elsewhere, or cannot be read: a pipe, or what no kind of file may hold.
    """
    path = (folder / name.replace("\0", "")).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise Refused(_("文件「{name}」要放在导入文件所在的文件夹里", name=name))
    try:
        if path.is_file() and path.stat().st_size <= MOST_BYTES:
            return path.read_bytes()
    except OSError:
        pass
    raise Refused(_("读不到文件「{name}」", name=name))
