"""Amounts of money (金额) in yuan: as people type them, as databases keep them, as pages show."""

import re
import unicodedata
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Dialect, Numeric
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.errors import Refused
from app.i18n import _

DIGITS, CENTS = 14, Decimal("0.01")
MOST = Decimal(10) ** (DIGITS - 2) - CENTS
LONGEST = 40
TEN_THOUSAND = 10_000
_AMOUNT = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?(万)?")


class Money(TypeDecorator[Decimal]):
    """An amount of up to 14 digits, two of them cents, exact on all three databases."""

    impl = Numeric(DIGITS, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """SQLite knows no decimals: it keeps cents."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(DIGITS, 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Refuse what would be rounded or does not fit."""
        if value is None:
            return None
        if abs(value) > MOST or value != value.quantize(CENTS):
            raise ValueError("an amount has at most twelve digits and two decimals")
        return int(value * 100) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Give an amount with its two decimals."""
        if value is None:
            return None
        return (Decimal(value) / 100 if dialect.name == "sqlite" else Decimal(value)).quantize(
            CENTS
        )


def parse_amount(text: str) -> Decimal | None:
    """Read an amount as people type it: 3000, ￥3,000.5, 1.2万, 3000元; None for nothing.

    Raises:
        Refused: it is none, is negative, or has more digits than we keep.
    """
    typed = "".join(unicodedata.normalize("NFKC", text[: LONGEST + 1]).split())
    if not typed:
        return None
    typed = typed.removeprefix("¥").removesuffix("元")
    if typed.startswith(("-", "−", "–")):
        raise Refused(_("金额不能是负数"))
    match = _AMOUNT.fullmatch(typed)
    if match is None or len(text) > LONGEST:
        raise Refused(_("金额写成数字就好，例如 3000 或 3,000.50"))
    amount = Decimal(match[1].replace(",", "") + (match[2] or ""))
    if match[3]:
        amount *= TEN_THOUSAND
    if amount > MOST or amount != amount.quantize(CENTS):
        raise Refused(_("金额最多 12 位整数、2 位小数"))
    return amount.quantize(CENTS)


def word_amount(amount: Decimal) -> str:
    """Say an amount: ¥3,000.50."""
    return f"¥{amount:,.2f}"
