"""Who a visitor is (dww/91023): codes from the sign-in page, once and for five minutes."""

from app.sandbox.errors import Refused
from app.sandbox.world import OauthCode, World

from .call import Answer, Call, Endpoint

CODE_SECONDS = 300


def new_code(world: World, who: str, now: float) -> str:
    """Return a fresh code for a member (userid) or a visitor (external_userid or openid)."""
    with world.lock:
        code = OauthCode(world.new_id("", length=43), who, now)
        world.oauth_codes[code.code] = code
        return code.code


def getuserinfo(call: Call) -> Answer:
    """Return the member behind a code, or what is known of a visitor who is none."""
    text = call.query.get("code")
    if not text:
        raise Refused(41008)
    code = call.world.oauth_codes.get(text)
    if code is None:
        raise Refused(40029)
    if code.used:
        raise Refused(42022)
    if call.clock.time() - code.at >= CODE_SECONDS:
        raise Refused(42003)
    code.used = True
    return _identity(call, code.who)


def _identity(call: Call, who: str) -> Answer:
    member = call.world.find_member(who)
    if member:
        return {"userid": member.userid}
    openid = f"o{who[-27:]}"
    if call.world.followers(who):
        return {"openid": openid, "external_userid": who}
    return {"openid": openid}


ENDPOINTS = {"auth/getuserinfo": Endpoint(getuserinfo)}
