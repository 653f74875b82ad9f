"""Signatures for the JS-SDK, for addresses of our own sidebar and for nobody else's.

WeCom signs the address as the browser has it, so the browser sends it and it is signed untouched;
whatever is not plainly a page of ours is refused, or this would sign for anybody.
"""

import re
import secrets
from typing import Any
from urllib.parse import urlsplit

from app import clock
from app.config import Config
from app.wecom.crypto import sign_jsapi
from app.wecom.ticket import Tickets

MAX_URL = 1024
# For each of the two; the page waits ten seconds for both.
TICKET_SECONDS = 2.5
# Our addresses hold letters, digits, - and _ only. WeCom may hang a query on them, in which no
# other address can stand: the text that is signed joins its parts with & and =, so a query such as
# ?&timestamp=1&url=https://… would be a signature for that address too.
PLACE = re.compile(r"/sidebar/(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]*(?:\?[A-Za-z0-9_=&.%~+-]*)?")
DEFAULT_PORTS = {"http": 80, "https": 443}


def make_signatures(config: Config, tickets: Tickets, url: str) -> dict[str, Any]:
    """Return what `ww.register` wants, for a page of ours.

    Raises:
        WeComError: WeCom gives no ticket, or not in time.
    """
    return {
        "corpId": config.wecom.corp_id,
        "agentId": config.wecom.agent_id,
        "config": _signed(tickets.corp(within=TICKET_SECONDS).value, url),
        "agentConfig": _signed(tickets.agent(within=TICKET_SECONDS).value, url),
    }


def is_own_address(base_url: str, url: object) -> bool:
    """Tell whether this is the address of a sidebar page, as a browser spells it."""
    if not isinstance(url, str) or len(url) > MAX_URL:
        return False
    own = origin(base_url)
    place = url.removeprefix(own)
    return place != url and bool(PLACE.fullmatch(place))


def origin(base_url: str) -> str:
    """Return scheme, host and port as a browser spells them."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").encode("idna").decode()
    host = f"[{host}]" if ":" in host else host
    is_default = parts.port in {None, DEFAULT_PORTS.get(parts.scheme)}
    return f"{parts.scheme}://{host}" if is_default else f"{parts.scheme}://{host}:{parts.port}"


def _signed(ticket: str, url: str) -> dict[str, Any]:
    timestamp, nonce = int(clock.utcnow().timestamp()), secrets.token_hex(8)
    signature = sign_jsapi(ticket, noncestr=nonce, timestamp=timestamp, url=url)
    return {"timestamp": timestamp, "nonceStr": nonce, "signature": signature}
