"""Making messages of items ready to be sent, and keeping their files usable at WeCom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app import clock, texts
from app.db import fit
from app.errors import NotFound
from app.i18n import _
from app.library.actions.checks import FORMS
from app.library.actions.items import NO_ITEM
from app.library.errors import NotReady, TooLong, Unfilled
from app.library.models import LibraryItem, LibraryMark, LibraryPart
from app.library.queries import Item, Part, find_item
from app.materials.actions import forget_media
from app.materials.jobs import PushReport, push_media
from app.materials.models import Material
from app.materials.queries import find_media_id
from app.runtime import Runtime
from app.turns import Pace, Recent

IN_USE = timedelta(days=30)
# Whoever has a message before him sends it in a moment, or never.
FRESH_FOR = timedelta(hours=1)
# The other periodic jobs wait while files are uploaded.
MOST_AT_ONCE = 100
MOST_TOLD = 60
# How often somebody's word is enough to bring a file to WeCom again.
RENEWAL = timedelta(minutes=5)
RENEWALS: Recent[int, Pace] = Recent(partial(Pace, 1 / RENEWAL.total_seconds(), burst=1), most=2000)


@dataclass(frozen=True)
class Message:
    """Part `n` as sendChatMessage takes it; `told` says what it is, in a few words."""

    n: int
    body: dict[str, Any]
    told: str


def prepare_messages(
    runtime: Runtime,
    userid: str,
    item_id: int,
    values: Mapping[str, str],
    *,
    n: int = 0,
    stale: str = "",
) -> tuple[Message, ...]:
    """Make the messages of an item, or of its part `n` alone; upload what WeCom does not have.

    `stale`: a media_id of these that WeCom did not take, whatever our clock says.

    Raises:
        NotFound: there is no such item for this member, or no such part of it.
        Unfilled: a variable has no value.
        TooLong: what was filled in is too much for a text.
        NotReady: WeCom did not take a file.
    """
    with runtime.db.read() as session:
        parts = _find_parts(find_item(session, userid, item_id), n)
    if missing := _find_missing(parts, values):
        raise Unfilled(missing)
    _check_sizes(parts, values)
    if files := [part.material.id for part in parts if part.material]:
        _forget_stale(runtime, files, stale)
        push_media(runtime, files, renew_before=FRESH_FOR)
    with runtime.db.read() as session:
        return tuple(_make_message(session, part, values) for part in parts)


def sync_library_media(runtime: Runtime) -> PushReport:
    """Upload what is in use and WeCom does not have, or not for another day.

    In use is an item that somebody likes, or sent in the last 30 days, and one of the corp's that
    was changed in them.
    """
    with runtime.db.read() as session:
        material_ids = _list_in_use(session)
    return push_media(runtime, material_ids, most=MOST_AT_ONCE)


def _find_parts(item: Item | None, n: int) -> list[Part]:
    parts = [part for part in item.parts if n in {0, part.n}] if item else []
    if not parts:
        raise NotFound(NO_ITEM)
    return parts


def _find_missing(parts: list[Part], values: Mapping[str, str]) -> list[str]:
    """List the variables without a value, each once, in the order in which they are read."""
    segments = [
        segment
        for part in parts
        for segment in texts.build_segments(part.fields.get("content", ""), values)
    ]
    return list(dict.fromkeys(segment.variable for segment in segments if segment.is_missing))


def _check_sizes(parts: list[Part], values: Mapping[str, str]) -> None:
    for part in parts:
        segments = texts.build_segments(part.fields.get("content", ""), values)
        size = texts.size("".join(segment.text for segment in segments))
        if size > texts.MAX_BYTES:
            raise TooLong(size, texts.MAX_BYTES)


def _forget_stale(runtime: Runtime, material_ids: list[int], stale: str) -> None:
    """Have a file brought to WeCom again whose media_id this is, unless that was done just now."""
    with runtime.db.read() as session:
        named = [one for one in material_ids if stale and find_media_id(session, one) == stale]
    if any(RENEWALS.of(material_id).take() for material_id in named):
        runtime.db.commit(partial(forget_media, media_ids=[stale]))


def _make_message(session: Session, part: Part, values: Mapping[str, str]) -> Message:
    fields = dict(part.fields)
    told = _(FORMS[part.msgtype].word)
    if part.msgtype == "text":
        fields["content"] = told = texts.build_text(fields["content"], values)
    elif part.material:
        fields["mediaid"] = _get_media_id(session, part.material.id)
        told = f"{told} {part.material.filename}"
    else:
        told = f"{told} {fields['title']}"
    body = {"msgtype": part.msgtype, part.msgtype: fields}
    return Message(part.n, body, fit(" ".join(told.split()), MOST_TOLD))


def _get_media_id(session: Session, material_id: int) -> str:
    media_id = find_media_id(session, material_id)
    if media_id is None:
        why = session.get_one(Material, material_id).upload_error
        raise NotReady(why or _("文件还没有传到企业微信，请过一会儿再试"))
    return media_id


def _list_in_use(session: Session) -> list[int]:
    since = clock.utcnow() - IN_USE
    wanted_by_members = select(LibraryMark.item_id).where(
        or_(LibraryMark.favourite_at.is_not(None), LibraryMark.used_at >= since)
    )
    is_new = and_(LibraryItem.owner == "", LibraryItem.updated_at >= since)
    found = session.scalars(
        select(LibraryPart.material_id)
        .join(LibraryItem, LibraryItem.id == LibraryPart.item_id)
        .where(
            LibraryItem.removed_at.is_(None),
            LibraryPart.material_id.is_not(None),
            or_(is_new, LibraryItem.id.in_(wanted_by_members)),
        )
        .distinct()
    )
    return [material_id for material_id in found if material_id is not None]
