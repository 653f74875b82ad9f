"""Texts that people read: Chinese in the code, other languages from `app/translations`.

`_("…")` translates now; `N_("…")` only marks a text that is translated when it is shown.
Knows no Flask, so that jobs and commands speak the same language as pages.
"""

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

TRANSLATIONS = Path(__file__).parent / "translations"

LANGUAGES = ("zh", "en")

_language = ["zh"]
_reader: ContextVar[str | None] = ContextVar("reader", default=None)


def use_language(language: str) -> None:
    """Speak `language` ("zh" or "en") from now on, in this process."""
    _language[0] = language


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Speak `language` to one reader, for as long as this lasts; None: the process' own."""
    token = _reader.set(language if language in LANGUAGES else None)
    try:
        yield
    finally:
        _reader.reset(token)


def spoken() -> str:
    """Return the language that is spoken now."""
    return _reader.get() or _language[0]


def _(text: str, /, **values: object) -> str:
    """Translate `text` and fill its `{name}` places with `values`."""
    translated = _catalogue(spoken()).gettext(text)
    return translated.format(**values) if values else translated


def N_(text: str, /) -> str:  # noqa: N802 -- gettext's own name, which extraction looks for
    """Mark `text` for the catalogue; whoever shows it translates it."""
    return text


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("messages", TRANSLATIONS, languages=[language], fallback=True)
