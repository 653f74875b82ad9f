"""The numbers (备注手机) in a profile: a row among the fields; the follower adds and removes some.

They are shown with their middles hidden also to whoever edits them. So a number is named in a form
by its fingerprint, and what an undo brings back is sealed.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from app.customers.actions import (
    MobilesChange,
    add_mobile,
    remove_mobile,
    restore_mobiles,
    retry_mobiles,
)
from app.customers.models import FollowUser
from app.customers.queries import find_follow, mask_phone, read_mobiles
from app.errors import NotFound
from app.i18n import N_, _
from app.outbox import customer_path
from app.pushes.models import Push
from app.pushes.queries import word_reason
from app.runtime import Runtime
from app.seal import SealBroken, Sealer
from sidebar.context import CardContext
from sidebar.panels.profile.pushed import may_write, pick_own, read_unsettled, show_way
from sidebar.panels.showing import visible

# The id of the row, beside those of fields; also the subject of what WeCom is told.
MOBILES = "mobiles"
PURPOSE = "sidebar.mobiles"
GONE = N_("这个号码已经不在了")


def find_now(session: Session, context: CardContext) -> FollowUser:
    """Find the relation as it is by now."""
    follow = context.viewpoint.follow
    return find_follow(session, follow.userid, context.external_userid) or follow


def show_row(
    session: Session, context: CardContext, follow: FollowUser, pushes: Sequence[Push]
) -> dict[str, Any] | None:
    """Say which numbers the follower noted; None: none, and the viewer may note none."""
    numbers = [one for text in read_mobiles(session, follow) if (one := visible(text))]
    is_own = may_write(context)
    if not numbers and not is_own:
        return None
    return {
        "id": MOBILES,
        "name": _("备注手机"),
        "kind": MOBILES,
        "text": _("、").join(mask_phone(number) for number in numbers),
        "to_copy": "",
        "hint": "" if is_own else _("由跟进人填写"),
        "is_empty": not numbers,
        "is_masked": bool(numbers),
        "pinned": bool(numbers),
        "read_only": not is_own,
        "way": _way(pushes),
    }


def show_input(
    session: Session, context: CardContext, *, typed: str = "", told: str = ""
) -> dict[str, Any]:
    """Say what the form shows: each number with what names it, and what was typed."""
    follow, sealer = find_now(session, context), _sealer()
    numbers = [
        {"mask": mask_phone(visible(number)), "key": _key(sealer, follow, number)}
        for number in read_mobiles(session, follow)
    ]
    held = "error" if told else ""
    return {"numbers": numbers, "text": typed, "told": told, "held": held}


def load_way(session: Session, context: CardContext) -> dict[str, Any]:
    """Read how the numbers stand with WeCom: what the page asks again and again."""
    path = customer_path(context.external_userid)
    return {"path": path, "mobiles_way": _way(read_unsettled(session, context))}


def find_work(
    runtime: Runtime, context: CardContext, form: Mapping[str, str]
) -> Callable[[Session], MobilesChange]:
    """Return what a form asks for: a number more, one less, or those of before."""
    external_userid, userid = context.external_userid, context.viewer.userid

    def work(session: Session) -> MobilesChange:
        if back := form.get("back"):
            numbers = _open(runtime.sealer, external_userid, back)
            return restore_mobiles(session, external_userid, userid=userid, numbers=numbers)
        if key := form.get("remove"):
            number = _find(session, context, runtime.sealer, key)
            return remove_mobile(session, external_userid, userid=userid, number=number)
        return add_mobile(session, external_userid, userid=userid, typed=form.get("text", ""))

    return work


def find_retry(context: CardContext) -> Callable[[Session], bool]:
    """Return the telling anew of what WeCom could not be told."""
    userid = context.viewer.userid
    return partial(retry_mobiles, external_userid=context.external_userid, userid=userid)


def word_change(runtime: Runtime, context: CardContext, change: MobilesChange) -> Any:
    """Say what was done, with its way back."""
    if not change.changed:
        return None
    kept = json.dumps([context.external_userid, *change.before]).encode()
    back = urlsafe_b64encode(runtime.sealer.seal(kept, purpose=PURPOSE)).decode()
    undo = {"action": "mobiles", "values": {"back": back}, "target": f"#field-{MOBILES}"}
    return {"text": _("电话已修改"), "undo": undo, "home": f"#field-{MOBILES} a"}


def _find(session: Session, context: CardContext, sealer: Sealer, key: str) -> str:
    follow = find_now(session, context)
    found = [one for one in read_mobiles(session, follow) if _key(sealer, follow, one) == key]
    if not found:
        raise NotFound(GONE)
    return found[0]


def _open(sealer: Sealer, external_userid: str, back: str) -> list[str]:
    """Open what an undo brings back: this customer's numbers of before."""
    try:
        whose, *numbers = json.loads(sealer.open(urlsafe_b64decode(back), purpose=PURPOSE))
    except (SealBroken, ValueError):
        raise NotFound(GONE) from None
    if whose != external_userid:
        raise NotFound(GONE)
    return [str(number) for number in numbers]


def _way(pushes: Sequence[Push]) -> dict[str, Any]:
    own, failed = pick_own(pushes, MOBILES)
    faults = [_("备注手机没有同步到企业微信：{why}", why=word_reason(push)) for push in failed]
    return show_way(own, faults)


def _key(sealer: Sealer, follow: FollowUser, number: str) -> str:
    return sealer.fingerprint(f"{follow.id}:{number}", purpose=PURPOSE)


def _sealer() -> Sealer:
    sealer: Sealer = current_app.extensions["banke_runtime"].sealer
    return sealer
