"""The panel 素材, on the card of a customer and on that of a group."""

from app.i18n import N_
from sidebar.panels.library.shelf import make_panel

PANEL = make_panel("materials", N_("素材"))
