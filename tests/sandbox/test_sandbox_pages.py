"""The sandbox's pages: served, strict about what they load, and with all their words."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import requests

from app.sandbox.pages import build_pages, rewrite_html
from app.sandbox.server import Sandbox, SandboxServer

STATIC = Path(__file__).parents[2] / "app" / "sandbox" / "pages" / "static"
TEMPLATES = STATIC.parent / "templates"
SOURCES = sorted([*STATIC.glob("*.js"), *STATIC.glob("*.css"), *TEMPLATES.glob("*.html")])
# Keys that are put together: what they begin with.
MADE = ("act_", "attempt_", "bond_", "call_", "ends_", "event_", "key_", "step_", "tab_")
SVG = "http://www.w3.org/2000/svg"
WORD = re.compile(
    r'^  (\w+): \[(?:\n\s*)?"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)",?\s*\]', re.MULTILINE
)
UNSAFE = re.compile(r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(")
PLACE = re.compile(r"\{(\w+)\}")


class Document(HTMLParser):
    """Collects what a document loads and what stands in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []
        self._element = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._element = tag
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.inline.append(f"{tag} {name}")
            if name == "src" or (tag == "link" and name == "href"):
                self.loads.append(str(value))

    def handle_data(self, data: str) -> None:
        if self._element in ("script", "style") and data.strip():
            self.inline.append(self._element)
        self._element = ""


@pytest.fixture
def pages(box: Sandbox) -> Iterator[str]:
    with SandboxServer(box, pages=build_pages(box), rewrite_html=rewrite_html) as address:
        yield address


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def words() -> dict[str, tuple[str, str]]:
    text = (STATIC / "words.js").read_text(encoding="utf-8")
    return {key: (zh, en) for key, zh, en in WORD.findall(text)}


@pytest.mark.parametrize("path", ["/", "/sandbox/"])
def test_the_page_loads_only_what_the_sandbox_serves(
    browser: requests.Session, pages: str, path: str
) -> None:
    answer = browser.get(pages + path)
    assert answer.ok
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    document = Document(answer.text)
    assert document.inline == []
    assert len(document.loads) > 5
    for address in document.loads:
        assert browser.get(pages + address).ok, address


def test_modules_have_their_type_and_every_import_exists(
    browser: requests.Session, pages: str
) -> None:
    for module in STATIC.glob("*.js"):
        for name in re.findall(r'from "\./([\w.]+)"', module.read_text(encoding="utf-8")):
            assert (STATIC / name).exists(), f"{module.name} imports {name}"
    answer = browser.get(f"{pages}/sandbox/static/main.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_comes_in_the_language_and_theme_of_the_cookies(
    browser: requests.Session, pages: str
) -> None:
    plain = browser.get(pages).text
    assert '<html lang="zh-CN" data-theme="light">' in plain
    browser.cookies.clear()
    cookies = {"sandbox_language": "en", "sandbox_theme": "dark", "sandbox_member": "lisi"}
    chosen = browser.get(pages, cookies=cookies).text
    assert '<html lang="en" data-theme="dark">' in chosen
    assert 'data-userid="lisi"' in chosen


def test_the_first_visit_is_in_the_language_of_the_browser(
    browser: requests.Session, pages: str
) -> None:
    answer = browser.get(pages, headers={"Accept-Language": "en-GB,en;q=0.9,zh;q=0.5"})
    assert '<html lang="en"' in answer.text
    assert answer.cookies["sandbox_language"] == "en"
    assert '<html lang="en"' in browser.get(pages, headers={"Accept-Language": "zh"}).text


def test_a_cookie_with_something_else_in_it_is_not_repeated(
    browser: requests.Session, pages: str
) -> None:
    cookies = {"sandbox_language": "x1y", "sandbox_theme": "x1y", "sandbox_member": "x1y"}
    assert "x1y" not in browser.get(pages, cookies=cookies).text


def test_the_server_being_away_is_told_in_the_readers_language(
    browser: requests.Session, box: Sandbox, pages: str
) -> None:
    box.connect(server_url="http://127.0.0.1:1")
    answer = browser.get(f"{pages}/sidebar/")
    assert (answer.status_code, "服务暂时连不上" in answer.text) == (502, True)
    assert Document(answer.text).inline == []
    assert answer.headers["Refresh"] == "2"
    english = browser.get(f"{pages}/sidebar/", cookies={"sandbox_language": "en"})
    assert "The server does not answer" in english.text


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_a_source_says_what_it_is_and_names_no_address_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"(?:https?:)?//[\w-]+\.[\w.-]+", text.replace(SVG, "")) == []
    assert not UNSAFE.search(text)
    if path.suffix == ".html":
        return
    assert text.startswith(("//", "/*"))
    assert path.name == "words.js" or len(text.splitlines()) <= 260


def test_every_text_is_there_in_both_languages_with_the_same_places() -> None:
    table = words()
    lines = (STATIC / "words.js").read_text(encoding="utf-8")
    assert len(table) == len(re.findall(r"^  \w+: \[", lines, re.MULTILINE)) > 200
    for key, (zh, en) in table.items():
        assert zh, key
        assert en, key
        assert set(PLACE.findall(zh)) == set(PLACE.findall(en)), key


def test_every_key_that_is_used_has_words_and_every_word_is_used() -> None:
    table = words()
    sources = [path.read_text(encoding="utf-8") for path in SOURCES if path.name != "words.js"]
    everything = "\n".join(sources)
    used = set(re.findall(r'data-t(?:-\w+)?="(\w+)"', everything))
    for call in re.findall(r"\bt\(([^)]*)", everything):
        used |= set(re.findall(r'"([a-z_]+)"(?!:)', call.split("{")[0]))
    assert used <= table.keys(), used - table.keys()
    quoted = set(re.findall(r'["`](\w+)["`]', everything)) | used
    for key in table:
        base = key.removesuffix("_next")
        assert base in quoted or key.startswith(MADE), key
