"""Sealing what is written of customers, and what is found again of it by its digest."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.customers.actions.field_kinds import read_number
from app.customers.models import FieldChange, FollowMobile, FollowUser
from app.customers.queries.fields import Field, Value
from app.customers.queries.sealed import (
    Relation,
    digest_number,
    digest_text,
    place_of_before,
    place_of_mobiles,
    place_of_value,
    read_mobiles,
)
from app.data_keys import seal_json
from app.rows import among, insert_rows


def seal_mobiles(
    session: Session, mobiles: Sequence[str], *, external_userid: str, userid: str, period: int
) -> list[str] | str:
    """Return what `remark_mobiles` keeps of these numbers."""
    place = place_of_mobiles(external_userid, userid, period)
    sealed: list[str] | str = seal_json(session, list(mobiles), place=place)
    return sealed


def reseal_mobiles(session: Session, follow: Relation, mobiles: Sequence[str]) -> list[str] | str:
    """Return what `remark_mobiles` is to keep: what stands there, if it is the same numbers.

    No box is made like another: without looking, every relation would seem to have changed.
    """
    kept: list[str] | str = follow.remark_mobiles
    if (not kept and not mobiles) or (kept and read_mobiles(session, follow) == list(mobiles)):
        return kept
    return seal_mobiles(
        session,
        mobiles,
        external_userid=follow.external_userid,
        userid=follow.userid,
        period=follow.period,
    )


def set_mobiles(session: Session, follow: FollowUser, mobiles: Sequence[str]) -> None:
    """Have these be the numbers that a follower noted in WeCom, and have him found by them."""
    kept = reseal_mobiles(session, follow, mobiles)
    if kept != follow.remark_mobiles:
        follow.remark_mobiles = kept
        note_mobiles(session, {follow.id: mobiles})


def note_mobiles(
    session: Session, mobiles: Mapping[int, Sequence[str]], *, are_new: bool = False
) -> None:
    """Have these relations found by these numbers, and by no others; however they are written."""
    if mobiles and not are_new:
        gone = delete(FollowMobile).where(among(session, FollowMobile.follow_id, mobiles.keys()))
        session.execute(gone.execution_options(synchronize_session=False))
    digests = {
        (follow_id, digest_number(session, read_number(text) or text.strip()))
        for follow_id, texts in mobiles.items()
        for text in texts
    }
    rows = [{"follow_id": follow_id, "digest": digest} for follow_id, digest in sorted(digests)]
    insert_rows(session, FollowMobile, rows)


def columns_of(
    session: Session, field: Field, value: Value, *, external_userid: str
) -> dict[str, Any]:
    """Return the columns of `field_values` that hold a value, but for the options of a choice."""
    clear: dict[str, Any] = {
        "text": value.text or None,
        "number": value.number,
        "day": value.day,
        "flag": value.flag,
        "box": None,
        "digest": None,
    }
    if not field.is_sealed or value.is_empty:
        return clear
    place = place_of_value(external_userid, field.id)
    box = seal_json(session, value.as_json(), place=place)
    return dict.fromkeys(clear) | {"box": box, "digest": digest_value(session, field, value)}


def digest_value(session: Session, field: Field, value: Value) -> str:
    """Return what the exact value of a sealed field is found by."""
    if field.kind == "phone":
        return digest_number(session, value.text)
    kept = value.as_json()
    return digest_text(session, field.id, kept["text"] or kept["number"] or kept["day"] or "")


def keep_before(session: Session, field: Field, change: FieldChange, before: Value) -> None:
    """Put down what stood in a field before a change, whose version is known."""
    kept = before.as_json()
    change.before = (
        seal_json(session, kept, place=place_of_before(change)) if field.is_sealed else kept
    )
