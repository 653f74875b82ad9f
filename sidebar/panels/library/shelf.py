"""A shelf of the library as a panel: what stands on it, and everything that can be done there."""

from functools import partial
from typing import Any

from sidebar.panels.library import editing, sending, showing
from sidebar.panels.parts import Panel, Part


def make_panel(shelf: str, title: str) -> Panel[Any]:
    """Make the panel of a shelf, for the cards of customers and of groups alike."""
    return Panel(
        name=shelf,
        title=title,
        load=partial(showing.load_list, shelf=shelf),
        actions={
            "prepare": partial(sending.prepare, shelf=shelf),
            "sent": partial(sending.record_sent, shelf=shelf),
            "favourite": partial(showing.mark, shelf=shelf),
            **editing.ACTIONS,
        },
        parts={
            "list": Part("panels/library/list.html", partial(showing.load_list, shelf=shelf)),
            "item": Part("panels/library/item.html", partial(showing.load_item, shelf=shelf)),
            **editing.PARTS,
        },
        files={"picture": showing.load_picture, "image": showing.load_image},
    )
