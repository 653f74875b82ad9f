"""What the pages show, as JSON: a member's chats, one chat, a customer's phone, the corp's menus.

Every method takes the world's lock. Unknown ids are a mistake of the caller: LookupError.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from .conversations import Chat, ChatKind, Conversations, Entry, Message, Place, Side
from .seed import CHANNELS
from .world import App, Customer, Group, GroupMember, Member, World

Json = dict[str, Any]
CHATS_SHOWN = 200


class ClientViews:
    """Reads the world and its conversations. `app`: the one whose notices are shown."""

    def __init__(self, world: World, conversations: Conversations, app: App) -> None:
        self._world = world
        self._conversations = conversations
        self._app = app

    def member(self, userid: str) -> Json:
        """Return a member; "" is the first one."""
        with self._world.lock:
            found = self._world.find_member(userid) if userid else next(self._people(), None)
            if found is None:
                raise LookupError(f"no member {userid}")
            return self._member(found)

    def chats(self, userid: str) -> Json:
        """Return a member's list of chats and who else there is."""
        with self._world.lock:
            me = self.member(userid)
            listed = islice(self._conversations.list_of(me["userid"]), CHATS_SHOWN)
            rows = [self._row(me["userid"], place, entry) for place, entry in listed]
            if all(row["kind"] != "notices" for row in rows):
                place = ("notices", str(self._app.agentid))
                entry = self._conversations.find(me["userid"], "notices", place[1])
                rows.append(self._row(me["userid"], place, entry or Entry(Chat())))
            members = [self._member(one) for one in self._people()]
            return {"me": me, "chats": rows, "members": members}

    def chat(self, userid: str, kind: ChatKind, chat_id: str, *, before: int, limit: int) -> Json:
        """Return one chat of a member: messages up to one, and whom it is with."""
        with self._world.lock:
            entry = self._entry(userid, kind, chat_id)
            row = self._row(userid, (kind, chat_id), entry)
            page = self._page(entry.chat, "member", before=before, limit=limit)
            page |= {"title": row["remark"] or row["name"], "unread": entry.unread}
            if kind == "customer":
                customer = self._world.get_customer(chat_id)
                return page | {
                    "customer": self._customer(customer),
                    "relation": self._relation(userid, chat_id),
                }
            return page | ({"group": self._group(chat_id)} if kind == "group" else {})

    def mark_read(self, userid: str, kind: ChatKind, chat_id: str) -> None:
        """Let the member have seen all there is in a chat."""
        with self._world.lock:
            self._entry(userid, kind, chat_id).unread = 0

    def newest(self, userid: str, kind: ChatKind, chat_id: str) -> Json:
        """Return the newest message of a chat that somebody wrote, whoever sees it."""
        with self._world.lock:
            messages = reversed(self._entry(userid, kind, chat_id).chat.messages)
            return self._message(next(one for one in messages if one.sender != "system"))

    def newest_in_group(self, chat_id: str) -> Json:
        """Return the newest message that somebody wrote into a group."""
        with self._world.lock:
            messages = reversed(self._conversations.group(chat_id).messages)
            return self._message(next(one for one in messages if one.sender != "system"))

    def phones(self, limit: int) -> list[Json]:
        """Return the customers that may be played, the newest first."""
        with self._world.lock:
            newest = reversed(self._world.customers.values())
            return [self._customer(customer) for customer in islice(newest, limit)]

    def phone(self, external_userid: str) -> Json:
        """Return a customer and the members who are his friends from his side."""
        with self._world.lock:
            customer = self._world.get_customer(external_userid)
            friends = [
                self._friend(self._world.members[relation.userid], external_userid, relation.bond)
                for relation in self._world.relations_of(external_userid)
                if relation.bond != "member_only" and relation.userid in self._world.members
            ]
            friends.sort(key=lambda friend: -friend["at"])
            return {"customer": self._customer(customer), "friends": friends}

    def phone_chat(self, external_userid: str, userid: str, *, before: int, limit: int) -> Json:
        """Return what a customer sees of his chat with a member."""
        with self._world.lock:
            member = self.member(userid)
            self._world.get_customer(external_userid)
            chat = self._chat(userid, external_userid)
            friends = self.phone(external_userid)["friends"]
            page = self._page(chat, "customer", before=before, limit=limit)
            is_friend = any(friend["userid"] == userid for friend in friends)
            return page | {"title": member["name"], "friend": is_friend}

    def corp(self) -> Json:
        """Return what menus offer: members, departments, groups, channels, tags."""
        with self._world.lock:
            world = self._world
            return {
                "corp_id": world.corp_id,
                "corp_name": world.corp_name,
                "members": [self._member(one) for one in self._people()],
                "departments": [
                    {"id": one.id, "name": one.name, "parentid": one.parentid}
                    for one in world.departments.values()
                ],
                "groups": [
                    {
                        "chat_id": group.chat_id,
                        "name": group.name,
                        "owner": group.owner,
                        "members": len(group.members),
                        "dismissed": group.dismissed,
                    }
                    for group in islice(reversed(world.groups.values()), CHATS_SHOWN)
                ],
                "channels": [
                    {"state": state, "name": name, "name_en": name_en}
                    for state, name, name_en in CHANNELS
                ],
                "tags": [
                    {
                        "group_id": group.group_id,
                        "group_name": group.group_name,
                        "tags": [
                            {"id": tag.id, "name": tag.name}
                            for tag in group.tags
                            if not tag.deleted
                        ],
                    }
                    for group in world.tag_groups.values()
                    if not group.deleted
                ],
            }

    # Parts.

    def _people(self) -> Iterator[Member]:
        return islice(self._world.members.values(), CHATS_SHOWN)

    def _entry(self, userid: str, kind: ChatKind, chat_id: str) -> Entry:
        entry = self._conversations.find(userid, kind, chat_id)
        if entry is None and (kind, chat_id) == ("notices", str(self._app.agentid)):
            return Entry(Chat())
        if entry is None:
            raise LookupError(f"{userid} has no chat {kind} {chat_id}")
        return entry

    def _chat(self, userid: str, external_userid: str) -> Chat:
        entry = self._conversations.find(userid, "customer", external_userid)
        return entry.chat if entry else Chat()

    def _row(self, userid: str, place: Place, entry: Entry) -> Json:
        kind, chat_id = place
        about = {"customer": self._about_customer, "group": self._about_group}
        row: Json = {"kind": kind, "id": chat_id, "remark": "", "avatar": "", "corp_name": ""}
        row |= {"type": 0, "bond": "app", "name": self._app.name}
        if kind in about:
            row |= about[kind](userid, chat_id)
        last = next(entry.chat.seen_by("member"), None)
        return row | {
            "last": self._last(last) if last else None,
            "at": entry.at,
            "unread": entry.unread,
        }

    def _about_customer(self, userid: str, external_userid: str) -> Json:
        customer = self._world.get_customer(external_userid)
        relation = self._world.find_relation(userid, external_userid)
        return {
            "name": customer.name,
            "remark": relation.remark if relation else "",
            "avatar": customer.avatar,
            "corp_name": customer.corp_name,
            "type": customer.type,
            "bond": relation.bond if relation else "none",
            "deleted": bool(relation and relation.deleted_by_member),
        }

    def _about_group(self, userid: str, chat_id: str) -> Json:
        group = self._world.groups[chat_id]
        inside = any(one.userid == userid for one in group.members)
        bond = "dismissed" if group.dismissed else "member" if inside else "left"
        return {
            "name": group.name or "群聊",
            "bond": bond,
            "members": len(group.members),
            "owner": group.owner,
        }

    def _page(self, chat: Chat, side: Side, *, before: int, limit: int) -> Json:
        seen = [one for one in chat.seen_by(side) if not before or one.seq < before]
        page = seen[:limit]
        return {
            "messages": [self._message(one) for one in reversed(page)],
            "more": len(seen) > len(page),
        }

    def _message(self, message: Message) -> Json:
        return {
            "seq": message.seq,
            "at": message.at,
            "from": message.sender,
            "who": message.who,
            "name": self._app.name if message.sender == "app" else self._name(message.who),
            "kind": message.bubble.kind,
            "text": message.bubble.text,
            "failed": message.failed,
            **message.bubble.more,
        }

    def _last(self, message: Message) -> Json:
        return {
            "text": message.bubble.text,
            "at": message.at,
            "from": message.sender,
            "seq": message.seq,
        }

    def _name(self, who: str) -> str:
        person = self._world.members.get(who) or self._world.find_customer(who)
        return person.name if person else who

    def _member(self, member: Member) -> Json:
        departments = [self._world.departments.get(one) for one in member.department]
        names = [one.name for one in departments if one]
        return {
            "userid": member.userid,
            "name": member.name,
            "avatar": "",
            "department": names[-1] if names else "",
            "position": member.position,
            "has_external": member.has_external,
            "leader": bool(member.leader_of),
        }

    def _customer(self, customer: Customer) -> Json:
        return {
            "external_userid": customer.external_userid,
            "name": customer.name,
            "avatar": customer.avatar,
            "type": customer.type,
            "gender": customer.gender,
            "corp_name": customer.corp_name,
        }

    def _relation(self, userid: str, external_userid: str) -> Json | None:
        relation = self._world.find_relation(userid, external_userid)
        if relation is None:
            return None
        shown = ("bond", "createtime", "remark", "description", "state", "add_way", "chatted")
        return {name: getattr(relation, name) for name in shown} | {
            "tag_ids": list(relation.tag_ids),
            "deleted": relation.deleted_by_member,
        }

    def _group(self, chat_id: str) -> Json:
        group = self._world.groups[chat_id]
        return {
            "chat_id": chat_id,
            "name": group.name,
            "owner": group.owner,
            "notice": group.notice,
            "dismissed": group.dismissed,
            "members": [self._group_member(group, one) for one in group.members],
        }

    def _group_member(self, group: Group, one: GroupMember) -> Json:
        known = self._world.find_customer(one.userid)
        return {
            "userid": one.userid,
            "name": self._name(one.userid),
            "type": one.type,
            "avatar": known.avatar if known else "",
            "join_time": one.join_time,
            "is_owner": one.userid == group.owner,
        }

    def _friend(self, member: Member, external_userid: str, bond: str) -> Json:
        chat = self._chat(member.userid, external_userid)
        last = next(chat.seen_by("customer"), None)
        row = {name: self._member(member)[name] for name in ("userid", "name", "avatar")}
        return row | {
            "department": self._member(member)["department"],
            "bond": bond,
            "last": self._last(last) if last else None,
            "at": last.at if last else 0.0,
        }
