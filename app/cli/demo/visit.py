"""What a member does at a customer's card in the sidebar, as a plan: paid by `sidebar_visit`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

# What is typed into a field: a text, one option, or several.
Typed = str | tuple[str, ...]


@dataclass(frozen=True)
class Move:
    """A tap on a stage, and what is added to it: amount, reason or why, as the form names them."""

    stage: str
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """A note, and when its writer wants to be reminded of it."""

    text: str
    remind_at: datetime | None = None


@dataclass(frozen=True)
class Lost:
    """Why the customer has left, in one of the sidebar's words, and a line about it."""

    reason: str
    note: str = ""


@dataclass(frozen=True)
class Said:
    """What the customer said of offers, and how that is known besides the chat, if at all."""

    answer: str
    way: str = ""


@dataclass
class Visit:
    """One sitting at one card, in this order; `done`: the reminder whose time has come is.

    `fields` by their names; `sent`: shelf and title of what he sent from the library.
    """

    userid: str
    external_userid: str
    done: bool = False
    moves: list[Move] = field(default_factory=list)
    fields: dict[str, Typed] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)
    lost: Lost | None = None
    consent: Said | None = None
    notes: list[Written] = field(default_factory=list)
