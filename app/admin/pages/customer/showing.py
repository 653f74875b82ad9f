"""Who the customer is, who follows him or did, what is known of him: all that is read at a look."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.admin.pages.customer.looking import Looked
from app.admin.pages.customer.picture import word_period
from app.admin.pages.customer.tags import show_tags
from app.admin.reading import Times
from app.churn.queries import get_loss_reason
from app.customers.models import FollowUser
from app.customers.queries import (
    ENDINGS,
    WECOM,
    FieldState,
    Follower,
    get_field_board,
    list_reminders_about,
    mask_phone,
    mask_value,
    read_mobiles,
    safe_avatar,
    word_add_way,
    word_field,
    word_origin,
    word_reason,
    word_value,
)
from app.deliveries.models import Delivery
from app.deliveries.queries import list_welcomes, word_outcome
from app.groups.queries import list_groups_of
from app.i18n import N_, _
from app.members.queries import list_names
from app.words import letter_of, visible

# So many members, groups and reminders a page shows; whoever has more is told how many.
MEMBERS, GROUPS, REMINDERS = 20, 50, 50
GENDERS = {1: N_("男"), 2: N_("女")}


def show_header(
    looked: Looked, followers: Sequence[Follower], periods: Sequence[FollowUser]
) -> dict[str, Any]:
    """Say who he is, and for how long the corp has known him."""
    customer = looked.customer
    name = visible(customer.name) or _("未命名客户")
    gender = GENDERS.get(customer.gender or 0)
    current = sum(one.is_current for one in followers)
    facts = [
        _(gender) if gender else "",
        visible(customer.position),
        _known(followers, periods, looked.now),
        _("{count} 位员工在跟进", count=current) if current else _("现在没有员工在跟进"),
    ]
    return {
        "name": name,
        "letter": letter_of(name),
        "avatar": safe_avatar(customer.avatar),
        "badge": word_origin(customer.type, visible(customer.corp_name)),
        "is_wecom": customer.type == WECOM,
        "facts": [fact for fact in facts if fact],
        "fetched": looked.now.minute(customer.fetched_at) if customer.fetched_at else "",
    }


def show_losses(
    session: Session, followers: Sequence[Follower], now: Times
) -> list[dict[str, Any]]:
    """Say whom the customer has deleted, and why."""
    shown = []
    for one in followers:
        follow = one.follow
        if follow.removed_at is None or follow.removed_by != "customer":
            continue
        stands = get_loss_reason(session, follow.id)
        told = _(
            "客户在 {when} 删除了 {member}，此前认识 {days} 天",
            when=now.minute(follow.removed_at),
            member=_name(one),
            days=(follow.removed_at - follow.added_at).days,
        )
        reason = visible(word_reason(stands.reason, stands.note))
        shown.append({"told": told, "reason": reason})
    return shown


def show_members(
    session: Session,
    looked: Looked,
    followers: Sequence[Follower],
    periods: Sequence[FollowUser],
) -> list[dict[str, Any]]:
    """Show each of these members with what belongs to the two of them.

    Of one who is not in the admin's scope no more is told than a colleague sees.
    """
    userids = [one.follow.userid for one in followers if one.is_within]
    welcomes = list_welcomes(session, looked.external_userid, userids)
    operators = list_names(session, {one.follow.oper_userid for one in followers})
    shown = []
    for one in followers:
        row = _show_member(one, looked.now, periods)
        if one.is_within:
            mobiles = read_mobiles(session, one.follow)
            welcome = welcomes.get(one.follow.userid)
            row |= _show_own(one.follow, mobiles, looked.now, operators, welcome)
            row["tags"] = show_tags(session, looked, one.follow)
        shown.append(row)
    return shown


def show_fields(session: Session, looked: Looked) -> dict[str, Any]:
    """Show what the corp keeps about him; of what is sealed not all."""
    board = get_field_board(session, looked.external_userid, viewer="")
    rows = [_show_field(state, looked.now) for state in board.states]
    authors = list_names(session, {state.userid for state in board.states})
    for row in rows:
        row["member"] = visible(authors.get(row["userid"], row["userid"]))
    return {
        "fields": [row for row in rows if row["text"]],
        "empty_fields": [row["name"] for row in rows if not row["text"]],
    }


def show_groups(session: Session, looked: Looked, viewer: str) -> dict[str, Any]:
    """Show in which groups he is."""
    found = list_groups_of(
        session, looked.external_userid, with_userid=viewer, limit=GROUPS + 1, offset=0
    )
    return {
        "chats": [
            {
                "name": visible(one.name) or _("未命名群聊"),
                "joined": looked.now.short_day(one.joined_at),
                "is_common": one.is_common,
            }
            for one in found[:GROUPS]
        ],
        "more_chats": len(found) > GROUPS,
    }


def show_reminders(session: Session, looked: Looked) -> dict[str, Any]:
    """Show what the members of the scope want to be reminded of, the next one first."""
    found = list_reminders_about(session, looked.external_userid, looked.scope, limit=REMINDERS + 1)
    names = list_names(session, {one.userid for one in found})
    now = looked.now
    return {
        "reminders": [
            {
                "id": one.id,
                "text": visible(one.text) or _("跟进这位客户"),
                "member": visible(names.get(one.userid, "")) or one.userid,
                "when": now.minute(one.due_at),
                "is_due": one.due_at <= now.now,
            }
            for one in found[:REMINDERS]
        ],
        "more_reminders": len(found) > REMINDERS,
    }


def _known(followers: Sequence[Follower], periods: Sequence[FollowUser], now: Times) -> str:
    """Say for how many days: until now, or until the last member and he parted."""
    if not periods:
        return ""
    first = min(one.added_at for one in periods)
    ends = [one.follow.removed_at or now.now for one in followers]
    days = (max(ends).astimezone(now.zone).date() - first.astimezone(now.zone).date()).days
    return _("认识 {days} 天", days=days) if days > 0 else _("认识不到 1 天")


def _show_member(one: Follower, now: Times, periods: Sequence[FollowUser]) -> dict[str, Any]:
    follow = one.follow
    own = [period for period in periods if period.userid == follow.userid]
    return {
        "id": follow.id,
        "name": _name(one),
        "is_within": one.is_within,
        "is_current": one.is_current,
        "standing": _standing(follow),
        "ending": follow.removed_by or "",
        "added": now.minute(follow.added_at),
        "removed": now.minute(follow.removed_at) if follow.removed_at else "",
        "gave_up": now.minute(follow.gave_up_at) if follow.gave_up_at else "",
        "followed_up": now.minute(one.followed_up_at) if one.followed_up_at else "",
        "periods": [word_period(period, now) for period in own] if len(own) > 1 else [],
    }


def _show_own(
    follow: FollowUser,
    numbers: Sequence[str],
    now: Times,
    operators: dict[str, str],
    welcome: Delivery | None,
) -> dict[str, Any]:
    """Show what the member himself has noted, and how the two came together."""
    oper = visible(operators.get(follow.oper_userid, ""))
    state = visible(follow.state)
    source = [
        _("渠道「{state}」", state=state) if state else "",
        word_add_way(follow.add_way),
        _("由 {member} 添加", member=oper) if oper else "",
    ]
    mobiles = [shown for phone in numbers if (shown := visible(phone))]
    return {
        "remark": visible(follow.remark),
        "description": visible(follow.description, lines=True),
        "mobiles": _("、").join(mask_phone(phone) for phone in mobiles),
        "source": " · ".join(part for part in source if part),
        "mutual": now.minute(follow.mutual_at) if follow.mutual_at else "",
        "welcome": word_outcome(welcome) if welcome else "",
        "welcome_fate": (welcome.outcome or "open") if welcome else "",
    }


def _standing(follow: FollowUser) -> str:
    if follow.removed_by:
        return _(ENDINGS.get(follow.removed_by, follow.removed_by))
    return _("跟进中") if follow.mutual_at else _("单向：还没有加回")


def _show_field(state: FieldState, now: Times) -> dict[str, Any]:
    text = visible(word_value(state.field, state.value))
    is_masked = state.field.is_sealed and bool(text)
    return {
        "id": state.field.id,
        "name": visible(word_field(state.field.name)),
        "text": mask_value(state.field, text),
        "is_masked": is_masked,
        "is_number": state.field.kind == "phone",
        "userid": state.userid,
        "at": now.minute(state.at) if state.at else "",
    }


def _name(one: Follower) -> str:
    return visible(one.name) or one.follow.userid
