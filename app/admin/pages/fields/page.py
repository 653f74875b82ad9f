"""The page 客户资料: what is kept about customers, in the order of the card."""

from app.admin.pages.fields import options, showing, working
from app.admin.pages.parts import SETTINGS, Action, Page, Part
from app.i18n import N_

SEE, EDIT = "see_settings", "edit_settings"
PAGE = Page(
    name="fields",
    title=N_("客户资料"),
    permission=SEE,
    group=SETTINGS,
    load=showing.load,
    parts={
        "field": Part(EDIT, showing.load_field),
        "removal": Part(EDIT, showing.load_removal),
    },
    actions={
        "save": Action(EDIT, working.save),
        "shift": Action(EDIT, working.shift),
        "remove": Action(EDIT, working.remove),
        "restore": Action(EDIT, working.restore),
        "add-option": Action(EDIT, options.add),
        "rename-option": Action(EDIT, options.rename),
        "shift-option": Action(EDIT, options.shift),
        "remove-option": Action(EDIT, options.remove),
        "restore-option": Action(EDIT, options.restore),
    },
)
