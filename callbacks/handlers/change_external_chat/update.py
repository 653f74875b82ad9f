"""Somebody joined or left a customer group, or its owner, name or notice changed."""

from app.groups.actions import Told
from app.groups.jobs import sync_group
from app.runtime import Runtime
from app.wecom.envelope import CallbackEvent
from callbacks.reaction import Reaction, StoredEvent

SCENES = {"add_member": "JoinScene", "del_member": "QuitScene"}


def record_the_change(runtime: Runtime, event: StoredEvent) -> None:
    """Record what the event tells and what WeCom shows now."""
    sync_group(runtime, event.event.chat_id, told=_told(event))


def _told(event: StoredEvent) -> Told:
    wire = event.event
    detail = wire.text("UpdateDetail")
    people = wire.items("MemChangeList")
    return Told(
        at=event.at,
        received_at=event.received_at,
        joined=people if detail == "add_member" else (),
        left=people if detail == "del_member" else (),
        scene=_scene(wire, SCENES.get(detail, "")),
        last_version=wire.text("LastMemVer"),
        version=wire.text("CurMemVer"),
    )


def _scene(wire: CallbackEvent, tag: str) -> int | None:
    text = wire.text(tag)
    return int(text) if text.isdecimal() and len(text) < 5 else None  # noqa: PLR2004 -- no scene has more digits


REACTIONS: tuple[Reaction, ...] = (record_the_change,)
