"""What else happens when a customer is added: tags, a stage, a remark, as the script says.

Nothing of it takes the place of what a member did himself: a stage is set while nobody has moved
the customer, a remark while he goes by his own name.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import texts
from app.customers.actions import change_remark, change_stage, mark_tag
from app.customers.actions.own_changes import REMARK_LENGTH, bare_remark
from app.customers.models import Customer, Stage, Tag
from app.customers.queries import find_viewpoint
from app.customers.queries.stages import find_stage_now
from app.deliveries.queries import find_latest
from app.errors import NotFound, Refused
from app.runtime import Runtime
from app.welcome.actions.intents import KIND, Greeting
from app.welcome.actions.plans import build_values
from app.welcome.models import WelcomeVersion
from app.welcome.queries.choosing import Choice, choose_script
from app.welcome.queries.scripts import Extras, load_extras
from app.words import clean


def apply_extras(session: Session, runtime: Runtime, greeting: Greeting) -> None:
    """Do what the script that greets also says. Twice is once."""
    choice = choose_script(
        session,
        userid=greeting.userid,
        state=greeting.state,
        at=greeting.received_at,
        zone=runtime.config.server.zone,
    )
    version = session.get(WelcomeVersion, _version(session, greeting) or choice.version_id or 0)
    extras = load_extras(version.extras if version else None)
    if extras == Extras():
        return
    for tag_key in _list_tag_keys(session, extras):
        mark_tag(
            session, greeting.external_userid, userid=greeting.userid, tag_key=tag_key, on=True
        )
    _set_stage(session, greeting, extras)
    added_at = greeting.create_time or greeting.received_at
    _set_remark(session, runtime, greeting, extras, choice=choice, added_at=added_at)


def _version(session: Session, greeting: Greeting) -> int | None:
    """Return the version that greeted for this event, if one did."""
    row = find_latest(
        session, kind=KIND, userid=greeting.userid, external_userid=greeting.external_userid
    )
    if row is None or row.event_id != greeting.event_id or not row.ref.isdigit():
        return None
    return int(row.ref)


def _list_tag_keys(session: Session, extras: Extras) -> list[int]:
    wanted = select(Tag.id).where(Tag.tag_id.in_(extras.tag_ids), Tag.removed_at.is_(None))
    return list(session.scalars(wanted.order_by(Tag.id)))


def _set_stage(session: Session, greeting: Greeting, extras: Extras) -> None:
    stage = session.get(Stage, extras.stage_id) if extras.stage_id else None
    if stage is None:
        return
    now = find_stage_now(session, greeting.external_userid, stage.pipeline_id)
    if now.change_id:
        return
    try:
        change_stage(session, greeting.external_userid, to_stage_id=stage.id, userid="", seen=0)
    except NotFound:
        # The stage, or its pipeline, is out of use.
        return


def _set_remark(
    session: Session,
    runtime: Runtime,
    greeting: Greeting,
    extras: Extras,
    *,
    choice: Choice,
    added_at: datetime,
) -> None:
    customer = session.get(Customer, greeting.external_userid)
    viewpoint = find_viewpoint(session, greeting.userid, greeting.external_userid)
    if not extras.remark or customer is None or viewpoint is None:
        return
    if bare_remark(viewpoint.follow.remark, customer.name):
        return
    values = build_values(
        choice,
        customer_name=customer.name,
        remark="",
        state=greeting.state,
        added_at=added_at,
        zone=runtime.config.server.zone,
    )
    remark = " ".join(clean(texts.build_text(extras.remark, values)).split())[:REMARK_LENGTH]
    try:
        change_remark(
            session, greeting.external_userid, userid=greeting.userid, remark=remark.strip()
        )
    except Refused:
        # Nothing of it can be seen.
        return
