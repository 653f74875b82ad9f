"""Texts of strangers, made fit for a message: what cannot be seen is taken out."""

import unicodedata

# Marks that turn the direction of the text around them; a name could hide what follows it.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
UNWANTED = frozenset({"Cc", "Cs", "Zl", "Zp"})


def clean(value: str) -> str:
    """Take out control characters, line ends and direction marks."""
    return "".join(
        ch for ch in value if unicodedata.category(ch) not in UNWANTED and ch not in TURNING
    )
