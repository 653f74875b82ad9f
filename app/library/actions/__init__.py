"""Changing the library: items of one's own, favourites, what was sent, the corp's from a file."""

from app.library.actions.checks import FORMS, MOST_PARTS, Draft, DraftPart
from app.library.actions.corp import (
    MOST_CORP,
    Saved,
    archive_item,
    restore_corp_item,
    save_corp_item,
)
from app.library.actions.drafts import forget_draft, save_draft
from app.library.actions.groups import create_group, move_group, remove_group, rename_group
from app.library.actions.importing import ImportedItems, import_items
from app.library.actions.items import MOST_OWN, remove_item, restore_item, save_item
from app.library.actions.marks import mark_favourite, record_use
from app.library.actions.pruning import prune_groups, prune_items, prune_library

__all__ = [
    "FORMS",
    "MOST_CORP",
    "MOST_OWN",
    "MOST_PARTS",
    "Draft",
    "DraftPart",
    "ImportedItems",
    "Saved",
    "archive_item",
    "create_group",
    "forget_draft",
    "import_items",
    "mark_favourite",
    "move_group",
    "prune_groups",
    "prune_items",
    "prune_library",
    "record_use",
    "remove_group",
    "remove_item",
    "rename_group",
    "restore_corp_item",
    "restore_item",
    "save_corp_item",
    "save_draft",
    "save_item",
]
