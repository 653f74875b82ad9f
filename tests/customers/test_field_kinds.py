"""What may stand in a field: read as people mean it, or refused with a word of what is wanted."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest

from app.customers.actions.field_kinds import KINDS, read_value
from app.customers.errors import FieldRefused
from app.customers.queries.fields import MOST_CHOSEN, Field, Option, Value, mask_phone, word_value
from tests.browser.hostile import HOSTILE

TODAY = date(2026, 11, 22)
OPTIONS = (Option("a", "路过"), Option("b", "朋友介绍"), Option("c", "旧的", removed=True))
CHOOSING = {"choice", "choices"}
TEXTS = [kind for kind in KINDS if kind not in CHOOSING]

GOOD: list[tuple[str, str, Value]] = [
    ("text", "  张三 的  公司 ", Value(text="张三 的 公司")),
    ("text", "字" * 200, Value(text="字" * 200)),
    ("text", "a\u202eb\x00c\nd", Value(text="abc d")),
    ("text", "", Value()),
    ("text", " \u200b\u3164 ", Value()),
    ("address", "南山区\r\n科技园 1 栋", Value(text="南山区 科技园 1 栋")),
    ("number", "3000", Value(number=Decimal("3000.00"))),
    ("number", "３，０００．５", Value(number=Decimal("3000.50"))),
    ("number", "-12.25", Value(number=Decimal("-12.25"))),
    ("number", "-0", Value(number=Decimal("0.00"))),
    ("number", "1000000000", Value(number=Decimal("1000000000.00"))),
    ("money", "3000", Value(number=Decimal("3000.00"))),
    ("money", "￥3,000.5", Value(number=Decimal("3000.50"))),
    ("money", "1.2万", Value(number=Decimal("12000.00"))),
    ("money", "0", Value(number=Decimal("0.00"))),
    ("date", "2026-11-22", Value(day=date(2026, 11, 22))),
    ("date", "2026/1/2", Value(day=date(2026, 1, 2))),
    ("date", "2026年1月2日", Value(day=date(2026, 1, 2))),
    ("date", "11-22", Value(day=date(2026, 11, 22))),
    ("date", "3月5日", Value(day=date(2026, 3, 5))),
    ("date", "20261122", Value(day=date(2026, 11, 22))),
    ("date", "１９９０－０１－０２", Value(day=date(1990, 1, 2))),
    ("date", "2024-02-29", Value(day=date(2024, 2, 29))),
    ("date", "1900-01-01", Value(day=date(1900, 1, 1))),
    ("phone", "13800001234", Value(text="13800001234")),
    ("phone", "138-0000-1234", Value(text="13800001234")),
    ("phone", "+86 138 0000 1234", Value(text="13800001234")),
    ("phone", "0086 13800001234", Value(text="13800001234")),
    ("phone", "１３８００００１２３４", Value(text="13800001234")),
    ("phone", "0755-12345678", Value(text="075512345678")),
    ("phone", "(010) 1234 5678", Value(text="01012345678")),
    ("phone", "+86 755 1234 5678", Value(text="075512345678")),
    ("phone", "400-820-8820", Value(text="4008208820")),
    ("phone", "+852 9123 4567", Value(text="+85291234567")),
    ("phone", "001 415 555 2671", Value(text="+14155552671")),
    ("link", "https://example.com/a?b=1#c", Value(text="https://example.com/a?b=1#c")),
    ("link", "example.com/店", Value(text="https://example.com/店")),
    ("link", "https://例子.中国:8443/", Value(text="https://例子.中国:8443/")),
    ("yes_no", "yes", Value(flag=True)),
    ("yes_no", "否", Value(flag=False)),
    ("yes_no", "", Value()),
]
BAD: list[tuple[str, str, str]] = [
    ("text", "字" * 201, "最多 200 个字"),
    ("text", "字" * 5000, "最多 200 个字"),
    ("address", "字" * 201, "最多 200 个字"),
    ("number", "三千", "这里要填数字"),
    ("number", "1e5", "这里要填数字"),
    ("number", "NaN", "这里要填数字"),
    ("number", "1,00", "这里要填数字"),
    ("number", "9" * 1000, "这里要填数字"),
    ("number", "1000000000.01", "-10 亿到 10 亿之间"),
    ("number", "-1000000001", "-10 亿到 10 亿之间"),
    ("number", "0.001", "最多 2 位小数"),
    ("money", "-1", "不能是负数"),
    ("money", "1.005", "2 位小数"),
    ("money", "很多", "例如 3000"),
    ("date", "2026-02-30", "日历上没有这一天"),
    ("date", "2025-02-29", "日历上没有这一天"),
    ("date", "13-01", "日历上没有这一天"),
    ("date", "明天", "2026-11-22、11-22 或 20261122"),
    ("date", "999999", "2026-11-22、11-22 或 20261122"),
    ("date", "1899-12-31", "1900 年到 2100 年"),
    ("date", "2101-01-01", "1900 年到 2100 年"),
    ("date", "0000-01-01", "日历上没有这一天"),
    ("phone", "1380000123", "手机 11 位"),
    ("phone", "138000012345", "手机 11 位"),
    ("phone", "12800001234", "手机 11 位"),
    ("phone", "87654321", "座机带区号"),
    ("phone", "+0123456789", "境外带国家码"),
    ("phone", "+1234567890123456", "境外带国家码"),
    ("phone", "打我电话", "手机 11 位"),
    ("link", "http://example.com", "https:// 开头"),
    ("link", "javascript:alert(1)", "https:// 开头"),
    ("link", "data:text/html,x", "https:// 开头"),
    ("link", "//evil.example/a.js", "https:// 开头"),
    ("link", "https://user:pass@example.com", "https:// 开头"),
    ("link", "https://localhost", "https:// 开头"),
    ("link", "https://[::1", "https:// 开头"),
    ("link", "https:\\\\example.com", "不能用的字符"),
    ("link", "https://example.com/a b", "不能用的字符"),
    ("link", 'https://example.com/"onclick=', "不能用的字符"),
    ("link", f"https://example.com/{'a' * 500}", "链接最多 500 个字符"),
    ("yes_no", "也许", "请选「是」或「否」"),
]


def field(kind: str, *, options: tuple[Option, ...] = ()) -> Field:
    return Field(1, "f", "项", kind, options or (OPTIONS if kind in CHOOSING else ()))


@pytest.mark.parametrize(("kind", "typed", "value"), GOOD)
def test_what_people_mean_is_what_stands_there(kind: str, typed: str, value: Value) -> None:
    assert read_value(field(kind), [typed], today=TODAY) == value


@pytest.mark.parametrize(("kind", "typed", "told"), BAD)
def test_what_cannot_stand_there_is_refused_in_words(kind: str, typed: str, told: str) -> None:
    with pytest.raises(FieldRefused, match=told) as refused:
        read_value(field(kind), [typed], today=TODAY)
    assert typed not in str(refused.value)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_empties_every_kind(kind: str) -> None:
    assert read_value(field(kind), [], today=TODAY).is_empty
    assert read_value(field(kind), [""], today=TODAY).is_empty


@pytest.mark.parametrize("kind", TEXTS)
def test_what_strangers_write_is_refused_or_kept_as_text(kind: str) -> None:
    kept = []
    for text in HOSTILE:
        with suppress(FieldRefused):
            kept.append(read_value(field(kind), [text], today=TODAY).text)
    # Nothing is cut out of a text but what cannot be seen, and nothing else than text is let in.
    assert len(kept) == {"text": 200, "address": 200, "link": 1}.get(kind, 0)
    assert kind != "link" or all(text.startswith("https://") for text in kept)


def test_options_are_chosen_by_their_ids_and_stand_in_their_order() -> None:
    several, one = field("choices"), field("choice")
    assert read_value(several, ["b", "", "a", "b"], today=TODAY) == Value(chosen=("a", "b"))
    assert read_value(one, ["b"], today=TODAY) == Value(chosen=("b",))
    with pytest.raises(FieldRefused, match="只能选一项"):
        read_value(one, ["a", "b"], today=TODAY)


@pytest.mark.parametrize("unknown", ["x", "路过", "c"])
def test_an_option_that_does_not_exist_is_refused(unknown: str) -> None:
    with pytest.raises(FieldRefused, match="没有这个选项"):
        read_value(field("choices"), ["a", unknown], today=TODAY)


def test_who_has_an_option_that_was_removed_may_keep_it() -> None:
    kept = read_value(field("choices"), ["a", "c"], today=TODAY, had=("c",))
    assert kept == Value(chosen=("a", "c"))


def test_no_more_options_than_a_card_can_show() -> None:
    many = tuple(Option(f"o{n}", f"项{n}") for n in range(MOST_CHOSEN + 1))
    ids = [option.id for option in many]
    assert read_value(field("choices", options=many), ids[1:], today=TODAY).chosen == tuple(ids[1:])
    with pytest.raises(FieldRefused, match="最多选 20 项"):
        read_value(field("choices", options=many), ids, today=TODAY)


@pytest.mark.parametrize("value", [value for _, _, value in GOOD] + [Value(chosen=("a", "b"))])
def test_a_value_is_the_same_after_it_was_kept(value: Value) -> None:
    assert Value.of_json(value.as_json()) == value


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("money", Value(number=Decimal("3000.00")), "¥3,000"),
        ("money", Value(number=Decimal("3000.50")), "¥3,000.50"),
        ("number", Value(number=Decimal("1200.00")), "1,200"),
        ("number", Value(number=Decimal("0.00")), "0"),
        ("date", Value(day=date(1990, 1, 2)), "1990-01-02"),
        ("yes_no", Value(flag=False), "否"),
        ("choices", Value(chosen=("a", "c")), "路过、旧的"),
        ("text", Value(), ""),
    ],
)
def test_a_value_is_told_as_people_write_it(kind: str, value: Value, shown: str) -> None:
    assert word_value(field(kind), value) == shown


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13800001234", "138****1234"),
        ("+85291234567", "+85****4567"),
        ("075512345678", "075****5678"),
        ("+1234567", "+1****67"),
        ("1234", "****4"),
        ("110", "****"),
    ],
)
def test_the_middle_of_a_number_is_hidden(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown
