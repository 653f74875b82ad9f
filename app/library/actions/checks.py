"""What an item may say, in words, before it is saved.

Source: developer.work.weixin.qq.com/document/path/90507; it names no limits, so these are those of
the same kinds of message elsewhere (path/92137).
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.i18n import N_, _
from app.library.errors import Fault
from app.library.models import GROUP_LENGTH, TITLE_LENGTH
from app.texts import find_variables
from app.wire_fields import Field, Form, find_faults, one_kind_of_line_end
from app.words import clean

MOST_PARTS = 9
APPID = re.compile(r"wx[0-9A-Za-z]{16}")
PAGE = re.compile(r"[^\s?]+\.html(\?\S*)?")

FORMS: Mapping[str, Form] = {
    "text": Form(N_("文字"), {"content": Field(N_("文字"), takes_variables=True)}),
    "image": Form(N_("图片"), {}, material="image"),
    "video": Form(N_("视频"), {}, material="video"),
    "file": Form(N_("文件"), {}, material="file"),
    "news": Form(
        N_("链接"),
        {
            "link": Field(N_("网址"), 2048, is_url=True),
            "title": Field(N_("标题"), 128),
            "desc": Field(N_("描述"), 512, required=False),
            "imgUrl": Field(N_("封面网址"), 2048, required=False, is_url=True),
        },
    ),
    "miniprogram": Form(
        N_("小程序"),
        {
            "appid": Field("appid", 64, pattern=APPID),
            "title": Field(N_("标题"), 64),
            "imgUrl": Field(N_("封面网址"), 2048, is_url=True),
            "page": Field(N_("页面路径"), 1024, pattern=PAGE, advice=N_("页面路径要以 .html 结尾")),
        },
    ),
}


@dataclass(frozen=True)
class DraftPart:
    """One message as somebody wants it; `fields` as sendChatMessage has them, no `mediaid`."""

    msgtype: str
    fields: Mapping[str, str]
    material_id: int | None = None


@dataclass(frozen=True)
class Draft:
    """All that somebody may say about an item; `group_name` "" for none."""

    title: str
    group_name: str
    parts: tuple[DraftPart, ...]


def normalized(draft: Draft) -> Draft:
    """Write the same draft in the one way in which it is compared and kept."""
    return replace(
        draft,
        title=clean(draft.title).strip(),
        group_name=clean(draft.group_name).strip(),
        parts=tuple(_normalized_part(part) for part in draft.parts),
    )


def find_draft_faults(
    shelf: str, draft: Draft, kinds: Mapping[int, str], *, unread: Collection[int] = ()
) -> list[Fault]:
    """Say everything that is wrong with a normalized draft.

    `kinds` tells of what kind those materials are that may be used; `unread` are the numbers, from
    1, of parts that have been found wrong already.
    """
    return [
        *_name_faults(shelf, draft),
        *_count_faults(shelf, draft),
        *_parts_faults(shelf, draft.parts, kinds, unread=unread),
    ]


def _normalized_part(part: DraftPart) -> DraftPart:
    is_text = part.msgtype == "text"
    fields = {
        key: one_kind_of_line_end(value) if is_text else clean(value).strip()
        for key, value in part.fields.items()
    }
    return replace(part, fields={key: value for key, value in fields.items() if value})


def _name_faults(shelf: str, draft: Draft) -> Iterator[Fault]:
    # A material that is nothing yet would get its title from its file or link.
    if not draft.title and (draft.parts or shelf != "materials"):
        yield Fault(_("还没有标题"), field="title")
    for name, words, text, most in (
        ("title", N_("标题有 {count} 个字，最多 {most} 个"), draft.title, TITLE_LENGTH),
        (
            "group_name",
            N_("分组名称有 {count} 个字，最多 {most} 个"),
            draft.group_name,
            GROUP_LENGTH,
        ),
    ):
        if len(text) > most:
            yield Fault(_(words, count=len(text), most=most), field=name)


def _count_faults(shelf: str, draft: Draft) -> Iterator[Fault]:
    if not draft.parts:
        is_material = shelf == "materials"
        yield Fault(_("请先添加图片、视频、文件或链接") if is_material else _("还没有内容"))
    most = 1 if shelf == "materials" else MOST_PARTS
    if len(draft.parts) > most:
        yield Fault(_("有 {count} 条内容，最多 {most} 条", count=len(draft.parts), most=most))


def _parts_faults(
    shelf: str, parts: Sequence[DraftPart], kinds: Mapping[int, str], *, unread: Collection[int]
) -> Iterator[Fault]:
    for n, part in enumerate(parts, 1):
        for field, words in () if n in unread else _message_faults(shelf, part, kinds):
            yield Fault(words, n, field, of=len(parts))


def _message_faults(
    shelf: str, part: DraftPart, kinds: Mapping[int, str]
) -> Iterator[tuple[str, str]]:
    if shelf == "materials" and part.msgtype == "text":
        yield "", _("素材不能只是文字，文字请放到话术里")
        return
    yield from find_faults(
        FORMS, part.msgtype, part.fields, material_id=part.material_id, kinds=kinds
    )
    for key, value in part.fields.items():
        if part.msgtype != "text" and find_variables(value):
            yield key, _("变量只能写在文字里")
