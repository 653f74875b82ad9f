"""How many messages one member gets in a minute, and when: quiet hours, the minute's room, digests.

WeCom drops what goes beyond 30 messages a minute to one member, and says nothing. So at most
`alerts.digest_above` go out singly, of whatever kind; what is more of a kind becomes one digest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.alerting.queries import find_alerts, quiet_until
from app.claims import Claim, Later
from app.config import Config
from app.deliveries.models import Delivery
from app.outbox import Card
from app.runtime import Runtime

MINUTE = timedelta(seconds=60)
MOST_AT_ONCE = 1000


@dataclass(frozen=True)
class Kind:
    """A kind of message: how one is built, and how several become one.

    `build` may raise `Cancelled`, unless it `never_lapses`. `waits_for_grace`: the row becomes due
    when the grace is over.
    """

    build: Callable[[Runtime, Session, Delivery], Card]
    build_digest: Callable[[Runtime, Session, list[Delivery]], Card]
    waits_for_grace: bool = False
    never_lapses: bool = False


def list_open(session: Session, claim: Claim) -> tuple[Delivery, list[Delivery]] | None:
    """Return the claimed message, and what else waits to be built for the same recipient.

    Locks them all, in one order, so that one worker at a time decides about a recipient. None: the
    message has ended meanwhile, in a digest perhaps, or it has another claimer.
    """
    mine = session.get(Delivery, claim.id)
    if mine is None:
        return None
    ids = session.scalars(
        select(Delivery.id)
        .where(
            Delivery.recipient == mine.recipient,
            Delivery.outcome.is_(None),
            Delivery.due_at.is_not(None),
            Delivery.wanted_at <= clock.utcnow(),
        )
        .order_by(Delivery.id)
        .limit(MOST_AT_ONCE)
    ).all()
    # By their ids alone: through another index MariaDB would lock them in another order than
    # whoever changes one of them, and the two would hold each other up for ever.
    locked = session.scalars(
        select(Delivery)
        .where(Delivery.id.in_(ids))
        .order_by(Delivery.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    rows = [row for row in locked if row.outcome is None and row.due_at is not None]
    if mine not in rows:
        # Ended; or there are a thousand before it, one of which will take it along.
        return None
    if mine.claimed_by != claim.token:
        return None
    return mine, [row for row in rows if row is not mine and row.payload is None]


def goes_as_digest(
    session: Session, config: Config, delivery: Delivery, *, kind: Kind, others: list[Delivery]
) -> bool:
    """Tell whether this message goes out as a digest or alone.

    Leaves in `others` those that a digest would take along.

    Raises:
        Later: it is quiet, or the minute has room for neither.
    """
    now, alerts = clock.utcnow(), find_alerts(session, config)
    quiet = quiet_until(now, alerts.quiet_hours, config.server.zone)
    if quiet is not None:
        raise Later(quiet)
    grace = timedelta(seconds=alerts.grace_seconds if kind.waits_for_grace else 0)
    others[:] = [
        other for other in others if other.kind == delivery.kind and other.wanted_at <= now - grace
    ]
    sent = (Delivery.recipient == delivery.recipient, Delivery.tried_at > now - MINUTE)
    recent = session.scalar(select(func.count()).where(*sent)) or 0
    if recent + len(others) + 1 <= alerts.digest_above:
        return False
    last_digest = session.scalar(
        select(func.max(Delivery.tried_at)).where(
            *sent, Delivery.kind == delivery.kind, Delivery.reason == "digest"
        )
    )
    if last_digest is not None:
        raise Later(last_digest + MINUTE)
    return True
