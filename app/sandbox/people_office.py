"""What happens in the office: admins change tags and members, members use the app."""

import secrets
from typing import Any

from .people_groups import Acts
from .records import EventRecord
from .world import CARD_CODE_SECONDS, CardCode, Member, Tag, TagGroup


class OfficeActs(Acts):
    """Tags, members, messages to the app, and events nobody has heard of."""

    def tag_created(self, group_name: str, name: str) -> EventRecord:
        """Let the admin make a tag, and its group if there is none of that name."""
        with self._world.lock:
            now = self._clock.unix()
            groups = self._world.tag_groups
            group = next((g for g in groups.values() if g.group_name == group_name), None)
            if group is None:
                group = TagGroup(self._world.new_id("et"), group_name, now)
                groups[group.group_id] = group
            tag = Tag(self._world.new_id("et"), name, now)
            group.tags.append(tag)
            return self._tag_event("create", tag.id)

    def tag_renamed(self, tag_id: str, name: str) -> EventRecord:
        """Let the admin rename a tag."""
        with self._world.lock:
            self._tag(tag_id).name = name
            return self._tag_event("update", tag_id)

    def tag_deleted(self, tag_id: str) -> EventRecord:
        """Let the admin delete a tag; it vanishes from every relation."""
        with self._world.lock:
            self._tag(tag_id).deleted = True
            return self._tag_event("delete", tag_id)

    def member_joins(
        self, userid: str, name: str, *, department: tuple[int, ...] | list[int] = (1,)
    ) -> Member:
        """Let a member join; a self-built app gets no callback of it."""
        with self._world.lock:
            member = Member(userid, name, list(department))
            self._world.members[userid] = member
            self._ledger.act("member_joins", userid=userid)
            return member

    def member_leaves(self, userid: str) -> None:
        """Let a member leave the corp; a self-built app gets no callback of it."""
        with self._world.lock:
            del self._world.members[self._member(userid).userid]
            self._ledger.act("member_leaves", userid=userid)

    def console_welcome(self, userid: str, *, on: bool = True) -> None:
        """Let the admin set or remove a welcome text in the console: it takes the codes away."""
        with self._world.lock:
            self._member(userid).console_welcome = on
            self._ledger.act("console_welcome", userid=userid, on=on)

    def member_writes(
        self, userid: str, content: str, *, agentid: int | None = None
    ) -> EventRecord:
        """Let a member write to the app."""
        return self._emitter.emit_from_member(
            userid,
            self._agentid(agentid),
            MsgType="text",
            Content=content,
            MsgId=secrets.randbits(53),
        )

    def member_enters_app(self, userid: str, *, agentid: int | None = None) -> EventRecord:
        """Let a member open the app."""
        return self._emitter.emit_from_member(
            userid, self._agentid(agentid), MsgType="event", Event="enter_agent", EventKey=""
        )

    def member_clicks_card(
        self, userid: str, *, task_id: str, key: str, response_code: str = ""
    ) -> EventRecord:
        """Let a member press a button of a template card; each press has a code of its own."""
        agentid = self._agentid(None)
        if not response_code:
            expires = self._clock.time() + CARD_CODE_SECONDS
            with self._world.lock:
                response_code = self._world.new_card_code(
                    CardCode(agentid, self._member(userid).userid, task_id, expires)
                )
        return self._emitter.emit_from_member(
            userid,
            agentid,
            MsgType="event",
            Event="template_card_event",
            EventKey=key,
            TaskId=task_id,
            CardType="button_interaction",
            ResponseCode=response_code,
        )

    def something_happens(
        self, event: str, create_time: int | None = None, **fields: Any
    ) -> EventRecord:
        """Raise any event with any fields (wire names); the world stays as it is."""
        return self._emitter.emit(event, create_time, **fields)

    def _agentid(self, agentid: int | None) -> int:
        return next(iter(self._world.apps)) if agentid is None else agentid

    def _tag(self, tag_id: str) -> Tag:
        found = self._world.find_tag(tag_id)
        if found is None:
            raise LookupError(f"no tag {tag_id}")
        return found[1]

    def _tag_event(self, change_type: str, tag_id: str) -> EventRecord:
        return self._emitter.emit(
            "change_external_tag", Id=tag_id, TagType="tag", ChangeType=change_type
        )
