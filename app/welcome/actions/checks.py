"""What a script may say, checked in words before it is saved: WeCom's limits count bytes.

Source: developer.work.weixin.qq.com/document/path/92137
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.models import Stage, Tag
from app.i18n import N_, _
from app.materials.models import Material
from app.welcome.queries import windows
from app.welcome.queries.scripts import Attachment, Draft, Extras, Rule
from app.welcome.queries.windows import DAYS, Window
from app.wire_fields import Field, Form, find_faults, find_text_faults, one_kind_of_line_end

MAX_NAME = 64
MAX_ATTACHMENTS = 9
MAX_TARGET = {"state": 128, "member": 64, "department": 10, "default": 0}
RETURNING = ("same", "none", "text")


TYPES: Mapping[str, Form] = {
    "image": Form(
        N_("图片"),
        {"pic_url": Field(N_("图片网址"), 1024, required=False, is_url=True)},
        material="image",
        instead_of_material="pic_url",
    ),
    "link": Form(
        N_("链接"),
        {
            "title": Field(N_("标题"), 128),
            "url": Field(N_("网址"), 2048, is_url=True),
            "desc": Field(N_("描述"), 512, required=False),
            "picurl": Field(N_("封面网址"), 2048, required=False, is_url=True),
        },
    ),
    "miniprogram": Form(
        N_("小程序"),
        {
            "title": Field(N_("标题"), 64),
            "appid": Field("appid", 64, pattern=re.compile(r"wx[0-9A-Za-z]{16}")),
            "page": Field(N_("页面路径"), 1024),
        },
        material="image",
    ),
    "video": Form(N_("视频"), {}, material="video"),
    "file": Form(N_("文件"), {}, material="file"),
}


def normalized(draft: Draft) -> Draft:
    """Write the same draft in the one way in which it is compared and kept."""
    rules: dict[Rule, None] = {}
    for rule in draft.rules:
        rules[_normalized_rule(rule)] = None
    return replace(
        draft,
        name=draft.name.strip(),
        content=one_kind_of_line_end(draft.content),
        returning_content=(
            one_kind_of_line_end(draft.returning_content) if draft.returning == "text" else ""
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
        *find_text_faults(draft.content, _("文字")),
        *_returning_faults(draft),
        *([] if draft.content or draft.attachments else [_("文字和附件不能都为空")]),
        *_attachments_faults(draft.attachments, _kinds(session, draft), unread=unread),
        *(fault for rule in draft.rules for fault in _rule_faults(rule)),
        *_extras_faults(session, draft.extras),
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


def _name_faults(name: str) -> Iterator[str]:
    if not name:
        yield _("脚本没有名称")
    if len(name) > MAX_NAME:
        yield _("名称有 {count} 个字，最多 {most} 个", count=len(name), most=MAX_NAME)


def _returning_faults(draft: Draft) -> Iterator[str]:
    if draft.returning not in RETURNING:
        yield _("重新添加的客户：只能是 same、none 或另一段文字")
    if draft.returning == "text":
        words = _("给重新添加的客户的文字")
        if not draft.returning_content:
            yield _("{words}是空的；不想发送请用 none", words=words)
        yield from find_text_faults(draft.returning_content, words)


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
        if n in unread:
            continue
        for _field, fault in find_faults(
            TYPES,
            attachment.msgtype,
            attachment.fields,
            material_id=attachment.material_id,
            kinds=kinds,
        ):
            yield _("第 {n} 个附件：{fault}", n=n, fault=fault)


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
        yield from windows.find_faults(window)


def _extras_faults(session: Session, extras: Extras) -> Iterator[str]:
    yield from find_text_faults(extras.remark, _("备注"))
    found = session.scalars(
        select(Tag.tag_id).where(Tag.tag_id.in_(extras.tag_ids), Tag.removed_at.is_(None))
    )
    if set(extras.tag_ids) - set(found):
        yield _("添加后要打的标签里，有的已经删除了")
    if extras.stage_id is not None:
        stage = session.get(Stage, extras.stage_id)
        if stage is None or not stage.is_open:
            yield _("添加后要进入的阶段已经删除了")
