"""How many welcomes arrived, of those that were due."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.deliveries.models import Delivery
from app.reports.asked import Asked

DAYS, MOST_REASONS = 30, 8
# Nobody was to be greeted: by the rules, or because WeCom gives no code for such a customer.
NOT_DUE = frozenset({"skipped", "cancelled"})


def read_welcomes(session: Session, asked: Asked) -> dict[str, Any]:
    """Read `due`, `sent`, `not_due`, and by `outcome` and `reason` those that did not arrive."""
    rows = session.execute(
        select(Delivery.outcome, Delivery.reason, func.count())
        .where(
            Delivery.kind == "welcome",
            Delivery.created_at >= asked.days_ago(DAYS - 1),
            # One that is being sent is none of either yet.
            Delivery.outcome.is_not(None),
            asked.scope.holds(Delivery.userid),
        )
        .group_by(Delivery.outcome, Delivery.reason)
    )
    ends = [(outcome or "", reason, count) for outcome, reason, count in rows]
    due = [end for end in ends if end[0] not in NOT_DUE]
    missed = sorted((end for end in due if end[0] != "sent"), key=itemgetter(2), reverse=True)
    return {
        "days": DAYS,
        "due": _add_up(due),
        "sent": _add_up(due) - _add_up(missed),
        "not_due": _add_up(ends) - _add_up(due),
        "missed": [
            {"outcome": outcome, "reason": reason, "count": count}
            for outcome, reason, count in missed[:MOST_REASONS]
        ],
    }


def _add_up(ends: Iterable[tuple[str, str, int]]) -> int:
    return sum(count for _outcome, _reason, count in ends)
