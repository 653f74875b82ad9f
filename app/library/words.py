"""What a search looks through: folded, so that width and case of letters do not matter. Pure."""

import unicodedata

from app.library.models import WORDS_LENGTH


def fold(text: str) -> str:
    """Write a text in the one way in which it is searched."""
    return unicodedata.normalize("NFKC", text).casefold()


def fold_all(title: str, texts: list[str]) -> str:
    """Fold a title and texts into one, the title first; what is too long for it is cut."""
    return fold("\n".join([title, *texts]))[:WORDS_LENGTH]
