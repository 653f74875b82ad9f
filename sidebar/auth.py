"""Signing members in: OAuth on the server, and who is signed in at a request.

A page without a session leads to WeCom, which leads back to `/sidebar/signed-in` with a code; what
the page wanted is kept in the browser's own cookie under a one-time state, so an answer is good
for the browser that asked and for one time. The page itself sees neither code nor state.
"""

import hmac
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Request, Response, after_this_request

from app.config import Config
from app.members.jobs import sync_member
from app.members.models import Member
from app.members.queries import ACTIVE, find_member
from app.runtime import Runtime
from app.wecom import auth
from app.wecom.errors import BadRequest, TryAgainLater, WeComError, too_busy
from sidebar.problems import Problem, problem_of
from sidebar.session import Cookies, MemberSession, PendingSignIn, new_session, new_sign_in
from sidebar.turns import RETRY_SECONDS, Pace, Recent, Turns

ROOT = "/sidebar/"
SIGNED_IN = "/sidebar/signed-in"
# Pages of ours, and nothing that a browser could read as another host or another place.
OWN_PATH = re.compile(r"/sidebar/(?:[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*/?)?")
CODE = re.compile(r"[\w.~+/=-]{1,512}", re.ASCII)
MAX_PATH = 300
GETUSERINFO = "auth/getuserinfo"

EXCHANGE_SECONDS = 4.0
SYNC_SECONDS = 2.5
# Anybody can have us ask WeCom what a made-up code is worth: so often at most, and so many at once.
EXCHANGES_A_SECOND = 20.0
EXCHANGES_AT_ONCE = 8
# An answer may be taken again while WeCom is busy, and not for ever.
MOST_TRIES = 3
# More than that pace lets begin while a state is good.
STATES_REMEMBERED = 20_000


@dataclass(frozen=True)
class SignedIn:
    """A member who is here, and the session he came with."""

    member: Member
    session: MemberSession


@dataclass(eq=False)
class _Answer:
    """What became of the answer to a state so far."""

    tries: int = 0
    is_spent: bool = False


class Exchanges:
    """Asks WeCom who has come with a code, as often as this process lets strangers have it asked.

    A browser keeps its states in a cookie, which it could bring again and again: what was tried is
    remembered here.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._turns = Turns(EXCHANGES_AT_ONCE)
        self._pace = Pace(EXCHANGES_A_SECOND, burst=EXCHANGES_A_SECOND)
        self._answers: Recent[str, _Answer] = Recent(_Answer, most=STATES_REMEMBERED)

    def find_member(self, state: str, code: str) -> Member:
        """Return the member whom WeCom sent with this answer.

        The answer is spent when WeCom has said something about the code. While it is busy it stays
        good, for three tries in all.

        Raises:
            WeComError: what WeCom said, or that there is no turn for it.
            Problem: sign_in_failed, not_a_member.
        """
        with self._turns.taken(GETUSERINFO):
            answer = self._answers.of(state)
            if answer.is_spent or answer.tries >= MOST_TRIES:
                raise Problem("sign_in_failed", reason="spent")
            if not self._pace.take():
                raise too_busy(GETUSERINFO, RETRY_SECONDS)
            answer.tries += 1
            try:
                member = _exchanged(self._runtime, code)
            except (WeComError, Problem) as error:
                answer.is_spent = not isinstance(error, TryAgainLater)
                raise
            answer.is_spent = True
            return member


def find_signed_in(runtime: Runtime, cookies: Cookies, request: Request) -> SignedIn | None:
    """Return who makes this request; None too for a member who is gone since he signed in."""
    session = cookies.read_session(request)
    if session is None:
        return None
    member = _present(runtime, session.userid)
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
    ours = _of_state(pending, request.args.get("state", ""))
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
    except (WeComError, Problem) as error:
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


def _leading_on(error: WeComError | Problem, href: str) -> Problem:
    problem = problem_of(error) if isinstance(error, WeComError) else error
    problem.href = href
    return problem


def _of_state(pending: list[PendingSignIn], state: str) -> PendingSignIn | None:
    given = state.encode()
    return next((p for p in pending if hmac.compare_digest(p.state.encode(), given)), None)


def _spend(cookies: Cookies, pending: list[PendingSignIn], ours: PendingSignIn) -> None:
    """Have the answer to this request, a problem too, take the state out of the cookie."""
    left = [one for one in pending if one is not ours]

    @after_this_request
    def write(response: Response) -> Response:
        cookies.write_sign_ins(response, left)
        return response


def _exchanged(runtime: Runtime, code: str) -> Member:
    try:
        visitor = auth.getuserinfo(runtime.wecom, code, within=EXCHANGE_SECONDS)
    except BadRequest as error:
        raise Problem("sign_in_failed", reason="code", error=error) from None
    if visitor.userid is None:
        raise Problem("not_a_member", reason="visitor")
    member = _present(runtime, visitor.userid) or _asked_for(runtime, visitor.userid)
    if member is None:
        raise Problem("not_a_member", reason="unseen")
    return member


def _asked_for(runtime: Runtime, userid: str) -> Member | None:
    """Read somebody from WeCom whom we do not know yet, or do not know to be back."""
    sync_member(runtime, userid, within=SYNC_SECONDS)
    return _present(runtime, userid)


def _present(runtime: Runtime, userid: str) -> Member | None:
    with runtime.db.read() as session:
        member = find_member(session, userid)
    is_here = member is not None and member.status == ACTIVE and member.removed_at is None
    return member if is_here else None


def _session_for(cookies: Cookies, request: Request, member: Member) -> MemberSession:
    """Go on with his session if he has one: his other web views hold its CSRF token."""
    current = cookies.read_session(request)
    is_his = current and (current.userid, current.stay) == (member.userid, member.stay)
    return current if current and is_his else new_session(member.userid, member.stay)
