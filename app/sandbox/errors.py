"""WeCom's error answers: the numbers, their English phrases and the form of `errmsg`.

The form carries a hint and the caller's address, as the real one does, so that whoever logs or
parses it meets both.
"""

import secrets
import time
from typing import Any

PHRASES = {
    -1: "system busy",
    40001: "invalid credential",
    40003: "invalid userid",
    40004: "invalid media type",
    40005: "invalid file type",
    40006: "invalid file size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40029: "invalid code",
    40031: "invalid userid list",
    40033: "invalid charset. please check your request, if include \\uxxxx will create fail!",
    40035: "invalid parameter",
    40056: "invalid agentid",
    40058: "invalid Request Parameter",
    40063: "some parameters are empty",
    40068: "invalid tagid",
    40071: "invalid tag name",
    40096: "invalid external userid",
    40126: "corp tag count out of limit",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "corpsecret missing",
    41005: "media data missing",
    41006: "media_id missing",
    41008: "missing code",
    41049: "welcome_code missing",
    41050: "invalid welcome code",
    41051: "externaluser has started chatting",
    41064: "too many attachments",
    41065: "invalid attachment type",
    41096: "welcome msg is being distributed",
    42001: "access_token expired",
    42003: "code expired",
    42014: "invalid task_id",
    42022: "code has been used",
    43001: "require GET method",
    43002: "require POST method",
    44004: "empty content",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45009: "api freq out of limit",
    45033: "api concurrent out of limit",
    46004: "user not exist",
    47001: "data format error",
    48002: "api forbidden",
    49008: "group chat is dismissed",
    50001: "redirect_url not registered",
    60003: "department not found",
    60011: "no privilege to access/modify contact/party/agent",
    60020: "not allow to access from your ip",
    60111: "userid not found",
    60140: "invalid response_code",
    81013: "user & party & tag all invalid",
    81017: "request size out of limit",
    82001: "recipients all empty",
    84061: "not external contact",
    86003: "chat_id not exist",
    301002: "no permission to access the agent",
    404001: "the sandbox does not answer this api",
}


class Refused(Exception):
    """WeCom answers with this errcode instead of doing what was asked."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        super().__init__(errcode, detail)
        self.errcode = errcode
        self.detail = detail


def refusal(errcode: int, ip: str, *, detail: str = "") -> dict[str, Any]:
    """Return the JSON body of an error answer, in WeCom's form."""
    phrase = PHRASES.get(errcode, "error")
    if detail:
        phrase = f"{phrase}, {detail}"
    hint = f"{int(time.time())}_{secrets.randbelow(900) + 1}_{secrets.token_hex(16)}"
    return {
        "errcode": errcode,
        "errmsg": (
            f"{phrase}, hint: [{hint}], from ip: {ip}, more info at "
            f"https://open.work.weixin.qq.com/devtool/query?e={errcode}"
        ),
    }
