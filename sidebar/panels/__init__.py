"""The board of panels, in the order of their tabs. A panel is its folder here and its row below."""

from sidebar.panels.parts import Action, Panel, Part, Reply
from sidebar.panels.profile.panel import PANEL as PROFILE

__all__ = ["PANELS", "Action", "Panel", "Part", "Reply"]

PANELS: tuple[Panel, ...] = (PROFILE,)
