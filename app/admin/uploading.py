"""Files that an editor is given, which come in pieces, and their small pictures."""

from functools import partial

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.parts import Admin, Form, Picture, Reply
from app.admin.problems import Problem
from app.admin.reading import number
from app.errors import NotFound, Refused
from app.i18n import _
from app.materials.actions import find_image, finish_upload, shrink, store_piece
from app.materials.models import Material, MaterialPicture
from app.runtime import Runtime

SAID, DONE = "admin/upload_said.html", "admin/upload_done.html"
UNFIT = 422
MOST_KEY = 64


def piece(runtime: Runtime, admin: Admin, form: Form) -> Reply:
    """Take a piece of a file and say how many bytes are here; or say why it will not do."""
    sent = request.files.get("data")
    work = partial(
        store_piece,
        userid=admin.userid,
        key=form.get("key", "")[:MOST_KEY],
        kind=form.get("kind", ""),
        filename=form.get("filename", ""),
        size=number(form.get("size")),
        n=number(form.get("n")),
        data=sent.read() if sent else b"",
    )
    try:
        return Reply(SAID, {"words": runtime.db.commit(work)})
    except Refused as error:
        return Reply(SAID, {"words": _(str(error))}, status=UNFIT)


def finish(runtime: Runtime, admin: Admin, form: Form) -> Reply:
    """Make a material of the pieces."""
    key = form.get("key", "")[:MOST_KEY]
    try:
        with runtime.db.read() as session:
            image = find_image(session, admin.userid, key)
        # Drawn outside the transaction: that takes its time, and others wait to write.
        picture = shrink(image[0], name=image[1]) if image else None
        work = partial(finish_upload, userid=admin.userid, key=key, picture=picture)
        values = runtime.db.commit(lambda session: _facts(work(session)))
    except (Refused, NotFound) as error:
        return Reply(SAID, {"words": _(str(error))}, status=UNFIT)
    return Reply(DONE, values)


def load_picture(runtime: Runtime, session: Session, admin: Admin) -> Picture:
    """Give the small picture of an image, `?material=`.

    Raises:
        Problem: no_such_page.
    """
    del runtime, admin
    picture = session.get(MaterialPicture, number(request.args.get("material")))
    if picture is None:
        raise Problem("no_such_page", reason="picture")
    return Picture("image/jpeg", picture.data)


def _facts(material: Material) -> dict[str, object]:
    return {"material": material.id, "filename": material.filename, "kind": material.kind}
