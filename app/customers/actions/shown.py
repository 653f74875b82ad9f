"""What WeCom shows of a relation, beside what it may not know yet of our own changes."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.data_keys import keys_of
from app.db import fit
from app.pushes.mobiles import SUBJECT as MOBILES
from app.pushes.mobiles import unpack_mobiles
from app.pushes.models import Push
from app.wecom.external_contact import FollowRelation

# The columns that members change here, by the subject of the push that tells WeCom.
COLUMNS = {"": "remark", "description": "description", MOBILES: "remark_mobiles"}


def values_of(info: FollowRelation) -> dict[str, Any]:
    """Return what WeCom shows, by our columns."""
    return {
        "remark": fit(info.remark, 128),
        "description": fit(info.description, 1024),
        "remark_mobiles": list(info.remark_mobiles)[:10],
        "add_way": info.add_way,
        "oper_userid": info.oper_userid or "",
    }


def held_columns(held: Mapping[str, Collection[str]]) -> list[str]:
    """Return the columns of which WeCom may not know the last change; `held` as `list_held`."""
    return [COLUMNS[subject] for subject in held.get("remark", ()) if subject in COLUMNS]


def has_come(
    session: Session, push: Push, info: FollowRelation, tag_ids: Collection[str | None]
) -> bool:
    """Tell whether WeCom shows what a push wanted, however it came there."""
    if push.kind == "tags":
        return (push.value == "add") == (push.subject in tag_ids)
    if push.subject == MOBILES:
        return set(unpack_mobiles(keys_of(session), push).wanted) == set(info.remark_mobiles)
    return bool(push.value == (info.description if push.subject else info.remark))
