"""The page 客户: everybody whom the corp follows, by any filter; and what is done to many."""

from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.admin.pages.customers.asking import (
    Asked,
    before,
    list_choices,
    read_asked,
    understand,
)
from app.admin.pages.customers.batching import (
    KIND_WORDS,
    begin,
    cancel,
    show_batches,
    show_plan,
    show_progress,
    show_result,
)
from app.admin.pages.customers.exporting import give_file, load_export
from app.admin.pages.customers.showing import (
    choices_to_keep,
    show_list,
    show_views,
    shown_columns,
)
from app.admin.pages.parts import CUSTOMERS, Action, Admin, Answer, Done, Form, Page, Part, Unfit
from app.admin.problems import Problem
from app.admin.reading import CHOICES, choices, number, seal_choices, times
from app.customers.actions import delete_view, save_view
from app.customers.queries import count_customers, list_views, read_choices
from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.runtime import Runtime, commit
from app.words import clean


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read a page of the list."""
    asked = read_asked(runtime, session, admin)
    views = list(list_views(session, userid=admin.userid))
    return {
        "given": asked.given,
        "shown_columns": shown_columns(asked),
        "choices": list_choices(session, asked),
        "views": show_views(runtime, session, views, asked, userid=admin.userid),
        "kinds": [(name, _(words)) for name, words in KIND_WORDS.items()],
        "fault": "",
        "field_chosen": bool(asked.wanted.fields),
        "filters": asked.filters.items(multi=True),
        **show_list(runtime, session, asked, before=before()),
    }


def show_count(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Count what the list is about; it comes after the list, since it takes longer."""
    counted = count_customers(session, read_asked(runtime, session, admin).wanted)
    return {
        "relations": counted.relations,
        "people": counted.people,
        "is_most": not counted.is_whole,
    }


def keep_view(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Keep what is chosen as a view."""
    given, now = choices(runtime), times(runtime)

    def work(session: Session) -> Asked:
        asked = understand(session, given, now, admin.scope(session))
        save_view(
            session,
            userid=admin.userid,
            name=form.get("view", ""),
            choices=choices_to_keep(asked),
            shared=bool(form.get("shared")),
        )
        return asked

    try:
        asked = commit(runtime, work)
    except Refused as error:
        return Unfit({"fault": _(str(error))})
    return Done(
        _("已保存视图「{name}」", name=form.get("view", "").strip()), _at(runtime, asked.given)
    )


def drop_view(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Throw a view away; what it chose stays chosen, so that it can be kept again."""

    def work(session: Session) -> tuple[str, MultiDict[str, str]]:
        view = delete_view(session, number(form.get("id")), userid=admin.userid)
        return view.name, MultiDict(
            [(str(name), str(value)) for name, value in read_choices(session, view)]
        )

    try:
        name, chosen = commit(runtime, work)
    except NotFound:
        raise Problem("no_such_page", reason="view") from None
    told = _("已删除视图「{name}」，客户没有变化；条件还在，可以再存一次", name=clean(name))
    return Done(told, _at(runtime, chosen))


def _at(runtime: Runtime, chosen: MultiDict[str, str]) -> str:
    sealed = seal_choices(runtime, chosen)
    return f"?{CHOICES}={sealed}" if sealed else ""


PAGE = Page(
    name="customers",
    title=N_("客户"),
    permission="see_customers",
    group=CUSTOMERS,
    load=load,
    actions={
        "begin": Action("work_customers", begin),
        "cancel": Action("work_customers", cancel),
        "keep": Action("see_customers", keep_view),
        "drop": Action("see_customers", drop_view),
    },
    parts={
        "count": Part("see_customers", show_count),
        "export": Part("see_customers", load_export, needs_proof=True),
        "file": Part("see_customers", give_file, needs_proof=True),
        "batch": Part("work_customers", show_plan),
        "batches": Part("work_customers", show_batches),
        "progress": Part("work_customers", show_progress),
        "result": Part("work_customers", show_result),
    },
)
