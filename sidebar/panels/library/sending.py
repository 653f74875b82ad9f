"""Sending an item: the messages that WeCom's client is to send, and the record that it did."""

from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from typing import Any

from app.errors import NotFound
from app.i18n import _
from app.library.actions import record_use
from app.library.errors import NotReady, TooLong, Unfilled
from app.library.jobs import Message, prepare_messages
from app.library.queries import Item, find_item
from app.runtime import Runtime
from sidebar.context import GroupContext
from sidebar.panels.library.seats import Seats
from sidebar.panels.library.sending_keys import is_good, make_key
from sidebar.panels.library.showing import Context, path_of, read_values, refused
from sidebar.panels.library.view import title_of, word_missing
from sidebar.panels.library.words import SENDING, word_gone
from sidebar.panels.parts import Reply
from sidebar.panels.reading import number
from sidebar.panels.showing import visible

SEATS = Seats(8)


def prepare(runtime: Runtime, context: Context, form: Mapping[str, str], *, shelf: str) -> Reply:
    """Make the messages of an item, or of its part `n`, ready for the page to send.

    `stale`: a media_id that WeCom did not take, so that a new one is fetched.

    Raises:
        NoTurn: too many wait for their files to come to WeCom.
    """
    userid, item_id = context.viewer.userid, number(form.get("item"))
    with runtime.db.read() as session:
        item = find_item(session, userid, item_id)
        values = read_values(session, context)
    if item is None or item.shelf != shelf:
        return refused(context, shelf, word_gone(shelf))
    n, stale = number(form.get("n")), form.get("stale", "")
    # What WeCom has already is ready at once, whoever waits for a seat.
    waits = stale or any(part.material and not part.material.is_ready for part in item.parts)
    try:
        with SEATS.taken(userid) if waits else nullcontext():
            messages = prepare_messages(runtime, userid, item_id, values, n=n, stale=stale)
    except Unfilled as unfilled:
        return refused(context, shelf, word_missing(unfilled.names))
    except (NotFound, NotReady, TooLong) as error:
        return refused(context, shelf, _(str(error)))
    key = make_key(runtime.sealer, context, item_id, parts=len(messages))
    return _prepared(context, shelf, item, messages, key=key)


def record_sent(
    runtime: Runtime, context: Context, form: Mapping[str, str], *, shelf: str
) -> Reply:
    """Write down that the page has sent so many `parts` of an item; the same `key` is one use."""
    item_id, parts, key = number(form.get("item")), number(form.get("parts")), form.get("key", "")
    if not is_good(runtime.sealer, context, item_id, parts=parts, key=key):
        return refused(context, shelf, _("没有记下这次发送"))
    try:
        runtime.db.commit(
            partial(
                record_use,
                userid=context.viewer.userid,
                item_id=item_id,
                key=key,
                external_userid=""
                if isinstance(context, GroupContext)
                else context.external_userid,
                chat_id=context.chat.chat_id if isinstance(context, GroupContext) else "",
                parts=parts,
            )
        )
    except NotFound as error:
        return refused(context, shelf, _(str(error)))
    return Reply("sidebar/toast.html", {"path": path_of(context, shelf), "notice": None})


def _prepared(
    context: Context, shelf: str, item: Item, messages: tuple[Message, ...], *, key: str
) -> Reply:
    title = title_of(item)
    job: dict[str, Any] = {
        "card": context.path,
        "path": path_of(context, shelf),
        "item": item.id,
        "key": key,
        "told": _("已发送「{title}」", title=title),
        "parts": [{"n": message.n, "body": message.body} for message in messages],
        "words": {name: _(text) for name, text in SENDING.items()},
    }
    values = {
        "path": path_of(context, shelf),
        "job": job,
        "title": title,
        "told": [visible(message.told) for message in messages],
        # Whoever sees this as a page has no JavaScript.
        "notice": {"text": _("只有打开 JavaScript 才能发送"), "is_fault": True},
    }
    return Reply("panels/library/prepared.html", values)
