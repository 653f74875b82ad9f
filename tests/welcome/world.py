"""Scripts, members and departments for the tests of welcomes; a greeting as a handler makes it."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app import clock
from app.claims import Later
from app.deliveries.models import Delivery
from app.members.models import Department, Member, MemberDepartment
from app.runtime import Runtime
from app.sandbox.records import EventRecord
from app.welcome.actions import (
    Draft,
    Greeting,
    Rule,
    Saved,
    Window,
    save_script,
    send_welcome,
)

ZONE = ZoneInfo("Asia/Shanghai")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
EVERYWHERE = Rule(scope="default")


def add_departments(session: Session, rows: Iterable[tuple[int, str, int]]) -> None:
    """Add departments as (id, name, parentid)."""
    for department_id, name, parentid in rows:
        session.add(Department(id=department_id, name=name, parentid=parentid, order=0))
    session.flush()


def add_member(
    session: Session, userid: str, *departments: int, main: int | None = None, name: str = "赵一"
) -> None:
    """Add a member who is in these departments."""
    session.add(
        Member(
            userid=userid,
            folded=userid.casefold(),
            name=name,
            alias="小赵",
            main_department=main,
            direct_leader=[],
            seen_at=clock.utcnow(),
        )
    )
    session.flush()
    for department_id in departments:
        session.add(MemberDepartment(userid=userid, department_id=department_id))
    session.flush()


def add_script(
    session: Session, name: str, *rules: Rule, content: str = "您好", **more: Any
) -> Saved:
    """Save a script."""
    return save_script(session, Draft(name=name, content=content, rules=rules, **more))


def night(start: str = "22:00", end: str = "08:00", **more: Any) -> tuple[Window, ...]:
    """Make one window, every day from ten to eight if nothing else is said."""
    return (Window(start=start, end=end, **more),)


def greeting_of(event: EventRecord, event_id: int = 1, **changes: Any) -> Greeting:
    """Make the greeting that the handler of this event would make."""
    values: dict[str, Any] = {
        "event_id": event_id,
        "userid": event.userid,
        "external_userid": event.external_userid,
        "state": event.state or "",
        "welcome_code": event.welcome_code or "",
        "received_at": clock.utcnow(),
        "create_time": None,
        "stale": False,
        "returning": False,
    }
    return Greeting(**(values | changes))


def deliveries(runtime: Runtime, kind: str = "welcome") -> list[Delivery]:
    """Read all deliveries of a kind, oldest first."""
    with runtime.db.read() as session:
        return list(session.query(Delivery).filter_by(kind=kind).order_by(Delivery.id))


def the_delivery(runtime: Runtime) -> Delivery:
    """Read the one welcome there is."""
    (row,) = deliveries(runtime)
    return row


def try_once(runtime: Runtime, greeting: Greeting) -> Later | None:
    """Send once, as a worker would; return what it asked for."""
    try:
        ending = send_welcome(runtime, greeting)
    except Later as later:
        return later
    if ending is not None:
        runtime.db.commit(ending)
    return None


def try_until_ended(runtime: Runtime, greeting: Greeting, most: int = 6) -> int:
    """Send again at once as long as it wants another try; return how many it took."""
    for tries in range(1, most + 1):
        if try_once(runtime, greeting) is None:
            return tries
    raise AssertionError("it never ended")
