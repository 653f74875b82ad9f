"""How the list of customers is shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.admin.pages.customers.asking import Asked, field_names
from app.admin.reading import Times, customer_address
from app.customers.models import CustomerView
from app.customers.queries import (
    CustomerRow,
    Field,
    Value,
    list_customers,
    list_values,
    mask_value,
    read_choices,
    word_consent,
    word_stage,
    word_value,
)
from app.i18n import _
from app.runtime import Runtime
from app.words import clean

# Contacts by `type`: from WeChat, from another corp.
WECHAT, CORP = 1, 2
MOST_TAGS = 6


def show_list(
    runtime: Runtime, session: Session, asked: Asked, *, before: int = 0
) -> dict[str, Any]:
    """Read a page of what is asked for."""
    page = list_customers(session, asked.wanted, before=before)
    values = list_values(session, {row.follow.external_userid for row in page.rows}, asked.fields)
    more = asked.query(runtime, before=page.next)
    return {
        "rows": [
            show_row(runtime, row, asked.now)
            | {"cells": _show_values(row.follow.external_userid, asked.fields, values)}
            for row in page.rows
        ],
        "columns_shown": shown_columns(asked),
        "more": more if page.next else "",
        "is_whole": page.is_whole,
        "is_first": not before,
        "first": asked.query(runtime) or "?",
        "query": asked.query(runtime, before=before),
        "all_query": asked.query(runtime),
        "is_chosen": asked.is_narrowed or asked.wanted.standing != "with",
    }


def show_row(runtime: Runtime, row: CustomerRow, now: Times) -> dict[str, Any]:
    """Show a relation."""
    follow, name, remark = row.follow, clean(row.name), clean(row.follow.remark)
    tags = [(clean(group), clean(tag)) for group, tag in row.tags]
    return {
        "id": follow.id,
        "address": customer_address(runtime, follow.external_userid),
        "who": remark or name or _("未命名客户"),
        "name": name if remark and name != remark else "",
        "corp": _("@{corp}", corp=clean(row.corp_name) or _("企业微信"))
        if row.type == CORP
        else "",
        "member": clean(row.member),
        "stage": word_stage(clean(row.stage)) if row.stage else "",
        "stage_color": row.stage_color,
        "tags": tags[:MOST_TAGS],
        "more_tags": tags[MOST_TAGS:],
        "added": now.minute(follow.added_at),
        "state": clean(follow.state),
        "lost": now.minute(follow.removed_at) if follow.removed_at else "",
        "noted": now.minute(row.noted_at) if row.noted_at else "",
        "others": row.others,
        "consent": word_consent(row.consent),
    }


def show_views(
    runtime: Runtime,
    session: Session,
    views: Sequence[CustomerView],
    asked: Asked,
    *,
    userid: str,
) -> list[dict[str, Any]]:
    """Show the saved views, and which of them the page stands at."""
    now = sorted(asked.given.items(multi=True))
    shown = []
    for view in views:
        chosen = MultiDict([(str(name), str(value)) for name, value in read_choices(session, view)])
        there = Asked(chosen, asked.wanted, (), (), asked.now)
        shown.append(
            {
                "id": view.id,
                "name": clean(view.name),
                "query": there.query(runtime),
                "is_now": sorted(chosen.items(multi=True)) == now and bool(now),
                "is_mine": view.userid == userid,
                "shared": view.shared,
            }
        )
    return shown


def choices_to_keep(asked: Asked) -> list[list[str]]:
    """Return what a view keeps of what was chosen."""
    return [[name, value] for name, value in asked.given.items(multi=True)]


def shown_columns(asked: Asked) -> list[str]:
    """Return what the columns that are shown are called in the form."""
    return [*asked.columns, *(field_names(field)[0] for field in asked.fields)]


def _show_values(
    external_userid: str, fields: Sequence[Field], values: Mapping[tuple[str, int], Value]
) -> list[str]:
    """Show what stands in these fields; of what is sealed as much as one who looks over needs."""
    shown = []
    for field in fields:
        value = values.get((external_userid, field.id), Value())
        text = clean(word_value(field, value))
        shown.append(mask_value(field, text))
    return shown
