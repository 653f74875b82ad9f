"""Customers, groups, stages, fields and a library that bear hostile texts wherever one can stand.

They are written past all checks: what WeCom, an import or an older version lets in is in there.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import Wish, create_reminder, record_timeline
from app.customers.models import (
    Customer,
    CustomField,
    Draft,
    FollowUser,
    Pipeline,
    Stage,
    Tag,
    TagGroup,
)
from app.customers.queries.stages import PIPELINES, STAGES
from app.groups.models import GroupChange, GroupChat, GroupMember
from app.library.models import GROUP_LENGTH, TITLE_LENGTH, LibraryGroup, LibraryItem, LibraryPart
from app.materials.models import Material
from app.members.models import Member
from tests.browser.hostile import HOSTILE

COUNT = len(HOSTILE)
# The follower of them all, and the customer who has what belongs to nobody alone.
ZHAOYI, PLAIN = "zhaoyi", "wmPlain"
# A text stands in one place of one row only: from place to place they are moved on by so many.
STEP = 37
SHORT = 32
PARTS_EACH, OPTIONS_EACH = 8, 20
CHOICES = ("choice", "choices") * (COUNT // OPTIONS_EACH)
# What is sent as its kind, its fields, and the file.
Part = tuple[str, dict[str, str], int | None]


def text_at(number: int, place: int = 0) -> str:
    """Return the text of a row at one of its places."""
    return HOSTILE[(number + place * STEP) % COUNT]


def customer_of(number: int) -> str:
    return f"wmHostile{number}"


def group_of(number: int) -> str:
    return f"wrHostile{number}"


def make_plain(session: Session) -> None:
    """Write the member, and one plain customer."""
    now = clock.utcnow()
    session.add(Member(userid=ZHAOYI, folded=ZHAOYI, name="赵忆南", direct_leader=[], seen_at=now))
    session.add(Customer(external_userid=PLAIN, name="大暑天", type=1, created_at=now))
    session.flush()
    session.add(_follow(PLAIN))


def make_customers(session: Session) -> None:
    """Write for each text a customer who bears it."""
    now = clock.utcnow()
    for number in range(COUNT):
        name, corp = text_at(number), text_at(number, 4)
        row = Customer(external_userid=customer_of(number), name=name, type=2, corp_name=corp)
        row.created_at = now
        session.add(row)
    session.flush()
    for number in range(COUNT):
        follow = _follow(customer_of(number))
        follow.remark, follow.description = text_at(number, 1), text_at(number, 2)
        follow.state = text_at(number, 3)
        session.add(follow)


def _follow(external_userid: str) -> FollowUser:
    at = clock.utcnow() - timedelta(days=1)
    follow = FollowUser(userid=ZHAOYI, external_userid=external_userid, period=1, add_way=1)
    follow.remark_mobiles, follow.added_at, follow.mutual_at = [], at, at
    return follow


def make_written(session: Session) -> None:
    """Give everybody a reminder, and what was typed and not sent."""
    now = clock.utcnow()
    for number in range(COUNT):
        customer, due_at = customer_of(number), now + timedelta(hours=1)
        wish = Wish(
            userid=ZHAOYI,
            external_userid=customer,
            key=f"r{number}",
            due_at=due_at,
            text=text_at(number),
        )
        create_reminder(session, wish)
        draft = Draft(external_userid=customer, userid=ZHAOYI, place="follow_ups")
        draft.form_key, draft.text, draft.saved_at = f"d{number}", text_at(number, 2), now
        session.add(draft)


def make_groups(session: Session) -> None:
    """Write a group for each text, in which the plain customer is; somebody else came and left."""
    now = clock.utcnow()
    for number in range(COUNT):
        row = GroupChat(chat_id=group_of(number), name=text_at(number), owner=ZHAOYI)
        row.notice = text_at(number, 1)
        session.add(row)
    session.flush()
    for number in range(COUNT):
        chat_id = group_of(number)
        session.add(_stay(chat_id, PLAIN, text_at(number, 2), text_at(number, 3)))
        gone = _stay(chat_id, f"wmGone{number}", text_at(number, 4), "")
        gone.left_at = now
        left = GroupChange(chat_id=chat_id, userid=gone.userid, kind="left", at=now, noted_at=now)
        session.add_all([gone, left])
        record_timeline(
            session,
            external_userid=PLAIN,
            kind="group_joined",
            at=now - timedelta(minutes=number),
            key=f"joined:{number}",
            data={"group_name": text_at(number, 1)},
        )


def _stay(chat_id: str, userid: str, name: str, nickname: str) -> GroupMember:
    stay = GroupMember(chat_id=chat_id, userid=userid, period=1, type=2, name=name)
    stay.group_nickname, stay.joined_at = nickname, clock.utcnow() - timedelta(days=2)
    return stay


def make_tags(session: Session) -> None:
    """Write a group of one tag for each text."""
    for number in range(COUNT):
        group_id, name = f"etGroup{number}", text_at(number, 1)[:64]
        session.add(TagGroup(group_id=group_id, name=text_at(number)[:64]))
        session.add(Tag(tag_id=f"et{number}", group_id=group_id, name=name))


def make_stages(session: Session) -> None:
    """Write as many pipelines and stages as there can be, in place of all others."""
    session.query(Stage).delete()
    session.query(Pipeline).delete()
    for which in range(PIPELINES):
        pipeline = Pipeline(key=f"p{which}", name=f"p{which}", position=which)
        session.add(pipeline)
        session.flush()
        for at in range(STAGES):
            row = Stage(pipeline_id=pipeline.id, key=f"s{at}", name=f"{at}", position=at)
            session.add(row)


def name_stages(session: Session, names: Sequence[str]) -> None:
    """Call the stages so, and those that are left over as before."""
    ordered = select(Stage).order_by(Stage.pipeline_id, Stage.position)
    for row, name in zip(session.scalars(ordered), names, strict=False):
        row.name = name


def name_pipelines(session: Session, names: Sequence[str]) -> None:
    """Call the pipelines so, and those that are left over as before."""
    ordered = select(Pipeline).order_by(Pipeline.position)
    for row, name in zip(session.scalars(ordered), names, strict=False):
        row.name = name


def short_texts() -> Iterator[str]:
    """Yield what the texts come to where there is little room, each once."""
    yield from dict.fromkeys(text[:SHORT] for text in HOSTILE)


def make_fields(session: Session) -> None:
    """Write a field for each text, in place of all others; some are choices between texts."""
    session.query(CustomField).delete()
    for number in range(COUNT):
        name, hint = text_at(number)[:SHORT], text_at(number, 1)[:64]
        row = CustomField(key=f"f{number}", name=name, kind="text", options=[], hint=hint)
        row.position, row.created_at, row.read_only = number, clock.utcnow(), True
        if number < len(CHOICES):
            row.kind, row.read_only, row.options = CHOICES[number], False, _options(number)
        session.add(row)


def _options(number: int) -> list[dict[str, object]]:
    """Give each kind of choice all texts, so many to a field."""
    first = number // len(set(CHOICES)) * OPTIONS_EACH
    return [
        {"id": f"o{at}", "name": text_at(at)[:SHORT], "removed": False}
        for at in range(first, first + OPTIONS_EACH)
    ]


def make_library(session: Session) -> None:
    """Write an item of the corp's for each text; each text is in a part of every kind, too."""
    groups = [text[:GROUP_LENGTH] for text in HOSTILE]
    ids = {name: _make_group(session, name, at) for at, name in enumerate(dict.fromkeys(groups))}
    for number in range(COUNT):
        title = text_at(number, 1)[:TITLE_LENGTH]
        parts: list[Part] = [("text", {"content": "您好"}, None)]
        _make_item(session, f"titled{number}", title, ids[groups[number]], parts)
    for msgtype, make_part in PARTS.items():
        for first in range(0, COUNT, PARTS_EACH):
            parts = [make_part(session, number) for number in range(first, first + PARTS_EACH)]
            title = text_at(first, 1)[:TITLE_LENGTH]
            _make_item(session, f"{msgtype}{first}", title, None, parts)


def _make_group(session: Session, name: str, position: int) -> int:
    group = LibraryGroup(shelf="scripts", name=name, position=position)
    session.add(group)
    session.flush()
    return group.id


def _make_item(
    session: Session, key: str, title: str, group_id: int | None, parts: Sequence[Part]
) -> None:
    item = LibraryItem(shelf="scripts", key=key, title=title, group_id=group_id)
    item.words = item.sounds = ""
    item.created_at = item.updated_at = clock.utcnow()
    session.add(item)
    session.flush()
    for n, (msgtype, fields, material_id) in enumerate(parts, 1):
        row = LibraryPart(item_id=item.id, n=n, msgtype=msgtype, fields=fields)
        row.material_id = material_id
        session.add(row)


def _make_text(_session: Session, number: int) -> Part:
    return "text", {"content": text_at(number)}, None


def _make_link(_session: Session, number: int) -> Part:
    names = ("title", "desc", "link", "imgUrl")
    return "news", {name: text_at(number, place) for place, name in enumerate(names)}, None


def _make_program(_session: Session, number: int) -> Part:
    names = ("title", "appid", "page", "imgUrl")
    return "miniprogram", {name: text_at(number, place) for place, name in enumerate(names)}, None


def _make_file(session: Session, number: int) -> Part:
    file = Material(kind="file", filename=text_at(number)[:128], sha256=f"{number:064}", size=1)
    file.created_at = clock.utcnow()
    file.upload_error = text_at(number, 1)
    session.add(file)
    session.flush()
    return "file", {}, file.id


# Their first text is that of their number.
PARTS = {"text": _make_text, "news": _make_link, "miniprogram": _make_program, "file": _make_file}
