"""What the console says about the app itself (dww/90227)."""

from app.sandbox.errors import Refused

from .call import Answer, Call, Endpoint


def agent_get(call: Call) -> Answer:
    """Return the app's settings."""
    agentid = call.query.get("agentid", "")
    if not agentid.isdigit():
        raise Refused(40056)
    if int(agentid) != call.app.agentid:
        raise Refused(301002)
    app = call.app
    seen = [userid for userid in call.world.members if app.sees(userid)]
    return {
        "agentid": app.agentid,
        "name": app.name,
        "square_logo_url": "https://wework.qpic.cn/sandbox/logo/0",
        "description": "",
        "allow_userinfos": {"user": [{"userid": userid} for userid in seen]},
        "allow_partys": {"partyid": [] if app.visible is not None else [1]},
        "close": int(app.closed),
        "redirect_domain": app.redirect_domain,
        "report_location_flag": 0,
        "isreportenter": 0,
        "home_url": "",
        "customized_publish_status": 1,
    }


ENDPOINTS = {"agent/get": Endpoint(agent_get)}
