"""Importing customers in the admin web: the whole path, who may, and what stands in the log."""

import csv
import io
import re

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.admin.pages.imports.taking import SHORT
from app.batches.jobs import work_batch
from app.batches.models import Batch, ImportRow
from app.claims import claim_due
from app.customers.actions import import_fields
from app.customers.models import CustomField, FollowUp
from app.db import Database
from app.materials.actions import PIECE_BYTES
from app.materials.models import Upload
from app.runtime import Runtime
from app.sheets import RUN
from tests.admin.conftest import Desk, Seat
from tests.admin.test_customers import shop
from tests.admin.test_losses import audited
from tests.batches.kept import FIELDS
from tests.batches.test_batches import work
from tests.sheet_maker import make_csv, make_xlsx
from tests.test_sheets import HOSTILE

__all__ = ["shop"]

ADDRESS = "/admin/imports"
HEAD = ["external_userid", "试预算", "跟进"]
ROWS = [HEAD, ["wmLi", "3000", "老客户"], ["wmWang", "很多", "坏的"], ["wmNobody", "1", "谁"]]

FILLED = {
    "试预算": "3,000.50",
    "试生日": "1990-05-01",
    "试渠道": "朋友、亲戚、网上",
    "试电话": "13800001234",
    "试会员": "否",
    "阶段": "意向",
}


@pytest.fixture
def base(runtime: Runtime, shop: Database) -> Database:
    runtime.db.commit(lambda session: import_fields(session, FIELDS))
    return shop


def hand_in(desk: Desk, data: bytes, filename: str = "客户.csv") -> TestResponse:
    return desk.hand_in(f"{ADDRESS}/take", file=(io.BytesIO(data), filename))


def begin(desk: Desk, rows: list[list[str]] | None = None) -> int:
    """Hand a table in and return which import it is."""
    answer = hand_in(desk, make_csv(rows or ROWS))
    assert answer.status_code == 303, answer.text
    found = re.search(r"import=(\d+)", answer.headers["Location"])
    assert found
    return int(found[1])


def read_in(runtime: Runtime) -> bool:
    """Have a worker read the table that waits; False: there is none."""
    with runtime.db.write() as session:
        claims = claim_due(session, Batch, limit=1, lease=60)
    for claim in claims:
        work_batch(runtime, claim)
    return bool(claims)


def columns(page: str) -> dict[str, str]:
    """Return what the columns are chosen to be, as the form would say."""
    return dict(
        re.findall(r'<select[^>]* name="(m\d+)">(?:(?!</select>).)*?value="(\w+)" selected', page)
    )


def act(desk: Desk, name: str, import_id: int, **more: str) -> TestResponse:
    return desk.act(f"{ADDRESS}/{name}", **{"import": str(import_id)}, **more)


def look(desk: Desk, import_id: int, **more: str) -> str:
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return desk.get(f"{ADDRESS}/run?import={import_id}{query}").text


def notes(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(FollowUp.text).where(FollowUp.removed_at.is_(None))))


def checked(desk: Desk, db: Database) -> int:
    import_id = begin(desk)
    assert act(desk, "check", import_id, **columns(look(desk, import_id))).status_code == 303
    work(db, import_id)
    return import_id


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_whole_way_from_the_file_to_its_undoing(desk: Seat, base: Database, kind: str) -> None:
    owner = desk("qianer", "owner")
    data = make_csv(ROWS) if kind == "csv" else make_xlsx(ROWS)
    led = hand_in(owner, data, f"客户.{kind}").headers["Location"]
    import_id = int(led.rpartition("=")[2])
    page = look(owner, import_id)
    assert "等你确认每一列是什么" in page
    assert columns(page).keys() == {"m0", "m1", "m2"}
    act(owner, "check", import_id, **columns(page))
    assert "正在核对" in look(owner, import_id)
    work(base, import_id)
    page = look(owner, import_id)
    assert "确认导入 1 行" in page
    assert "不能导入 2" in page
    assert notes(base) == []
    assert act(owner, "confirm", import_id).status_code == 303
    work(base, import_id)
    assert notes(base) == ["老客户"]
    assert "撤销这次导入" in look(owner, import_id)
    act(owner, "undo", import_id)
    work(base, import_id)
    assert notes(base) == []
    assert [action for action, _whom, _detail in audited(base)] == [
        "import_checked",
        "import_confirmed",
        "import_undone",
    ]


def test_a_list_that_was_taken_along_says_nothing_new(desk: Seat, base: Database) -> None:
    owner = desk("qianer", "owner")
    import_id = begin(owner, [["external_userid", *FILLED], ["wmLi", *FILLED.values()]])
    act(owner, "check", import_id, **columns(look(owner, import_id)))
    work(base, import_id)
    act(owner, "confirm", import_id)
    work(base, import_id)
    with base.read() as session:
        assert session.scalars(select(ImportRow.outcome)).all() == ["done"]
        fields = [f"f{one}" for one in session.scalars(select(CustomField.id))]
    take = ["external_userid", "stage", *fields]
    form = {"part": "file", "take": take, "csrf_token": owner.token()}
    led = owner.post("/admin/customers/choose", form)
    data = owner.get(led.headers["Location"]).data
    answer = hand_in(owner, data)
    import_id = int(answer.headers["Location"].rpartition("=")[2])
    act(owner, "check", import_id, **columns(look(owner, import_id)))
    work(base, import_id)
    with base.read() as session:
        rows = select(ImportRow.outcome).where(ImportRow.batch_id == import_id)
        assert set(session.scalars(rows)) == {"same"}


def test_what_is_wrong_stands_by_its_row_and_in_a_file(desk: Seat, base: Database) -> None:
    owner = desk("qianer", "owner")
    import_id = checked(owner, base)
    page = look(owner, import_id, outcome="refused")
    assert "没有这位客户，或者不归你管" in page
    answer = owner.get(f"{ADDRESS}/faults?import={import_id}")
    [head, first, second] = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert head == ["行", "列", "结果", "怎么了"]
    assert first[:3] == ["3", "试预算", "不能导入"]
    assert second[:2] == ["4", "external_userid"]
    # What was typed is not said again.
    assert "很多" not in answer.text


# A table that holds U+0000 is none.
@pytest.mark.parametrize("value", [one for one in HOSTILE if "\x00" not in one])
def test_no_heading_of_somebody_s_table_runs_in_the_file_of_faults(
    desk: Seat, base: Database, value: str
) -> None:
    owner = desk("qianer", "owner")
    import_id = begin(owner, [["external_userid", value or "列", "跟进"], ["wmLi", "天上", "说"]])
    with base.read() as session:
        field = session.scalars(select(ImportRow.number)).all()
    assert field == [2]
    money = re.search(r'value="(f\d+)">试预算<', look(owner, import_id))
    assert money
    act(owner, "check", import_id, m0="id", m1=money[1], m2="note")
    work(base, import_id)
    answer = owner.get(f"{ADDRESS}/faults?import={import_id}")
    [_head, row] = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert not [cell for cell in row if cell[:1] in RUN or cell.lstrip()[:1] in RUN]


def test_a_long_file_comes_in_pieces_and_is_read_by_the_worker(
    desk: Seat, base: Database, runtime: Runtime
) -> None:
    owner = desk("qianer", "owner")
    rows = [HEAD, *(["wmLi", "", f"第 {n} 次说的话" * 5] for n in range(1500))]
    data = make_csv(rows)
    assert len(data) > PIECE_BYTES
    for n in range(-(-len(data) // PIECE_BYTES)):
        piece = data[n * PIECE_BYTES : (n + 1) * PIECE_BYTES]
        fields = {"key": "k", "kind": "file", "filename": "长.csv", "size": str(len(data))}
        assert owner.upload(f"{ADDRESS}/piece", piece, n=str(n), **fields).status_code == 200
    led = owner.act(f"{ADDRESS}/take", key="k").headers["Location"]
    import_id = int(led.rpartition("=")[2])
    assert "正在读取表格" in look(owner, import_id)
    assert "没有这次上传" in owner.act(f"{ADDRESS}/take", key="k").text
    assert read_in(runtime)
    with base.read() as session:
        assert session.scalars(select(Batch.total)).one() == 1500
        assert session.scalars(select(Upload.id)).all() == []
    assert columns(look(owner, import_id)).keys() == {"m0", "m1", "m2"}


def test_a_long_table_that_came_in_one_request_is_read_by_the_worker_too(
    desk: Seat, base: Database, runtime: Runtime
) -> None:
    owner = desk("qianer", "owner")
    import_id = begin(owner, [HEAD, *(["wmLi", "", str(n)] for n in range(SHORT))])
    assert "正在读取表格" in look(owner, import_id)
    assert read_in(runtime)
    with base.read() as session:
        assert session.get_one(Batch, import_id).total == SHORT


def test_a_long_table_that_cannot_be_read_says_why_and_is_dropped(
    desk: Seat, base: Database, runtime: Runtime
) -> None:
    owner = desk("qianer", "owner")
    rows = [HEAD, *(["wmLi", "", str(n)] for n in range(SHORT))]
    led = hand_in(owner, make_csv(rows) + b'"').headers["Location"]
    import_id = int(led.rpartition("=")[2])
    assert read_in(runtime)
    assert "没有导入：第 1002 行读不懂" in look(owner, import_id)
    late = owner.act(f"{ADDRESS}/check?import={import_id}", m0="id", **{"import": str(import_id)})
    assert late.status_code == 422
    assert act(owner, "forget", import_id).status_code == 303
    with base.read() as session:
        assert session.scalars(select(Batch.id)).all() == []


@pytest.mark.parametrize(
    ("data", "filename", "words"),
    [
        (b"PK\x03\x04xxxx", "a.xlsx", "表格打不开"),
        (b"\xd0\xcf\x11\xe0xxxx", "a.csv", "旧的 .xls"),
        (make_csv(ROWS), "a.xlsx", "文件名和内容要一致"),
        (make_csv([HEAD]), "a.csv", "下面没有内容"),
        (make_csv([HEAD, ["1", "2"]]) + b'"', "a.csv", "读不懂"),
    ],
)
def test_what_is_no_table_is_refused_in_words_and_nothing_of_it_is_kept(
    desk: Seat, base: Database, data: bytes, filename: str, words: str
) -> None:
    owner = desk("qianer", "owner")
    answer = hand_in(owner, data, filename)
    assert answer.status_code == 422
    assert words in answer.text
    assert f"「{filename}」没有导入" in answer.text
    with base.read() as session:
        assert session.scalars(select(Batch.id)).all() == []
        assert session.scalars(select(ImportRow.number)).all() == []


@pytest.mark.usefixtures("base")
def test_columns_that_will_not_do_are_said_on_the_page(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    import_id = begin(owner)
    answer = owner.act(f"{ADDRESS}/check?import={import_id}", **{"import": str(import_id)})
    assert answer.status_code == 422
    assert "还不知道每一行是哪位客户" in answer.text


def test_one_that_waits_can_be_dropped_and_one_that_was_done_cannot(
    desk: Seat, base: Database
) -> None:
    owner = desk("qianer", "owner")
    import_id = checked(owner, base)
    assert act(owner, "forget", import_id).status_code == 303
    with base.read() as session:
        assert session.scalars(select(ImportRow.number)).all() == []
    import_id = checked(owner, base)
    act(owner, "confirm", import_id)
    work(base, import_id)
    answer = owner.act(f"{ADDRESS}/forget?import={import_id}", **{"import": str(import_id)})
    assert answer.status_code == 422


def test_one_that_is_under_way_is_stopped(desk: Seat, base: Database) -> None:
    owner = desk("qianer", "owner")
    import_id = checked(owner, base)
    act(owner, "confirm", import_id)
    assert act(owner, "cancel", import_id).status_code == 303
    work(base, import_id)
    assert "中途取消：已导入的保留，可以撤销" in look(owner, import_id)
    assert notes(base) == []


def test_a_manager_sees_his_own_imports_alone_and_reaches_his_people_s_customers(
    desk: Seat, base: Database
) -> None:
    theirs = begin(desk("qianer", "owner"))
    manager = desk("sunsan", "manager")
    assert manager.get(f"{ADDRESS}/run?import={theirs}").status_code == 404
    assert act(manager, "check", theirs).status_code == 404
    assert "还没有导入过" in manager.get(ADDRESS).text
    import_id = begin(manager, [["external_userid", "跟进"], ["wmLi", "好"], ["wmGone", "坏"]])
    act(manager, "check", import_id, m0="id", m1="note")
    work(base, import_id)
    assert "确认导入 1 行" in look(manager, import_id)


@pytest.mark.usefixtures("base")
def test_an_import_is_no_batch_of_the_list_s(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    import_id = begin(owner)
    assert "还没有批量操作" in owner.get("/admin/customers/batches").text
    assert owner.get(f"/admin/customers/result?batch={import_id}").status_code == 404
