"""Tickets of the JS-SDK (jsapi_ticket): developer.work.weixin.qq.com/document/path/96909.

WeCom gives 400 an hour to a corp and 100 to an app, so they are kept as tokens are. What is signed
with the corp's serves `config`, what is signed with the app's serves `agentConfig`; the one does
not do for the other (42012, 40093).
"""

from app.wecom.answers import Answer
from app.wecom.client import WeComClient
from app.wecom.tokens import Issued, Secret, SecretState


class Tickets:
    """The two tickets of a client's app, each shared by all processes."""

    def __init__(self, client: WeComClient) -> None:
        self._client = client
        self._corp = client.shared("jsapi_ticket", self._fetched_corp)
        self._agent = client.shared("agent_ticket", self._fetched_agent)

    def corp(self, *, within: float | None = None) -> Secret:
        """Return the corp's ticket, for `config`, in at most `within` seconds.

        Raises:
            WeComError: WeCom gives none, or not in time.
        """
        return self._corp.get(within=within)

    def agent(self, *, within: float | None = None) -> Secret:
        """Return the app's ticket, for `agentConfig`; as `corp` otherwise."""
        return self._agent.get(within=within)

    def states(self) -> tuple[SecretState | None, SecretState | None]:
        """Tell how both stand, the corp's and the app's, fetching none."""
        return self._corp.state(), self._agent.state()

    def _fetched_corp(self, within: float) -> Issued:
        return _issued("get_jsapi_ticket", self._client.get("get_jsapi_ticket", within=within))

    def _fetched_agent(self, within: float) -> Issued:
        params = {"type": "agent_config"}
        return _issued("ticket/get", self._client.get("ticket/get", params=params, within=within))


def _issued(api: str, fields: object) -> Issued:
    answer = Answer(api, fields)
    return Issued(value=answer.text("ticket"), expires_in=answer.integer("expires_in"))
