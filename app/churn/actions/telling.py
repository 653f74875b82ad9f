"""What new losses call for: the messages about each, and the look whether they were too many."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.alerting.queries import find_alerts
from app.churn.actions.alerts import record_alerts
from app.churn.actions.mass_losses import record_mass_losses
from app.churn.models import COUNTED, Loss
from app.config import Config


def tell_of_losses(session: Session, losses: Sequence[Loss], config: Config) -> None:
    """Have everybody told who has to hear of these new losses.

    Last in its transaction: it has losses of one member wait for one another.
    """
    counted = [loss for loss in losses if loss.kind in COUNTED]
    if not counted:
        # Most events: what holds for alerts is not even read.
        return
    alerts = find_alerts(session, config)
    record_alerts(session, counted, alerts)
    record_mass_losses(session, counted, alerts, config.server.zone)
