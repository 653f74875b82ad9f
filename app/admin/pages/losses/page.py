"""The page 流失: who left whom, when and why, and what is done to win them back."""

from typing import Any

from sqlalchemy.orm import Session

from app.admin.pages.losses.asking import list_choices, read_asked
from app.admin.pages.losses.exporting import give_file, load_export
from app.admin.pages.losses.showing import show_alarms, show_figures, show_list
from app.admin.pages.losses.working import assign, contact, see_alarm, set_reason
from app.admin.pages.parts import CUSTOMERS, Action, Admin, Page, Part
from app.alerting.queries import find_alerts
from app.i18n import N_
from app.runtime import Runtime


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read the losses that the address asks for, with their figures."""
    asked = read_asked(runtime, session, admin)
    return {
        "given": asked.wish,
        "since": asked.wish.since.isoformat(),
        "until": asked.wish.until.isoformat(),
        "zone": runtime.config.server.time_zone,
        "above": find_alerts(session, runtime.config).mass_loss_above,
        "alarms": show_alarms(runtime, session, asked),
        "choices": list_choices(runtime, session, asked),
        **show_figures(session, asked),
        **show_list(runtime, session, asked),
    }


PAGE = Page(
    name="losses",
    title=N_("流失"),
    permission="see_losses",
    group=CUSTOMERS,
    load=load,
    actions={
        "reason": Action("work_losses", set_reason),
        "contact": Action("work_losses", contact),
        "assign": Action("work_losses", assign),
        "seen": Action("work_losses", see_alarm),
    },
    parts={
        "export": Part("see_losses", load_export, needs_proof=True),
        "file": Part("see_losses", give_file, needs_proof=True),
    },
)
