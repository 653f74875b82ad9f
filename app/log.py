"""Logs: one JSON line an event on standard error, without secrets and without people.

`get_logger(__name__).info("what_happened", key=value)`. A value under a key that may hold a secret
or personal data is masked whatever the caller meant; ids of people are written as a short hash.
"""

import hashlib
import logging
import re
import sys
import threading
import traceback
from collections import Counter
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

from app import clock

# Keys whose values never reach a log line.
MASKED = re.compile(
    r"token|secret|password|ticket|cookie|authorization|aes_key|signature|echostr|nonce"
    r"|welcome_code|^code$|name|remark|mobile|phone|email|avatar|description|content|text|body|url",
    re.IGNORECASE,
)
# Keys whose values are pseudonyms: hashed, so that lines about one person can still be joined.
HASHED = frozenset({"userid", "external_userid", "chat_id", "userids", "recipient"})
# In free text (an exception's): what looks like a parameter with a secret in it.
SECRETS_IN_TEXT = re.compile(
    r"(?i)((?:access_token|corpsecret|secret|code|welcome_code|ticket|msg_signature|echostr"
    r"|password)[\"']?\s*[=:]\s*[\"']?)[^\s&\"',}]+"
)
# The reserved words of structlog itself and words that only look like a person's.
PLAIN = frozenset({"event", "level", "timestamp", "where", "error_name", "reaction_name"})

MOST_TEXT = 2000

EventDict = MutableMapping[str, Any]


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module."""
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger(where=name))


class Tally:
    """Logs what strangers can cause at will: one line in `every` seconds, with counts by reason."""

    def __init__(self, event: str, *, every: float) -> None:
        self._event = event
        self._every = every
        self._counts: Counter[str] = Counter()
        self._next_at = 0.0
        self._lock = threading.Lock()

    def note(self, reason: str) -> None:
        """Count one more; write a line if it is time for one."""
        with self._lock:
            self._counts[reason] += 1
            now = clock.monotonic()
            if now < self._next_at:
                return
            self._next_at = now + self._every
            counts, self._counts = dict(self._counts), Counter()
        get_logger(__name__).warning(self._event, counts=counts)


def hashed(identity: str) -> str:
    """Shorten an id of a person to eight hex digits for a log line."""
    return hashlib.sha256(identity.encode()).hexdigest()[:8]


def configure_logging(level: str = "INFO") -> None:
    """Send every line, our libraries' too, through the same renderer and filters."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        show_where,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Lines(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    renderer = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(_Lines(sys.stderr))
    handler.setFormatter(renderer)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel("WARNING")


class _Lines:
    """Where lines go. One that finds no room is lost, and whoever logged it goes on.

    A full disk, or a reader who has gone, must not end the thread that has something to say.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write a line, if that can be."""
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        """Have it be seen, if that can be."""
        with suppress(OSError):
            self._file.flush()


def show_where(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """Turn an exception into the places it passed, without its text: drivers put values there."""
    given = line.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        places = traceback.extract_tb(error.__traceback__)
        line["where_it_failed"] = [f"{p.filename}:{p.lineno} {p.name}" for p in places[-12:]]
        line["error_name"] = type(error).__name__
    return line


def redact(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """Mask, hash and scrub one line."""
    for key, value in line.items():
        if key in PLAIN or value is None or isinstance(value, bool):
            line[key] = scrub(value) if isinstance(value, str) else value
        elif key in HASHED:
            line[key] = [hashed(str(v)) for v in value] if _many(value) else hashed(str(value))
        elif MASKED.search(key):
            line[key] = "…"
        elif isinstance(value, str):
            line[key] = scrub(value)
    return line


def scrub(text: str) -> str:
    """Take secrets out of free text and keep it on one line."""
    text = text[:MOST_TEXT]
    return SECRETS_IN_TEXT.sub(r"\1…", text).replace("\r", "\\r").replace("\n", "\\n")


def _many(value: Any) -> bool:
    return isinstance(value, (list, tuple, set, frozenset))
