"""Whoever sends to many customers at once asks first who may be sent an offer.

WeCom's endpoints that do so are listed here; each is one function of `app.wecom`, and a module that
calls it imports `may_market` or `marketing_allowed`. A new one belongs into the list.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
# 群发 and 客户朋友圈. A welcome to a group greets who has just come, kf/send_msg answers who asked.
TO_MANY = (
    "externalcontact/add_msg_template",
    "externalcontact/remind_groupmsg_send",
    "externalcontact/add_moment_task",
)
ASKING = {"may_market", "marketing_allowed"}
CODE = ("app", "callbacks", "sidebar")


def names_one(node: ast.AST) -> bool:
    """Tell whether the address of such an endpoint stands somewhere in the code."""
    texts = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant))
    return any(isinstance(text, str) and path in text for text in texts for path in TO_MANY)


def find_senders(trees: dict[str, ast.Module]) -> set[str]:
    """Find the functions of `app.wecom` that send to many."""
    return {
        node.name
        for path, tree in trees.items()
        if path.startswith("app/wecom/")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and names_one(node)
    }


def find_careless(trees: dict[str, ast.Module]) -> Iterator[str]:
    """Find modules that send to many and do not ask, or go past `app.wecom`."""
    senders = find_senders(trees)
    for path, tree in trees.items():
        if path.startswith(("app/wecom/", "app/sandbox/")):
            continue
        called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        if names_one(tree) or (senders & (called | imported) and not ASKING & imported):
            yield path


def read_code() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for folder in CODE
        for path in (ROOT / folder).rglob("*.py")
    }


def test_who_sends_to_many_asks_for_their_consent() -> None:
    assert list(find_careless(read_code())) == []


WECOM = 'def add_msg_template(wecom):\n    wecom.post("externalcontact/add_msg_template")\n'
CALLS = "from app.wecom import external_contact\nexternal_contact.add_msg_template(1)\n"
ASKS = "from app.customers.queries import may_market\n"


def careless(text: str) -> list[str]:
    trees = {"app/wecom/external_contact.py": ast.parse(WECOM), "app/new.py": ast.parse(text)}
    return list(find_careless(trees))


def test_one_that_forgets_it_is_found() -> None:
    assert careless(CALLS) == ["app/new.py"]
    assert careless("from app.wecom.external_contact import add_msg_template\n") == ["app/new.py"]
    assert careless('post("/cgi-bin/externalcontact/add_msg_template")') == ["app/new.py"]


def test_one_that_asks_is_not() -> None:
    assert careless(ASKS + CALLS) == []
