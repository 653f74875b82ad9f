"""App messages (应用消息) to members: developer.work.weixin.qq.com/document/path/90235."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.wecom.answers import Answer
from app.wecom.client import WeComClient


@dataclass(frozen=True, kw_only=True)
class SentMessage:
    """What WeCom took: `msgid` recalls it; the lists name whom it does not reach.

    WeCom may give ids back in lower case. `response_code` updates a card once.
    """

    msgid: str
    invaliduser: tuple[str, ...]
    invalidparty: tuple[str, ...]
    invalidtag: tuple[str, ...]
    unlicenseduser: tuple[str, ...]
    response_code: str | None


def send(
    client: WeComClient, message: Mapping[str, Any], *, within: float | None = None
) -> SentMessage:
    """Send an app message; our agentid is added.

    Beyond 30 a minute or 1000 an hour to one member WeCom drops messages and says nothing. Against
    doubles set `enable_duplicate_check` and `duplicate_check_interval` (seconds, at most 4 hours).

    Raises:
        NoSuchRelation: none of the receivers is a member whom the app sees (81013).

    Source: developer.work.weixin.qq.com/document/path/90236
    """
    data = {**message, "agentid": client.agent_id}
    answer = Answer("message/send", client.post("message/send", data=data, within=within))
    return SentMessage(
        msgid=answer.optional("msgid") or "",
        invaliduser=answer.names("invaliduser"),
        invalidparty=answer.names("invalidparty"),
        invalidtag=answer.names("invalidtag"),
        unlicenseduser=answer.names("unlicenseduser"),
        response_code=answer.filled("response_code"),
    )


def update_card(
    client: WeComClient,
    *,
    userids: Sequence[str],
    response_code: str,
    replace_name: str,
    within: float | None = None,
) -> None:
    """Have the buttons of a card give way to one that says `replace_name` and cannot be pressed.

    Raises:
        BadRequest: the code is used up, or older than a day (60140).

    Source: developer.work.weixin.qq.com/document/path/94888
    """
    data = {
        "userids": list(userids),
        "agentid": client.agent_id,
        "response_code": response_code,
        "button": {"replace_name": replace_name},
    }
    client.post("message/update_template_card", data=data, within=within)
