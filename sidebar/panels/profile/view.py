"""What the profile shows, worded in the reader's language and made safe to look at."""

import zlib
from collections.abc import Sequence
from typing import Any

from app.customers.models import FollowUser
from app.customers.queries import (
    ENDINGS,
    WECOM,
    Card,
    safe_avatar,
    word_add_way,
    word_origin,
)
from app.i18n import N_, _
from sidebar.panels.showing import Times, letter_of, visible

TILES = 6
SPAN, ONE_DAY = N_("{begin} 至 {end}，{ending}"), N_("{begin} 当天，{ending}")


def show_header(card: Card, follow: FollowUser, times: Times) -> dict[str, Any]:
    """Say who he is and where he came from."""
    customer = card.customer
    name = visible(customer.name) or _("未命名客户")
    return {
        "name": name,
        "letter": letter_of(name),
        "tile": zlib.crc32(customer.external_userid.encode()) % TILES,
        "avatar": safe_avatar(customer.avatar),
        "badge": word_origin(customer.type, visible(customer.corp_name)),
        "is_wecom": customer.type == WECOM,
        "source": _source(follow, times),
        "known": _known(card, follow, times),
    }


def show_bars(card: Card, follow: FollowUser, times: Times, *, member: str) -> list[dict[str, str]]:
    """Say what is out of the ordinary. `member`: the follower's name, "" if it is the reader."""
    bars = []
    if follow.removed_at is not None and follow.removed_by == "customer":
        when = times.minute(follow.removed_at)
        told = (
            _("客户已在 {when} 删除了 {member}", when=when, member=member)
            if member
            else _("客户已在 {when} 删除了你", when=when)
        )
        known = _days((follow.removed_at - card.first_added_at).days)
        hint = _("资料和动态都还在；对方再加你时，以前的记录会接上。")
        bars.append({"kind": "loss", "text": told, "also": known, "hint": hint})
    elif follow.removed_at is None and follow.mutual_at is None:
        told = (
            _("对方免验证加了 {member}，还没有加回", member=member)
            if member
            else _("对方免验证加了你，你还没有加回")
        )
        hint = _("在企业微信里添加对方后，才能看到资料、打标签。")
        bars.append({"kind": "half", "text": told, "also": "", "hint": hint})
    if member:
        told = _("你以负责人的身份查看，跟进人：{member}", member=member)
        bars.append({"kind": "manager", "text": told, "also": "", "hint": ""})
    return bars


def show_periods(periods: Sequence[FollowUser], times: Times) -> list[str]:
    """Say when these two were together, the latest first."""
    return [_period(period, times) for period in periods]


def _source(follow: FollowUser, times: Times) -> list[str]:
    state = visible(follow.state)
    channel = _("来自渠道「{state}」", state=state) if state else ""
    added = _("{day} 添加", day=times.day(follow.added_at))
    parts = [channel, word_add_way(follow.add_way), added]
    return [part for part in parts if part]


def _known(card: Card, follow: FollowUser, times: Times) -> str:
    if follow.removed_at is not None:
        # The bar about his leaving says it.
        return ""
    days = (times.now.date() - card.first_added_at.astimezone(times.zone).date()).days
    return _days(days) if days > 0 else _("今天添加")


def _days(days: int) -> str:
    return _("认识 {days} 天", days=days) if days > 0 else _("认识不到 1 天")


def _period(period: FollowUser, times: Times) -> str:
    begin = times.day(period.added_at)
    if period.removed_at is None or period.removed_by is None:
        return _("{begin} 至今", begin=begin)
    end, ending = times.day(period.removed_at), _(ENDINGS[period.removed_by])
    return _(ONE_DAY if begin == end else SPAN, begin=begin, end=end, ending=ending)
