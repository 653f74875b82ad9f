"""What else a script does when it greets, in words."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.models import Stage, Tag
from app.customers.queries import word_stage
from app.i18n import _
from app.welcome.queries.scripts import Extras


def word_extras(session: Session, extras: Extras) -> list[str]:
    """Say it line by line; nothing for nothing."""
    return list(_word(session, extras))


def _word(session: Session, extras: Extras) -> Iterator[str]:
    if extras.tag_ids:
        rows = session.execute(select(Tag.tag_id, Tag.name).where(Tag.tag_id.in_(extras.tag_ids)))
        names = {row.tag_id: row.name for row in rows}
        told = _("、").join(names.get(one, _("已删除的标签")) for one in extras.tag_ids)
        yield _("打标签：{tags}", tags=told)
    if extras.stage_id is not None:
        stage = session.get(Stage, extras.stage_id)
        yield _("阶段：{stage}", stage=word_stage(stage.name) if stage else _("已删除的阶段"))
    if extras.remark:
        yield _("备注：{remark}", remark=extras.remark)
