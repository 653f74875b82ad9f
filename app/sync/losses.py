"""What a walk means for losses: periods that became others, and relations that are gone."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.alerting.queries import find_alerts
from app.churn.actions import record_alerts, record_losses, take_back_loss
from app.churn.actions.alerts import NEWS_HOURS
from app.churn.models import Loss
from app.config import Config
from app.customers.actions import Change, lock_customer, record_change, record_timeline
from app.customers.models import FollowUser
from app.sync.models import SyncSuspect


def bring_into_line(session: Session, pairs: Iterable[tuple[str, str]]) -> None:
    """Bring the losses of these pairs into line with their periods; nobody is told."""
    for userid, external_userid in pairs:
        stale = session.scalars(
            select(Loss.follow_id)
            .join(FollowUser, FollowUser.id == Loss.follow_id)
            .where(
                Loss.userid == userid,
                Loss.external_userid == external_userid,
                FollowUser.removed_at.is_(None),
            )
        ).all()
        for follow_id in stale:
            take_back_loss(session, follow_id)
        record_losses(session, userid, external_userid)


def record_gone(session: Session, suspect: SyncSuspect, config: Config, *, silent: bool) -> bool:
    """Record that a relation is over, after a second look; False: it was over, or has begun anew.

    When it ended nobody knows: between `known_at` and `missed_at`. Who has to hear of losses hears
    of it only if even `known_at` is young enough for news. `silent`: nobody does.
    """
    lock_customer(session, suspect.external_userid)
    follow = session.get(FollowUser, suspect.follow_id, populate_existing=True)
    if follow is None or follow.removed_at is not None or follow.added_at > suspect.missed_at:
        return False
    pair = {"userid": follow.userid, "external_userid": follow.external_userid}
    record_change(session, Change(**pair, kind="reconcile", at=suspect.missed_at))
    losses = record_losses(session, follow.userid, follow.external_userid)
    record_timeline(
        session,
        **pair,
        kind="removed_by_reconcile",
        at=suspect.missed_at,
        key=f"gone:{follow.id}:{suspect.missed_at.timestamp():.6f}",
        data={"found_by": "reconcile", "known_at": suspect.known_at.isoformat()},
    )
    is_news = clock.utcnow() - suspect.known_at <= timedelta(hours=NEWS_HOURS)
    if is_news and not silent:
        record_alerts(session, losses, find_alerts(session, config))
    return True
