"""What people do in customer groups (客户群)."""

import secrets
from typing import Any

from .clock import Clock
from .emitter import Emitter
from .ledger import Ledger
from .records import EventRecord
from .world import Group, GroupMember, Member, Relation, World

# The scene of joining by QR code, in events and in the list of members alike; others differ.
BY_QR = 3


class Acts:
    """What all acts share: the world and how people in it are found."""

    _world: World
    _clock: Clock
    _ledger: Ledger
    _emitter: Emitter

    def _member(self, userid: str) -> Member:
        member = self._world.find_member(userid)
        if member is None:
            raise LookupError(f"no member {userid}")
        return member

    def _relation(self, userid: str, external_userid: str) -> Relation:
        relation = self._world.find_relation(self._member(userid).userid, external_userid)
        if relation is None:
            raise LookupError(f"{userid} and {external_userid} do not know each other")
        return relation

    def _group(self, chat_id: str) -> Group:
        if chat_id not in self._world.groups:
            raise LookupError(f"no group {chat_id}")
        return self._world.groups[chat_id]


class GroupActs(Acts):
    """Groups are made, joined, left, renamed, handed on and dissolved."""

    def group_created(
        self,
        owner: str,
        name: str = "",
        *,
        members: tuple[str, ...] | list[str] = (),
        chat_id: str | None = None,
        create_time: int | None = None,
    ) -> EventRecord:
        """Let a member make a customer group; `members`: userids and external_userids."""
        with self._world.lock:
            group = Group(
                chat_id=chat_id or self._world.new_id("wr"),
                name=name,
                owner=self._member(owner).userid,
                create_time=self._clock.unix(),
                member_version=secrets.token_hex(16),
            )
            everyone = dict.fromkeys([group.owner, *members])
            group.members = [self._group_member(group, one, 1, "") for one in everyone]
            self._world.groups[group.chat_id] = group
            return self._emitter.emit(
                "change_external_chat", create_time, ChatId=group.chat_id, ChangeType="create"
            )

    def group_joined(
        self,
        chat_id: str,
        who: tuple[str, ...] | list[str],
        *,
        join_scene: int = BY_QR,
        state: str = "",
        create_time: int | None = None,
    ) -> EventRecord:
        """Let people join: join_scene 0 invited by a member, 3 by the group's QR."""
        with self._world.lock:
            group = self._group(chat_id)
            present = {member.userid for member in group.members}
            scene = BY_QR if join_scene == BY_QR else 1
            group.members += [
                self._group_member(group, one, scene, state) for one in who if one not in present
            ]
            return self._members_changed(
                group, list(who), create_time, UpdateDetail="add_member", JoinScene=join_scene
            )

    def group_left(
        self,
        chat_id: str,
        who: tuple[str, ...] | list[str],
        *,
        quit_scene: int = 0,
        create_time: int | None = None,
    ) -> EventRecord:
        """Let people leave: quit_scene 0 by themselves, 1 removed by the owner."""
        with self._world.lock:
            group = self._group(chat_id)
            group.members = [member for member in group.members if member.userid not in who]
            return self._members_changed(
                group, list(who), create_time, UpdateDetail="del_member", QuitScene=quit_scene
            )

    def group_renamed(
        self, chat_id: str, name: str, *, create_time: int | None = None
    ) -> EventRecord:
        """Let the owner rename the group."""
        with self._world.lock:
            self._group(chat_id).name = name
            return self._updated(chat_id, "change_name", create_time)

    def group_notice_changed(
        self, chat_id: str, notice: str, *, create_time: int | None = None
    ) -> EventRecord:
        """Let the owner change the group's notice (群公告)."""
        with self._world.lock:
            self._group(chat_id).notice = notice
            return self._updated(chat_id, "change_notice", create_time)

    def group_owner_changed(
        self, chat_id: str, owner: str, *, create_time: int | None = None
    ) -> EventRecord:
        """Let the group be handed on to another member."""
        with self._world.lock:
            self._group(chat_id).owner = self._member(owner).userid
            return self._updated(chat_id, "change_owner", create_time)

    def group_dismissed(self, chat_id: str, *, create_time: int | None = None) -> EventRecord:
        """Let the owner dissolve the group; it answers 49008 from now on."""
        with self._world.lock:
            self._group(chat_id).dismissed = True
            return self._emitter.emit(
                "change_external_chat", create_time, ChatId=chat_id, ChangeType="dismiss"
            )

    def _group_member(self, group: Group, who: str, scene: int, state: str) -> GroupMember:
        is_member = who in self._world.members
        return GroupMember(
            userid=who,
            type=1 if is_member else 2,
            join_time=self._clock.unix(),
            join_scene=scene,
            invitor=group.owner if scene == 1 and who != group.owner else "",
            state="" if is_member else state,
        )

    def _members_changed(
        self, group: Group, who: list[str], create_time: int | None, **fields: Any
    ) -> EventRecord:
        before, group.member_version = group.member_version, secrets.token_hex(16)
        return self._emitter.emit(
            "change_external_chat",
            create_time,
            ChatId=group.chat_id,
            ChangeType="update",
            **fields,
            MemChangeCnt=len(who),
            MemChangeList=who,
            LastMemVer=before,
            CurMemVer=group.member_version,
        )

    def _updated(self, chat_id: str, detail: str, create_time: int | None) -> EventRecord:
        return self._emitter.emit(
            "change_external_chat",
            create_time,
            ChatId=chat_id,
            ChangeType="update",
            UpdateDetail=detail,
        )
