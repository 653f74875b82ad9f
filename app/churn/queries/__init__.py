"""Reads of losses, each in the file of its subject; others import them from here."""

from app.churn.queries.board import (
    MOST_EXPORTED,
    WIN_BACKS,
    LossFilter,
    LossRow,
    find_loss,
    find_losses,
    list_channels,
    list_losses,
    read_losses,
    read_rows,
)
from app.churn.queries.daily import DayLosses, read_day_losses
from app.churn.queries.facts import LossFacts, LossReason, find_loss_facts, get_loss_reason
from app.churn.queries.figures import (
    SPANS,
    KeptDays,
    count_begun,
    count_gone,
    read_kept_days,
)
from app.churn.queries.mass_losses import find_mass_loss, list_mass_losses
from app.churn.queries.returns import came_back_at, find_back_at, turn_of

__all__ = [
    "MOST_EXPORTED",
    "SPANS",
    "WIN_BACKS",
    "DayLosses",
    "KeptDays",
    "LossFacts",
    "LossFilter",
    "LossReason",
    "LossRow",
    "came_back_at",
    "count_begun",
    "count_gone",
    "find_back_at",
    "find_loss",
    "find_loss_facts",
    "find_losses",
    "find_mass_loss",
    "get_loss_reason",
    "list_channels",
    "list_losses",
    "list_mass_losses",
    "read_day_losses",
    "read_kept_days",
    "read_losses",
    "read_rows",
    "turn_of",
]
