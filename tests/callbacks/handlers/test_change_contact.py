"""An event about a member or a department is a hint: what WeCom shows now is recorded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app import clock
from app.db import Database
from app.members.models import Department, Member
from app.runtime import Runtime, build_runtime
from app.sandbox.events import event_xml
from app.sandbox.faults import CallbackFaults
from app.sandbox.server import Sandbox, SandboxServer
from app.wecom.envelope import read_event
from callbacks.reaction import StoredEvent
from callbacks.routing import HANDLED
from tests.settings import make_config

AT = 1_700_000_300


@pytest.fixture
def box() -> Sandbox:
    return Sandbox(seed=True)


@pytest.fixture
def runtime(tmp_path: Path, db: Database, box: Sandbox) -> Iterator[Runtime]:
    with SandboxServer(box) as address:
        wecom = {"api_base": address, "secret": box.secret}
        made = build_runtime(make_config(tmp_path, database={"url": str(db.url)}, wecom=wecom))
        yield made
        made.db.close()


def happen(runtime: Runtime, change_type: str, **fields: Any) -> None:
    """Let the reactions to an event run."""
    wire = {
        "ToUserName": "wwsandbox000000001",
        "FromUserName": "sys",
        "CreateTime": AT,
        "MsgType": "event",
        "Event": "change_contact",
        "ChangeType": change_type,
        **fields,
    }
    event = StoredEvent(
        id=1,
        key="k",
        received_at=clock.utcnow(),
        at=clock.from_unix(AT),
        stale=False,
        event=read_event(event_xml(wire, CallbackFaults()).encode()),
    )
    for reaction in HANDLED["change_contact", change_type]:
        reaction(runtime, event)


def members(runtime: Runtime) -> dict[str, Member]:
    with runtime.db.read() as session:
        return {member.userid: member for member in session.scalars(select(Member))}


def test_a_new_member_is_read_though_the_event_names_only_his_id(runtime: Runtime) -> None:
    happen(runtime, "create_user", UserID="zhaoyi", Department="3")
    assert members(runtime)["zhaoyi"].name == "赵忆南"


def test_a_change_is_read_again(runtime: Runtime, box: Sandbox) -> None:
    happen(runtime, "create_user", UserID="zhaoyi")
    box.world.members["zhaoyi"].alias = "南南"
    happen(runtime, "update_user", UserID="zhaoyi")
    assert members(runtime)["zhaoyi"].alias == "南南"


def test_a_new_userid_is_a_new_row_and_the_old_one_has_departed(
    runtime: Runtime, box: Sandbox
) -> None:
    happen(runtime, "create_user", UserID="zhaoyi")
    box.people.member_joins("zhao.yinan", "赵忆南", department=(3,))
    box.people.member_leaves("zhaoyi")
    happen(runtime, "update_user", UserID="zhaoyi", NewUserID="zhao.yinan")
    found = members(runtime)
    assert found["zhao.yinan"].removed_at is None
    assert found["zhaoyi"].removed_at == clock.from_unix(AT)


def test_another_case_of_the_userid_is_no_departure(runtime: Runtime) -> None:
    happen(runtime, "create_user", UserID="zhaoyi")
    happen(runtime, "update_user", UserID="zhaoyi", NewUserID="ZhaoYi")
    (member,) = members(runtime).values()
    assert member.removed_at is None


def test_a_deleted_member_has_departed_when_the_event_says(runtime: Runtime, box: Sandbox) -> None:
    happen(runtime, "create_user", UserID="zhaoyi")
    box.people.member_leaves("zhaoyi")
    happen(runtime, "delete_user", UserID="ZHAOYI")
    assert members(runtime)["zhaoyi"].removed_at == clock.from_unix(AT)


def test_a_late_deletion_does_not_remove_who_is_back(runtime: Runtime) -> None:
    happen(runtime, "create_user", UserID="zhaoyi")
    happen(runtime, "delete_user", UserID="zhaoyi")
    assert members(runtime)["zhaoyi"].removed_at is None


@pytest.mark.parametrize("change_type", ["create_party", "update_party", "delete_party"])
def test_departments_are_read_whole(runtime: Runtime, box: Sandbox, change_type: str) -> None:
    happen(runtime, "create_party", Id="2")
    box.world.departments[2].name = "直营部"
    del box.world.departments[3]
    happen(runtime, change_type, Id="2")
    with runtime.db.read() as session:
        assert session.get_one(Department, 2).name == "直营部"
        assert session.get_one(Department, 3).removed_at is not None
