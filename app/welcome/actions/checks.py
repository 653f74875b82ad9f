"""What a script may say, checked in words before it is saved: WeCom's limits count bytes.

Source: developer.work.weixin.qq.com/document/path/92137
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.i18n import N_, _
from app.materials.models import Material
from app.welcome.queries.scripts import Attachment, Draft, Rule
from app.welcome.queries.texts import (
    MAX_BYTES,
    VARIABLES,
    braces_match,
    find_unknown_variables,
    size,
)
from app.welcome.queries.windows import DAYS, Window, find_faults

MAX_NAME = 64
MAX_ATTACHMENTS = 9
MAX_TARGET = {"state": 128, "member": 64, "department": 10, "default": 0}
RETURNING = ("same", "none", "text")


@dataclass(frozen=True)
class _Field:
    word: str
    max_bytes: int
    required: bool = True
    pattern: re.Pattern[str] | None = None
    is_url: bool = False


@dataclass(frozen=True)
class _Type:
    """One msgtype: its fields, and the kind of the material that it carries or may carry."""

    word: str
    fields: Mapping[str, _Field]
    material: str | None = None
    instead_of_material: str | None = None


TYPES: Mapping[str, _Type] = {
    "image": _Type(
        N_("图片"),
        {"pic_url": _Field(N_("图片网址"), 1024, required=False, is_url=True)},
        material="image",
        instead_of_material="pic_url",
    ),
    "link": _Type(
        N_("链接"),
        {
            "title": _Field(N_("标题"), 128),
            "url": _Field(N_("网址"), 2048, is_url=True),
            "desc": _Field(N_("描述"), 512, required=False),
            "picurl": _Field(N_("封面网址"), 2048, required=False, is_url=True),
        },
    ),
    "miniprogram": _Type(
        N_("小程序"),
        {
            "title": _Field(N_("标题"), 64),
            "appid": _Field("appid", 64, pattern=re.compile(r"wx[0-9A-Za-z]{16}")),
            "page": _Field(N_("页面路径"), 1024),
        },
        material="image",
    ),
    "video": _Type(N_("视频"), {}, material="video"),
    "file": _Type(N_("文件"), {}, material="file"),
}


def normalized(draft: Draft) -> Draft:
    """Write the same draft in the one way in which it is compared and kept."""
    rules: dict[Rule, None] = {}
    for rule in draft.rules:
        rules[_normalized_rule(rule)] = None
    return replace(
        draft,
        name=draft.name.strip(),
        content=_one_kind_of_line_end(draft.content),
        returning_content=(
            _one_kind_of_line_end(draft.returning_content) if draft.returning == "text" else ""
        ),
        rules=tuple(rules),
        attachments=tuple(
            replace(one, fields={key: value.strip() for key, value in one.fields.items() if value})
            for one in draft.attachments
        ),
    )


def find_draft_faults(session: Session, draft: Draft, *, unread: Collection[int] = ()) -> list[str]:
    """Say everything that is wrong with a normalized draft.

    `unread` are the numbers, from 1, of attachments that have been found wrong already.
    """
    return [
        *_name_faults(draft.name),
        *_text_faults(draft.content, _("文字")),
        *_returning_faults(draft),
        *([] if draft.content or draft.attachments else [_("文字和附件不能都为空")]),
        *_attachments_faults(draft.attachments, _kinds(session, draft), unread=unread),
        *(fault for rule in draft.rules for fault in _rule_faults(rule)),
    ]


def _normalized_rule(rule: Rule) -> Rule:
    target = rule.target.strip()
    return Rule(
        scope=rule.scope,
        target=target.casefold() if rule.scope == "member" else target,
        windows=tuple(_normalized_window(window) for window in rule.windows),
    )


def _normalized_window(window: Window) -> Window:
    known = tuple(day for day in DAYS if day in window.days)
    unknown = tuple(day for day in window.days if day not in DAYS)
    return replace(window, days=known + unknown)


def _one_kind_of_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _name_faults(name: str) -> Iterator[str]:
    if not name:
        yield _("脚本没有名称")
    if len(name) > MAX_NAME:
        yield _("名称有 {count} 个字，最多 {most} 个", count=len(name), most=MAX_NAME)


def _text_faults(text: str, words: str) -> Iterator[str]:
    if size(text) > MAX_BYTES:
        yield _(
            "{words}有 {size} 字节，最多 {most} 字节（一个汉字 3 字节）",
            words=words,
            size=size(text),
            most=MAX_BYTES,
        )
    known = _("、").join(VARIABLES)
    for name in find_unknown_variables(text):
        yield _(
            "{words}里的变量「{name}」不存在，可用的有：{known}",
            words=words,
            name=name,
            known=known,
        )
    if not braces_match(text):
        yield _("{words}里的双花括号没有配对，变量要写成「{{{{客户昵称}}}}」这样", words=words)


def _returning_faults(draft: Draft) -> Iterator[str]:
    if draft.returning not in RETURNING:
        yield _("重新添加的客户：只能是 same、none 或另一段文字")
    if draft.returning == "text":
        words = _("给重新添加的客户的文字")
        if not draft.returning_content:
            yield _("{words}是空的；不想发送请用 none", words=words)
        yield from _text_faults(draft.returning_content, words)


def _kinds(session: Session, draft: Draft) -> dict[int, str]:
    wanted = [one.material_id for one in draft.attachments if one.material_id is not None]
    rows = session.execute(select(Material.id, Material.kind).where(Material.id.in_(wanted)))
    return {row.id: row.kind for row in rows}


def _attachments_faults(
    attachments: Sequence[Attachment], kinds: Mapping[int, str], *, unread: Collection[int]
) -> Iterator[str]:
    if len(attachments) > MAX_ATTACHMENTS:
        yield _("有 {count} 个附件，最多 {most} 个", count=len(attachments), most=MAX_ATTACHMENTS)
    for n, attachment in enumerate(attachments, 1):
        for fault in () if n in unread else _attachment_faults(attachment, kinds):
            yield _("第 {n} 个附件：{fault}", n=n, fault=fault)


def _attachment_faults(attachment: Attachment, kinds: Mapping[int, str]) -> Iterator[str]:
    form = TYPES.get(attachment.msgtype)
    if form is None:
        known = _("、").join(TYPES)
        yield _("类型「{name}」不能用，可用的有：{known}", name=attachment.msgtype, known=known)
        return
    for key in attachment.fields:
        if key not in form.fields:
            yield _("{type}没有「{key}」这一项", type=_(form.word), key=key)
    for key, field in form.fields.items():
        yield from _field_faults(attachment.fields.get(key, ""), field)
    yield from _material_faults(attachment, form, kinds)


def _field_faults(value: str, field: _Field) -> Iterator[str]:
    word = _(field.word)
    if not value:
        if field.required:
            yield _("缺少{word}", word=word)
        return
    if size(value) > field.max_bytes:
        yield _(
            "{word}有 {size} 字节，最多 {most} 字节",
            word=word,
            size=size(value),
            most=field.max_bytes,
        )
    if field.is_url and not _is_web_address(value):
        yield _("{word}要以 https:// 或 http:// 开头", word=word)
    if field.pattern is not None and not field.pattern.fullmatch(value):
        yield _("{word}的格式不对", word=word)


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", value)
    )


def _material_faults(
    attachment: Attachment, form: _Type, kinds: Mapping[int, str]
) -> Iterator[str]:
    if attachment.material_id is None:
        if form.material and not attachment.fields.get(form.instead_of_material or ""):
            yield _("{type}没有选择素材", type=_(form.word))
        return
    if form.material is None:
        yield _("{type}不带素材", type=_(form.word))
    elif attachment.material_id not in kinds:
        yield _("素材已不存在")
    elif kinds[attachment.material_id] != form.material:
        kind = _(TYPES[form.material].word)
        yield _("{type}的素材要是{kind}", type=_(form.word), kind=kind)


def _rule_faults(rule: Rule) -> Iterator[str]:
    if rule.scope not in MAX_TARGET:
        yield _("适用范围「{scope}」不存在", scope=rule.scope)
        return
    if rule.scope != "default" and not rule.target:
        yield _("适用范围没有写渠道、员工或部门")
    if len(rule.target) > MAX_TARGET[rule.scope]:
        yield _("适用范围「{target}」太长", target=rule.target)
    if rule.scope == "department" and not re.fullmatch(r"[1-9]\d{0,9}", rule.target):
        yield _("部门「{target}」要写成部门的编号", target=rule.target)
    for window in rule.windows:
        yield from find_faults(window)
