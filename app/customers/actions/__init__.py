"""Verbs on customers, each in the file of its subject; other rooms import them from here."""

from app.customers.actions.detail import record_detail
from app.customers.actions.follow import Change, record_change
from app.customers.actions.profile import ensure_customer
from app.customers.actions.stages import (
    StageMove,
    change_stage,
    put_into_first_stage,
    undo_stage,
)
from app.customers.actions.timeline import record_timeline

__all__ = [
    "Change",
    "StageMove",
    "change_stage",
    "ensure_customer",
    "put_into_first_stage",
    "record_change",
    "record_detail",
    "record_timeline",
    "undo_stage",
]
