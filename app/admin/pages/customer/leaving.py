"""Taking everything about one customer along, and erasing him (抹除)."""

from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.admin.pages.customer.looking import Looked, get_looked
from app.admin.pages.customer.working import note_deed
from app.admin.pages.parts import Admin, Done, Download, Form, Unfit
from app.errors import NotFound
from app.i18n import _
from app.privacy.actions import erase_person
from app.privacy.package import write_package
from app.privacy.reading import build_reader, count_held
from app.runtime import Runtime, commit
from app.words import visible


def load_export(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Say what the package will hold."""
    return _show_held(runtime, session, get_looked(runtime, session, admin))


def give_package(runtime: Runtime, session: Session, admin: Admin) -> Download:
    """Give the package, and put down who took it along."""
    looked = get_looked(runtime, session, admin)
    note = partial(
        note_deed,
        admin=admin,
        action="customer_exported",
        external_userid=looked.external_userid,
        detail={},
    )
    commit(runtime, note)
    made = write_package(build_reader(runtime, session), looked.customer)
    return Download(f"{_('客户资料')}.zip", "application/zip", made)


def load_erasure(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Say what will be deleted, and what will not."""
    return _show_held(runtime, session, get_looked(runtime, session, admin)) | {"erases": True}


def erase(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Erase him, if his name was typed."""
    with runtime.db.read() as session:
        looked = get_looked(runtime, session, admin)
    if _bare(form.get("name", "")) != _bare(_name(looked)):
        return Unfit(
            {"fault": _("名字不一致，什么都没有删除。请照着上面的名字输入")}, part="erasure"
        )
    work = partial(
        erase_person,
        runtime=runtime,
        external_userid=looked.external_userid,
        userid=admin.userid,
        origin=admin.origin,
    )
    try:
        commit(runtime, work)
    except NotFound as error:
        return Done(_(str(error)))
    return Done(_("已抹除。伴客里没有这位客户了，只留下一个认不出他的标记，以后不会再记录他"))


def _show_held(runtime: Runtime, session: Session, looked: Looked) -> dict[str, Any]:
    return {
        "at": looked.at,
        "name": _name(looked),
        "held": count_held(build_reader(runtime, session), looked.external_userid),
        "erases": False,
        "fault": "",
    }


def _name(looked: Looked) -> str:
    return visible(looked.customer.name) or _("未命名客户")


def _bare(name: str) -> str:
    return " ".join(name.split())
