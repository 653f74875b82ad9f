"""Texts of strangers, made fit to be shown and sent: what cannot be seen is taken out."""

import unicodedata

# Marks that turn the direction of the text around them; a name could hide what follows it.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
UNWANTED = frozenset({"Cc", "Cs", "Zl", "Zp"})
UNSEEN = UNWANTED | {"Cf", "Cn", "Co", "Me", "Mn", "Zs"}
# Characters that count as letters and show nothing.
BLANK = frozenset("\u2800\u3164\u115f\u1160\uffa0")


def clean(value: str) -> str:
    """Take out control characters, line ends and direction marks."""
    return "".join(
        ch for ch in value if unicodedata.category(ch) not in UNWANTED and ch not in TURNING
    )


def is_seen(text: str) -> bool:
    """Tell whether any of it shows anything."""
    return any(unicodedata.category(ch) not in UNSEEN and ch not in BLANK for ch in text)


def visible(text: str, *, lines: bool = False) -> str:
    """Clean a stranger's text; "" when nothing of it could be seen."""
    parts = text.splitlines() if lines else [text]
    cleaned = "\n".join(clean(part) for part in parts).strip()
    return cleaned if is_seen(cleaned) else ""


def letter_of(name: str) -> str:
    """Return the character that stands for a name without a picture."""
    seen = [ch for ch in name if is_seen(ch)]
    letters = [ch for ch in seen if ch.isalnum()]
    return (letters or seen)[0].upper()[:1]
