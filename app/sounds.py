"""How Chinese words sound (拼音), so that they are found by what is typed on a Latin keyboard."""

import os

MOST_CHARACTERS = 32
# Of one character at a time another reading is taken than its first: so many at most.
MOST_READINGS = 24
MOST_LENGTH = 1000

# Its dictionary of phrases would tell which reading fits, for 45 MB more in every process that
# ever needs one word: all readings do as well where somebody looks for initials.
os.environ["PYPINYIN_NO_PHRASES"] = "true"


def sounds_of(text: str) -> str:
    """Return the initials and the pinyin of a short text: 银行 is "yh yx yinxing".

    What is not Chinese stays as it is, folded and without blanks. At most MOST_LENGTH characters.
    """
    # Its dictionary takes 11 MB: only who writes a title reads it, not who looks for one.
    from pypinyin import Style, lazy_pinyin, pinyin  # noqa: PLC0415

    words = "".join(text.casefold().split())[:MOST_CHARACTERS]
    letters = [
        list(dict.fromkeys(readings))
        for readings in pinyin(words, style=Style.FIRST_LETTER, heteronym=True)
    ]
    usual = [readings[0] for readings in letters]
    initials = ["".join(usual)] + [
        "".join([*usual[:place], other, *usual[place + 1 :]])
        for place, (_first, *others) in enumerate(letters)
        for other in others
    ]
    return " ".join([*initials[:MOST_READINGS], "".join(lazy_pinyin(words))])[:MOST_LENGTH]
