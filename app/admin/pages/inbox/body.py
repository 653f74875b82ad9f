"""The body of an event, as much of it as an admin may see: its shape, ids, kinds and times.

What a person is called, wrote or can be reached at, and codes that could be used, are not shown.
A tag that is not on the list is not shown either: WeCom may send new ones any day.
"""

from collections.abc import Iterator
from typing import Any

from app.inbox.models import BODY_PURPOSE, InboxEvent
from app.runtime import Runtime
from app.seal import SealBroken
from app.wecom.envelope import Unreadable, read_event

HIDDEN = "•••"
INDENT = "  "
# Elements whose text is an id, a kind, a count or a time.
PLAIN = frozenset(
    {
        *("ToUserName", "FromUserName", "CreateTime", "TimeStamp", "MsgType", "MsgId", "AgentID"),
        *("Event", "InfoType", "ChangeType", "SuiteId", "AuthCorpId"),
        *("UserID", "NewUserID", "ExternalUserID", "State", "Source", "FailReason"),
        *("ChatId", "UpdateDetail", "JoinScene", "QuitScene", "MemChangeCnt", "MemChangeList"),
        *("LastMemVer", "CurMemVer", "Id", "TagType", "ParentId", "Order"),
        *("Department", "MainDepartment", "IsLeaderInDept", "DirectLeader", "Status"),
        *("EventKey", "TaskId", "CardType", "JobId", "JobType"),
    }
)
# A list of plain things is written as these.
ITEM = "Item"


def show_body(runtime: Runtime, event: InboxEvent) -> tuple[list[str], str]:
    """Return the lines of the body; or none and a code that says why."""
    if event.body is None:
        return [], "gone"
    try:
        plain = runtime.sealer.open(event.body, purpose=BODY_PURPOSE)
    except SealBroken:
        return [], "sealed"
    try:
        tree = read_event(plain).tree
    except Unreadable:
        return [], "unreadable"
    return ["<xml>", *_lines(tree, INDENT, is_plain=False), "</xml>"], ""


def _lines(tree: dict[str, Any], indent: str, *, is_plain: bool) -> Iterator[str]:
    for tag, value in tree.items():
        shown = tag in PLAIN or (is_plain and tag == ITEM)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield f"{indent}<{tag}>"
                yield from _lines(one, indent + INDENT, is_plain=shown)
                yield f"{indent}</{tag}>"
            else:
                text = one if shown or not one else HIDDEN
                yield f"{indent}<{tag}>{text}</{tag}>"
