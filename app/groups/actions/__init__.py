"""Verbs on customer groups; jobs and other rooms import them from here."""

from app.groups.actions.dismissal import record_dismissed
from app.groups.actions.folding import Comparison, add_groups
from app.groups.actions.record import (
    LAG,
    Reading,
    Recorded,
    Told,
    fold_rest,
    record_group,
)

__all__ = [
    "LAG",
    "Comparison",
    "Reading",
    "Recorded",
    "Told",
    "add_groups",
    "fold_rest",
    "record_dismissed",
    "record_group",
]
