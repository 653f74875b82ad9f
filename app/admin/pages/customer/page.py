"""The page of one customer: who he is, who follows him or did, and all that has happened."""

from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.customer import consenting
from app.admin.pages.customer.history import load_history, show_history
from app.admin.pages.customer.leaving import erase, give_package, load_erasure, load_export
from app.admin.pages.customer.looking import find_looked
from app.admin.pages.customer.noting import (
    cancel,
    remind,
    show_note_box,
    show_reminder_box,
    write_note,
)
from app.admin.pages.customer.numbers import load_number
from app.admin.pages.customer.picture import show_picture
from app.admin.pages.customer.showing import (
    MEMBERS,
    show_fields,
    show_groups,
    show_header,
    show_losses,
    show_members,
    show_reminders,
)
from app.admin.pages.customer.stages import show_stages
from app.admin.pages.customer.staging import add_note, change, undo
from app.admin.pages.customer.tagging import load_tags, retry, show_tag_choices, tag
from app.admin.pages.parts import Action, Admin, Page, Part
from app.admin.reading import number
from app.customers.queries import list_all_periods, list_followers
from app.i18n import N_
from app.runtime import Runtime

PERIODS = 200


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read all about the customer whom the address names."""
    looked = find_looked(runtime, session, admin)
    if looked is None:
        return {"header": None}
    everybody = list_followers(session, looked.external_userid, looked.scope)
    followers = everybody[:MEMBERS]
    userids = [one.follow.userid for one in followers]
    periods = list_all_periods(session, looked.external_userid, userids, limit=PERIODS)
    return {
        "at": looked.at,
        "header": show_header(looked, everybody, periods),
        "losses": show_losses(session, followers, looked.now),
        "picture": show_picture(followers, periods, looked.now),
        "members": show_members(session, looked, followers, periods),
        "more_members": len(everybody) - len(followers),
        **show_stages(
            session,
            looked,
            viewer=admin.userid,
            pipeline_id=number(request.args.get("pipeline")),
            before=number(request.args.get("change")),
        ),
        **consenting.show_consent(session, looked, viewer=admin.userid),
        **show_tag_choices(session, followers if admin.may("work_customers") else []),
        **show_fields(session, looked),
        **show_groups(session, looked, admin.userid),
        **show_reminders(session, looked),
        **show_reminder_box(session, followers, looked.now),
        **show_note_box(),
        **show_history(session, looked),
    }


PAGE = Page(
    name="customer",
    title=N_("客户详情"),
    permission="see_customers",
    group=None,
    load=load,
    actions={
        "stage": Action("work_customers", change),
        "undo": Action("work_customers", undo),
        "stage-note": Action("work_customers", add_note),
        "consent": Action("work_customers", consenting.change),
        "consent-undo": Action("work_customers", consenting.undo),
        "tag": Action("work_customers", tag),
        "tags-retry": Action("work_customers", retry),
        "note": Action("work_customers", write_note),
        "remind": Action("work_customers", remind),
        "unremind": Action("work_customers", cancel),
        "erase": Action("erase_person", erase, needs_proof=True),
    },
    parts={
        "timeline": Part("see_customers", load_history),
        "number": Part("work_customers", load_number),
        "tags": Part("see_customers", load_tags),
        "export": Part("export_person", load_export, needs_proof=True),
        "package": Part("export_person", give_package, needs_proof=True),
        "erasure": Part("erase_person", load_erasure, needs_proof=True),
    },
)
