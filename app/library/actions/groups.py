"""Groups of the corp's shelves as admins keep them: made, renamed, ordered, removed."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.library.models import GROUP_LENGTH, SHELVES, LibraryGroup, LibraryItem
from app.words import clean, is_seen

MOST_GROUPS = 100
NO_GROUP = N_("没有这个分组，可能已经被删除")


def create_group(session: Session, shelf: str, name: str) -> LibraryGroup:
    """Make a group of the corp's, behind all others.

    Raises:
        Refused: the name will not do, or there is one of it, or there are too many.
        NotFound: no such shelf.
    """
    if shelf not in SHELVES:
        raise NotFound(NO_GROUP)
    groups = _lock_all(session, shelf)
    if len(groups) >= MOST_GROUPS:
        raise Refused(_("最多 {most} 个分组，请先删除不用的", most=MOST_GROUPS))
    name = _checked(name, groups)
    position = max((one.position for one in groups), default=0) + 1
    made = LibraryGroup(shelf=shelf, owner="", name=name, position=position)
    session.add(made)
    session.flush()
    return made


def rename_group(session: Session, group_id: int, name: str, *, was: str) -> LibraryGroup:
    """Give a group another name. `was`: the one that whoever renames it has seen.

    Raises:
        Refused: the name will not do, or somebody has renamed the group meanwhile.
        NotFound: no such group of the corp's.
    """
    group, groups = _get(session, group_id)
    if group.name != was:
        raise Refused(_("这个分组刚被改名为「{name}」，请看一看再改", name=group.name))
    group.name = _checked(name, [one for one in groups if one is not group])
    session.flush()
    return group


def move_group(session: Session, group_id: int, *, up: bool) -> LibraryGroup:
    """Have a group change places with the one before it, or behind it.

    Raises:
        NotFound: no such group of the corp's.
    """
    group, groups = _get(session, group_id)
    place = groups.index(group)
    other = place - 1 if up else place + 1
    if 0 <= other < len(groups):
        groups[place], groups[other] = groups[other], groups[place]
    for position, one in enumerate(groups, 1):
        one.position = position
    return group


def remove_group(session: Session, group_id: int) -> LibraryGroup:
    """Delete a group; its items, archived ones too, have none then.

    Raises:
        NotFound: no such group of the corp's.
    """
    group, _groups = _get(session, group_id)
    session.execute(
        update(LibraryItem)
        .where(LibraryItem.group_id == group.id)
        .values(group_id=None, version=LibraryItem.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.delete(group)
    session.flush()
    return group


def _get(session: Session, group_id: int) -> tuple[LibraryGroup, list[LibraryGroup]]:
    found = session.get(LibraryGroup, group_id)
    if found is None or found.owner:
        raise NotFound(NO_GROUP)
    groups = _lock_all(session, found.shelf)
    if found not in groups:
        raise NotFound(NO_GROUP)
    return found, groups


def _lock_all(session: Session, shelf: str) -> list[LibraryGroup]:
    """Return the corp's groups in their order."""
    wanted = select(LibraryGroup).filter_by(shelf=shelf, owner="")
    return list(
        session.scalars(
            wanted.order_by(LibraryGroup.position, LibraryGroup.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def _checked(name: str, others: list[LibraryGroup]) -> str:
    """Return the name as it is kept. Raises: Refused."""
    name = clean(name).strip()
    if not is_seen(name):
        raise Refused(_("请写分组的名称"))
    if len(name) > GROUP_LENGTH:
        raise Refused(
            _("分组名称有 {count} 个字，最多 {most} 个", count=len(name), most=GROUP_LENGTH)
        )
    if any(one.name == name for one in others):
        raise Refused(_("已经有分组「{name}」", name=name))
    return name
