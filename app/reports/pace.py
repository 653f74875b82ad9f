"""How quickly customers were greeted of late, and how it ended: what an operator's tools ask."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.deliveries.models import Delivery

# Seconds. WeCom's window is 20; the budget of most welcomes lies below one.
STEPS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Welcomes by outcome ("": open), and of those that arrived how long they took.

    `within`: how many arrived within each of `STEPS` seconds; `arrived`: all of them, measured;
    `seconds`: the sum of what they took, from the callback's receipt to WeCom's acceptance.
    """

    outcomes: Counter[str]
    within: tuple[int, ...]
    arrived: int
    seconds: float


def measure_pace(session: Session, *, since: datetime) -> Pace:
    """Measure the welcomes that were begun since then."""
    rows = session.execute(
        select(Delivery.outcome, Delivery.took_ms, func.count())
        .where(Delivery.kind == "welcome", Delivery.created_at >= since)
        .group_by(Delivery.outcome, Delivery.took_ms)
    ).all()
    outcomes: Counter[str] = Counter()
    took: Counter[float] = Counter()
    for outcome, ms, count in rows:
        outcomes[outcome or ""] += count
        if outcome == "sent" and ms is not None:
            took[ms / 1000] += count
    return Pace(
        outcomes=outcomes,
        within=tuple(sum(n for s, n in took.items() if s <= step) for step in STEPS),
        arrived=took.total(),
        seconds=sum(s * n for s, n in took.items()),
    )
