"""What this room holds about a customer."""

from app.i18n import N_
from app.library.models import LibraryItem, LibraryUse
from app.personal import Holding, Reader


def _title(reader: Reader, row: LibraryUse) -> str:
    item = reader.session.get(LibraryItem, row.item_id)
    return item.title if item else ""


HOLDINGS = (
    Holding(
        table=LibraryUse,
        title=N_("发给他的话术与素材"),
        purpose=N_("知道哪些话术与素材用得多"),
        find=lambda external_userid: LibraryUse.external_userid == external_userid,
        columns={
            N_("时间"): "at",
            N_("标题"): _title,
            N_("员工"): lambda reader, row: reader.member(row.userid),
        },
    ),
)
