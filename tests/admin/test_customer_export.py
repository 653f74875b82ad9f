"""Taking customers along: the file is the list, within one's scope, and it is on record."""

import csv
import io
import tracemalloc
from datetime import timedelta
from urllib.parse import unquote

import pytest
from sqlalchemy import insert, select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from app import clock
from app.admin.pages.customers.asking import understand
from app.admin.pages.customers.exporting import COLUMNS, Table, _write
from app.admin.pages.parts import Admin
from app.admin.reading import Times
from app.customers.actions import import_fields, set_field
from app.customers.actions.sealing import set_mobiles
from app.customers.models import Customer, CustomField, FollowUser
from app.members.queries import WHOLE_CORP
from app.runtime import Runtime
from app.sheet_files import read_sheet
from tests.admin.conftest import Desk, Seat
from tests.admin.house import SEATS
from tests.admin.test_customers import shop
from tests.admin.test_losses import audited

__all__ = ["shop"]

BLANK = {"avatar": "", "corp_name": "", "position": ""}
UNSAID = {"description": "", "state": "", "oper_userid": ""}

PHONE = """
[[field]]
key = "t_phone"
name = "试电话"
kind = "phone"
"""


def take(desk: Desk, **chosen: str) -> TestResponse:
    """Take along what is chosen, as the page of export does."""
    led = desk.act("/admin/customers/choose", part="file", **chosen)
    return desk.get(led.headers["Location"])


def rows(answer: TestResponse) -> list[list[str]]:
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def column(answer: TestResponse, name: str = "客户") -> list[str]:
    head, *found = rows(answer)
    return [row[head.index(name)] for row in found]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("chosen", [{}, {"state": "小红书"}, {"standing": "lost"}, {"name": "钱"}])
def test_the_file_holds_what_the_list_shows(desk: Seat, chosen: dict[str, str]) -> None:
    owner = desk("qianer", "owner")
    page = owner.choose("customers", **chosen).text
    found = column(take(owner, **chosen))
    assert found
    for name in ("李晓雯", "王建国", "钱家的客户"):
        assert found.count(name) == page.count(f"<bdi>{name}</bdi></a>")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("role", "userid", "expected"),
    [("owner", "qianer", 4), ("manager", "sunsan", 3), ("auditor", "lisi", 4)],
)
def test_everybody_takes_along_whom_he_may_see(
    desk: Seat, role: str, userid: str, expected: int
) -> None:
    assert len(column(take(desk(userid, role)))) == expected


@pytest.mark.usefixtures("shop")
def test_the_columns_are_those_that_are_ticked_else_those_of_the_list(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    assert rows(take(owner, take="state", name="李")) == [["渠道"], ["门店海报"]]
    usual = rows(take(owner, col="stage", name="李"))[0]
    assert usual == ["客户", "备注", "阶段", "external_userid"]


@pytest.mark.usefixtures("shop")
def test_it_is_named_in_chinese_with_its_day_and_comes_as_a_workbook_too(
    desk: Seat, runtime: Runtime
) -> None:
    answer = take(desk("qianer", "owner"), **{"as": "xlsx"}, take="name")
    name = unquote(answer.headers["Content-Disposition"])
    today = clock.utcnow().astimezone(runtime.config.server.zone)
    assert f"客户名单 {today:%Y-%m-%d}.xlsx" in name
    found = read_sheet("a.xlsx", io.BytesIO(answer.data), size=len(answer.data))
    assert next(found).cells == ("客户",)
    assert {row.cells[0] for row in found} == {"李晓雯", "王建国", "钱家的客户"}


def numbers(runtime: Runtime) -> str:
    """Have a customer have numbers; return what the column of one is called."""
    today = clock.utcnow().date()
    with runtime.db.write() as session:
        import_fields(session, PHONE)
        key = CustomField.key == "t_phone"
        field_id = session.scalars(select(CustomField.id).where(key)).one()
        set_field(
            session,
            "wmLi",
            field_id=field_id,
            typed=["13800001234"],
            userid="zhaoyi",
            seen=0,
            today=today,
        )
        follow = session.scalars(select(FollowUser).where(FollowUser.external_userid == "wmLi"))
        set_mobiles(session, follow.one(), ["13900005678"])
    return f"f{field_id}"


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("role", "whole", "expected"),
    [
        ("owner", "", ["139****5678", "138****1234", ""]),
        ("owner", "1", ["13900005678", "13800001234", "whole"]),
        # He may look, and not at whole numbers.
        ("auditor", "1", ["139****5678", "138****1234", ""]),
    ],
)
def test_numbers_are_masked_unless_he_may_see_them_and_says_so(
    desk: Seat, runtime: Runtime, role: str, whole: str, expected: list[str]
) -> None:
    who, field = desk(SEATS[role], role), numbers(runtime)
    chosen = {"name": "李", "whole": whole}
    [found] = column(take(who, take="mobiles", **chosen), "备注手机")
    [own] = column(take(who, take=field, **chosen), "试电话")
    [*_others, (action, _whom, detail)] = audited(runtime.db)
    assert action == "customers_exported"
    assert [found, own, detail["numbers"]] == expected


@pytest.mark.usefixtures("shop")
def test_what_was_taken_is_on_record_with_its_filters_in_words_and_no_name(
    desk: Seat, runtime: Runtime
) -> None:
    take(desk("qianer", "owner"), name="李晓", state="门店海报")
    [(action, _whom, detail)] = audited(runtime.db)
    assert (action, detail["count"]) == ("customers_exported", 1)
    assert detail["filter"] == "在跟进；按名字或备注查找；渠道：门店海报"


@pytest.mark.usefixtures("shop")
def test_the_page_says_how_many_and_that_there_is_nothing(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    led = owner.act("/admin/customers/choose", part="export", name="李晓")
    assert "共 1 行" in owner.get(led.headers["Location"]).text
    led = owner.act("/admin/customers/choose", part="export", name="没有这样的")
    page = owner.get(led.headers["Location"]).text
    assert "没有符合条件的客户，没有可导出的" in page
    assert '<form class="card' not in page


@pytest.mark.usefixtures("shop")
def test_far_too_many_choices_are_refused_instead_of_forgotten(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    for part in ("file", "batch"):
        answer = owner.act("/admin/customers/choose", part=part, name="长" * 4000, all="1")
        assert answer.status_code == 400


def crowd(runtime: Runtime, first: int, last: int) -> None:
    """Have so many customers be there, each with a remark."""
    now = clock.utcnow()
    with runtime.db.write() as session:
        people = [
            {"external_userid": f"wm{n}", "name": f"客户{n}", "created_at": now, **BLANK}
            for n in range(first, last)
        ]
        session.execute(insert(Customer), people)
        follows = [
            {
                "userid": "zhaoyi",
                "external_userid": f"wm{n}",
                "period": 0,
                "remark": "备注" * 20,
                "remark_mobiles": [],
                "added_at": now - timedelta(seconds=n),
                **UNSAID,
            }
            for n in range(first, last)
        ]
        session.execute(insert(FollowUser), follows)


def peak(runtime: Runtime, form: str) -> tuple[int, int]:
    """Write everything, keep nothing; return how many bytes came, and the most that was held."""
    with runtime.db.read() as session:
        asked = understand(session, MultiDict(), times_of(runtime), WHOLE_CORP)
    table = Table(tuple(COLUMNS), (), form, whole=False)
    admin = Admin("qianer", "", "owner", "", clock.utcnow(), "")
    tracemalloc.start()
    size = sum(map(len, _write(runtime, admin, asked, table, {})))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return size, most


def times_of(runtime: Runtime) -> Times:
    zone = runtime.config.server.zone
    return Times(zone, clock.utcnow().astimezone(zone))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_memory_is_flat_however_many_there_are(runtime: Runtime, form: str) -> None:
    crowd(runtime, 0, 1500)
    peak(runtime, form)
    small, held = peak(runtime, form)
    crowd(runtime, 1500, 7500)
    large, held_of_more = peak(runtime, form)
    assert large > 3 * small
    assert held_of_more < 1.5 * held
