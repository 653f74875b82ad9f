"""Who a visitor is (身份验证): developer.work.weixin.qq.com/document/path/91022 is the chapter."""

from dataclasses import dataclass

from app.wecom.answers import Answer
from app.wecom.client import WeComClient


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who came with a code: a member (`userid`), or somebody who is none.

    WeCom tells the `external_userid` only of a customer whom a visible member follows.
    """

    userid: str | None
    openid: str | None
    external_userid: str | None


def getuserinfo(client: WeComClient, code: str, *, within: float | None = None) -> Visitor:
    """Exchange the code of an OAuth answer, which WeCom takes once and for five minutes.

    Never tried twice here: the answer to a used code would hide what the first one was.

    Raises:
        BadRequest: the code is unknown (40029), too old (42003) or used (42022).
        MissingPermission: the app may not sign anybody in.

    Source: developer.work.weixin.qq.com/document/path/91023
    """
    answer = client.get("auth/getuserinfo", params={"code": code}, within=within)
    found = Answer("auth/getuserinfo", answer)
    return Visitor(
        userid=found.filled("userid") or found.filled("UserId"),
        openid=found.filled("openid") or found.filled("OpenId"),
        external_userid=found.filled("external_userid"),
    )
