"""Texts with variables, as welcomes and the library have them: finding and filling them. Pure.

One pass of one regular expression: a value is put in as it is and never looked at again, so that a
customer's name can hold whatever it likes. No template language sees what an admin wrote.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.i18n import N_
from app.words import clean

MAX_BYTES = 4000

# A text has them by these names in every language; what chooses among them words them.
CUSTOMER_NAME = N_("客户昵称")
CUSTOMER_REMARK = N_("客户称呼")
MEMBER_NAME = N_("员工姓名")
MEMBER_ALIAS = N_("员工别名")
DEPARTMENT = N_("部门")
CORP_NAME = N_("企业名称")
CHANNEL = N_("渠道")
ADDED_AT = N_("添加时间")
VARIABLES = (
    CUSTOMER_NAME,
    CUSTOMER_REMARK,
    MEMBER_NAME,
    MEMBER_ALIAS,
    DEPARTMENT,
    CORP_NAME,
    CHANNEL,
    ADDED_AT,
)
OF_CUSTOMER = frozenset({CUSTOMER_NAME, CUSTOMER_REMARK})
OF_MEMBER = frozenset({MEMBER_NAME, MEMBER_ALIAS, DEPARTMENT})

PLACE = re.compile(r"\{\{([^{}]*)\}\}")


@dataclass(frozen=True)
class Segment:
    """A piece of a filled text. `variable`: whose value it is; "" for what was written so.

    `is_missing`: the variable has no value, `text` is the place as it was written.
    """

    text: str
    variable: str = ""
    is_missing: bool = False


def build_segments(template: str, values: Mapping[str, str]) -> tuple[Segment, ...]:
    """Fill the variables and tell what came from where; an empty value is a missing one."""
    return tuple(_segments(template, values))


def build_text(template: str, values: Mapping[str, str]) -> str:
    """Fill the variables and cut the result at 4000 bytes of UTF-8, between two characters.

    A variable without a value, and whatever is no variable, stays as it was written.
    """

    def filled(place: re.Match[str]) -> str:
        value = values.get(place.group(1).strip())
        return place.group(0) if value is None else clean(value)

    return cut(PLACE.sub(filled, template))


def find_variables(template: str) -> frozenset[str]:
    """Name the known variables that the text uses."""
    return frozenset(_names(template)) & frozenset(VARIABLES)


def find_unknown_variables(template: str) -> list[str]:
    """List what stands in double braces and is no variable, as it was written."""
    return [name for name in _names(template) if name not in VARIABLES]


def braces_match(template: str) -> bool:
    """Tell whether every double brace belongs to a pair: "{{客户昵称}" does not."""
    rest = PLACE.sub("", template)
    return "{{" not in rest and "}}" not in rest


def cut(text: str, limit: int = MAX_BYTES) -> str:
    """Cut `text` to `limit` bytes of UTF-8 without breaking a character."""
    encoded = text.encode(errors="ignore")
    return encoded[:limit].decode(errors="ignore")


def size(text: str) -> int:
    """Count the bytes of UTF-8."""
    return len(text.encode(errors="ignore"))


def _segments(template: str, values: Mapping[str, str]) -> Iterator[Segment]:
    end = 0
    for place in PLACE.finditer(template):
        if place.start() > end:
            yield Segment(template[end : place.start()])
        name = place.group(1).strip()
        value = clean(values.get(name, ""))
        if value:
            yield Segment(value, name)
        else:
            yield Segment(place.group(0), name, is_missing=name in VARIABLES)
        end = place.end()
    if end < len(template):
        yield Segment(template[end:])


def _names(template: str) -> list[str]:
    return [name.strip() for name in PLACE.findall(template)]
