"""What every panel reads of a request: who asks how, ids in forms, the time where the corp is."""

from flask import current_app, request

from sidebar.panels.showing import Times

DIGITS = 18
# PostgreSQL does not even look for what fits into no INTEGER.
MOST = 2**31 - 1


def is_htmx() -> bool:
    """Tell whether a fragment is asked for; else a browser opened an address or sent a form."""
    return request.headers.get("HX-Request") == "true"


def number(text: str | None) -> int:
    """Read an id or a count from a form; what is none is 0, which is nobody's."""
    found = moment(text)
    return found if found <= MOST else 0


def moment(text: str | None) -> int:
    """Read what a browser's clock said, in milliseconds, from a form; what is none is 0."""
    fits = text is not None and text.isascii() and text.isdigit() and len(text) <= DIGITS
    return int(text) if text and fits else 0


def times() -> Times:
    """Return how times read now, in the corp's zone."""
    return Times.of(current_app.extensions["banke_runtime"].config.server.zone)
