"""What a push about a customer's numbers (备注手机) carries: those we knew, and those wanted.

Told apart at the time of telling from what WeCom has by then, so that a number that was noted there
meanwhile is not lost: no event tells of one. Sealed under a data key.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from app.data_keys import DataKeys, is_off, keys_of, place_of
from app.pushes.models import Push
from app.seal_walks import SealedRows

SUBJECT = "mobiles"


@dataclass(frozen=True)
class Mobiles:
    """The numbers that WeCom had when the change was begun, and those that it is to have."""

    was: tuple[str, ...]
    wanted: tuple[str, ...]

    def merged(self, now: Sequence[str]) -> list[str]:
        """Return what WeCom is to have that has `now`: our change, and what came there since."""
        gone, new = set(self.was) - set(self.wanted), set(self.wanted) - set(self.was)
        kept = [one for one in now if one not in gone]
        return kept + [one for one in self.wanted if one in new and one not in kept]


def pack_mobiles(keys: DataKeys, mobiles: Mobiles, *, userid: str, external_userid: str) -> str:
    """Write it as the value of a push of this pair."""
    text = json.dumps(asdict(mobiles), ensure_ascii=False, separators=(",", ":"))
    return keys.seal(text, place=_place(userid, external_userid))


def unpack_mobiles(keys: DataKeys, push: Push) -> Mobiles:
    """Read the value of a push.

    Raises:
        BoxShut: see `DataKeys.open`.
    """
    kept = json.loads(keys.open(push.value, place=_place(push.userid, push.external_userid)))
    return Mobiles(tuple(kept["was"]), tuple(kept["wanted"]))


def _place(userid: str, external_userid: str) -> str:
    return place_of(Push.__tablename__, "value", external_userid, userid, SUBJECT)


def _is_off(session: Session, push: Push) -> bool:
    return push.subject == SUBJECT and is_off(session, push.value)


def _reseal(session: Session, push: Push) -> None:
    keys, pair = keys_of(session), (push.userid, push.external_userid)
    mobiles = unpack_mobiles(keys, push)
    push.value = pack_mobiles(keys, mobiles, userid=pair[0], external_userid=pair[1])


def _boxes(push: Push) -> list[tuple[str, str]]:
    is_one = push.subject == SUBJECT
    return [(push.value, _place(push.userid, push.external_userid))] if is_one else []


SEALED = (SealedRows(Push.__tablename__, Push, _is_off, _reseal, _boxes),)
