"""Reading customers and tags from WeCom again, changing tags there, moving many customers."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import list_to_move_on, move_on, record_detail, record_tags
from app.customers.actions.corp_tags import (
    checked_name,
    checked_names,
    get_living_group,
    get_living_tag,
    record_deleted,
    record_made_tags,
    record_renamed,
)
from app.errors import Refused
from app.i18n import N_, _
from app.log import get_logger
from app.runtime import Runtime
from app.wecom import corp_tags, external_contact
from app.wecom.errors import MissingPermission, NoSuchRelation
from app.wecom.external_contact import TagGroupInfo

# Writes into the transaction that records what WeCom has done.
Note = Callable[[Session], None]

NOT_OURS = 301002
OTHERS_TAG = N_(
    "这个标签不是本应用创建的：企业微信只让应用修改、删除自己创建的标签。"
    "请在“管理后台 → 客户与上下游 → 客户联系 → 企业客户标签”里改，再点“从企业微信同步”"
)

# Then other jobs have their turn; what is left is gone on with at the next one.
MOVING_SECONDS = 20.0

log = get_logger(__name__)


def read_customer(
    runtime: Runtime, external_userid: str, *, within: float | None = None
) -> Callable[[Session], None] | None:
    """Ask WeCom for a customer and everybody who follows him; return what records the answer.

    In `within` seconds; without it, patiently.

    None: WeCom shows no relation. So it is with a customer who added a member one-sidedly
    (免验证), until the member adds him back.
    """
    asked_at = clock.utcnow()
    try:
        detail = external_contact.get(runtime.wecom, external_userid, within=within)
    except NoSuchRelation:
        return None
    return partial(_record, detail, asked_at)


def _record(detail: external_contact.CustomerDetail, asked_at: datetime, session: Session) -> None:
    record_detail(session, detail, asked_at=asked_at)


def sync_tags(runtime: Runtime, *, within: float | None = None) -> None:
    """Pull the corp's tags, in `within` seconds; without it, patiently.

    Raises:
        WeComError: they could not be read.
    """
    groups = external_contact.get_corp_tag_list(runtime.wecom, within=within)
    runtime.db.commit(lambda session: record_tags(session, groups))
    log.info("tags_synced", groups=len(groups), tags=sum(len(group.tags) for group in groups))


def move_customers_on(runtime: Runtime) -> None:
    """Move customers out of stages that are being archived, in many short transactions."""
    began = clock.monotonic()
    with runtime.db.read() as session:
        stages = list_to_move_on(session)
    for stage_id in stages:
        moved, piece = 0, 1
        while piece:
            if clock.monotonic() - began > MOVING_SECONDS:
                return
            piece = runtime.db.commit(partial(move_on, stage_id=stage_id))
            moved += piece
        log.info("customers_moved_on", stage_id=stage_id, customers=moved)


def push_new_tags(
    runtime: Runtime,
    names: Sequence[str],
    *,
    group_id: str = "",
    group_name: str = "",
    note: Callable[[Session, TagGroupInfo], None],
) -> TagGroupInfo:
    """Have WeCom make tags in a group, or in a new one; return the group with what was made.

    Raises:
        Refused: a name will not do, or WeCom has one of them already.
        NotFound: there is no such group.
        WeComError: WeCom did not make them.
    """
    names = checked_names(names)
    if group_id:
        with runtime.db.read() as session:
            get_living_group(session, group_id)
    else:
        group_name = checked_name(group_name)
    made = corp_tags.add_corp_tag(runtime.wecom, names, group_id=group_id, group_name=group_name)

    def record(session: Session) -> None:
        record_made_tags(session, made)
        note(session, made)

    runtime.db.commit(record)
    return made


def push_tag_name(runtime: Runtime, tag_key: int, name: str, *, was: str, note: Note) -> None:
    """Have WeCom rename a tag, by `Tag.id`. `was`: the name that whoever renames it has seen.

    Raises:
        Refused: the name will not do, somebody has renamed it meanwhile, or it is not ours.
        NotFound: there is no such tag (any more).
        WeComError: WeCom did not rename it.
    """
    with runtime.db.read() as session:
        tag = get_living_tag(session, tag_key)
        wire_id, now = tag.tag_id, tag.name
    _push_name(runtime, wire_id, name, was=was, now=now, note=note)


def push_group_name(runtime: Runtime, group_id: str, name: str, *, was: str, note: Note) -> None:
    """Have WeCom rename a group of tags; raises as `push_tag_name` does."""
    with runtime.db.read() as session:
        now = get_living_group(session, group_id).name
    _push_name(runtime, group_id, name, was=was, now=now, note=note)


def push_tag_deletion(
    runtime: Runtime, *, tag_key: int = 0, group_id: str = "", note: Note
) -> None:
    """Have WeCom delete a tag, by `Tag.id`, or a group with all its tags.

    Raises:
        Refused: this app did not make it.
        NotFound: there is no such tag (any more).
        WeComError: WeCom did not delete it.
    """
    with runtime.db.read() as session:
        tag_id = get_living_tag(session, tag_key).tag_id if tag_key else ""
        if not tag_key:
            get_living_group(session, group_id)
    try:
        if tag_id:
            corp_tags.del_corp_tag(runtime.wecom, tag_ids=[tag_id])
        else:
            corp_tags.del_corp_tag(runtime.wecom, group_ids=[group_id])
    except MissingPermission as error:
        raise _if_not_ours(error) from error

    def record(session: Session) -> None:
        record_deleted(session, tag_id=tag_id, group_id="" if tag_id else group_id)
        note(session)

    runtime.db.commit(record)


def _push_name(
    runtime: Runtime, wire_id: str, name: str, *, was: str, now: str, note: Note
) -> None:
    name = checked_name(name)
    if now != was:
        raise Refused(_("它刚被改名为「{name}」，请看一看再改", name=now))
    if now == name:
        return
    try:
        corp_tags.edit_corp_tag(runtime.wecom, wire_id, name=name)
    except MissingPermission as error:
        raise _if_not_ours(error) from error

    def record(session: Session) -> None:
        record_renamed(session, wire_id, name)
        note(session)

    runtime.db.commit(record)


def _if_not_ours(error: MissingPermission) -> Exception:
    """Say what WeCom's number means where a tag is changed: elsewhere it is about the Secret."""
    return Refused(_(OTHERS_TAG)) if error.errcode == NOT_OURS else error
