"""Who reads what is held, and what the pages tell of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.i18n import _
from app.members.queries import list_names
from app.personal import Holding, Reader
from app.privacy.board import HOLDINGS
from app.runtime import Runtime


@dataclass(frozen=True)
class Held:
    """One kind of thing that is held, worded: what, why, how long, under which headings.

    `is_cleared`: erasing leaves the row, without him.
    """

    title: str
    purpose: str
    kept: str
    headings: Sequence[str]
    is_cleared: bool


@dataclass(frozen=True)
class Counted:
    """How much of one kind is held about somebody; `is_cleared` as in `Held`."""

    title: str
    count: int
    is_cleared: bool


def build_reader(runtime: Runtime, session: Session) -> Reader:
    """Return who reads people's rows in this session."""
    names: dict[str, str] = {}

    def find_name(userid: str) -> str:
        if userid not in names:
            names[userid] = list_names(session, [userid]).get(userid, "")
        return names[userid]

    return Reader(session, runtime.sealer, runtime.config.server.zone, find_name)


def list_held(runtime: Runtime) -> list[Held]:
    """Tell what is held about customers, the customer himself first."""
    return [
        Held(
            title=_(one.title),
            purpose=_(one.purpose),
            kept=one.kept(runtime.config),
            headings=[_(heading) for heading in one.columns],
            is_cleared=one.is_cleared,
        )
        for one in in_reading_order()
    ]


def count_held(reader: Reader, external_userid: str) -> list[Counted]:
    """Count what is held about a customer; what is not there is left out."""
    counts = [
        Counted(_(one.title), one.count(reader, external_userid), is_cleared=one.is_cleared)
        for one in in_reading_order()
    ]
    return [one for one in counts if one.count]


def in_reading_order() -> tuple[Holding, ...]:
    """Return the holdings from the customer on: the other way round than they are erased."""
    return HOLDINGS[::-1]
