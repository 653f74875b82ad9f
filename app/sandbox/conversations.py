"""What is written in chats: the messages that the clients of members and customers show.

Follows the ledger, so that neither people nor API know of it: events become system lines, welcomes,
talk and app messages become bubbles. Everything is bounded and costs the same however many chats
there are; customers of the crowd have no chat before somebody meets them. `client_views.py` turns
it into JSON. Guarded by the world's lock.
"""

import itertools
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .bubbles import Bubble, app_bubble, welcome_bubbles
from .ledger import Ledger
from .records import ActRecord, EventRecord, MessageRecord, Record, WelcomeRecord
from .system_lines import contact_line, friend_line, group_line
from .world import World

MESSAGES_MOST = 200
CHATS_MOST = 1000
REFUSED = "消息已发出，但被对方拒收了。"

ChatKind = Literal["customer", "group", "notices"]
Sender = Literal["member", "customer", "system", "app"]
Side = Literal["both", "member", "customer"]
Place = tuple[str, str]

SEEDED_TALK = (
    ("customer", "您好，我在门店看到海报，扫码加的您。"),
    ("member", "您好，欢迎！有什么想了解的，随时发消息给我。"),
)


@dataclass(slots=True)
class Message:
    """One message. `side`: who sees it; `failed`: it did not arrive."""

    seq: int
    at: float
    sender: Sender
    who: str
    bubble: Bubble
    side: Side = "both"
    failed: bool = False


@dataclass(slots=True)
class Chat:
    """The messages of one chat. A group's is shared by its members."""

    messages: deque[Message] = field(default_factory=lambda: deque(maxlen=MESSAGES_MOST))
    # Whoever deletes a friend in WeChat loses what was written until then.
    customer_since: int = 0

    def seen_by(self, side: Side) -> Iterator[Message]:
        """Yield what one side sees, newest first."""
        since = self.customer_since if side == "customer" else 0
        for message in reversed(self.messages):
            if message.side in ("both", side) and message.seq > since:
                yield message


@dataclass(slots=True)
class Entry:
    """A chat in the list of one member."""

    chat: Chat
    at: float = 0.0
    unread: int = 0


class Conversations:
    """All chats of the corp."""

    def __init__(self, world: World, ledger: Ledger) -> None:
        self._world = world
        self._numbers = itertools.count(1)
        self._lists: dict[str, OrderedDict[Place, Entry]] = {}
        self._groups: dict[str, Chat] = {}
        self._follow: dict[str, Callable[[Any], None]] = {
            "event": self._on_event,
            "welcome": self._on_welcome,
            "message": self._on_message,
            "act": self._on_act,
        }
        ledger.follow(self._on_row)

    def open_seeded(self) -> None:
        """Open the chats of the relations and groups that are in the world from the beginning."""
        with self._world.lock:
            relations, groups = self._world.relations(), self._world.groups
            born = [(one.createtime, one.userid, one.external_userid) for one in relations]
            born += [(group.create_time, "", chat_id) for chat_id, group in groups.items()]
            for at, userid, place in sorted(born):
                if not userid:
                    fields = {"ChangeType": "create"}
                    self._say_in_group(place, group_line(self._world, place, fields), at)
                    continue
                self._befriend(userid, place, at)
                for minute, (sender, text) in enumerate(SEEDED_TALK, start=1):
                    who = userid if sender == "member" else place
                    self._write(userid, place, Bubble("text", text), at + minute * 60, who)
            for entries in self._lists.values():
                for entry in entries.values():
                    entry.unread = 0

    def list_of(self, userid: str) -> Iterator[tuple[Place, Entry]]:
        """Yield the chats of a member, the one last written to first."""
        return reversed(self._lists.get(userid, OrderedDict()).items())

    def find(self, userid: str, kind: ChatKind, chat_id: str) -> Entry | None:
        """Find a chat in a member's list."""
        entries = self._lists.get(userid)
        return entries.get((kind, chat_id)) if entries else None

    def group(self, chat_id: str) -> Chat:
        """Return what is written in a group."""
        return self._groups.get(chat_id, Chat())

    # What the ledger says.

    def _on_row(self, record: Record) -> None:
        follow = self._follow.get(record.kind)
        if follow:
            with self._world.lock:
                follow(record)

    def _on_event(self, event: EventRecord) -> None:
        if event.chat_id:
            line = group_line(self._world, event.chat_id, event.fields)
            self._say_in_group(event.chat_id, line, event.at)
        elif event.userid in self._world.members and self._known(event.external_userid):
            self._on_contact(event)

    def _known(self, external_userid: str) -> bool:
        return bool(external_userid) and self._world.find_customer(external_userid) is not None

    def _on_contact(self, event: EventRecord) -> None:
        userid, external_userid = event.userid, event.external_userid
        if event.change_type in ("add_external_contact", "add_half_external_contact"):
            self._befriend(userid, external_userid, event.at, event.change_type)
            return
        if event.change_type == "del_follow_user":
            entry = self.find(userid, "customer", external_userid)
            if entry:
                entry.chat.customer_since = next(self._numbers)
            return
        line = contact_line(self._world, userid, external_userid, event.change_type, event.fields)
        if line:
            self._say(userid, external_userid, line, event.at)

    def _befriend(
        self,
        userid: str,
        external_userid: str,
        at: float,
        change_type: str = "add_external_contact",
    ) -> None:
        line = contact_line(self._world, userid, external_userid, change_type, {})
        self._say(userid, external_userid, line, at, unread=1)
        member = self._world.members[userid]
        hello = friend_line(member.name, half=change_type == "add_half_external_contact")
        self._say(userid, external_userid, hello, at, side="customer")

    def _on_welcome(self, welcome: WelcomeRecord) -> None:
        bubbles = welcome_bubbles(welcome.text, welcome.attachments, self._world.media)
        for number, bubble in enumerate(bubbles):
            if number == 0:
                bubble.more["welcome_ms"] = welcome.ms_from_event
            self._write(welcome.userid, welcome.external_userid, bubble, welcome.at, welcome.userid)

    def _on_message(self, message: MessageRecord) -> None:
        if message.outcome != "delivered":
            return
        entry = self._entry(message.userid, ("notices", str(message.agentid)))
        bubble = app_bubble(message.body, self._world.media)
        said = Message(next(self._numbers), message.at, "app", str(message.agentid), bubble)
        self._add(entry, said, unread=1)

    def _on_act(self, act: ActRecord) -> None:
        details = act.details
        if act.name == "talk":
            userid, external_userid = details["userid"], details["external_userid"]
            who = userid if details["by"] == "member" else external_userid
            bubble = Bubble(details["kind"], details["text"], details["more"])
            delivered = details["delivered"]
            self._write(userid, external_userid, bubble, act.at, who, failed=not delivered)
        elif act.name == "group_talk":
            self._write_in_group(act)
        elif act.name == "card_updated":
            self._update_card(details["userid"], details["task_id"], details["text"])

    def _update_card(self, userid: str, task_id: str, text: str) -> None:
        """Let the buttons of a card give way to what the app has answered."""
        for (kind, _chat_id), entry in self._lists.get(userid, {}).items():
            for message in entry.chat.messages if kind == "notices" else ():
                if message.bubble.more.get("task_id") == task_id:
                    more = message.bubble.more | {"buttons": [], "answered": text}
                    message.bubble = replace(message.bubble, more=more)

    # Writing.

    def _write(
        self,
        userid: str,
        external_userid: str,
        bubble: Bubble,
        at: float,
        who: str,
        *,
        failed: bool = False,
    ) -> None:
        sender: Literal["member", "customer"] = "member" if who == userid else "customer"
        side: Side = sender if failed else "both"
        entry = self._entry(userid, ("customer", external_userid))
        said = Message(next(self._numbers), at, sender, who, bubble, side, failed)
        self._add(entry, said, unread=int(sender == "customer" and not failed))
        if failed:
            self._say(userid, external_userid, REFUSED, at, side=side)

    def _say(
        self,
        userid: str,
        external_userid: str,
        line: str,
        at: float,
        *,
        side: Side = "member",
        unread: int = 0,
    ) -> None:
        entry = self._entry(userid, ("customer", external_userid))
        self._add(entry, self._line(line, at, side), unread=unread)

    def _line(self, line: str, at: float, side: Side = "both") -> Message:
        return Message(next(self._numbers), at, "system", "", Bubble("notice", line), side)

    def _write_in_group(self, act: ActRecord) -> None:
        who = act.details["who"]
        sender: Sender = "member" if who in self._world.members else "customer"
        bubble = Bubble(act.details["kind"], act.details["text"], act.details["more"])
        said = Message(next(self._numbers), act.at, sender, who, bubble)
        self._add_in_group(act.details["chat_id"], said)

    def _say_in_group(self, chat_id: str, line: str, at: float) -> None:
        if line:
            self._add_in_group(chat_id, self._line(line, at))

    def _add_in_group(self, chat_id: str, said: Message) -> None:
        chat = self._groups.setdefault(chat_id, Chat())
        chat.messages.append(said)
        for one in self._world.groups[chat_id].members:
            if one.type == 1:
                entry = self._entry(one.userid, ("group", chat_id), chat)
                is_news = said.sender != "system" and said.who != one.userid
                entry.at, entry.unread = said.at, entry.unread + is_news

    def _add(self, entry: Entry, said: Message, *, unread: int) -> None:
        entry.chat.messages.append(said)
        if said.side != "customer":
            entry.at, entry.unread = said.at, entry.unread + unread

    def _entry(self, userid: str, place: Place, chat: Chat | None = None) -> Entry:
        """Return a chat of a member, now the first in his list."""
        entries = self._lists.setdefault(userid, OrderedDict())
        entry = entries.get(place)
        if entry is None:
            entry = entries[place] = Entry(chat or Chat())
            if len(entries) > CHATS_MOST:
                entries.popitem(last=False)
        else:
            entries.move_to_end(place)
        return entry
