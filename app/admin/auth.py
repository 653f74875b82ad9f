"""Signing in to the admin web: WeCom's web login, or a link made on the server's command line.

A session is a row of ours; the browser holds its token in a cookie. Whoever changes anything must
come from a page of ours and bring that page's CSRF token.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from urllib.parse import urlencode, urlsplit

from flask import Request, Response, after_this_request

from app import clock
from app.accounts.actions import (
    SESSION_LIFE,
    close_session,
    note_seen,
    open_session,
    use_login_link,
)
from app.accounts.queries import digest_of, find_signed_in
from app.admin.pages.parts import Admin
from app.admin.problems import Problem, problem_of
from app.config import Config
from app.cookies import Jar, PendingSignIn, SignIns, find_of_state, new_sign_in
from app.errors import NotFound
from app.members.models import Member
from app.members.sign_in import CODE, Exchanges, SignInRefused, find_present
from app.runtime import Runtime
from app.turns import Pace, Recent
from app.wecom.errors import TryAgainLater, WeComError

ROOT = "/admin/"
SIGN_IN = "/admin/sign-in"
SIGNED_IN = "/admin/signed-in"
COOKIE, SIGN_IN_COOKIE = "banke_admin", "banke_admin_sign_in"
CSRF_HEADER, CSRF_FIELD, CSRF_PURPOSE = "X-CSRF-Token", "csrf_token", "admin.csrf"
SAME = frozenset({"same-origin", "none"})
# Of one address: links that are tried. Nobody types one more than a few times.
LINKS_A_SECOND, LINKS_AT_ONCE = 0.1, 5
ADDRESSES_REMEMBERED = 2000
# So long after a sign-in nobody is asked for another one, whatever he does.
PROOF_LIFE = timedelta(minutes=10)
OWN_PATH = re.compile(r"/admin/[A-Za-z0-9_/-]*(\?[\w%&=.~+:,-]*)?", re.ASCII)


def _links() -> Pace:
    return Pace(LINKS_A_SECOND, burst=LINKS_AT_ONCE)


class Gate:
    """Signs in and out, and tells who is signed in."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._jar = Jar(runtime.config)
        self._sign_ins = SignIns(self._jar, name=SIGN_IN_COOKIE, purpose="admin.sign_in")
        self._exchanges = Exchanges(runtime)
        self._links: Recent[str, Pace] = Recent(_links, most=ADDRESSES_REMEMBERED)

    def find_admin(self, request: Request) -> Admin | None:
        """Return who makes this request; None for one whose session or role has ended."""
        token = self._jar.plain(request, COOKIE)
        if not token:
            return None
        with self._runtime.db.read() as session:
            found = find_signed_in(session, token)
        if found is None:
            return None
        if found.is_seldom_seen:
            self._runtime.db.commit(partial(note_seen, digest=found.session.digest))
        return Admin(
            userid=found.userid,
            name=found.name,
            role=found.role,
            digest=found.session.digest,
            proved_at=found.session.proved_at,
            origin=origin_of(request),
        )

    def csrf_token(self, admin: Admin) -> str:
        """Return what every POST of this session has to bring."""
        return self._runtime.sealer.fingerprint(admin.digest, purpose=CSRF_PURPOSE)

    def require_own_page(self, request: Request, admin: Admin | None) -> None:
        """Refuse a change that no page of ours asks for.

        Raises:
            Problem: foreign.
        """
        if not _is_same_site(request, self._runtime.config):
            raise Problem("foreign", reason="origin")
        if admin is None:
            return
        given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
        if not hmac.compare_digest(given.encode(), self.csrf_token(admin).encode()):
            raise Problem("foreign", reason="csrf")

    def begin(self, request: Request, next_path: str) -> Response:
        """Lead to WeCom's page with the QR code."""
        pending = new_sign_in(next_path)
        response = sent_to(login_url(self._runtime.config, pending.state), 302)
        self._sign_ins.write(response, [*self._sign_ins.read(request), pending])
        return response

    def finish(self, request: Request) -> Response:
        """Take WeCom's answer and sign its member in.

        Raises:
            Problem: sign_in_failed, not_a_member, no_role, or what WeCom's refusal comes to.
        """
        pending = self._sign_ins.read(request)
        ours = find_of_state(pending, request.args.get("state", ""))
        code = request.args.get("code", "")
        if ours is None or not CODE.fullmatch(code):
            raise Problem("sign_in_failed", reason="state" if ours is None else "code")
        try:
            member = self._exchanges.find_member(ours.state, code)
        except TryAgainLater as error:
            raise problem_of(error) from None
        except (WeComError, SignInRefused) as error:
            self._spend(pending, ours)
            raise _told(error) from None
        self._spend(pending, ours)
        return self._let_in(request, member, way="wecom", next_path=ours.next_path)

    def use_link(self, request: Request) -> Response:
        """Sign in whoever brings the token of a login link.

        Raises:
            Problem: too_many, link_spent, no_role.
        """
        if not self._links.of(origin_of(request)).take():
            raise Problem("too_many", reason="links")
        token = request.form.get("link", "")[:100]
        userid = self._runtime.db.commit(partial(use_login_link, token=token))
        member = find_present(self._runtime, userid) if userid else None
        if member is None:
            raise Problem("link_spent")
        return self._let_in(request, member, way="link", next_path=ROOT)

    def sign_out(self, admin: Admin) -> Response:
        """End this session."""
        self._runtime.db.commit(partial(close_session, userid=admin.userid, digest=admin.digest))
        response = sent_to(SIGN_IN, 303)
        self._jar.delete(response, COOKIE)
        return response

    def _let_in(self, request: Request, member: Member, *, way: str, next_path: str) -> Response:
        work = partial(
            open_session,
            member=member,
            origin=origin_of(request),
            agent=name_agent(request.user_agent.string),
            way=way,
        )
        try:
            token = self._runtime.db.commit(work)
        except NotFound:
            raise Problem("no_role") from None
        # The session from before, if there is one, ends with its token.
        old = self._jar.plain(request, COOKIE)
        if old:
            end = partial(close_session, userid=member.userid, digest=digest_of(old))
            self._runtime.db.commit(end)
        response = sent_to(next_path, 303)
        seconds = int(SESSION_LIFE.total_seconds())
        self._jar.write_plain(response, COOKIE, token, seconds=seconds)
        return response

    def _spend(self, pending: list[PendingSignIn], ours: PendingSignIn) -> None:
        """Have the answer to this request, a problem too, take the state out of the cookie."""
        left = [one for one in pending if one is not ours]

        @after_this_request
        def write(response: Response) -> Response:
            self._sign_ins.write(response, left)
            return response


@dataclass(frozen=True)
class _Program:
    mark: str
    name: str


# The first that fits; others say that they are these, too.
BROWSERS = (
    _Program("wxwork/", "企业微信"),
    _Program("Edg/", "Edge"),
    _Program("Firefox/", "Firefox"),
    _Program("Chrome/", "Chrome"),
    _Program("Safari/", "Safari"),
)
SYSTEMS = (
    _Program("iPhone", "iPhone"),
    _Program("iPad", "iPad"),
    _Program("Android", "Android"),
    _Program("Windows", "Windows"),
    _Program("Mac OS X", "macOS"),
    _Program("Linux", "Linux"),
)


def name_agent(agent: str) -> str:
    """Say in two words what browser it is: what its owner would recognize it by."""
    names = [
        next((program.name for program in programs if program.mark in agent), "")
        for programs in (BROWSERS, SYSTEMS)
    ]
    return " · ".join(filter(None, names))


def login_url(config: Config, state: str) -> str:
    """Build the address of WeCom's web login.

    Source: developer.work.weixin.qq.com/document/path/98152
    """
    query = {
        "login_type": "CorpApp",
        "appid": config.wecom.corp_id,
        "agentid": config.wecom.agent_id,
        "redirect_uri": f"{config.server.base_url}{SIGNED_IN}",
        "state": state,
    }
    return f"{config.wecom.login_base}/wwlogin/sso/login?{urlencode(query)}"


def is_own_path(path: str) -> bool:
    """Tell whether an address leads to a page of the admin web, and nowhere else."""
    return bool(OWN_PATH.fullmatch(path))


def needs_to_prove(admin: Admin) -> bool:
    """Tell whether it is too long ago that he showed who he is, for what asks for more."""
    return admin.proved_at < clock.utcnow() - PROOF_LIFE


def origin_of(request: Request) -> str:
    """Return where a request comes from: the proxy, behind one that `server.proxies` leaves out."""
    return (request.remote_addr or "")[:64]


def sent_to(address: str, status: int) -> Response:
    """Lead to another address."""
    return Response(status=status, headers={"Location": address})


def _told(error: WeComError | SignInRefused) -> Problem:
    if isinstance(error, WeComError):
        return problem_of(error)
    kind = "not_a_member" if error.is_no_member else "sign_in_failed"
    return Problem(kind, reason=error.reason)


def _is_same_site(request: Request, config: Config) -> bool:
    """Tell whether a page of ours sends this; old browsers say so by the Origin alone."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in SAME:
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return site is not None
    ours = urlsplit(config.server.base_url)
    return origin == f"{ours.scheme}://{ours.netloc}"
