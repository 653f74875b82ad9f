"""The board of what is held about customers: no table is forgotten, and every holding is sound."""

from collections.abc import Callable

import pytest
from sqlalchemy import Column, ForeignKey, MetaData, String, Table

from app.personal import Holding
from app.privacy.board import HOLDINGS, NOTHING_OF_HIS
from app.tables import metadata

HELD = {holding.table.__tablename__ for holding in HOLDINGS}
# By what a column is called that names a customer, or a row of his.
NAMING = {"external_userid", "follow_id", "invitor", "recipient", "value_id", "unionid"}
TITLES = [f"{one.table.__tablename__}: {one.title}" for one in HOLDINGS]


def find_forgotten(tables: MetaData, excused: set[str]) -> set[str]:
    """Return the tables that neither the board knows nor the list of those with nothing of his."""
    return tables.tables.keys() - HELD - excused


def find_suspect(tables: MetaData) -> set[str]:
    """Return the tables whose columns or keys say that a row is about a customer."""
    return {
        table.name
        for table in tables.sorted_tables
        if NAMING & {column.name for column in table.columns}
        or HELD & {key.column.table.name for key in table.foreign_keys}
    }


def test_every_table_is_on_the_board_or_says_why_not() -> None:
    assert find_forgotten(metadata, set(NOTHING_OF_HIS)) == set()
    assert not HELD & NOTHING_OF_HIS.keys()
    assert all(reason.strip() for reason in NOTHING_OF_HIS.values())
    assert metadata.tables.keys() >= NOTHING_OF_HIS.keys()


def test_no_table_that_names_a_customer_is_excused() -> None:
    assert find_suspect(metadata) <= HELD


@pytest.mark.parametrize(
    "column",
    [
        lambda: Column("external_userid", String),
        lambda: Column("follow_id", String),
        lambda: Column("of", String, ForeignKey("customers.external_userid")),
        lambda: Column("of", String, ForeignKey("follow_users.id")),
    ],
)
def test_a_new_table_with_something_of_his_is_found(
    column: Callable[[], "Column[str]"],
) -> None:
    tables = MetaData()
    for name, key in (("customers", "external_userid"), ("follow_users", "id")):
        Table(name, tables, Column(key, String, primary_key=True))
    Table("new_things", tables, Column("id", String, primary_key=True), column())
    assert find_forgotten(tables, set(NOTHING_OF_HIS)) == {"new_things"}
    assert "new_things" in find_suspect(tables)


@pytest.mark.parametrize("holding", HOLDINGS, ids=TITLES)
def test_a_holding_says_what_it_is_and_reads_columns_that_there_are(holding: Holding) -> None:
    assert holding.title
    assert holding.purpose
    assert holding.columns
    names = set(holding.table.__table__.columns.keys())
    assert {say for say in holding.columns.values() if isinstance(say, str)} <= names


def test_no_two_holdings_have_the_same_title_in_one_table() -> None:
    assert len(TITLES) == len(set(TITLES))
