"""Files on their way into a form, in pieces: a body over 64 KiB is not taken from anybody."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import request

from app import clock
from app.errors import NotFound, Refused
from app.i18n import _
from app.library.typed import show_kind
from app.materials.actions import find_image, finish_upload, shrink, store_piece
from app.materials.models import Material
from app.runtime import Runtime
from app.turns import Recent, Turns
from sidebar.context import CardContext, GroupContext
from sidebar.panels.library.seats import Seats
from sidebar.panels.parts import Reply
from sidebar.panels.reading import number
from sidebar.panels.writing import commit

UNFIT = 422
SAID = "panels/library/edit_said.html"
MOST_KEY = 64
# A file stands in memory whole while it is finished, and pictures are drawn one after the other: a
# member has one of them finished at a time, and whoever asks for the same again finds it done.
SEATS = Seats(6)
FINISHES = Turns(2)
FINISHES_OF: Recent[str, Turns] = Recent(partial(Turns, 1), most=2000)
PATIENCE = 8.0

Context = CardContext | GroupContext


def piece(runtime: Runtime, context: Context, form: Mapping[str, str]) -> Reply:
    """Take a piece of a file and say how many bytes are here; or say why it will not do."""
    sent = request.files.get("data")
    work = partial(
        store_piece,
        userid=context.viewer.userid,
        key=_key(form),
        kind=form.get("kind", ""),
        filename=form.get("filename", ""),
        size=number(form.get("size")),
        n=number(form.get("n")),
        data=sent.read() if sent else b"",
    )
    try:
        return Reply(SAID, {"said": commit(runtime, work)})
    except Refused as error:
        return Reply(SAID, {"said": _(str(error))}, UNFIT)


def finish(runtime: Runtime, context: Context, form: Mapping[str, str]) -> Reply:
    """Make a material of the pieces and show it, as it stands in its part.

    Raises:
        NoTurn: too many are finished at this time; the page asks again by itself.
    """
    try:
        material = _finish_in_turn(runtime, context.viewer.userid, _key(form))
    except (Refused, NotFound) as error:
        return Reply(SAID, {"said": _(str(error))}, UNFIT)
    values = {
        "path": f"{context.path}/{(request.view_args or {})['panel']}",
        "kind": show_kind(material["kind"]),
        "one": material,
        "edit": {"has_scripts": True},
    }
    return Reply("panels/library/edit_file.html", values)


def _finish_in_turn(runtime: Runtime, userid: str, key: str) -> dict[str, Any]:
    until = clock.monotonic() + PATIENCE
    with (
        SEATS.taken(userid),
        FINISHES_OF.of(userid).awaited(until),
        FINISHES.awaited(until),
    ):
        return _finish(runtime, userid, key)


def _finish(runtime: Runtime, userid: str, key: str) -> dict[str, Any]:
    with runtime.db.read() as session:
        image = find_image(session, userid, key)
    # It takes its time, and the database has something else to do meanwhile.
    picture = shrink(image[0], name=image[1]) if image else None
    work = partial(finish_upload, userid=userid, key=key, picture=picture)
    return commit(runtime, lambda session: _facts(work(session)))


def _facts(material: Material) -> dict[str, Any]:
    return {"material": material.id, "filename": material.filename, "kind": material.kind}


def _key(form: Mapping[str, str]) -> str:
    return form.get("key", "")[:MOST_KEY]
