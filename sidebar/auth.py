"""Signing members in: OAuth on the server, and who is signed in at a request.

A page without a session leads to WeCom, which leads back to `/sidebar/signed-in` with a code; what
the page wanted is kept in the browser's own cookie under a one-time state, so an answer is good
for the browser that asked and for one time. The page itself sees neither code nor state.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Request, Response, after_this_request

from app.config import Config
from app.cookies import PendingSignIn, find_of_state, new_sign_in
from app.members.models import Member
from app.members.sign_in import CODE, Exchanges, SignInRefused, find_present
from app.runtime import Runtime
from app.wecom.errors import TryAgainLater, WeComError
from sidebar.problems import Problem, problem_of
from sidebar.session import Cookies, MemberSession, new_session

ROOT = "/sidebar/"
SIGNED_IN = "/sidebar/signed-in"
# Pages of ours, and nothing that a browser could read as another host or another place.
OWN_PATH = re.compile(r"/sidebar/(?:[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*/?)?")
MAX_PATH = 300


@dataclass(frozen=True)
class SignedIn:
    """A member who is here, and the session he came with."""

    member: Member
    session: MemberSession


def find_signed_in(runtime: Runtime, cookies: Cookies, request: Request) -> SignedIn | None:
    """Return who makes this request; None too for a member who is gone since he signed in."""
    session = cookies.read_session(request)
    if session is None:
        return None
    member = find_present(runtime, session.userid)
    return SignedIn(member, session) if member and member.stay == session.stay else None


def begin_sign_in(config: Config, cookies: Cookies, request: Request) -> Response:
    """Lead to WeCom, which knows the member without asking him (snsapi_base)."""
    pending = new_sign_in(own_path(request.path))
    response = sent_to(authorize_url(config, pending.state), 302)
    cookies.write_sign_ins(response, [*cookies.read_sign_ins(request), pending])
    return response


def finish_sign_in(
    runtime: Runtime, cookies: Cookies, exchanges: Exchanges, request: Request
) -> Response:
    """Take WeCom's answer: sign its member in and lead to the page that he wanted.

    Raises:
        Problem: sign_in_failed, not_a_member, or what WeCom's refusal comes to. Its button leads to
            a sign-in anew, and never to this answer again.
    """
    pending = cookies.read_sign_ins(request)
    ours = find_of_state(pending, request.args.get("state", ""))
    code = request.args.get("code", "")
    if ours is None or not CODE.fullmatch(code):
        if find_signed_in(runtime, cookies, request):
            # Somebody went back to the answer that signed him in.
            return sent_to(ROOT, 303)
        reason = "state" if ours is None else "code"
        raise Problem("sign_in_failed", reason=reason, href=ours.next_path if ours else ROOT)
    try:
        member = exchanges.find_member(ours.state, code)
    except TryAgainLater as error:
        raise problem_of(error, href=ours.next_path) from None
    except (WeComError, SignInRefused) as error:
        _spend(cookies, pending, ours)
        raise _leading_on(error, ours.next_path) from None
    _spend(cookies, pending, ours)
    response = sent_to(ours.next_path, 303)
    cookies.write_session(response, _session_for(cookies, request, member))
    return response


def authorize_url(config: Config, state: str) -> str:
    """Build the address of WeCom's sign-in.

    Source: developer.work.weixin.qq.com/document/path/91022
    """
    query = {
        "appid": config.wecom.corp_id,
        "redirect_uri": f"{config.server.base_url}{SIGNED_IN}",
        "response_type": "code",
        "scope": "snsapi_base",
        "state": state,
        "agentid": config.wecom.agent_id,
    }
    base = config.wecom.oauth_base
    return f"{base}/connect/oauth2/authorize?{urlencode(query)}#wechat_redirect"


def sent_to(address: str, status: int) -> Response:
    """Lead to another address."""
    # No body: it would write code or state once more, and no browser shows it.
    return Response(status=status, headers={"Location": address})


def own_path(path: str) -> str:
    """Return this path if it is one of the sidebar's pages, else the frame's."""
    is_ours = len(path) <= MAX_PATH and OWN_PATH.fullmatch(path) and path != SIGNED_IN
    return path if is_ours else ROOT


def is_in_wecom(request: Request) -> bool:
    """Tell whether it looks like WeCom's client. A hint for wording, and no proof of anything."""
    return "wxwork/" in request.headers.get("User-Agent", "").lower()


def _leading_on(error: WeComError | SignInRefused, href: str) -> Problem:
    if isinstance(error, WeComError):
        return problem_of(error, href=href)
    kind = "not_a_member" if error.is_no_member else "sign_in_failed"
    return Problem(kind, reason=error.reason, error=error.error, href=href)


def _spend(cookies: Cookies, pending: list[PendingSignIn], ours: PendingSignIn) -> None:
    """Have the answer to this request, a problem too, take the state out of the cookie."""
    left = [one for one in pending if one is not ours]

    @after_this_request
    def write(response: Response) -> Response:
        cookies.write_sign_ins(response, left)
        return response


def _session_for(cookies: Cookies, request: Request, member: Member) -> MemberSession:
    """Go on with his session if he has one: his other web views hold its CSRF token."""
    current = cookies.read_session(request)
    is_his = current and (current.userid, current.stay) == (member.userid, member.stay)
    return current if current and is_his else new_session(member.userid, member.stay)
