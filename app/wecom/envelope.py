"""The decrypted XML of a callback -> one frozen `CallbackEvent`, and the key that tells it apart.

Source of the fields: developer.work.weixin.qq.com/document/path/96361 (customers), /96302 and on.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from app import clock

MAX_DEPTH = 16
MAX_ELEMENTS = 5000
MAX_ID = 64
TIME_DIGITS = 10
# 2010, before WeCom, and 2100.
EARLIEST, LATEST = 1_262_304_000, 4_102_444_800


class Unreadable(Exception):
    """The plaintext is signed by WeCom and yet no event that we can read."""


@dataclass(frozen=True)
class CallbackEvent:
    """One event or message as WeCom told it. Texts are trimmed; what is absent is ""."""

    event: str
    change_type: str
    create_time: datetime | None
    tree: dict[str, Any]

    def text(self, tag: str) -> str:
        """Return the text of a top-level element, "" if there is none."""
        value = self.tree.get(tag, "")
        return value if isinstance(value, str) else ""

    def items(self, tag: str) -> tuple[str, ...]:
        """Return a list in either shape that WeCom uses: nested <Item>s or one text with commas."""
        value = self.tree.get(tag, "")
        if isinstance(value, dict):
            return tuple(_strings(value.get("Item", [])))
        texts = [text for text in _strings(value) for text in text.split(",")]
        return tuple(text.strip() for text in texts if text.strip())

    @property
    def userid(self) -> str:
        """The member."""
        return self.text("UserID")

    @property
    def external_userid(self) -> str:
        """The customer."""
        return self.text("ExternalUserID")

    @property
    def chat_id(self) -> str:
        """The customer group."""
        return self.text("ChatId")

    @property
    def state(self) -> str:
        """The channel through which the customer came."""
        return self.text("State")

    @property
    def from_userid(self) -> str:
        """The member who did it, where he writes to the app or presses a button of its cards."""
        return self.text("FromUserName")

    @property
    def event_key(self) -> str:
        """The key of the button that was pressed."""
        return self.text("EventKey")

    @property
    def task_id(self) -> str:
        """The card that it was pressed on."""
        return self.text("TaskId")

    @property
    def response_code(self) -> str:
        """The code that changes this card once, within 24 hours."""
        return self.text("ResponseCode")

    @property
    def welcome_code(self) -> str:
        """The one-time code that greets; "" when WeCom gave none."""
        return self.text("WelcomeCode")


def read_event(plaintext: bytes) -> CallbackEvent:
    """Parse a decrypted callback.

    Raises:
        Unreadable: no XML, no `<xml>` root, an absurd shape, or ids longer than WeCom's.
    """
    tree = _parse(plaintext)
    event = _text(tree, "Event") or _text(tree, "InfoType") or f"message:{_text(tree, 'MsgType')}"
    found = CallbackEvent(
        event=event,
        change_type=_text(tree, "ChangeType"),
        create_time=_time(_text(tree, "CreateTime") or _text(tree, "TimeStamp")),
        tree=tree,
    )
    names = (
        *(event, found.change_type, found.userid, found.external_userid, found.chat_id),
        *(found.text("NewUserID"), found.from_userid),
    )
    if any(len(name) > MAX_ID for name in names):
        raise Unreadable("an id is longer than any of WeCom's")
    return found


def event_key(event: CallbackEvent) -> str:
    """Return the dedupe key: equal for equal content, whatever the order of elements.

    Not FromUserName + CreateTime, which WeCom's hint names: for customer events the first is always
    "sys" and the second has whole seconds, so two customers of one second would be one.
    """
    return hashlib.sha256(_canonical(event.tree).encode()).hexdigest()


def plaintext_key(plaintext: bytes) -> str:
    """Return the dedupe key of what cannot be read as an event."""
    return hashlib.sha256(b"unreadable\0" + plaintext).hexdigest()


def _canonical(tree: Any) -> str:
    if isinstance(tree, dict):
        pairs = sorted(f"{json.dumps(tag)}:{_canonical(value)}" for tag, value in tree.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(tree, list):
        return "[" + ",".join(sorted(_canonical(value) for value in tree)) + "]"
    return json.dumps(tree, ensure_ascii=False)


class _NoDoctype(TreeBuilder):
    """Even a signed message may not declare entities: nobody of WeCom's does."""

    def doctype(self, _name: str, _pubid: str | None, _system: str | None) -> None:
        """Refuse it."""
        raise Unreadable("a DOCTYPE in the message")


def _parse(plaintext: bytes) -> dict[str, Any]:
    # expat bounds entity expansion by itself and fetches nothing; the builder refuses a DOCTYPE.
    parser = XMLParser(target=_NoDoctype())  # noqa: S314 -- see above
    try:
        parser.feed(plaintext.decode("utf-8"))
        root = parser.close()
    except (ParseError, UnicodeDecodeError, ValueError):
        raise Unreadable("not well-formed") from None
    if root.tag != "xml":
        raise Unreadable("the root is not <xml>")
    if sum(1 for _ in root.iter()) > MAX_ELEMENTS or _depth(root) > MAX_DEPTH:
        raise Unreadable("too many elements")
    tree = _tree(root)
    if not isinstance(tree, dict):
        raise Unreadable("no elements")
    return tree


def _depth(root: Element) -> int:
    depth, level = 0, [root]
    while level:
        depth, level = depth + 1, [child for element in level for child in element]
    return depth


def _tree(element: Element) -> Any:
    children = list(element)
    if not children:
        return (element.text or "").strip()
    tree: dict[str, Any] = {}
    for child in children:
        value = _tree(child)
        if child.tag not in tree:
            tree[child.tag] = value
        elif isinstance(tree[child.tag], list):
            tree[child.tag].append(value)
        else:
            tree[child.tag] = [tree[child.tag], value]
    return tree


def _strings(found: Any) -> Iterator[str]:
    for item in found if isinstance(found, list) else [found]:
        if isinstance(item, str) and item:
            yield item


def _text(tree: dict[str, Any], tag: str) -> str:
    value = tree.get(tag, "")
    return value if isinstance(value, str) else ""


def _time(text: str) -> datetime | None:
    """Read unix seconds of this century; anything else is no time, and nothing to fail at later."""
    is_one = text.isascii() and text.isdigit() and len(text) <= TIME_DIGITS
    return clock.from_unix(int(text)) if is_one and EARLIEST <= int(text) <= LATEST else None
