"""Messages to members as cards: what every kind of message is made into, and sent as."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from app.config import Config
from app.db import fit
from app.words import clean

# What a card shows of each part (document/path/90236, template_card).
USERID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
TITLE, DESC, VALUE, ROWS = 26, 112, 30, 6
# Longer than all our tries of one message together.
DUPLICATE_CHECK_SECONDS = 7200


class Cancelled(Exception):
    """Nobody needs this message any more; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Card:
    """A message to one member: a title, a line, some rows, and where a tap leads.

    `buttons` as (key, text): a press comes back as a template_card_event with the key and
    `task_id`, which no other card of the app may ever have had.
    """

    source: str
    title: str
    desc: str
    path: str
    rows: Sequence[tuple[str, str]] = field(default_factory=tuple)
    buttons: Sequence[tuple[str, str]] = field(default_factory=tuple)
    task_id: str = ""


def build_message(config: Config, recipient: str, card: Card, *, number: int) -> Mapping[str, Any]:
    """Return the body of message/send.

    WeCom takes the same body only once in two hours, so that a send repeated after a crash is
    not delivered twice. `number` is the delivery's: it keeps two messages that say the same, such
    as two digests of as many customers, from being taken for one.
    """
    if not USERID.fullmatch(recipient):
        # "@all" and "a|b" are recipients too, and far more people.
        raise ValueError("not the id of one member")
    rows = [{"keyname": key, "value": fit(clean(value), VALUE)} for key, value in card.rows[:ROWS]]
    return {
        "touser": recipient,
        "msgtype": "template_card",
        "enable_duplicate_check": 1,
        "duplicate_check_interval": DUPLICATE_CHECK_SECONDS,
        "template_card": {
            **_kind_of_card(card),
            "source": {"desc": card.source},
            "main_title": {
                "title": fit(clean(card.title), TITLE),
                "desc": fit(clean(card.desc), DESC),
            },
            "horizontal_content_list": rows,
            "card_action": {"type": 1, "url": f"{config.server.base_url}{card.path}#m{number}"},
        },
    }


def customer_path(external_userid: str, panel: str = "profile") -> str:
    """Return the address of a panel of a customer's card below `server.base_url`."""
    return f"/sidebar/customers/{quote(external_userid, safe='')}/{panel}"


def _kind_of_card(card: Card) -> dict[str, Any]:
    if not card.buttons:
        return {"card_type": "text_notice"}
    # The first is the one that stands out (style 1).
    buttons = [
        {"text": text, "key": key, "style": style}
        for style, (key, text) in zip((1, *[2] * len(card.buttons)), card.buttons, strict=False)
    ]
    return {"card_type": "button_interaction", "task_id": card.task_id, "button_list": buttons}
