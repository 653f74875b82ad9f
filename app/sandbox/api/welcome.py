"""Welcome messages (欢迎语, dww/92137): a code, once, for 20 seconds.

A code is taken when the call arrives and spent when it acts, so that another call with a code of
the same friendship meets 41096 in between and 41051 afterwards.
"""

from typing import Any

from app.sandbox.clock import monotonic
from app.sandbox.errors import Refused
from app.sandbox.records import WelcomeRecord
from app.sandbox.world import WelcomeCode

from .call import Answer, Call, Endpoint
from .media import check_media

WINDOW_SECONDS = 20
TEXT_BYTES = 4000
ATTACHMENTS_MOST = 9

# What an attachment of each type must have, and the longest texts in bytes.
REQUIRED = {
    "image": (),
    "link": ("title", "url"),
    "miniprogram": ("title", "pic_media_id", "appid", "page"),
    "video": ("media_id",),
    "file": ("media_id",),
}
LONGEST = {("link", "title"): 128, ("link", "desc"): 512, ("miniprogram", "title"): 64}


def begin_welcome(call: Call) -> None:
    """Check the message and take the code. Raises: Refused."""
    if not call.body.get("welcome_code"):
        raise Refused(41049)
    _check_content(call)
    code = call.world.codes.get(str(call.body["welcome_code"]))
    # The code of another app's callback is unknown to this one.
    if code is None or code.agentid != call.app.agentid:
        raise Refused(41050)
    _take(call, code)
    call.notes["code"] = code
    call.notes["arrived"] = monotonic()


def send_welcome_msg(call: Call) -> Answer:
    """Deliver the message to the customer and write it into the ledger."""
    code: WelcomeCode = call.notes["code"]
    code.greeting.status = "done"
    event = call.ledger.event(code.event_id)
    first_sent = event.first_sent if event else None
    arrived: float = call.notes["arrived"]
    call.ledger.add(
        WelcomeRecord(
            code=code.code,
            userid=code.userid,
            external_userid=code.external_userid,
            text=_text(call.body),
            attachments=call.body.get("attachments") or [],
            event_id=code.event_id,
            ms_from_event=(arrived - code.monotonic) * 1000,
            ms_from_delivery=None if first_sent is None else (arrived - first_sent) * 1000,
        )
    )
    return {}


def _take(call: Call, code: WelcomeCode) -> None:
    relation = call.world.find_relation(code.userid, code.external_userid)
    if code.greeting.status == "done" or (relation and relation.chatted):
        raise Refused(41051)
    if call.clock.time() - code.at > WINDOW_SECONDS:
        raise Refused(41050)
    if code.greeting.status == "sending":
        raise Refused(41096)
    code.greeting.status = "sending"


def _check_content(call: Call) -> None:
    text, attachments = _text(call.body), call.body.get("attachments") or []
    if not isinstance(attachments, list):
        raise Refused(40063, "attachments")
    if not text and not attachments:
        raise Refused(40058, "text and attachments both empty")
    if len(text.encode()) > TEXT_BYTES:
        raise Refused(45002)
    if len(attachments) > ATTACHMENTS_MOST:
        raise Refused(41064)
    for attachment in attachments:
        _check_attachment(call, attachment)


def _text(body: Answer) -> str:
    text = body.get("text") or {}
    if not isinstance(text, dict):
        raise Refused(40063, "text")
    return str(text.get("content") or "")


def _check_attachment(call: Call, attachment: Any) -> None:
    kind = attachment.get("msgtype") if isinstance(attachment, dict) else None
    if kind not in REQUIRED:
        raise Refused(41065)
    content = attachment.get(kind) or {}
    if not isinstance(content, dict) or not all(content.get(name) for name in REQUIRED[kind]):
        raise Refused(40063, kind)
    for (one, name), most in LONGEST.items():
        if one == kind and len(str(content.get(name, "")).encode()) > most:
            raise Refused(40058, f"{kind}.{name} too long")
    if kind == "image":
        _check_image(call, content)
    elif kind == "miniprogram":
        check_media(call, content["pic_media_id"], "image")
    elif kind != "link":
        check_media(call, content["media_id"], kind)


def _check_image(call: Call, image: Answer) -> None:
    """An image is a media_id, or else an address that uploadimg gave."""
    if image.get("media_id"):
        check_media(call, image["media_id"], "image")
    elif not image.get("pic_url"):
        raise Refused(40063, "image")
    elif image["pic_url"] not in call.world.image_urls:
        raise Refused(40058, "pic_url")


ENDPOINTS = {
    "externalcontact/send_welcome_msg": Endpoint(
        send_welcome_msg, "POST", customers=True, begin=begin_welcome
    )
}
