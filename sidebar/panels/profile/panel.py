"""The panel 画像: the customer at a glance, his stage by one tap, his timeline."""

from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.customers.queries import get_card
from app.i18n import N_
from sidebar.context import CardContext
from sidebar.panels.parts import Panel, Part
from sidebar.panels.profile import (
    consent,
    fields,
    history,
    loss,
    mobiles,
    pipelines,
    pushed,
    relations,
    stage,
    stage_note,
    tags,
    view,
)
from sidebar.panels.profile.description import DESCRIPTION
from sidebar.panels.profile.remark import REMARK
from sidebar.panels.profile.timeline import show_timeline
from sidebar.panels.reading import is_htmx, times
from sidebar.panels.showing import name_of


def load(session: Session, context: CardContext) -> dict[str, Any]:
    """Read the whole card; with `?before=…`, an older page of the timeline instead of the newest.

    htmx asks for such a page alone.
    """
    before = request.args.get("before", "")
    values = show_timeline(session, context, before)
    if before and is_htmx():
        return values | {"page_only": True}
    return (
        values
        | _show_card(session, context)
        | pipelines.show_stage(session, context)
        | loss.show_loss(session, context)
        | consent.show_consent(session, context)
        | _show_own(session, context)
    )


def _show_own(session: Session, context: CardContext) -> dict[str, Any]:
    """Show what belongs to the relation (remark, description, tags, numbers), and the fields."""
    pushes, follow = pushed.read_unsettled(session, context), context.viewpoint.follow
    return (
        REMARK.show(session, context, pushes, follow.remark)
        | DESCRIPTION.show(session, context, pushes, follow.description)
        | tags.show_tags(session, context, pushes)
        | fields.show_fields(session, context, pushes=pushes)
    )


def _show_card(session: Session, context: CardContext) -> dict[str, Any]:
    follow = context.viewpoint.follow
    card = get_card(session, follow)
    now = times()
    member = "" if context.viewpoint.is_own else name_of(session, follow.userid)
    return {
        "header": view.show_header(card, follow, now),
        "bars": view.show_bars(card, follow, now, member=member),
        "period_count": card.count,
    } | relations.show_relations(session, context, card)


PANEL = Panel(
    name="profile",
    title=N_("画像"),
    load=load,
    actions={
        "stage": stage.change,
        "undo": stage.undo,
        "stage-note": stage_note.add,
        "loss-reason": loss.set_reason,
        "consent": consent.change,
        "consent-undo": consent.undo,
        "consent-note": consent.add,
        "field": fields.change,
        "field-undo": fields.undo,
        "field-reveal": fields.reveal,
        "empty-fields": fields.hide_empty,
        "remark": REMARK.save,
        "remark-retry": REMARK.tell_again,
        "description": DESCRIPTION.save,
        "description-retry": DESCRIPTION.tell_again,
        "mobiles": fields.change_mobiles,
        "mobiles-retry": fields.retry_mobiles,
        "tag": tags.mark,
        "tags-retry": tags.retry,
    },
    parts={
        "history": Part("panels/profile/history.html", history.load),
        "colleagues": Part("panels/profile/listing.html", relations.load_colleagues),
        "groups": Part("panels/profile/listing.html", relations.load_groups),
        "periods": Part("panels/profile/listing.html", relations.load_periods),
        "field-form": Part("panels/profile/field_part.html", fields.show_form),
        "field-row": Part("panels/profile/field_part.html", fields.show_row),
        "remark-way": Part("panels/profile/remark_way.html", REMARK.load_way),
        "description-way": Part("panels/profile/description_way.html", DESCRIPTION.load_way),
        "field-mobiles-way": Part("panels/profile/mobiles_way.html", mobiles.load_way),
        "tags": Part("panels/profile/tag_sheet.html", tags.load_sheet),
        "tags-way": Part("panels/profile/tags_changed.html", tags.load_way),
    },
)
