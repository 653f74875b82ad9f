"""Access tokens and tickets (dww/91039, 96909)."""

import secrets

from app.sandbox.errors import Refused
from app.sandbox.world import App, Token, World

from .call import Answer, Call, Endpoint

LIFE_SECONDS = 7200
TOKEN_BYTES = 160


def gettoken(call: Call) -> Answer:
    """Return the app's token: the same one until it expires or is revoked."""
    app = _app_of(call)
    token = _living_token(call, app)
    left = max(int(token.expires_at - call.clock.time()), 0)
    return {"access_token": token.value, "expires_in": left or LIFE_SECONDS}


def get_jsapi_ticket(call: Call) -> Answer:
    """Return the corp's ticket, for config."""
    return _ticket(call, "corp", 0)


def ticket_get(call: Call) -> Answer:
    """Return the app's ticket, for agentConfig."""
    if call.query.get("type") != "agent_config":
        raise Refused(40058, "type")
    return _ticket(call, "agent", call.app.agentid)


def getcallbackip(call: Call) -> Answer:
    """Return the addresses that callbacks come from."""
    return {"ip_list": list(call.world.callback_ips)}


def get_api_domain_ip(call: Call) -> Answer:
    """Return the addresses of the API."""
    return {"ip_list": list(call.world.callback_ips)}


def check_token(world: World, value: str, now: float) -> App:
    """Return the app a token belongs to. Raises: Refused 41001, 40014, 42001."""
    if not value:
        raise Refused(41001)
    token = world.tokens.get(value)
    if token is None or token.revoked:
        raise Refused(40014)
    if now >= token.expires_at:
        raise Refused(42001)
    return world.apps[token.agentid]


def revoke(world: World) -> None:
    """Void every token before its time, as WeCom may."""
    with world.lock:
        for token in world.tokens.values():
            token.revoked = True


def _app_of(call: Call) -> App:
    corpid, secret = call.query.get("corpid"), call.query.get("corpsecret")
    if not corpid:
        raise Refused(41002)
    if not secret:
        raise Refused(41004)
    if corpid != call.world.corp_id:
        raise Refused(40013)
    for app in call.world.apps.values():
        if app.secret == secret:
            return app
    raise Refused(40001)


def _living_token(call: Call, app: App) -> Token:
    now = call.clock.time()
    for token in call.world.tokens.values():
        if token.agentid == app.agentid and not token.revoked and now < token.expires_at:
            return token
    token = Token(secrets.token_urlsafe(TOKEN_BYTES), app.agentid, now + LIFE_SECONDS)
    call.world.tokens[token.value] = token
    return token


def _ticket(call: Call, kind: str, agentid: int) -> Answer:
    now = call.clock.time()
    value, expires_at = call.world.tickets.get((kind, agentid), ("", 0.0))
    if now >= expires_at:
        value, expires_at = f"{kind}-{secrets.token_urlsafe(60)}", now + LIFE_SECONDS
        call.world.tickets[kind, agentid] = value, expires_at
    return {"ticket": value, "expires_in": int(expires_at - now)}


ENDPOINTS = {
    "gettoken": Endpoint(gettoken, token=False),
    "get_jsapi_ticket": Endpoint(get_jsapi_ticket),
    "ticket/get": Endpoint(ticket_get),
    "getcallbackip": Endpoint(getcallbackip),
    "get_api_domain_ip": Endpoint(get_api_domain_ip),
}
