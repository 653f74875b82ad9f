"""The boards of panels, in the order of their tabs. A panel is its folder and its row below."""

from typing import Any

from sidebar.context import CardContext, GroupContext
from sidebar.panels.follow_ups.panel import PANEL as FOLLOW_UPS
from sidebar.panels.group.panel import PANEL as GROUP
from sidebar.panels.parts import Action, Panel, Part, Reply
from sidebar.panels.profile.panel import PANEL as PROFILE

__all__ = ["BOARDS", "GROUP_PANELS", "PANELS", "Action", "Panel", "Part", "Reply"]

PANELS: tuple[Panel[CardContext], ...] = (PROFILE, FOLLOW_UPS)
GROUP_PANELS: tuple[Panel[GroupContext], ...] = (GROUP,)
# By the kind of chat, as it stands in the address.
BOARDS: dict[str, tuple[Panel[Any], ...]] = {"customers": PANELS, "groups": GROUP_PANELS}
