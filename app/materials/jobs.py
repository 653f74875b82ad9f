"""Keeping materials usable at WeCom: uploaded ahead, renewed a day before their three days end."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from sqlalchemy import update

from app import clock
from app.db import fit
from app.errors import BankeError
from app.log import get_logger
from app.materials.models import Material
from app.materials.queries import list_ending, read_file
from app.runtime import Runtime
from app.turns import NoTurn, Recent, Turns
from app.wecom import media
from app.wecom.errors import WeComError

LIFE = timedelta(days=3)
RENEW_BEFORE_END = timedelta(hours=24)
MAX_ERROR = 300
# A file stands in memory several times over while it is on its way: 20 MB are 80. And the same one
# is on its way once, whoever else waits for it.
PUSHES = Turns(3)
PUSHES_OF: Recent[int, Turns] = Recent(partial(Turns, 1), most=2000)
PATIENCE = 8.0

log = get_logger(__name__)


@dataclass(frozen=True)
class PushReport:
    """How many files were uploaded, and how many WeCom did not take."""

    uploaded: int = 0
    failed: int = 0


def push_media(
    runtime: Runtime,
    material_ids: Collection[int],
    *,
    renew_before: timedelta = RENEW_BEFORE_END,
    most: int | None = None,
) -> PushReport:
    """Upload those of these materials that WeCom does not have, or that end within `renew_before`.

    At most `most` of them, those it does not have first. A file that fails carries the reason, in
    words, on its row, unless it had no turn; the others are uploaded all the same.
    """
    before, until = clock.utcnow() + renew_before, clock.monotonic() + PATIENCE
    with runtime.db.read() as session:
        ending = list_ending(session, material_ids, before=before, most=most)
    done = [_push(runtime, material.id, before=before, until=until) for material in ending]
    return PushReport(uploaded=done.count(True), failed=done.count(False))


def _push(runtime: Runtime, material_id: int, *, before: datetime, until: float) -> bool | None:
    """Upload a file in its turn; None: somebody else has done it meanwhile."""
    try:
        with PUSHES_OF.of(material_id).awaited(until), PUSHES.awaited(until):
            with runtime.db.read() as session:
                ending = list_ending(session, [material_id], before=before)
            return _upload(runtime, ending[0]) if ending else None
    except NoTurn:
        log.warning("media_has_no_turn", material_id=material_id)
        return False


def _upload(runtime: Runtime, material: Material) -> bool:
    try:
        with runtime.db.read() as session:
            data = read_file(session, material.id)
        began_at = clock.utcnow()
        uploaded = media.upload(
            runtime.wecom,
            cast("media.Kind", material.kind),
            filename=material.filename,
            data=data,
        )
    except BankeError as error:
        why = error.plain if isinstance(error, WeComError) else str(error)
        _record(runtime, material.id, upload_error=fit(why, MAX_ERROR))
        log.warning("media_not_uploaded", material_id=material.id, error_name=type(error).__name__)
        return False
    # WeCom counts from its own clock; if ours is behind, ours ends sooner.
    ends_at = min(uploaded.created_at, began_at) + LIFE
    _record(
        runtime,
        material.id,
        media_id=uploaded.media_id,
        media_expires_at=ends_at,
        upload_error="",
    )
    return True


def _record(runtime: Runtime, material_id: int, **values: object) -> None:
    with runtime.db.write() as session:
        session.execute(update(Material).where(Material.id == material_id).values(**values))
