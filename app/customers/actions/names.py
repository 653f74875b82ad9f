"""Names that an admin gives: of pipelines, stages, fields and their options."""

import secrets

from app.words import clean, is_seen

NAME_LENGTH = 32


def read_name(text: str, *, most: int = NAME_LENGTH) -> str:
    """Return what was typed as one line without what cannot be seen; "": it is no name."""
    name = " ".join(clean(" ".join(text.split())).split())
    return name if is_seen(name) and len(name) <= most else ""


def make_key(letter: str) -> str:
    """Make up what files call something by that was made in the admin web."""
    return f"{letter}{secrets.token_hex(5)}"
