"""The panel 话术, on the card of a customer and on that of a group."""

from app.i18n import N_
from sidebar.panels.library.shelf import make_panel

PANEL = make_panel("scripts", N_("话术"))
