"""The panel 群资料: a group in figures, who is in it, who of them is a customer, who moved."""

import zlib
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.groups.models import GroupChat
from app.groups.queries import (
    BADGES,
    GroupMove,
    GroupPerson,
    get_group_card,
    list_moves,
    list_people,
)
from app.i18n import N_, _
from app.outbox import customer_path
from app.runtime import Runtime
from app.words import clean
from sidebar.context import GroupContext
from sidebar.panels.parts import Panel, Part, Reply
from sidebar.panels.reading import number, times
from sidebar.panels.showing import letter_of, name_of, visible

MOST_PAGES = 100
MOST_SEARCHED = 40
TILES = 6
BADGE_WORDS = {"member": N_("员工"), "customer": N_("客户"), "stranger": N_("未加好友")}
# Whoever comes from here to a customer finds the way back (frame.js).
FROM_GROUP = "#from-group"


def load(session: Session, context: GroupContext) -> dict[str, Any]:
    """Read the whole card; `?before=` chooses what happened."""
    card = get_group_card(session, context.chat.chat_id, since=times().midnight())
    counts = {
        N_("总人数"): card.total,
        N_("客户"): card.customers,
        N_("今日进群"): card.joined,
        N_("今日退群"): card.left,
    }
    return {
        "header": _show_header(session, card.chat),
        "counts": [(_(name), count) for name, count in counts.items()],
        **show_people(session, context, {}),
        **show_moves(session, context),
    }


def choose_people(runtime: Runtime, context: GroupContext, form: Mapping[str, str]) -> Reply:
    """Look for people: `q` in their names, a `badge` (else the one that is `kept`), a `page`."""
    with runtime.db.read() as session:
        return Reply("panels/group/people.html", show_people(session, context, form))


def show_people(
    session: Session, context: GroupContext, asked: Mapping[str, str]
) -> dict[str, Any]:
    """Read a page of who is in the group."""
    search = clean(asked.get("q", "")).strip()[:MOST_SEARCHED]
    badge = asked.get("badge", asked.get("kept", ""))
    badge = badge if badge in BADGES else ""
    page = min(number(asked.get("page")), MOST_PAGES)
    people, more = list_people(
        session,
        context.chat.chat_id,
        viewer=context.viewer.userid,
        search=search,
        badge=badge,
        page=page,
    )
    return {
        "path": _path(context),
        "search": search,
        "badge": badge,
        "filters": [("", _("全部"))] + [(name, _(word)) for name, word in BADGE_WORDS.items()],
        "people": [_show_person(person, context.chat) for person in people],
        "page": page,
        "next_page": page + 1 if more and page < MOST_PAGES else 0,
    }


def show_moves(session: Session, context: GroupContext) -> dict[str, Any]:
    """Read a page of who came and went."""
    before = request.args.get("before", "")
    moves, older = list_moves(session, context.chat.chat_id, before=before)
    path = _path(context)
    return {
        "path": path,
        "before": before,
        "days": _show_days(moves),
        "older_href": f"{path}?before={older}" if older else "",
        "older_get": f"{path}/moves?before={older}" if older else "",
        "ended": bool(before),
    }


def _path(context: GroupContext) -> str:
    return f"{context.path}/{PANEL.name}"


def _show_header(session: Session, chat: GroupChat) -> dict[str, Any]:
    now = times()
    return {
        "name": visible(chat.name) or _("未命名群聊"),
        "owner": name_of(session, chat.owner) if chat.owner else "",
        "made": now.day(chat.create_time) if chat.create_time else "",
        "notice": visible(chat.notice, lines=True),
        "dismissed": now.minute(chat.dismissed_at) if chat.dismissed_at else "",
    }


def _show_person(person: GroupPerson, chat: GroupChat) -> dict[str, Any]:
    name = visible(person.name)
    nickname = visible(person.group_nickname)
    return {
        "name": name or _("未命名客户"),
        "letter": letter_of(name or _("未命名客户")),
        "tile": zlib.crc32(person.userid.encode()) % TILES,
        "nickname": "" if nickname == name else nickname,
        "badge": person.badge,
        "worded": _("群主") if person.userid == chat.owner else _(BADGE_WORDS[person.badge]),
        "joined": _("{day} 进群", day=times().day(person.joined_at)),
        "card": f"{customer_path(person.userid)}{FROM_GROUP}" if person.is_mine else "",
    }


def _show_days(moves: list[GroupMove]) -> list[dict[str, Any]]:
    now = times()
    days = []
    for day, lines in groupby(moves, lambda move: move.at.astimezone(now.zone).date()):
        days.append({"title": now.title(day), "lines": [_show_move(move) for move in lines]})
    return days


def _show_move(move: GroupMove) -> dict[str, str]:
    name = visible(move.name) or _("未命名客户")
    text = _("{name} 退出群聊", name=name) if move.has_left else _("{name} 加入群聊", name=name)
    return {
        "icon": "minus" if move.has_left else "plus",
        "text": clean(text),
        "member": _("员工") if move.is_member else "",
        "time": times().clock(move.at),
        "at": move.at.isoformat(timespec="seconds"),
    }


PANEL = Panel[GroupContext](
    name="group",
    title=N_("群资料"),
    load=load,
    parts={
        "moves": Part("panels/group/moves.html", show_moves),
    },
    actions={"people": choose_people},
)
