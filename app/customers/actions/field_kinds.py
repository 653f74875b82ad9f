"""What may stand in a field of each kind: what was typed is read as people mean it, or refused.

A refusal is a sentence that says what is wanted, and never repeats what was typed.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

from app.customers.errors import FieldRefused
from app.customers.models.fields import TEXT_LENGTH
from app.customers.queries.fields import MOST_CHOSEN, Field, Value
from app.errors import Refused
from app.i18n import _
from app.money import parse_amount
from app.words import clean, is_seen

MOST_TEXT, MOST_ADDRESS = 200, 200
MOST_NUMBER = Decimal(10) ** 9
LONGEST_TYPED = 4 * TEXT_LENGTH
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
YES, NO = frozenset({"yes", "是"}), frozenset({"no", "否"})

_NUMBER = re.compile(r"[+-]?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?")
_DAY = re.compile(r"(?:([0-9]{4})[-/.年])?([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_DAY_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})")
_LANDLINE = re.compile(r"(?:0[1-9][0-9]{8,10}|[48]00[0-9]{7})")
_ABROAD = re.compile(r"(?:\+|00)([1-9][0-9]{6,14})")
_HOST = re.compile(r"(?:[\w-]{1,63}\.)+[\w-]{2,63}(?::[0-9]{1,5})?")
_BARE = re.compile(r"(?:[\w-]+\.)+[\w-]{2,63}(?:[/?#].*)?")

_PHONE = Field(id=0, key="", name="", kind="phone")


def read_value(
    field: Field, typed: Sequence[str], *, today: date, had: Sequence[str] = ()
) -> Value:
    """Read what was typed into a field: one text, or the ids of the options that were chosen.

    Nothing, or nothing that could be seen, empties the field. `today`: where the corp is; a day
    without a year is one of this year. `had`: options that may stay although they were removed.

    Raises:
        FieldRefused: it cannot stand there; the text says what can.
    """
    if field.kind in {"choice", "choices"}:
        return _read_choice(field, [one for one in typed if one], had)
    text = typed[0] if typed else ""
    if len(text) > LONGEST_TYPED:
        raise FieldRefused(_too_long(MOST_TEXT))
    text = " ".join(clean(" ".join(text.split())).split())
    if not is_seen(text):
        return Value()
    if field.kind == "date":
        return Value(day=_read_day(text, today))
    return _READERS[field.kind](text)


def read_phone(typed: str) -> str:
    """Read a number as fields keep it; "" for nothing that could be seen.

    Raises:
        FieldRefused: it is no number.
    """
    # A number knows no day.
    return read_value(_PHONE, [typed], today=date.min).text


def read_number(text: str) -> str:
    """Return a phone number as fields keep it, however it is written; "": it is none."""
    try:
        return read_phone(text)
    except FieldRefused:
        return ""


def _too_long(most: int) -> str:
    return _("最多 {most} 个字", most=most)


def _plain(text: str) -> str:
    """Take full-width digits and signs for what they mean, and no blanks for anything."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _read_text(text: str) -> Value:
    if len(text) > MOST_TEXT:
        raise FieldRefused(_too_long(MOST_TEXT))
    return Value(text=text)


def _read_address(text: str) -> Value:
    if len(text) > MOST_ADDRESS:
        raise FieldRefused(_too_long(MOST_ADDRESS))
    return Value(text=text)


def _read_number(text: str) -> Value:
    plain = _plain(text).replace("−", "-")
    if len(plain) > TEXT_LENGTH or not _NUMBER.fullmatch(plain):
        raise FieldRefused(_("这里要填数字，例如 3000 或 12.5"))
    number = Decimal(plain.replace(",", ""))
    if abs(number) > MOST_NUMBER:
        raise FieldRefused(_("数字要在 -10 亿到 10 亿之间"))
    if number != round(number, 2):
        raise FieldRefused(_("数字最多 2 位小数"))
    # Minus zero is zero.
    return Value(number=round(number, 2) + 0)


def _read_money(text: str) -> Value:
    try:
        return Value(number=parse_amount(text))
    except Refused as refused:
        raise FieldRefused(str(refused)) from None


def _read_day(text: str, today: date) -> date:
    plain = _plain(text)
    match = _DAY_DIGITS.fullmatch(plain) or _DAY.fullmatch(plain)
    if match is None:
        raise FieldRefused(_("日期写成 2026-11-22、11-22 或 20261122 这样"))
    try:
        day = date(int(match[1] or today.year), int(match[2]), int(match[3]))
    except ValueError:
        raise FieldRefused(_("日历上没有这一天，请检查月和日")) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise FieldRefused(_("日期要在 1900 年到 2100 年之间"))
    return day


def _read_phone(text: str) -> Value:
    plain = _plain(text)
    digits = "".join(ch for ch in plain if ch not in "-()‐‑–.")
    if mobile := _MOBILE.fullmatch(digits):
        return Value(text=mobile[1])
    if digits.startswith(("+86", "0086")):
        digits = digits.removeprefix("+86").removeprefix("0086")
        digits = digits if digits.startswith(("0", "4", "8")) else f"0{digits}"
    if _LANDLINE.fullmatch(digits):
        return Value(text=digits)
    if abroad := _ABROAD.fullmatch(digits):
        return Value(text=f"+{abroad[1]}")
    raise FieldRefused(
        _("这不是完整的电话：手机 11 位，座机带区号（0755-12345678），境外带国家码（+852…）")
    )


def _read_link(text: str) -> Value:
    link = f"https://{text}" if _BARE.fullmatch(text) else text
    if len(link) > TEXT_LENGTH:
        raise FieldRefused(_("链接最多 {most} 个字符", most=TEXT_LENGTH))
    if any(ch.isspace() or ch in "\\<>\"'`{}|^" or not ch.isprintable() for ch in link):
        raise FieldRefused(_("链接里有不能用的字符，请从浏览器的地址栏完整复制"))
    try:
        parts = urlsplit(link)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or not _HOST.fullmatch(parts.netloc):
        raise FieldRefused(_("链接要以 https:// 开头，例如 https://example.com"))
    return Value(text=link)


def _read_yes_no(text: str) -> Value:
    if text not in YES | NO:
        raise FieldRefused(_("请选「是」或「否」"))
    return Value(flag=text in YES)


def _read_choice(field: Field, typed: Sequence[str], had: Sequence[str]) -> Value:
    open_ones = [option.id for option in field.options if not option.removed or option.id in had]
    if not set(typed) <= set(open_ones):
        raise FieldRefused(_("没有这个选项了，请重新选择"))
    chosen = tuple(one for one in open_ones if one in typed)
    if field.kind == "choice" and len(chosen) > 1:
        raise FieldRefused(_("这里只能选一项"))
    if len(chosen) > MOST_CHOSEN:
        raise FieldRefused(_("最多选 {most} 项", most=MOST_CHOSEN))
    return Value(chosen=chosen)


_READERS: dict[str, Callable[[str], Value]] = {
    "text": _read_text,
    "number": _read_number,
    "money": _read_money,
    "phone": _read_phone,
    "address": _read_address,
    "link": _read_link,
    "yes_no": _read_yes_no,
}
KINDS = (*_READERS, "date", "choice", "choices")
