"""What a greeting needs, gathered before the call: script, attachments, names.

Names cost time, and the customer's clock runs: what is not at hand is asked for briefly while the
greeting is young, and a neutral word stands in for it otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app import clock, texts
from app.customers.models import Customer, FollowUser
from app.deliveries.actions import RESTORED
from app.deliveries.queries import find_latest
from app.materials.models import Material
from app.materials.queries import usable
from app.members.actions import record_member
from app.runtime import Runtime
from app.schedule_runs import find_restore
from app.wecom import external_contact, user
from app.wecom.errors import WeComError
from app.wecom.external_contact import CustomerDetail, FollowUserInfo
from app.welcome.actions.intents import KIND, ONE_FRIENDSHIP, Greeting, Verdict
from app.welcome.models import WelcomeAttachment, WelcomeVersion
from app.welcome.queries.choosing import Choice, choose_script, has_department_rules
from app.welcome.queries.scripts import paused_since

OTHER_CORP_PREFIX = "wo"
LATELY_RESTORED = "lately_restored"
ASK_AT_MOST_SECONDS = 2.0
YOUNG = timedelta(seconds=4)
# These go to the customer, in the language of the scripts and not in that of the server.
NEUTRAL_CUSTOMER = "您"
NEUTRAL_MEMBER = "客服"

# Made once: in a storm, putting a statement together costs more than running it.
VERSION = select(
    WelcomeVersion.content, WelcomeVersion.returning, WelcomeVersion.returning_content
).where(WelcomeVersion.id == bindparam("version_id"))
ATTACHMENTS = (
    select(
        WelcomeAttachment.n,
        WelcomeAttachment.msgtype,
        WelcomeAttachment.fields,
        WelcomeAttachment.material_id,
        Material.media_id,
        Material.media_expires_at,
    )
    .outerjoin(Material, Material.id == WelcomeAttachment.material_id)
    .where(WelcomeAttachment.version_id == bindparam("version_id"))
    .order_by(WelcomeAttachment.n)
)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One attachment ready to be sent; `media_id` "" for one that needs no file."""

    n: int
    body: Mapping[str, Any]
    media_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to send; with a `verdict`, why nothing is sent. `lost`: attachments without a file.

    `restored_at`: the database was brought back then, and this friendship may be older than that.
    """

    verdict: Verdict | None = None
    choice: Choice | None = None
    template: str = ""
    pieces: tuple[Piece, ...] = ()
    lost: tuple[int, ...] = ()
    customer_name: str = ""
    remark: str = ""
    restored_at: datetime | None = None


def plan_welcome(runtime: Runtime, greeting: Greeting, *, deadline: datetime) -> Plan:
    """Choose the script and read what it needs; a member we do not know is asked for.

    Shortly after a restore WeCom is asked how old the friendship is: an earlier code of it may have
    been used when the backup had been made. If it does not say, nobody is greeted.
    """
    plan = _read_plan(runtime, greeting)
    if plan.restored_at and not _began_since(runtime, greeting, plan.restored_at, deadline):
        return Plan(verdict=Verdict(outcome="unknown", reason=LATELY_RESTORED), choice=plan.choice)
    if not _must_ask_for_member(runtime, greeting, plan):
        return plan
    within = _patience(greeting, deadline)
    if within <= 0:
        return plan
    try:
        detail = user.get(runtime.wecom, greeting.userid, within=within)
    except WeComError:
        # The next rule of the resolver holds, and a neutral word stands in for his name.
        return plan
    with runtime.db.write() as session:
        record_member(session, detail)
    return _read_plan(runtime, greeting)


def fill_text(
    runtime: Runtime, greeting: Greeting, plan: Plan, *, deadline: datetime
) -> tuple[str, dict[str, Any]]:
    """Fill the plan's text; also return where the customer's name came from, for the record."""
    used = texts.find_variables(plan.template)
    notes: dict[str, Any] = {}
    name, remark = plan.customer_name, plan.remark
    if used & texts.OF_CUSTOMER:
        notes["name"] = "own" if name or (remark and texts.CUSTOMER_NAME not in used) else "neutral"
        if notes["name"] == "neutral":
            name, remark = _ask_for_customer(runtime, greeting, deadline)
            notes["name"] = "fetched" if name else "neutral"
    member = plan.choice.member if plan.choice else None
    if used & texts.OF_MEMBER and member is None:
        notes["member"] = "neutral"
    values = build_values(
        plan.choice,
        customer_name=name,
        remark=remark,
        state=greeting.state,
        added_at=_at(greeting),
        zone=runtime.config.server.zone,
    )
    text = texts.build_text(plan.template, values)
    return text, notes


def build_values(
    choice: Choice | None,
    *,
    customer_name: str,
    remark: str,
    state: str,
    added_at: datetime,
    zone: ZoneInfo,
) -> dict[str, str]:
    """Give every variable a value; a neutral word where there is none."""
    member = choice.member if choice else None
    return {
        texts.CUSTOMER_NAME: customer_name or NEUTRAL_CUSTOMER,
        texts.CUSTOMER_REMARK: remark or customer_name or NEUTRAL_CUSTOMER,
        texts.MEMBER_NAME: member.name if member else NEUTRAL_MEMBER,
        texts.MEMBER_ALIAS: member.alias if member else NEUTRAL_MEMBER,
        texts.DEPARTMENT: member.department if member else "",
        texts.CORP_NAME: member.corp_name if member else "",
        texts.CHANNEL: state,
        texts.ADDED_AT: f"{added_at.astimezone(zone):%Y-%m-%d %H:%M}",
    }


def _read_plan(runtime: Runtime, greeting: Greeting) -> Plan:
    with runtime.db.read() as session:
        restored_at = find_restore(session)
        if verdict := _find_verdict(session, greeting, restored_at):
            return Plan(verdict=verdict)
        choice = choose_script(
            session,
            userid=greeting.userid,
            state=greeting.state,
            at=clock.utcnow(),
            zone=runtime.config.server.zone,
        )
        if choice.version_id is None:
            return Plan(verdict=Verdict(outcome="skipped", reason="no_script"), choice=choice)
        plan = _plan_of(session, greeting, choice, choice.version_id)
    return replace(plan, restored_at=restored_at) if _may_be_older(greeting, restored_at) else plan


def _may_be_older(greeting: Greeting, restored_at: datetime | None) -> bool:
    """Tell whether another event of this friendship may have come before the restore."""
    if restored_at is None or greeting.is_first:
        return False
    return _at(greeting) < restored_at + ONE_FRIENDSHIP


def _at(greeting: Greeting) -> datetime:
    return greeting.create_time or greeting.received_at


def _find_verdict(
    session: Session, greeting: Greeting, restored_at: datetime | None
) -> Verdict | None:
    """Tell why no welcome may be sent, before any script is looked at."""
    if paused_since(session) is not None:
        return Verdict(outcome="skipped", reason="paused")
    if not greeting.welcome_code:
        return Verdict(outcome="skipped", reason=_why_no_code(session, greeting))
    if greeting.stale:
        return Verdict(outcome="skipped", reason="stale_event")
    if restored_at is not None and _at(greeting) < restored_at:
        return Verdict(outcome="unknown", reason=RESTORED)
    return None


def _why_no_code(session: Session, greeting: Greeting) -> str:
    """Tell the likely reason: WeCom gives none."""
    if greeting.external_userid.startswith(OTHER_CORP_PREFIX):
        return "no_code_other_corp"
    before = find_latest(
        session, kind=KIND, userid=greeting.userid, external_userid=greeting.external_userid
    )
    return "no_code_chatting" if before or greeting.returning else "no_code_console"


def _plan_of(session: Session, greeting: Greeting, choice: Choice, version_id: int) -> Plan:
    content, returning, returning_content = session.execute(
        VERSION, {"version_id": version_id}
    ).one()
    if greeting.returning and returning == "none":
        return Plan(verdict=Verdict(outcome="skipped", reason="returning_none"), choice=choice)
    template = returning_content if greeting.returning and returning == "text" else content
    pieces, lost = read_pieces(session, version_id)
    name = remark = ""
    if texts.find_variables(template) & texts.OF_CUSTOMER:
        name, remark = _find_names(session, greeting)
    return Plan(
        choice=choice,
        template=template,
        pieces=pieces,
        lost=lost,
        customer_name=name,
        remark=remark,
    )


def read_pieces(session: Session, version_id: int) -> tuple[tuple[Piece, ...], tuple[int, ...]]:
    """Read a version's attachments: those that can be sent now, and the numbers of the others."""
    rows = session.execute(ATTACHMENTS, {"version_id": version_id})
    pieces, lost = [], []
    for n, msgtype, fields, material_id, media_id, expires_at in rows:
        if material_id is None:
            pieces.append(Piece(n=n, body={"msgtype": msgtype, msgtype: fields}))
        elif usable(media_id, expires_at):
            key = "pic_media_id" if msgtype == "miniprogram" else "media_id"
            body = {"msgtype": msgtype, msgtype: {**fields, key: media_id}}
            pieces.append(Piece(n=n, body=body, media_id=media_id))
        else:
            lost.append(n)
    return tuple(pieces), tuple(lost)


def _find_names(session: Session, greeting: Greeting) -> tuple[str, str]:
    name = session.scalar(
        select(Customer.name).where(Customer.external_userid == greeting.external_userid)
    )
    remark = session.scalar(
        select(FollowUser.remark)
        .where(
            FollowUser.external_userid == greeting.external_userid,
            FollowUser.userid == greeting.userid,
        )
        .order_by(FollowUser.period.desc())
        .limit(1)
    )
    return name or "", remark or ""


def _must_ask_for_member(runtime: Runtime, greeting: Greeting, plan: Plan) -> bool:
    """Tell whether knowing an unknown member would change what is sent; one look an event."""
    choice = plan.choice
    if choice is None or choice.member is not None:
        return False
    with runtime.db.read() as session:
        used = texts.find_variables(plan.template)
        matters = bool(used & {*texts.OF_MEMBER, texts.CORP_NAME})
        if choice.level not in {"state", "member"}:
            matters = matters or has_department_rules(session)
        if not matters:
            return False
        row = find_latest(
            session, kind=KIND, userid=greeting.userid, external_userid=greeting.external_userid
        )
    return row is None or row.event_id != greeting.event_id


def _ask_for_customer(runtime: Runtime, greeting: Greeting, deadline: datetime) -> tuple[str, str]:
    """Ask WeCom for the customer's name and remark; "" when there is no time or no answer."""
    within = _patience(greeting, deadline)
    if within <= 0:
        return "", ""
    try:
        detail = external_contact.get(runtime.wecom, greeting.external_userid, within=within)
    except WeComError:
        return "", ""
    follow = _his(greeting, detail)
    return detail.external_contact.name, follow.remark if follow else ""


def _began_since(
    runtime: Runtime, greeting: Greeting, restored_at: datetime, deadline: datetime
) -> bool:
    """Ask WeCom whether the friendship began after the restore; False too if it does not say."""
    within = min(ASK_AT_MOST_SECONDS, (deadline - clock.utcnow()).total_seconds() / 2)
    if within <= 0:
        return False
    try:
        detail = external_contact.get(runtime.wecom, greeting.external_userid, within=within)
    except WeComError:
        return False
    follow = _his(greeting, detail)
    return follow is not None and follow.createtime >= restored_at


def _his(greeting: Greeting, detail: CustomerDetail) -> FollowUserInfo | None:
    """Find the relation that is greeted among all of the customer's."""
    folded = greeting.userid.casefold()
    return next((one for one in detail.follow_users if one.userid.casefold() == folded), None)


def _patience(greeting: Greeting, deadline: datetime) -> float:
    """Return how long WeCom may be asked: not at all once others are likely waiting too."""
    now = clock.utcnow()
    if now - greeting.received_at > YOUNG:
        return 0.0
    return min(ASK_AT_MOST_SECONDS, (deadline - now).total_seconds())
