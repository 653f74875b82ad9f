"""Texts that people read: Chinese in the code, other languages from `app/translations`.

`_("…")` translates now; `N_("…")` only marks a text that is translated when it is shown.
Knows no Flask, so that jobs and commands speak the same language as pages.
"""

import gettext
from functools import cache
from pathlib import Path

TRANSLATIONS = Path(__file__).parent / "translations"

_language = ["zh"]


def use_language(language: str) -> None:
    """Speak `language` ("zh" or "en") from now on, in this process."""
    _language[0] = language


def _(text: str, /, **values: object) -> str:
    """Translate `text` and fill its `{name}` places with `values`."""
    translated = _catalogue(_language[0]).gettext(text)
    return translated.format(**values) if values else translated


def N_(text: str, /) -> str:  # noqa: N802 -- gettext's own name, which extraction looks for
    """Mark `text` for the catalogue; whoever shows it translates it."""
    return text


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("messages", TRANSLATIONS, languages=[language], fallback=True)
