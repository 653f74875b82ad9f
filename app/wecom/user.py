"""Members (成员), read only: developer.work.weixin.qq.com/document/path/90194 is the chapter."""

from dataclasses import dataclass

from app.wecom.answers import Answer
from app.wecom.client import WeComClient


@dataclass(frozen=True, kw_only=True)
class UserDetail:
    """A member as an app sees him: since 2022 without phone, mail and picture.

    `is_leader_in_dept` runs parallel to `departments`. `status`: 1 active, 2 disabled, 4 not yet
    activated, 5 left.
    """

    userid: str
    name: str
    alias: str
    departments: tuple[int, ...]
    main_department: int | None
    is_leader_in_dept: tuple[bool, ...]
    direct_leader: tuple[str, ...]
    status: int
    position: str


def get(client: WeComClient, userid: str, *, within: float | None = None) -> UserDetail:
    """Read a member, in `within` seconds; without it, patiently.

    Raises:
        NoSuchRelation: he has left (60111, 46004).
        MissingPermission: he is outside the app's visible range (60011).

    Source: developer.work.weixin.qq.com/document/path/90196
    """
    answer = client.get(
        "user/get", params={"userid": userid}, within=within, patient=within is None
    )
    return _user(Answer("user/get", answer))


def list_in_department(client: WeComClient, department_id: int) -> tuple[UserDetail, ...]:
    """List the members of a department itself, without those of the departments under it.

    Source: developer.work.weixin.qq.com/document/path/90201
    """
    answer = client.get("user/list", params={"department_id": department_id}, patient=True)
    return tuple(_user(part) for part in Answer("user/list", answer).parts("userlist"))


def _user(answer: Answer) -> UserDetail:
    departments = answer.integers("department")
    leads = answer.integers("is_leader_in_dept")
    main = answer.integer("main_department", 0)
    return UserDetail(
        userid=answer.text("userid"),
        name=answer.optional("name") or "",
        alias=answer.optional("alias") or "",
        departments=departments,
        main_department=main or None,
        # WeCom leaves the list out where nobody leads; it is always filled up here.
        is_leader_in_dept=tuple(
            bool(leads[at]) if at < len(leads) else False for at in range(len(departments))
        ),
        direct_leader=answer.texts("direct_leader"),
        status=answer.code("status", 1),
        position=answer.optional("position") or "",
    )
