"""An item as it is shown: variables filled, what is missing named, files told by a line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.i18n import _
from app.library.queries import Item, MaterialFacts, Part
from app.texts import Segment, build_segments, build_text
from app.words import clean
from sidebar.panels.library.words import KINDS
from sidebar.panels.showing import visible

# As much of a text as two lines can show.
MOST_IN_ROW = 120
KILOBYTE, MEGABYTE = 1024, 1024 * 1024


def show_row(item: Item, values: Mapping[str, str], path: str) -> dict[str, Any]:
    """Show an item in a list: as much of its first message as there is room for."""
    parts = [show_part(part, values, path) for part in item.parts]
    first: dict[str, Any] = parts[0] if parts else {"segments": (), "line": "", "kind": "text"}
    return _show(item, parts) | {
        "segments": tuple(_begin(first["segments"], MOST_IN_ROW)),
        "line": first["line"],
        "tile": first if first["kind"] != "text" else None,
    }


def show_item(item: Item, values: Mapping[str, str], path: str) -> dict[str, Any]:
    """Show an item in full: every message, whose it is, how often it was sent."""
    used = _("你用过 {own} 次", own=item.own_uses)
    if not item.is_own:
        used = _("你用过 {own} 次 · 全员 {all} 次", own=item.own_uses, all=item.uses)
    parts = [show_part(part, values, path) for part in item.parts]
    return _show(item, parts) | {"parts": parts, "used": used}


def show_part(part: Part, values: Mapping[str, str], path: str) -> dict[str, Any]:
    """Show one message; `to_copy`: its text, the gaps as they were written."""
    fields = {name: _lines(text) for name, text in part.fields.items()}
    content = fields.get("content", "")
    segments = build_segments(content, values)
    missing = [one.variable for one in segments if one.is_missing]
    return {
        "n": part.n,
        "kind": part.msgtype,
        "word": _(KINDS[part.msgtype]),
        "segments": segments,
        "to_copy": build_text(content, values) if content else "",
        "line": _line(part),
        "title": fields.get("title", ""),
        "desc": fields.get("desc", ""),
        "url": fields.get("link", ""),
        "hint": word_missing(missing),
        "missing": missing,
        **_show_file(part.material, path),
    }


def title_of(item: Item) -> str:
    """Return an item's title; a word for one that shows nothing."""
    return visible(item.title) or _("未命名")


def word_missing(names: Iterable[str]) -> str:
    """Say why a text with these variables cannot be sent; "" when there is none."""
    told = _("、").join(f"「{name}」" for name in dict.fromkeys(names))
    return _("{names}没有值，不能直接发送；可复制后自己填写", names=told) if told else ""


def word_size(size: int) -> str:
    """Say how big a file is."""
    if size < MEGABYTE:
        return f"{max(1, round(size / KILOBYTE))} KB"
    return f"{size / MEGABYTE:.1f} MB"


def _show(item: Item, parts: list[dict[str, Any]]) -> dict[str, Any]:
    group = visible(item.group_name)
    whose = _("个人") if item.is_own else _("企业")
    return {
        "id": item.id,
        "title": title_of(item),
        "where": f"{whose} · {group}" if group else whose,
        "is_own": item.is_own,
        "is_favourite": item.is_favourite,
        "count": len(item.parts),
        "hint": word_missing(name for part in parts for name in part["missing"]),
    }


def _show_file(material: MaterialFacts | None, path: str) -> dict[str, str]:
    if material is None:
        return {"picture": "", "image": "", "fault": ""}
    is_image = material.kind == "image"
    return {
        "picture": f"{path}/picture?material={material.id}" if material.has_picture else "",
        "image": f"{path}/image?material={material.id}" if is_image else "",
        "fault": "" if material.is_ready else visible(material.upload_error),
    }


def _line(part: Part) -> str:
    """Tell a message that is no text in one line."""
    if part.material is not None:
        name = visible(part.material.filename) or _(KINDS[part.msgtype])
        return f"{name} · {word_size(part.material.size)}"
    told = visible(part.fields.get("desc", "")) or visible(part.fields.get("title", ""))
    return f"{_(KINDS[part.msgtype])} · {told}" if told else _(KINDS[part.msgtype])


def _begin(segments: Iterable[Segment], most: int) -> Iterator[Segment]:
    for segment in segments:
        if most <= 0:
            return
        yield replace(segment, text=segment.text[:most])
        most -= len(segment.text)


def _lines(text: str) -> str:
    """Take out of every line what cannot be seen; the lines stay."""
    return "\n".join(clean(line) for line in text.splitlines())
