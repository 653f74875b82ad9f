"""Reads of customers, each in the file of its subject; others import them from here."""

from app.customers.queries.relations import (
    Standing,
    find_follow,
    find_stage_name,
    get_standing,
    has_been_lost,
    list_periods,
)
from app.customers.queries.timeline import (
    ENTRY_WORDS,
    REASON_WORDS,
    list_timeline,
    word_entry,
)

__all__ = [
    "ENTRY_WORDS",
    "REASON_WORDS",
    "Standing",
    "find_follow",
    "find_stage_name",
    "get_standing",
    "has_been_lost",
    "list_periods",
    "list_timeline",
    "word_entry",
]
