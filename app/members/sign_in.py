"""Who came from WeCom's sign-in: the exchange of its code for a member, as doors need it."""

import re
from dataclasses import dataclass

from app.errors import Refused
from app.i18n import N_, _
from app.members.jobs import sync_member
from app.members.models import Member
from app.members.queries import ACTIVE, find_member
from app.runtime import Runtime
from app.turns import RETRY_SECONDS, Pace, Recent, Turns
from app.wecom import auth
from app.wecom.errors import BadRequest, TryAgainLater, WeComError, too_busy

CODE = re.compile(r"[\w.~+/=-]{1,512}", re.ASCII)
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

REASONS = {
    "spent": N_("这次登录的凭证已经用过"),
    "code": N_("企业微信没有认可这次登录的凭证"),
    "visitor": N_("来的人不是本企业的成员"),
    "unseen": N_("这位成员不在本应用的可见范围内"),
}


class SignInRefused(Refused):
    """Nobody is signed in. `reason`: a key of REASONS; `error` what WeCom said, if it did."""

    def __init__(self, reason: str, error: WeComError | None = None) -> None:
        super().__init__(_(REASONS[reason]))
        self.reason = reason
        self.error = error

    @property
    def is_no_member(self) -> bool:
        """Whether the code was good, and its bearer is none of ours."""
        return self.reason in {"visitor", "unseen"}


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
            SignInRefused: the answer is spent, or leads to no member.
        """
        with self._turns.taken(GETUSERINFO):
            answer = self._answers.of(state)
            if answer.is_spent or answer.tries >= MOST_TRIES:
                raise SignInRefused("spent")
            if not self._pace.take():
                raise too_busy(GETUSERINFO, RETRY_SECONDS)
            answer.tries += 1
            try:
                member = _exchanged(self._runtime, code)
            except (WeComError, SignInRefused) as error:
                answer.is_spent = not isinstance(error, TryAgainLater)
                raise
            answer.is_spent = True
            return member


def find_present(runtime: Runtime, userid: str) -> Member | None:
    """Find a member who is here and active."""
    with runtime.db.read() as session:
        member = find_member(session, userid)
    is_here = member is not None and member.status == ACTIVE and member.removed_at is None
    return member if is_here else None


def _exchanged(runtime: Runtime, code: str) -> Member:
    try:
        visitor = auth.getuserinfo(runtime.wecom, code, within=EXCHANGE_SECONDS)
    except BadRequest as error:
        raise SignInRefused("code", error) from None
    if visitor.userid is None:
        raise SignInRefused("visitor")
    member = find_present(runtime, visitor.userid) or _asked_for(runtime, visitor.userid)
    if member is None:
        raise SignInRefused("unseen")
    return member


def _asked_for(runtime: Runtime, userid: str) -> Member | None:
    """Read somebody from WeCom whom we do not know yet, or do not know to be back."""
    sync_member(runtime, userid, within=SYNC_SECONDS)
    return find_present(runtime, userid)
