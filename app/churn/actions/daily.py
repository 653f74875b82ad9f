"""Making the daily digests of losses: one a day for everybody who has to hear of some."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app import clock
from app.alerting.actions import lock_settings
from app.alerting.queries import find_digest_day, list_admins, stand
from app.churn.queries.daily import list_losers
from app.config import Config
from app.deliveries.actions import record_intent
from app.members.queries import list_leaders

# Whose losses a digest tells: what stands behind the day in its `ref`.
CORP, OWN = "corp", "own"


def record_daily_digests(session: Session, config: Config) -> None:
    """Make the digests about yesterday if it is time and they are not made yet.

    Those who hear of every loss get the corp's; who leads a department over somebody who lost a
    customer, that of his own people. Nothing lost, nothing made. That a day is done stands in the
    row that is locked meanwhile: later that day there are no more, whoever asks and however often.
    """
    row = lock_settings(session)
    now = clock.utcnow()
    today = find_digest_day(row, config, now)
    if today is None:
        return
    row.digested_on = today
    day = today - timedelta(days=1)
    losers = list_losers(session, day, config.server.zone)
    if not losers:
        return
    wanted = dict.fromkeys(list_leaders(session, losers), OWN)
    wanted |= dict.fromkeys(list_admins(session, stand(row, config).now), CORP)
    for recipient, whose in wanted.items():
        record_intent(
            session,
            kind="daily_losses",
            dedupe_key=f"daily_losses:{day}:{recipient}",
            recipient=recipient,
            ref=f"{day}:{whose}",
            due_at=now,
        )
