"""What may go wrong with a call to WeCom, by what the caller should do about it.

Which number means which of these, and in which words, stands in `codes.py`.
"""

from app.errors import BankeError
from app.i18n import N_, _

MAX_ERRMSG = 300


class WeComError(BankeError):
    """A call that WeCom refused or that never reached it.

    `errmsg` is WeCom's own English text without secrets; it may hold our IP and WeCom's hint id,
    so it is for records and not for pages. `plain` and `console` are for people.
    """

    def __init__(
        self,
        sentence: str,
        *,
        api: str,
        errcode: int | None = None,
        errmsg: str = "",
        console: str | None = None,
        values: dict[str, str] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.api = api
        self.errcode = errcode
        self.errmsg = errmsg[:MAX_ERRMSG]
        self._sentence = sentence
        self._console = console
        self._values = values or {}

    @property
    def plain(self) -> str:
        """One sentence that says what is wrong, in the reader's language."""
        return _(self._sentence, **self._values)

    @property
    def sentence(self) -> str:
        """What `plain` says, still to be worded: for keeping."""
        return self._sentence

    @property
    def console(self) -> str | None:
        """The page of WeCom's admin console (管理后台) to open, and what to do there."""
        return _(self._console) if self._console else None

    def value(self, name: str) -> str:
        """Return what WeCom itself named, such as the "ip" that it does not trust, or nothing."""
        return self._values.get(name, "")

    def __str__(self) -> str:
        number = "" if self.errcode is None else f" {self.errcode}"
        return f"{self.plain} ({self.api}{number})"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.api!r}, errcode={self.errcode!r})"


class TryAgainLater(WeComError):
    """It may work in `retry_after` seconds.

    `may_have_happened` tells that the call may have taken effect although this came back.
    """

    retry_after = 1.0
    may_have_happened = False


class Unanswered(TryAgainLater):
    """The call was sent and no answer came: it may have taken effect."""

    may_have_happened = True


class TokenRejected(TryAgainLater):
    """The token is not valid. The client renews it; callers see this only if that was no use."""


class WelcomeBeingSent(TryAgainLater):
    """Another app of the corp is sending the welcome right now (41096); it may yet fail."""


class MissingPermission(WeComError):
    """The app may not do this until an admin changes something: stop, and tell him where."""


class NoSuchRelation(WeComError):
    """Whom or what we mean is not there for us: our own row is stale."""


class WelcomeCodeSpent(WeComError):
    """The welcome_code is of no more use: `expired` (41050), or else somebody greeted (41051)."""

    @property
    def expired(self) -> bool:
        """Whether the code is unknown or older than 20 seconds."""
        return self.errcode == 41050  # noqa: PLR2004 -- WeCom's number for it


class BadMedia(WeComError):
    """The media_id is unknown or older than three days: upload the file again."""


class BadRequest(WeComError):
    """WeCom refuses this and will go on doing so: a mistake of ours, or of what was put in."""


def unreachable(api: str) -> TryAgainLater:
    """Build the error for a call that could not be sent."""
    return TryAgainLater(
        N_("连不上企业微信：请检查本服务器的网络、DNS 和防火墙出口"),
        api=api,
    )


def insecure(api: str) -> TryAgainLater:
    """Build the error for an address whose certificate does not hold."""
    return TryAgainLater(
        N_("与企业微信的加密连接没有建立起来：请检查本服务器的时间和出口代理的证书"),
        api=api,
    )


def unanswered(api: str) -> Unanswered:
    """Build the error for a call that was sent and got no answer."""
    return Unanswered(N_("企业微信没有及时回答，请求可能已经生效"), api=api)


def garbled(api: str, what: str) -> TryAgainLater:
    """Build the error for an answer that is not WeCom's; `what` says in a few words why not."""
    error = TryAgainLater(
        N_("收到的回答不是企业微信的格式：请检查 wecom.api_base 和出口代理"),
        api=api,
        errmsg=what,
    )
    error.may_have_happened = True
    return error


def too_busy(api: str, retry_after: float) -> TryAgainLater:
    """Build the error for a call that we held back ourselves: there was no turn for it in time."""
    error = TryAgainLater(N_("调用企业微信的次数接近上限，已排队稍后再试"), api=api)
    error.retry_after = retry_after
    return error
