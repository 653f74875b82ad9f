"""The boards of panels, in the order of their tabs. A panel is its folder and its row below."""

from typing import Any

from sidebar.context import CardContext, GroupContext
from sidebar.panels.follow_ups.panel import PANEL as FOLLOW_UPS
from sidebar.panels.group.panel import PANEL as GROUP
from sidebar.panels.materials.panel import PANEL as MATERIALS
from sidebar.panels.parts import Action, File, Panel, Part, Reply
from sidebar.panels.profile.panel import PANEL as PROFILE
from sidebar.panels.scripts.panel import PANEL as SCRIPTS

__all__ = ["BOARDS", "GROUP_PANELS", "PANELS", "Action", "File", "Panel", "Part", "Reply"]

PANELS: tuple[Panel[CardContext], ...] = (PROFILE, FOLLOW_UPS, SCRIPTS, MATERIALS)
GROUP_PANELS: tuple[Panel[GroupContext], ...] = (GROUP, SCRIPTS, MATERIALS)
# By the kind of chat, as it stands in the address.
BOARDS: dict[str, tuple[Panel[Any], ...]] = {"customers": PANELS, "groups": GROUP_PANELS}
