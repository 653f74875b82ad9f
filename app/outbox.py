"""Messages to members as cards: what every kind of message is made into, and sent as."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.config import Config
from app.db import fit

# What a card shows of each part (document/path/90236, template_card).
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
    """A message to one member: a title, a line, some rows, and where a tap leads."""

    source: str
    title: str
    desc: str
    path: str
    rows: Sequence[tuple[str, str]] = field(default_factory=tuple)


def build_message(config: Config, recipient: str, card: Card, *, number: int) -> Mapping[str, Any]:
    """Return the body of message/send.

    WeCom takes the same body only once in two hours, so that a send repeated after a crash is
    not delivered twice. `number` is the delivery's: it keeps two messages that say the same, such
    as two digests of as many customers, from being taken for one.
    """
    rows = [{"keyname": key, "value": fit(value, VALUE)} for key, value in card.rows[:ROWS]]
    return {
        "touser": recipient,
        "msgtype": "template_card",
        "enable_duplicate_check": 1,
        "duplicate_check_interval": DUPLICATE_CHECK_SECONDS,
        "template_card": {
            "card_type": "text_notice",
            "source": {"desc": card.source},
            "main_title": {"title": fit(card.title, TITLE), "desc": fit(card.desc, DESC)},
            "horizontal_content_list": rows,
            "card_action": {"type": 1, "url": f"{config.server.base_url}{card.path}#m{number}"},
        },
    }
