"""Sending a script to a member, so that he sees on his own phone what customers would get."""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from app import texts
from app.errors import Refused
from app.i18n import _
from app.materials.jobs import push_media
from app.materials.queries import find_media_id
from app.runtime import Runtime
from app.wecom import message
from app.welcome.actions.checks import normalized
from app.welcome.queries.previews import build_sample
from app.welcome.queries.scripts import Attachment, Draft

# What one app message takes of a text (developer.work.weixin.qq.com/document/path/90236).
MOST_BYTES = 2048
MEDIA = frozenset({"image", "video", "file"})


def send_trial(runtime: Runtime, draft: Draft, userid: str) -> int:
    """Send what a customer would get, filled with invented names; return how many messages.

    Raises:
        Refused: there is nothing to send, or a file is not at WeCom and cannot be brought there.
        WeComError: WeCom did not take one of them.
    """
    draft = normalized(draft)
    wanted = [one.material_id for one in draft.attachments if one.material_id]
    push_media(runtime, wanted)
    bodies = list(_bodies(runtime, draft, runtime.config.server.zone))
    if not bodies:
        raise Refused(_("还没有写文字，也没有附件"))
    for body in bodies:
        message.send(runtime.wecom, {"touser": userid, **body})
    return len(bodies)


def _bodies(runtime: Runtime, draft: Draft, zone: ZoneInfo) -> Iterator[Mapping[str, Any]]:
    if draft.content:
        text = texts.cut(build_sample(draft.content, zone), MOST_BYTES)
        yield {"msgtype": "text", "text": {"content": text}}
    for attachment in draft.attachments:
        yield _body(runtime, attachment)


def _body(runtime: Runtime, attachment: Attachment) -> Mapping[str, Any]:
    fields = attachment.fields
    if attachment.msgtype in MEDIA and attachment.material_id:
        kind = attachment.msgtype
        return {"msgtype": kind, kind: {"media_id": _media_id(runtime, attachment.material_id)}}
    if attachment.msgtype == "miniprogram":
        notice = {"appid": fields.get("appid", ""), "page": fields.get("page", "")}
        title = fields.get("title", "")
        return {"msgtype": "miniprogram_notice", "miniprogram_notice": {**notice, "title": title}}
    article = {
        "title": fields.get("title") or fields.get("pic_url", ""),
        "description": fields.get("desc", ""),
        "url": fields.get("url") or fields.get("pic_url", ""),
        "picurl": fields.get("picurl") or fields.get("pic_url", ""),
    }
    return {"msgtype": "news", "news": {"articles": [article]}}


def _media_id(runtime: Runtime, material_id: int) -> str:
    with runtime.db.read() as session:
        media_id = find_media_id(session, material_id)
    if media_id is None:
        raise Refused(_("有一个文件还没有传到企业微信，请稍后再试"))
    return media_id
