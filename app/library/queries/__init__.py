"""Reading the library: what a member finds there, and the values of the variables in it."""

from app.library.queries.desk import (
    UNGROUPED,
    CorpFilter,
    CorpGroup,
    CorpRow,
    find_corp_item,
    list_corp_groups,
    list_corp_items,
)
from app.library.queries.drafts import FormDraft, find_draft
from app.library.queries.files import StoredFile, find_file, find_picture
from app.library.queries.items import Item, MaterialFacts, Part
from app.library.queries.listing import (
    PAGE,
    TABS,
    Group,
    find_item,
    list_groups,
    list_items,
)
from app.library.queries.shelves import ShelfRow, list_shelf
from app.library.queries.values import find_values

__all__ = [
    "PAGE",
    "TABS",
    "UNGROUPED",
    "CorpFilter",
    "CorpGroup",
    "CorpRow",
    "FormDraft",
    "Group",
    "Item",
    "MaterialFacts",
    "Part",
    "ShelfRow",
    "StoredFile",
    "find_corp_item",
    "find_draft",
    "find_file",
    "find_item",
    "find_picture",
    "find_values",
    "list_corp_groups",
    "list_corp_items",
    "list_groups",
    "list_items",
    "list_shelf",
]
