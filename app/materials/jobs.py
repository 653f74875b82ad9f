"""Keeping materials usable at WeCom: uploaded ahead, renewed a day before their three days end."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from sqlalchemy import update

from app import clock
from app.db import fit
from app.errors import BankeError
from app.log import get_logger
from app.materials.models import Material
from app.materials.queries import list_ending, read_file
from app.runtime import Runtime
from app.wecom import media
from app.wecom.errors import WeComError

LIFE = timedelta(days=3)
RENEW_BEFORE_END = timedelta(hours=24)
MAX_ERROR = 300

log = get_logger(__name__)


@dataclass(frozen=True)
class PushReport:
    """How many files were uploaded, and how many WeCom did not take."""

    uploaded: int = 0
    failed: int = 0


def push_media(runtime: Runtime, material_ids: Collection[int]) -> PushReport:
    """Upload those of these materials that WeCom does not have, or not for another day.

    A file that fails carries the reason, in words, on its row; the others are uploaded all the
    same.
    """
    with runtime.db.read() as session:
        ending = list_ending(session, material_ids, before=clock.utcnow() + RENEW_BEFORE_END)
    done = [_upload(runtime, material) for material in ending]
    return PushReport(uploaded=sum(done), failed=len(done) - sum(done))


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
