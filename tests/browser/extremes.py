"""Customers and groups at the edge of what may be: nothing known of them, or far too much."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import (
    Change,
    Wish,
    change_remark,
    change_stage,
    create_reminder,
    import_fields,
    import_pipelines,
    mark_tag,
    put_into_first_stage,
    record_change,
    record_timeline,
    set_field,
)
from app.customers.actions.sealing import set_mobiles
from app.customers.models import (
    Customer,
    CustomField,
    FollowTag,
    FollowUp,
    FollowUser,
    Stage,
    Tag,
    TagGroup,
)
from app.customers.queries import list_pipelines
from app.groups.models import GroupChange, GroupChat, GroupMember
from app.library.models import LibraryItem
from app.members.models import Member
from app.pushes.actions import end_pushes
from app.pushes.models import Push
from tests.sidebar.shelves import CORP, file_of, keep, link, picture_of, program, video_of

FULL, EMPTY, LOST, HALF = "wmFull", "wmEmpty", "wmLost", "wmHalf"
CROWD, OVER = "wrCrowd", "wrOver"
CROWD_SIZE, TAGS = 500, 30
# Long without a break, turned, marked up, unseen: whatever a customer may call himself.
NAME = '<b onclick="alert(1)">\u202e' + "W" * 60 + "\u200b\u3164" + "名" * 40
WORD = "Donaudampfschifffahrtsgesellschaftskapitaenswitwe" * 10
LINE = "超长的说明没有标点也没有空格" * 40
FIELDS = "".join(
    f'[[field]]\nkey = "{kind}"\nname = "{name}"\nkind = "{kind}"\n{more}'
    for kind, name, more in (
        ("text", "W" * 32, 'pinned = true\nhint = "' + "提示很长" * 16 + '"\n'),
        ("number", "数" * 32, ""),
        ("money", "成交总金额", "pinned = true\n"),
        ("link", "主页", ""),
        ("address", "送货到哪里", ""),
        (
            "choices",
            "喜好",
            "options = [" + ", ".join(f'"{n}{"喜好" * 7}"' for n in range(12)) + "]\n",
        ),
        ("phone", "另一个电话", ""),
        ("date", "纪念日", ""),
    )
)
TYPED = {
    "text": WORD[:200],
    "number": "999999999.25",
    "money": "999999999.99",
    "link": f"https://example.com/{WORD[:400]}",
    "address": LINE[:200],
    "phone": "13800001234",
}
STAGES = "[[pipeline]]\nkey = 'long'\nname = '{}'\n".format("流程名字很长" * 5) + "".join(
    f"[[pipeline.stage]]\nkey = 's{n}'\nname = '{n}{'阶段名字很长' * 5}'\n" for n in range(6)
)


def make_extremes(session: Session) -> None:
    """Write them all; zhaoyi follows the customers and is in the groups, others follow one too."""
    now = clock.utcnow()
    for userid, name in (
        ("zhaoyi", "赵忆南"),
        ("sunsan", "孙叁木"),
        ("lisi", NAME),
        ("wangqiang", "王强"),
    ):
        leaders = ["sunsan"] if userid == "zhaoyi" else []
        row = Member(userid=userid, folded=userid, name=name, direct_leader=leaders, seen_at=now)
        session.add(row)
    import_fields(session, FIELDS)
    import_pipelines(session, _kept(session) + STAGES)
    for external_userid in (FULL, EMPTY, LOST, HALF):
        kind = "half" if external_userid == HALF else "add"
        _follow(session, external_userid, "zhaoyi", kind, days=3000)
    for external_userid in (LOST, FULL):
        put_into_first_stage(session, external_userid)
    _follow(session, LOST, "zhaoyi", "customer", days=1)
    session.get_one(Customer, LOST).name = "霜降晚"
    _make_full(session)
    _make_groups(session)
    _make_library(session)


def _kept(session: Session) -> str:
    """Return the pipelines that there are, as a file of them."""
    lines = []
    for one in list_pipelines(session):
        lines += ["[[pipeline]]", f"key = '{one.key}'", f"name = '{one.name}'"]
        for stage in one.stages:
            lines += ["[[pipeline.stage]]", f"key = '{stage.key}'", f"name = '{stage.name}'"]
            lines += [f"asks = '{stage.asks}'"]
    return "\n".join(lines) + "\n"


def _follow(
    session: Session, external_userid: str, userid: str, kind: str, *, days: int
) -> FollowUser:
    at = clock.utcnow() - timedelta(days=days)
    return record_change(
        session,
        Change(userid=userid, external_userid=external_userid, kind=kind, at=at, state=WORD[:128]),
    )


def _make_full(session: Session) -> None:
    customer = session.get_one(Customer, FULL)
    customer.name, customer.corp_name, customer.position = NAME, WORD[:128], LINE[:128]
    customer.type, customer.avatar = 2, ""
    for userid in ("lisi", "wangqiang"):
        _follow(session, FULL, userid, "add", days=2)
    _follow(session, FULL, "zhaoyi", "customer", days=2000)
    follow = _follow(session, FULL, "zhaoyi", "add", days=1000)
    follow.remark, follow.description = NAME[::-1], LINE[:1024]
    follow.add_way = 1
    set_mobiles(session, follow, ["13800001234"] * 3)
    _tag(session, follow)
    for kind, typed in TYPED.items():
        field_id = session.scalars(select(CustomField.id).filter_by(key=kind)).one()
        today = date(2026, 11, 22)
        set_field(
            session, FULL, field_id=field_id, typed=[typed], userid="zhaoyi", seen=0, today=today
        )
    for keys in (("interested", "won"), ("s1", "s5")):
        seen = 0
        for key in keys:
            to = session.scalars(select(Stage.id).filter_by(key=key)).one()
            seen = change_stage(session, FULL, to_stage_id=to, userid="lisi", seen=seen).change_id
    _write(session)


def _tag(session: Session, follow: FollowUser) -> None:
    session.add(TagGroup(group_id="g", name="标签组名字很长" * 9, position=1))
    session.flush()
    for number in range(TAGS):
        name = f"{number}{WORD if number % 3 else LINE}"[: 64 if number % 2 else 12]
        gone = clock.utcnow() if number == TAGS - 1 else None
        session.add(
            Tag(tag_id=f"et{number}", group_id="g", name=name, position=number, removed_at=gone)
        )
        mark = FollowTag(follow_id=follow.id, group_name="g", tag_name=name, tag_id=f"et{number}")
        session.add(mark)
    session.add(FollowTag(follow_id=follow.id, group_name="", tag_name=WORD[:64], type=2))
    session.flush()
    # Of these and of the remark WeCom could not be told.
    for key in session.scalars(select(Tag.id).where(Tag.removed_at.is_(None)).limit(7)).all():
        mark_tag(session, FULL, userid="zhaoyi", tag_key=key, on=False)
    change_remark(session, FULL, userid="zhaoyi", remark="W" * 20)
    failed = session.scalars(select(Push.id)).all()
    end_pushes(session, failed, outcome="failed", reason="refused", errcode=40068)


def _write(session: Session) -> None:
    now = clock.utcnow()
    for number, text in enumerate((WORD, LINE, "周末带家人来看蓝色的")):
        at = now - timedelta(hours=number)
        note = FollowUp(
            external_userid=FULL, userid="zhaoyi", form_key=f"k{number}", text=text, created_at=at
        )
        session.add(note)
        session.flush()
        record_timeline(
            session,
            external_userid=FULL,
            kind="noted",
            at=at,
            key=f"note:{number}",
            userid="zhaoyi",
            data={"follow_up_id": note.id},
        )
        due_at = now + timedelta(hours=1)
        wish = Wish(
            userid="zhaoyi", external_userid=FULL, key=f"w{number}", due_at=due_at, text=text[:200]
        )
        create_reminder(session, wish).due_at -= timedelta(hours=2 * number)
    for number in range(30):
        record_timeline(
            session,
            external_userid=FULL,
            kind="group_joined",
            at=now - timedelta(days=number),
            key=f"joined:{number}",
            data={"group_name": NAME},
        )


def _make_groups(session: Session) -> None:
    now = clock.utcnow()
    for chat_id, over in ((CROWD, None), (OVER, now)):
        chat = GroupChat(
            chat_id=chat_id, name=NAME if not over else "", owner="lisi", create_time=now
        )
        chat.notice, chat.dismissed_at = (WORD + LINE)[:2048], over
        session.add(chat)
    session.flush()
    people = [("zhaoyi", 1), ("lisi", 1), (FULL, 2), (EMPTY, 2)]
    people += [(f"wmStranger{number}", 2) for number in range(CROWD_SIZE - len(people))]
    for number, (userid, kind) in enumerate(people):
        # Every other one has no name.
        name = (NAME if number % 4 else "和气生财") if number % 2 else ""
        stay = GroupMember(
            chat_id=CROWD, userid=userid, period=1, type=kind, name=name, joined_at=now
        )
        stay.group_nickname = WORD[:128] if number % 3 else ""
        change = GroupChange(chat_id=CROWD, userid=userid, kind="joined", at=now, noted_at=now)
        session.add_all([stay, change])
    session.add(GroupMember(chat_id=OVER, userid="zhaoyi", period=1, type=1, joined_at=now))


def _make_library(session: Session) -> None:
    """Fill the shelves of the corp and of zhaoyi with a message of every kind, long all of them."""
    text = f"您好{{{{客户昵称}}}}{WORD}{LINE}"[:600]
    title, group = WORD[:32], "分组的名字很长" * 2
    for owner in (CORP, "zhaoyi"):
        parts = [
            picture_of(session, owner=owner, filename=f"{WORD[:120]}.png"),
            video_of(session, owner=owner, filename=f"{LINE[:100]}.mp4"),
            file_of(session, owner=owner, filename=f"{WORD[:120]}.pdf"),
            link(WORD[:128], desc=LINE[:170], link=f"https://example.com/{WORD[:400]}"),
            program(WORD[:64]),
        ]
        keep(session, title, text, owner=owner)
        keep(session, LINE[:32], text, *parts, owner=owner, group=group)
        for part in parts:
            keep(session, title, part, owner=owner, shelf="materials", group=group)
    for item in session.scalars(select(LibraryItem)):
        item.uses = 999_999_999
