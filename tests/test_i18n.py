"""Texts for people: the English catalogue has every one of them."""

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from app.i18n import TRANSLATIONS

ROOT = Path(__file__).parent.parent
CATALOGUE = TRANSLATIONS / "en" / "LC_MESSAGES" / "messages.po"
PLACES = re.compile(r"\{\w+\}")


def used_texts() -> set[str]:
    texts: set[str] = set()
    methods = [("**.py", "python"), ("**.html", "jinja2")]
    for folder in ("app", "callbacks", "sidebar"):
        for found in extract_from_dir(ROOT / folder, methods, keywords={"_": None, "N_": None}):
            texts.add(str(found[2]))
    return texts


def test_every_text_is_translated_with_its_places() -> None:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    for text in used_texts():
        message = catalogue.get(text)
        assert message is not None, text
        translated = str(message.string)
        assert translated, text
        assert set(PLACES.findall(text)) == set(PLACES.findall(translated)), text


def test_the_catalogue_holds_nothing_unused() -> None:
    with CATALOGUE.open("rb") as file:
        known = {str(message.id) for message in read_po(file) if message.id}
    assert known <= used_texts()
