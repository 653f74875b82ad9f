"""Our app (应用) itself: developer.work.weixin.qq.com/document/path/90226 is the chapter."""

from dataclasses import dataclass

from app.wecom.answers import Answer
from app.wecom.client import WeComClient


@dataclass(frozen=True, kw_only=True)
class AgentDetail:
    """Our app as the console has it: who sees it, and the domain (可信域名) its pages may have."""

    agentid: int
    name: str
    redirect_domain: str | None
    home_url: str | None
    close: bool
    allow_userids: tuple[str, ...]
    allow_partyids: tuple[int, ...]
    allow_tagids: tuple[int, ...]


def get(client: WeComClient, *, within: float | None = None) -> AgentDetail:
    """Read our app's settings, in `within` seconds; without it, patiently.

    Raises:
        MissingPermission: secret and agentid are not of one app (301002), or there is no such app.

    Source: developer.work.weixin.qq.com/document/path/90227
    """
    params = {"agentid": client.agent_id}
    answer = Answer(
        "agent/get",
        client.get("agent/get", params=params, within=within, patient=within is None),
    )
    users = answer.part("allow_userinfos").parts("user")
    return AgentDetail(
        agentid=answer.integer("agentid"),
        name=answer.optional("name") or "",
        redirect_domain=answer.filled("redirect_domain"),
        home_url=answer.filled("home_url"),
        close=bool(answer.integer("close", 0)),
        allow_userids=tuple(user.text("userid") for user in users),
        allow_partyids=answer.part("allow_partys").integers("partyid"),
        allow_tagids=answer.part("allow_tags").integers("tagid"),
    )
