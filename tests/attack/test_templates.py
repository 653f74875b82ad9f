"""What an admin writes is shown as it was written, or refused; no template language sees it."""

import re
from collections.abc import Callable, Iterator, Sequence
from html import unescape

import pytest

from app.texts import VARIABLES, braces_match, build_text, find_unknown_variables
from tests.attack.corpora.templates import ACTED, TEMPLATES
from tests.attack.offers import Asking
from tests.attack.town import ADMIN, Town

OWNER = (ADMIN, "owner")
SAVED, UNFIT = 303, 422
# As many as any list shows, however long they are.
AT_ONCE = 4
# What is not shown of a text, wherever it stands.
UNSEEN = re.compile(r"[\s\u200b]+")
# What is not written as it is meant to be shown: variables of ours, alone.
OURS = "{{\n客户昵称\n}}"

Form = dict[str, str]


def item(text: str) -> Form:
    return {"shelf": "scripts", "title": text, "a_type": "text", "a_content": text}


def welcome(text: str) -> Form:
    return {"name": text, "content": text, "everywhere": "1", "when": "always"}


def pipeline(text: str) -> Form:
    return {"name": "测试流程", "stages": text}


def choice(text: str) -> Form:
    return {"name": "测试资料", "hint": text.partition("\n")[0], "kind": "choice", "options": text}


def tags(text: str) -> Form:
    return {"group_name": "测试标签", "names": text}


# One text a form.
ALONE: dict[str, tuple[Callable[[str], Form], str]] = {
    "/admin/library/save": (item, ""),
    "/admin/welcomes/save": (welcome, ""),
}
# A list of texts, each on its line.
LISTED: dict[str, tuple[Callable[[str], Form], str]] = {
    "/admin/stages/save-pipeline": (pipeline, "/admin/stages"),
    "/admin/fields/save": (choice, "/admin/fields"),
    "/admin/tags/create": (tags, "/admin/tags"),
}


def packed(text: str) -> str:
    return UNSEEN.sub("", text)


def lists_of(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield the short ones together, the others alone: one that is too long is refused with all."""
    short = [one for one in texts if len(one) <= 20 and "\n" not in one and "、" not in one]
    yield from (short[at : at + AT_ONCE] for at in range(0, len(short), AT_ONCE))
    yield from ([one] for one in texts if one not in short and "\n" not in one)


def save_and_look(town: Town, path: str, form: Form, page: str) -> tuple[int, str]:
    """Save a form, and return the answer or the page where it stands then."""
    answer = town.ask(OWNER, Asking("POST", path, form=tuple(form.items())))
    if answer.status_code != SAVED:
        return answer.status_code, packed(unescape(answer.text))
    shown = town.ask(OWNER, Asking("GET", page or answer.headers["Location"]))
    assert shown.status_code == 200
    return SAVED, packed(unescape(shown.text))


def check(town: Town, path: str, form: Form, texts: Sequence[str], page: str) -> int:
    status, shown = save_and_look(town, path, form, page)
    assert status in {SAVED, UNFIT}, (status, texts)
    assert [sign for sign in ACTED if packed(sign) in shown] == [], texts
    assert [one for one in texts if packed(one) not in shown] == []
    return status


def test_there_are_enough_of_them() -> None:
    assert len(TEMPLATES) >= 150


@pytest.mark.parametrize("path", ALONE)
def test_a_text_is_shown_as_it_was_written_or_refused(town: Town, path: str) -> None:
    make, page = ALONE[path]
    told = [check(town, path, make(one), [one], page) for one in TEMPLATES]
    assert SAVED in told


@pytest.mark.parametrize("path", LISTED)
def test_a_list_of_names_is_shown_as_it_was_written_or_refused(town: Town, path: str) -> None:
    make, page = LISTED[path]
    told = []
    for texts in lists_of(TEMPLATES):
        told.append(check(town, path, make("\n".join(texts)), texts, page))
        town.put_back()
    assert told.count(SAVED) > len(told) // 2


@pytest.mark.parametrize("template", [one for one in TEMPLATES if one != OURS])
def test_what_is_no_variable_of_ours_stays_as_it_is_or_is_refused(template: str) -> None:
    is_refused = bool(find_unknown_variables(template)) or not braces_match(template)
    filled = build_text(template, dict.fromkeys(VARIABLES, "值"))
    assert is_refused or filled.replace("值", "{{客户昵称}}") == template or "值" not in filled
    assert [sign for sign in ACTED if sign in filled] == []


@pytest.mark.parametrize("value", TEMPLATES)
def test_what_a_customer_calls_himself_is_not_looked_at_again(value: str) -> None:
    filled = build_text("您好，{{客户昵称}}。", dict.fromkeys(VARIABLES, value))
    assert packed(filled) == packed(f"您好，{value}。")
