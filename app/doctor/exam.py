"""What a check is given (`Exam`) and what it gives (`Finding`). Judges nothing."""

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import clock
from app.config import Config
from app.data_keys import build_keys
from app.db import DATA_KEYS, Database
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

    `about` tells which of several things the check looked at. `paste`: what has to be put in there,
    to the letter. `code`: the call that WeCom refused, and its number. Holds no secret.
    """

    mark: Mark
    words: str
    console: str | None = None
    about: str = ""
    paste: str = ""
    code: str = ""


def good(words: str, *, about: str = "", paste: str = "") -> Finding:
    """Say that all is well."""
    return Finding(Mark.GOOD, words, about=about, paste=paste)


def note(words: str, *, console: str | None = None, about: str = "") -> Finding:
    """Say what works less well than it could."""
    return Finding(Mark.NOTE, words, console, about)


def bad(words: str, *, console: str | None = None, about: str = "", paste: str = "") -> Finding:
    """Say what does not work."""
    return Finding(Mark.BAD, words, console, about, paste)


def refused(error: WeComError) -> Finding:
    """Say what WeCom refused, in the words of our table of its numbers."""
    code = error.api if error.errcode is None else f"{error.api} {error.errcode}"
    return Finding(Mark.BAD, error.plain, error.console, paste=error.value("ip"), code=code)


def left() -> Finding:
    """Say that another fault has to be put right before this can be looked at."""
    return Finding(Mark.LEFT, _("先解决上面的问题"))


def is_missing(url: str) -> bool:
    """Tell whether it is an SQLite file that is not there: opening it would make an empty one."""
    parts = make_url(url)
    return (
        parts.get_backend_name() == "sqlite"
        and parts.database not in {None, "", ":memory:"}
        and not Path(str(parts.database)).exists()
    )


class Exam:
    """The configuration, and what WeCom answers: each question is asked once, when needed.

    The token is not shared with the running processes, so that the secret is really put to WeCom.
    Several threads may look at once. `seconds`: what all questions together may take.
    """

    def __init__(
        self, config: Config, *, db: Database | None = None, seconds: float | None = None
    ) -> None:
        self.config = config
        self._client = connect_wecom(config, None)
        self._db = db
        self._give_up_at = None if seconds is None else clock.monotonic() + seconds
        self._answers: dict[str, Any] = {}
        self._locks: dict[str, threading.Lock] = {}

    @property
    def app(self) -> agent.AgentDetail | WeComError:
        """Our app: the first question, which shows whether WeCom talks to us at all."""
        return self._once("app", lambda: agent.get(self._client, within=self.within(QUICK_SECONDS)))

    @property
    def follow_users(self) -> tuple[str, ...] | WeComError:
        """The members who may have customers."""
        return self._once(
            "follow_users",
            lambda: external_contact.get_follow_user_list(self._client, within=self.within()),
        )

    @property
    def departments(self) -> tuple[department.DepartmentInfo, ...] | WeComError:
        """The departments that the app sees."""
        return self._once(
            "departments", lambda: department.list_all(self._client, within=self.within())
        )

    @property
    def tickets_refusal(self) -> WeComError | None:
        """Why WeCom gives no tickets, with which the sidebar's pages are signed."""
        answer = self._once("tickets", self._asked_for_tickets)
        return answer if isinstance(answer, WeComError) else None

    @property
    def refusal(self) -> WeComError | None:
        """Why WeCom does not talk to us at all: no token, or not from this address."""
        app = self.app
        shut = isinstance(app, WeComError) and (
            app.api == "gettoken" or app.errcode == UNTRUSTED_IP
        )
        return app if isinstance(app, WeComError) and shut else None

    @property
    def is_over(self) -> bool:
        """Whether the time for all questions has run out."""
        return self._give_up_at is not None and clock.monotonic() >= self._give_up_at

    def within(self, most: float | None = None) -> float | None:
        """Return the seconds that a question may take, `most` if that is less; None: no limit."""
        if self._give_up_at is None:
            return most
        rest = max(0.1, self._give_up_at - clock.monotonic())
        return min(rest, QUICK_SECONDS if most is None else most)

    def clock_skew(self) -> float | None:
        """Return the seconds that our clock is ahead of WeCom's; None: it answers nothing."""
        # Whatever it says to the question, its answer bears the time.
        _answer = self.app
        return self._client.clock_skew()

    def read(self, question: Callable[[Session], T]) -> T | None:
        """Ask the database; None: it does not answer, or not with this version's tables."""
        if self._db is None and is_missing(self.config.database.url):
            return None
        try:
            if self._db is not None:
                with self._db.read() as session:
                    return question(session)
            with closing(Database(self.config.database.url)) as db:
                db.info[DATA_KEYS] = build_keys(self.config)
                with db.read() as session:
                    return question(session)
        except (SQLAlchemyError, OSError):
            return None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _once(self, name: str, question: Callable[[], T]) -> T | WeComError:
        with self._locks.setdefault(name, threading.Lock()):
            if name not in self._answers:
                self._answers[name] = _asked(question)
        return cast("T | WeComError", self._answers[name])

    def _asked_for_tickets(self) -> None:
        tickets = Tickets(self._client)
        for ticket in (tickets.corp, tickets.agent):
            ticket(within=self.within())


def _asked(question: Callable[[], T]) -> T | WeComError:
    try:
        return question()
    except WeComError as error:
        return error
