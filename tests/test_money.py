"""Amounts: what people type is read as it is meant, or refused in words; databases keep it."""

from decimal import Decimal

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select

from app.db import Database
from app.errors import Refused
from app.money import Money, parse_amount, word_amount


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("0", "0.00"),
        ("3000", "3000.00"),
        ("3,000.5", "3000.50"),
        ("￥3000", "3000.00"),
        ("¥ 3,000.50", "3000.50"),
        ("３０００．５", "3000.50"),
        ("1，234，567", "1234567.00"),
        ("3000元", "3000.00"),
        ("1.25万", "12500.00"),
        ("999999999999.99", "999999999999.99"),
        ("007", "7.00"),
    ],
)
def test_an_amount_is_read_as_it_is_meant(typed: str, amount: str) -> None:
    assert str(parse_amount(typed)) == amount


@pytest.mark.parametrize("typed", ["", "   ", "\u3000"])
def test_nothing_is_no_amount(typed: str) -> None:
    assert parse_amount(typed) is None


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("-1", "负数"),
        ("−3000", "负数"),
        ("￥-3", "负数"),
        ("三千", "写成数字"),
        ("3,00", "写成数字"),
        ("1e9", "写成数字"),
        ("NaN", "写成数字"),
        ("1 000 元整", "写成数字"),
        ("<b>1</b>", "写成数字"),
        ("1.234", "2 位小数"),
        ("1000000000000", "12 位整数"),
        ("9" * 40, "12 位整数"),
        ("9" * 4000, "写成数字"),
        ("¥", "写成数字"),
    ],
)
def test_what_is_no_amount_is_refused_in_words(typed: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        parse_amount(typed)


def test_an_amount_reads_as_money() -> None:
    assert word_amount(Decimal("3000.5")) == "¥3,000.50"


def test_every_database_keeps_fourteen_digits_and_adds_them(any_db: Database) -> None:
    # Of this connection alone: the database is used again.
    table = Table(
        "till",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("a", Money()),
        prefixes=["TEMPORARY"],
    )
    amounts = [Decimal("999999999999.99"), Decimal("0.01"), None, Decimal("0.00")]
    with any_db.write() as session:
        table.create(session.connection())
        session.execute(insert(table), [{"id": n, "a": one} for n, one in enumerate(amounts, 1)])
        kept = session.scalars(select(table.c.a).order_by(table.c.id)).all()
        total = session.scalar(select(func.sum(table.c.a)))
    assert (kept, total) == (amounts, Decimal("1000000000000.00"))


@pytest.mark.parametrize("amount", ["0.001", "1000000000000"])
def test_what_would_be_rounded_is_not_kept(db: Database, amount: str) -> None:
    with pytest.raises(ValueError, match="twelve digits"):
        Money().process_bind_param(Decimal(amount), db.engine.dialect)
