"""Somebody who has a row in every table on the board, and words that stand nowhere but there."""

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.batches.models import Batch, BatchItem, ImportRow
from app.churn.models import Loss
from app.customers.actions.sealing import set_mobiles
from app.customers.models import (
    ConsentChange,
    Customer,
    CustomerStage,
    CustomField,
    Draft,
    FieldChange,
    FieldChoice,
    FieldValue,
    FollowChange,
    FollowTag,
    FollowUp,
    FollowUser,
    MarketingConsent,
    Reminder,
    Stage,
    StageChange,
    TimelineEntry,
)
from app.customers.queries.fields import Value
from app.db import Database
from app.deliveries.models import Delivery
from app.groups.models import GroupChange, GroupChat, GroupMember
from app.inbox.models import BODY_PURPOSE, InboxEvent
from app.library.models import LibraryItem, LibraryUse
from app.messages import PURPOSE
from app.pushes.models import Push
from app.runtime import Runtime
from app.sync.models import SyncRun, SyncSeen, SyncSuspect
from app.tables import metadata
from tests.callbacks.letters import xml
from tests.privacy.words import Words, hash_of

CHAT, MEMBER = "wr-chat", "zhaoyi"
PURPOSES = (BODY_PURPOSE, PURPOSE)


def make_shared(session: Session) -> None:
    """Make what belongs to nobody: a group, an item of the library, fields with options."""
    now = clock.utcnow()
    session.add(
        GroupChat(chat_id=CHAT, name="夏日团购群", owner=MEMBER, notice="", member_version="")
    )
    session.add(
        LibraryItem(
            shelf="scripts",
            key="k",
            title="门店地址",
            words="门店地址",
            sounds="mendiandizhi",
            created_at=now,
            updated_at=now,
        )
    )
    for number, kind in enumerate(("text", "phone", "choice")):
        options = [{"id": "o1", "name": "朋友介绍", "removed": False}] if kind == "choice" else []
        session.add(
            CustomField(
                key=f"t_{kind}",
                name=f"试{kind}",
                kind=kind,
                options=options,
                position=90 + number,
                created_at=now,
            )
        )
    session.flush()


def make_person(session: Session, runtime: Runtime, who: Words) -> None:
    """Give him a row in every table on the board."""
    _make_himself(session, who)
    follow = _make_relation(session, who)
    _make_fields(session, who)
    _make_work(session, who, follow)
    _make_sendings(session, runtime, who)
    _make_events(session, runtime, who)
    _make_stays(session, who)
    session.flush()


def make_guest(session: Session, invitor: Words, guest: Words) -> None:
    """Have somebody be in the group whom another one invited, with his entry of it."""
    now = clock.utcnow()
    session.add(Customer(external_userid=guest.external_userid, name=guest.name, created_at=now))
    session.flush()
    his: dict[str, Any] = {
        "chat_id": CHAT,
        "userid": guest.external_userid,
        "invitor": invitor.external_userid,
    }
    session.add(GroupMember(**his, period=1, type=2, name=guest.name, joined_at=now))
    session.add(GroupChange(**his, kind="seen", at=now, noted_at=now))
    session.add(
        TimelineEntry(
            dedupe_key=f"group:{CHAT}:{guest.external_userid}",
            external_userid=guest.external_userid,
            userid=invitor.external_userid,
            kind="group_joined",
            at=now,
            data={"group_name": "夏日团购群", "invitor": invitor.external_userid},
        )
    )


def dump(db: Database, runtime: Runtime) -> dict[str, list[str]]:
    """Return every row of every table as text; what is sealed is opened."""
    with db.read() as session:
        return {
            table.name: sorted(
                " | ".join(_text(runtime, value) for value in row)
                for row in session.execute(select(table))
            )
            for table in metadata.sorted_tables
        }


def _text(runtime: Runtime, value: object) -> str:
    if not isinstance(value, bytes):
        return json.dumps(value, ensure_ascii=False, default=str)
    for purpose in PURPOSES:
        try:
            opened = runtime.sealer.open(value, purpose=purpose).decode()
        except ValueError:
            continue
        except Exception:  # noqa: BLE001, S112 -- it is sealed for something else
            continue
        # Words stand in messages as JSON escapes them.
        return opened.encode().decode("unicode_escape") if "\\u" in opened else opened
    return repr(value)


def _make_himself(session: Session, who: Words) -> None:
    now = clock.utcnow()
    session.add(
        Customer(
            external_userid=who.external_userid,
            name=who.name,
            avatar=f"https://wx.qlogo.cn/{who.mark}",
            type=1,
            gender=2,
            corp_name=who.corp,
            position=who.position,
            unionid=who.union,
            created_at=now,
        )
    )
    session.flush()


def _make_relation(session: Session, who: Words) -> FollowUser:
    now, his = clock.utcnow(), {"external_userid": who.external_userid, "userid": MEMBER}
    session.add(FollowChange(**his, kind="add", at=now))
    session.add(FollowChange(**his, kind="customer", at=now + timedelta(hours=1)))
    follow = FollowUser(
        **his,
        period=1,
        remark=who.remark,
        description=who.description,
        remark_mobiles=[],
        add_way=1,
        oper_userid=who.external_userid,
        added_at=now,
        mutual_at=now,
        removed_at=now + timedelta(hours=1),
        removed_by="customer",
    )
    session.add(follow)
    session.flush()
    set_mobiles(session, follow, [who.mobile])
    session.add(FollowTag(follow_id=follow.id, group_name="等级", tag_name="重要", tag_id="et"))
    session.add(
        Loss(
            **his,
            follow_id=follow.id,
            kind="customer",
            lost_at=now,
            days_known=3,
            reason="price",
            reason_note=who.lossnote,
        )
    )
    return follow


def _make_fields(session: Session, who: Words) -> None:
    now, fields = clock.utcnow(), {one.key: one.id for one in session.scalars(select(CustomField))}
    his = {"external_userid": who.external_userid, "userid": MEMBER, "changed_at": now}
    texts = {"t_text": who.text, "t_phone": who.phone, "t_choice": None}
    for key, text in texts.items():
        value = FieldValue(**his, field_id=fields[key], text=text, version=1)
        session.add(value)
        session.flush()
        if text is None:
            session.add(FieldChoice(value_id=value.id, option="o1"))
    before = Value(text=who.before).as_json()
    session.add(FieldChange(**his, field_id=fields["t_text"], version=1, before=before))


def _make_work(session: Session, who: Words, follow: FollowUser) -> None:
    now, his = clock.utcnow(), {"external_userid": who.external_userid, "userid": MEMBER}
    key = {"form_key": f"box-{who.mark}"}
    note = FollowUp(**his, **key, text=who.note, created_at=now)
    session.add(note)
    session.flush()
    session.add(
        Reminder(**his, **key, follow_up_id=note.id, text=who.reminder, due_at=now, created_at=now)
    )
    session.add(Draft(**his, **key, place="follow_ups", text=who.draft, saved_at=now))
    stage = session.scalars(select(Stage).order_by(Stage.id)).all()[1]
    place = {"external_userid": who.external_userid, "pipeline_id": stage.pipeline_id}
    session.add(CustomerStage(**place, stage_id=stage.id, changed_at=now))
    session.add(
        StageChange(**place, to_stage_id=stage.id, userid=MEMBER, why=who.why, changed_at=now)
    )
    session.add(
        ConsentChange(
            **his, from_state="", to_state="refused", way="own", note=who.consent, changed_at=now
        )
    )
    session.add(
        MarketingConsent(
            external_userid=who.external_userid, state="refused", change_id=1, changed_at=now
        )
    )
    session.add(
        TimelineEntry(
            **his,
            dedupe_key=f"own:{who.external_userid}",
            kind="remark_changed",
            at=now,
            data={"remark": who.entry, "from_wecom": False},
        )
    )
    item = session.scalars(select(LibraryItem.id)).first()
    session.add(LibraryUse(**his, item_id=item, key=f"use-{who.mark}", parts=1, at=now))
    session.add(Push(**his, kind="remark", value=who.pushed, created_at=now))
    batch = Batch(kind="stage", userid="qianer", what={"name": "意向"}, created_at=now)
    session.add(batch)
    session.flush()
    session.add(BatchItem(batch_id=batch.id, follow_id=follow.id, outcome="done"))
    _make_import(session, who)
    _make_sync(session, who, follow)
    audit = {"userid": "qianer", "external_userid": who.external_userid}
    record_audit(session, **audit, action="phone_revealed", detail={"follow_id": follow.id})


def _make_import(session: Session, who: Words) -> None:
    batch = Batch(kind="import", userid="qianer", what={}, created_at=clock.utcnow())
    session.add(batch)
    session.flush()
    session.add(
        ImportRow(
            batch_id=batch.id,
            number=2,
            cells=[who.external_userid, who.cell],
            external_userid=who.external_userid,
            outcome="ready",
            plan={"note": who.planned},
        )
    )


def _make_sync(session: Session, who: Words, follow: FollowUser) -> None:
    now = clock.utcnow()
    run = SyncRun(why="manual", created_at=now, walking=[], outcome="done", ended_at=now)
    session.add(run)
    session.flush()
    session.add(SyncSeen(run_id=run.id, follow_id=follow.id))
    whose = {"userid": MEMBER, "external_userid": who.external_userid}
    times = {"missed_at": now, "known_at": now}
    session.add(SyncSuspect(**whose, **times, follow_id=follow.id, run_id=run.id))


def _make_sendings(session: Session, runtime: Runtime, who: Words) -> None:
    """A welcome, an alert, and an alert that a digest about somebody else took along."""
    now = clock.utcnow()
    shared: dict[str, Any] = {"created_at": now, "wanted_at": now, "userid": MEMBER, "detail": {}}

    def body(*texts: str) -> bytes:
        card = {"main_title": {"title": "客户流失提醒", "desc": "、".join(texts)}}
        told = json.dumps({"template_card": card}).encode()
        return runtime.sealer.seal(told, purpose=PURPOSE)

    digest = Delivery(
        **shared,
        kind="mass_loss",
        dedupe_key=f"digest:{who.mark[:1]}:{hash_of(who.mark)}",
        recipient="qianer",
        reason="digest",
        payload=body("另一位", who.name),
    )
    session.add(digest)
    session.flush()
    about = shared | {"external_userid": who.external_userid}
    session.add_all(
        [
            Delivery(
                **about,
                kind="welcome",
                dedupe_key=f"welcome:{MEMBER}:{who.external_userid}:1",
                recipient=who.external_userid,
                outcome="sent",
            ),
            Delivery(
                **about,
                kind="loss",
                dedupe_key=f"loss:{who.mark}:1",
                recipient=MEMBER,
                payload=body(who.card),
                outcome="sent",
            ),
            Delivery(
                **(about | {"detail": {"digest": digest.id}}),
                kind="loss",
                dedupe_key=f"loss:{who.mark}:2",
                recipient="qianer",
                outcome="cancelled",
                reason="in_digest",
            ),
        ]
    )


def _make_events(session: Session, runtime: Runtime, who: Words) -> None:
    now = clock.utcnow()
    group = (
        "<xml><Event>change_external_chat</Event><ChangeType>update</ChangeType>"
        f"<ChatId>{CHAT}</ChatId><MemChangeList><Item>{who.external_userid}</Item>"
        "</MemChangeList></xml>"
    )
    plain = xml(ExternalUserID=who.external_userid, Remark=who.event)
    for number, (event, chat, body) in enumerate(
        [("change_external_contact", "", plain), ("change_external_chat", CHAT, group.encode())]
    ):
        session.add(
            InboxEvent(
                corp_id=runtime.corp_id,
                dedupe_key=f"{number}{hash_of(who.mark) % 10**30}",
                receiver="app",
                lane="events",
                event=event,
                change_type="update",
                userid=MEMBER,
                external_userid="" if chat else who.external_userid,
                chat_id=chat,
                body=runtime.sealer.seal(body, purpose=BODY_PURPOSE),
                msg_signature="",
                last_msg_signature="",
                received_at=now,
                finished_at=now,
                ticked=[],
                fate="done",
            )
        )


def _make_stays(session: Session, who: Words) -> None:
    now, his = clock.utcnow(), {"chat_id": CHAT, "userid": who.external_userid}
    session.add(
        GroupMember(
            **his,
            period=1,
            type=2,
            name=who.groupname,
            group_nickname=who.nickname,
            invitor=MEMBER,
            joined_at=now,
        )
    )
    session.add(GroupChange(**his, kind="seen", at=now, noted_at=now, invitor=MEMBER))
