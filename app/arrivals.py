"""What came to our receivers' addresses (接收消息): the last request of each kind and verdict.

For whoever sets the address up and waits for WeCom's check of it. One row a receiver and verdict,
so that nothing grows whatever strangers send; what they sent is not kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db import Base, WireId
from app.rows import upsert

# WeCom's check of the address (GET), and events (POST).
CHECK, EVENT = "check", "event"
# A check that was answered; every other verdict is the reason of a refusal.
ANSWERED = "answered"
# An address below /callbacks/ that no receiver has; it is noted under this name.
NOBODY, UNKNOWN = "", "unknown"
# What our own examination sends along: it asks as WeCom does, and is not WeCom.
OWN_CHECK = "Banke-Check"


class Arrival(Base):
    """When the last request of a kind came to a receiver and ended with this verdict."""

    __tablename__ = "arrivals"

    receiver: Mapped[str] = mapped_column(WireId(32), primary_key=True)
    kind: Mapped[str] = mapped_column(WireId(8), primary_key=True)
    verdict: Mapped[str] = mapped_column(WireId(16), primary_key=True)
    at: Mapped[datetime]


@dataclass(frozen=True)
class Came:
    """What is the same for all requests that share a row."""

    receiver: str
    kind: str
    verdict: str


def record_arrivals(session: Session, came: Mapping[Came, datetime]) -> None:
    """Note that these came, each at its time."""
    rows = [{**vars(one), "at": at} for one, at in came.items()]
    upsert(session, Arrival, rows, key=["receiver", "kind", "verdict"], update=["at"])


def list_arrivals(session: Session, receiver: str) -> Sequence[Arrival]:
    """List what came to a receiver, newest first."""
    return session.scalars(
        select(Arrival).where(Arrival.receiver == receiver).order_by(Arrival.at.desc())
    ).all()
