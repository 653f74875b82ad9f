"""Taking one customer's data along, erasing him from his page, and the page 隐私."""

import json
from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from sqlalchemy import select, update
from werkzeug.datastructures import MultiDict

from app import clock
from app.accounts.models import AdminSession
from app.admin.reading import seal_choices
from app.audit.models import AuditEntry
from app.audit.queries import verify_chain
from app.customers.models import Customer
from app.erased import ErasedPerson, is_erased
from app.personal import WITH_CUSTOMER
from app.privacy.board import HOLDINGS
from tests.admin.board import BY_NAME
from tests.admin.house import KEPT, OWN, SEATS, House, house, shared_house
from tests.sidebar.browser import Browser

__all__ = ["house", "shared_house"]

WHO = KEPT.format(userid=OWN)
DEEDS = ("customer_exported", "customer_erased")


def about(house: House, external_userid: str = WHO) -> dict[str, str]:
    return {"f": seal_choices(house.runtime, MultiDict({"external_userid": external_userid}))}


def deeds(house: House) -> list[AuditEntry]:
    with house.runtime.db.read() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action.in_(DEEDS))))


def is_there(house: House) -> bool:
    with house.runtime.db.read() as session:
        return session.get(Customer, WHO) is not None


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("customer/export", {"owner", "admin"}),
        ("customer/package", {"owner", "admin"}),
        ("customer/erasure", {"owner"}),
        ("customer/erase", {"owner"}),
        ("privacy", {"owner", "admin", "auditor"}),
    ],
)
def test_who_may_what(name: str, roles: set[str]) -> None:
    assert {role for role in SEATS if BY_NAME[name].allows(role)} == roles
    assert BY_NAME[name].needs_proof == name.startswith("customer/")


def test_the_package_holds_a_page_and_the_same_as_data_and_is_on_record(house: House) -> None:
    told = house.ask("admin", "GET", "/admin/customer/export", about(house))
    assert "下载 ZIP" in told.text
    assert deeds(house) == []
    answer = house.ask("admin", "GET", "/admin/customer/package", about(house))
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    with ZipFile(BytesIO(answer.data)) as package:
        page, data = (package.read(name).decode() for name in package.namelist())
    answer.close()
    # The number whole, which the page of the customer masks.
    assert "13800001234" in page
    assert WHO in page
    assert json.loads(data)["customer"] == {"external_userid": WHO, "name": WHO}
    (entry,) = deeds(house)
    assert (entry.userid, entry.external_userid) == (SEATS["admin"], WHO)


def test_the_page_says_what_goes_and_wants_his_name(house: House) -> None:
    shown = house.ask("owner", "GET", "/admin/customer/erasure", about(house)).text
    for said in ("跟进提醒", "跟进关系", "不能恢复", "企业微信里的一切"):
        assert said in shown
    refused = house.ask("owner", "POST", "/admin/customer/erase", about(house) | {"name": "别人"})
    assert refused.status_code == 422
    assert "名字不一致" in refused.text
    assert is_there(house)


def test_who_is_erased_is_gone_everywhere_and_on_record_without_his_id(house: House) -> None:
    form = about(house) | {"name": f" {WHO} "}
    answer = house.ask("owner", "POST", "/admin/customer/erase", form)
    assert answer.status_code == 303
    assert "f=" not in urlsplit(answer.headers["Location"]).query
    assert "已抹除" in house.desks["owner"].get(answer.headers["Location"]).text
    assert not is_there(house)
    (entry,) = deeds(house)
    assert (entry.userid, entry.action, entry.external_userid) == (
        SEATS["owner"],
        "customer_erased",
        "",
    )
    with house.runtime.db.read() as session:
        assert is_erased(session, WHO)
        assert verify_chain(session).is_whole
    assert house.ask("owner", "GET", "/admin/customer", about(house)).status_code == 404
    assert house.ask("owner", "POST", "/admin/customer/erase", form).status_code == 404
    # What an admin does later with his id is noted without it.
    house.ask("owner", "POST", "/admin/inbox/replay-all", {"external_userid": WHO, "count": "1"})
    with house.runtime.db.read() as session:
        assert WHO not in session.scalars(select(AuditEntry.external_userid)).all()


def test_a_member_who_opens_his_chat_sees_nothing(house: House) -> None:
    # He was the member's, and WeCom would still show him.
    house.ask("owner", "POST", "/admin/customer/erase", about(house) | {"name": WHO})
    beside = Browser(house.app, OWN)
    beside.sign_in()
    answer = beside.get(f"/sidebar/customers/{WHO}/profile")
    assert answer.status_code in {403, 404}
    assert WHO not in answer.text.replace(f"/customers/{WHO}", "")
    assert not is_there(house)


def test_an_old_sign_in_erases_nobody(house: House) -> None:
    with house.runtime.db.write() as session:
        session.execute(update(AdminSession).values(proved_at=clock.utcnow() - timedelta(hours=1)))
    answer = house.ask("owner", "POST", "/admin/customer/erase", about(house) | {"name": WHO})
    assert answer.status_code == 403
    assert is_there(house)


def test_the_page_lists_all_that_the_board_knows(house: House) -> None:
    shown = house.ask("auditor", "GET", "/admin/privacy").text
    missing = [one.title for one in HOLDINGS if one.title not in shown]
    assert missing == []
    assert WITH_CUSTOMER in shown
    # As the configuration has it.
    days = house.runtime.config.retention.inbox_days
    assert f"处理完后保留 {days} 天" in shown
    assert "还没有抹除过客户" in shown


def test_the_page_lists_who_erased_somebody_and_when_page_by_page(house: House) -> None:
    now = clock.utcnow()
    with house.runtime.db.write() as session:
        session.add_all(
            ErasedPerson(digest=f"d{number}", erased_at=now, erased_by="qianer")
            for number in range(70)
        )
    first = house.ask("auditor", "GET", "/admin/privacy").text
    assert "一共 70 位" in first
    assert first.count("钱尔雅") >= 50
    older = first.partition("?before=")[2].partition('"')[0]
    second = house.ask("auditor", "GET", "/admin/privacy", {"before": older}).text
    assert second.count('<span class="ad-id">qianer</span>') == 20
    assert "?before=" not in second
