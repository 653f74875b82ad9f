"""Reads of customers, each in the file of its subject; others import them from here."""

from app.customers.queries.access import Viewpoint, find_viewpoint
from app.customers.queries.card import Card, get_card, word_add_way
from app.customers.queries.relations import (
    Standing,
    find_follow,
    find_stage_name,
    get_standing,
    has_been_lost,
    list_periods,
)
from app.customers.queries.stages import StageBoard, StageNow, get_stage_board
from app.customers.queries.timeline import (
    ENTRY_WORDS,
    REASON_WORDS,
    TimelineLine,
    TimelinePage,
    day_of_cursor,
    get_timeline_page,
    list_timeline,
    word_entry,
)

__all__ = [
    "ENTRY_WORDS",
    "REASON_WORDS",
    "Card",
    "StageBoard",
    "StageNow",
    "Standing",
    "TimelineLine",
    "TimelinePage",
    "Viewpoint",
    "day_of_cursor",
    "find_follow",
    "find_stage_name",
    "find_viewpoint",
    "get_card",
    "get_stage_board",
    "get_standing",
    "get_timeline_page",
    "has_been_lost",
    "list_periods",
    "list_timeline",
    "word_add_way",
    "word_entry",
]
