"""What a check is given (`Exam`) and what it gives (`Finding`). Judges nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TypeVar

from app.config import Config
from app.i18n import _
from app.wecom import agent, department, external_contact
from app.wecom.client import connect_wecom
from app.wecom.errors import WeComError
from app.wecom.ticket import Tickets

T = TypeVar("T")

# The first question also asks for a token; a WeCom that does not answer by then is out of reach.
QUICK_SECONDS = 8.0
UNTRUSTED_IP = 60020


class Mark(StrEnum):
    """How a check ended."""

    GOOD = "✓"
    NOTE = "!"
    BAD = "✗"
    LEFT = "–"


@dataclass(frozen=True)
class Finding:
    """One line: how it is, what is wrong and what to do, and the page of the console for it.

    `about` tells which of several things the check looked at. Holds no secret.
    """

    mark: Mark
    words: str
    console: str | None = None
    about: str = ""


def good(words: str, *, about: str = "") -> Finding:
    """Say that all is well."""
    return Finding(Mark.GOOD, words, about=about)


def note(words: str, *, console: str | None = None) -> Finding:
    """Say what works less well than it could."""
    return Finding(Mark.NOTE, words, console)


def bad(words: str, *, console: str | None = None, about: str = "") -> Finding:
    """Say what does not work."""
    return Finding(Mark.BAD, words, console, about)


def refused(error: WeComError) -> Finding:
    """Say what WeCom refused, in the words of our table of its numbers."""
    return Finding(Mark.BAD, error.plain, error.console)


def left() -> Finding:
    """Say that another fault has to be put right before this can be looked at."""
    return Finding(Mark.LEFT, _("先解决上面的问题"))


class Exam:
    """The configuration, and what WeCom answers: each question is asked once, when needed.

    The token is not shared with the running processes, so that the secret is really put to WeCom.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self._client = connect_wecom(config, None)

    @cached_property
    def app(self) -> agent.AgentDetail | WeComError:
        """Our app: the first question, which shows whether WeCom talks to us at all."""
        return _asked(lambda: agent.get(self._client, within=QUICK_SECONDS))

    @cached_property
    def follow_users(self) -> tuple[str, ...] | WeComError:
        """The members who may have customers."""
        return _asked(lambda: external_contact.get_follow_user_list(self._client))

    @cached_property
    def departments(self) -> tuple[department.DepartmentInfo, ...] | WeComError:
        """The departments that the app sees."""
        return _asked(lambda: department.list_all(self._client))

    @cached_property
    def tickets_refusal(self) -> WeComError | None:
        """Why WeCom gives no tickets, with which the sidebar's pages are signed."""
        tickets = Tickets(self._client)
        for ticket in (tickets.corp, tickets.agent):
            given = _asked(ticket)
            if isinstance(given, WeComError):
                return given
        return None

    @property
    def refusal(self) -> WeComError | None:
        """Why WeCom does not talk to us at all: no token, or not from this address."""
        app = self.app
        shut = isinstance(app, WeComError) and (
            app.api == "gettoken" or app.errcode == UNTRUSTED_IP
        )
        return app if isinstance(app, WeComError) and shut else None

    def clock_skew(self) -> float | None:
        """Return the seconds that our clock is ahead of WeCom's; None before an answer."""
        return self._client.clock_skew()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _asked(question: Callable[[], T]) -> T | WeComError:
    try:
        return question()
    except WeComError as error:
        return error
