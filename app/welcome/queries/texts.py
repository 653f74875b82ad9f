"""The text of a welcome: its variables, and filling them. Pure.

One pass of one regular expression: a value is put in as it is and never looked at again, so that a
customer's name can hold whatever it likes. No template language sees what an admin wrote.
"""

import re
from collections.abc import Mapping

from app.words import clean

MAX_BYTES = 4000

CUSTOMER_NAME = "客户昵称"
CUSTOMER_REMARK = "客户称呼"
MEMBER_NAME = "员工姓名"
MEMBER_ALIAS = "员工别名"
DEPARTMENT = "部门"
CORP_NAME = "企业名称"
CHANNEL = "渠道"
ADDED_AT = "添加时间"
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


def _names(template: str) -> list[str]:
    return [name.strip() for name in PLACE.findall(template)]
