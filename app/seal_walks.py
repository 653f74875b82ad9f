"""How far what is sealed has been gone through: to seal what lay in clear, and for a new key.

One row for each kind of rows that hold boxes. Whoever makes old rows need it says so with
`walk_again`; `app.privacy.sealing` walks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db import Base, WireId
from app.rows import upsert


class SealWalk(Base):
    """One walk. `key_id`: the data key that it seals under; `reached`: the last row's key.

    `asked` counts how often it was begun anew, so that a piece of the walk before ends none;
    `ended_at` None: it is under way.
    """

    __tablename__ = "seal_walks"

    name: Mapped[str] = mapped_column(WireId(32), primary_key=True)
    key_id: Mapped[str] = mapped_column(WireId(16))
    reached: Mapped[list[Any]] = mapped_column(JSON)
    asked: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]


@dataclass(frozen=True)
class SealedRows:
    """Rows of a table that hold boxes.

    `is_off`: a row is not as it should be: in clear, sealed without need, or under an older key.
    `reseal` has it be so. `boxes`: what a row keeps that may be a box, and the place of each.
    """

    name: str
    table: type[Base]
    is_off: Callable[[Session, Any], bool]
    reseal: Callable[[Session, Any], None]
    boxes: Callable[[Any], Sequence[tuple[Any, str]]]


def walk_again(session: Session, *names: str) -> None:
    """Have these kinds of rows gone through from the start."""
    blank: dict[str, Any] = {"key_id": "", "reached": [], "ended_at": None}
    rows = [{"name": name, "asked": 1, **blank} for name in names]
    upsert(session, SealWalk, rows, key=["name"], update=list(blank), count="asked")
