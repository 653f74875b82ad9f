"""What narrows the list of customers, in words: for who takes it along, and for the record."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.admin.pages.customers.asking import STANDING_WORDS, Asked, list_choices
from app.i18n import N_, _

# Filters that are chosen out of a list, and where `list_choices` has it.
_LISTED = {
    "member": (N_("员工"), "members"),
    "department": (N_("部门"), "departments"),
    "state": (N_("渠道"), "channels"),
    "stage": (N_("阶段"), "pipelines"),
    "any": (N_("有任一标签"), "tag_groups"),
    "every": (N_("有全部标签"), "tag_groups"),
    "none": (N_("没有标签"), "tag_groups"),
    "quiet": (N_("没有跟进超过"), "quiet"),
    "consent": (N_("营销意愿"), "consents"),
}
_DAYS = {
    "added_since": N_("添加从"),
    "added_until": N_("添加到"),
    "lost_since": N_("流失从"),
    "lost_until": N_("流失到"),
}


def tell_filters(
    session: Session, asked: Asked, *, names_members: bool = True
) -> list[tuple[str, str]]:
    """Say what was chosen, as (filter, value); a name that was looked for is not told again.

    `names_members` False: a member is told by his account.
    """
    found = [(_(STANDING_WORDS[asked.wanted.standing]), "")]
    if asked.wanted.name:
        found.append((_("按名字或备注查找"), ""))
    if not asked.is_narrowed:
        return found
    listed = list_choices(session, asked)
    for name, (words, where) in _LISTED.items():
        known = _flat(listed[where]) if names_members or name != "member" else {}
        chosen = [known.get(value, value) for value in asked.given.getlist(name)]
        if chosen:
            found.append((_(words), "、".join(chosen)))
    found += [
        (_(words), asked.given[name]) for name, words in _DAYS.items() if asked.given.get(name)
    ]
    if asked.wanted.shared:
        found.append((_("有其他员工也在跟进"), ""))
    return found + list(_tell_fields(listed["fields"], asked.given))


def _tell_fields(
    fields: list[dict[str, Any]], given: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for field in fields:
        wanted = dict(field["options"]).get(given.get(field["wanted"], ""), "")
        least, most = (given.get(field["range"].get(side, ""), "") for side in ("least", "most"))
        bounds = f"{least}–{most}" if least or most else ""
        # What a sealed field was to be equal to is not told again.
        equal = _("等于指定内容") if given.get(field["equal"]) else ""
        told = " ".join(one for one in (wanted, bounds, equal) if one)
        if told:
            yield field["name"], told


def _flat(choices: list[Any]) -> dict[str, str]:
    """Return the words of what can be chosen by how a form calls it, groups opened."""
    found: dict[str, str] = {}
    for value, words in choices:
        if isinstance(words, list):
            found |= {str(one): told for one, told in words}
        else:
            found[str(value)] = words
    return found
