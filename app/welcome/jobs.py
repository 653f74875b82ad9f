"""Keeping what live scripts send usable at WeCom."""

from app.materials.jobs import PushReport, push_media
from app.runtime import Runtime
from app.welcome.queries.scripts import list_material_ids


def sync_media(runtime: Runtime) -> PushReport:
    """Upload what live scripts send and WeCom does not have, or not for another day."""
    with runtime.db.read() as session:
        material_ids = list_material_ids(session)
    return push_media(runtime, material_ids)
