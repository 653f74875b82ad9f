"""Verbs on losses, each in the file of its subject; others import them from here."""

from app.churn.actions.alerts import record_alerts, record_transfer_failure
from app.churn.actions.daily import record_daily_digests
from app.churn.actions.mass_losses import note_mass_loss_seen, record_mass_losses
from app.churn.actions.reasons import Cause, set_loss_reason
from app.churn.actions.recording import record_losses, take_back_loss
from app.churn.actions.telling import tell_of_losses
from app.churn.actions.win_back import Assignment, assign_win_backs, set_contacted

__all__ = [
    "Assignment",
    "Cause",
    "assign_win_backs",
    "note_mass_loss_seen",
    "record_alerts",
    "record_daily_digests",
    "record_losses",
    "record_mass_losses",
    "record_transfer_failure",
    "set_contacted",
    "set_loss_reason",
    "take_back_loss",
    "tell_of_losses",
]
