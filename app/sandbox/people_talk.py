"""What people write to one another: to a friend, into a group. WeCom raises no callback of it."""

from typing import Any, Literal

from .people_groups import Acts
from .records import ActRecord

TEXT_MOST = 4000
Side = Literal["member", "customer"]


class TalkActs(Acts):
    """Words between members and customers. The first ones spend the welcome."""

    def they_chat(self, userid: str, external_userid: str) -> None:
        """Let member and customer have written to each other, whatever it was."""
        with self._world.lock:
            self._relation(userid, external_userid).chatted = True
            self._ledger.act("they_chat", userid=userid, external_userid=external_userid)

    def talk(
        self,
        userid: str,
        external_userid: str,
        *,
        text: str,
        by: Side = "customer",
        kind: str = "text",
        more: dict[str, Any] | None = None,
    ) -> ActRecord:
        """Let one of two write to the other. One who was deleted writes in vain and is told so.

        Raises: LookupError if the writer himself has ended the friendship.
        """
        _check_text(text)
        with self._world.lock:
            relation = self._relation(userid, external_userid)
            left = {
                "member": relation.deleted_by_member,
                "customer": relation.bond == "member_only",
            }
            if left.get(by, True):
                raise LookupError(f"the {by} has ended this friendship")
            delivered = not any(left.values())
            relation.chatted = relation.chatted or delivered
            return self._ledger.act(
                "talk",
                userid=relation.userid,
                external_userid=external_userid,
                by=by,
                delivered=delivered,
                kind=kind,
                text=text,
                more=more or {},
            )

    def group_talk(
        self,
        chat_id: str,
        who: str,
        *,
        text: str,
        kind: str = "text",
        more: dict[str, Any] | None = None,
    ) -> ActRecord:
        """Let someone write into a group that he is in."""
        _check_text(text)
        with self._world.lock:
            group = self._group(chat_id)
            if group.dismissed or all(one.userid != who for one in group.members):
                raise LookupError(f"{who} is not in this group")
            return self._ledger.act(
                "group_talk", chat_id=chat_id, who=who, kind=kind, text=text, more=more or {}
            )


def _check_text(text: str) -> None:
    if not 0 < len(text) <= TEXT_MOST:
        raise ValueError(f"a message has 1 to {TEXT_MOST} characters")
