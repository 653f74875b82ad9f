"""The page 提醒: who hears of losses, when, and from how many on."""

from app.admin.pages.alerts.showing import load
from app.admin.pages.alerts.working import save
from app.admin.pages.parts import SETTINGS, Action, Page
from app.i18n import N_

PAGE = Page(
    name="alerts",
    title=N_("提醒"),
    permission="see_settings",
    group=SETTINGS,
    load=load,
    actions={"save": Action("edit_settings", save)},
)
