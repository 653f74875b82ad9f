"""What every installation begins with reads in English too; what an admin wrote is left alone."""

import pytest
from sqlalchemy import select

from app.customers.models import CustomField, Pipeline, Stage
from app.customers.queries import (
    word_field,
    word_hint,
    word_option,
    word_pipeline,
    word_stage,
)
from app.db import Database
from app.i18n import speaking


@pytest.fixture
def worded(db: Database) -> dict[str, str]:
    """Give the names in a new database, each with how an English reader sees it."""
    with db.read() as session, speaking("en"):
        fields = session.scalars(select(CustomField)).all()
        return (
            {name: word_pipeline(name) for name in session.scalars(select(Pipeline.name))}
            | {name: word_stage(name) for name in session.scalars(select(Stage.name))}
            | {field.name: word_field(field.name) for field in fields}
            | {one["name"]: word_option(one["name"]) for field in fields for one in field.options}
            | {field.hint: word_hint(field.hint) for field in fields}
        )


def test_every_name_of_a_new_database_reads_in_english(worded: dict[str, str]) -> None:
    assert len(worded) == 1 + 5 + 8 + 10 + 2
    assert [name for name, shown in worded.items() if not shown.isascii()] == []


def test_in_chinese_it_says_what_stands_in_the_database(worded: dict[str, str]) -> None:
    for name in worded:
        for word in (word_pipeline, word_stage, word_field, word_option, word_hint):
            assert word(name) == name


@pytest.mark.parametrize("name", ["老客户", "VIP 手机", "", "资料", "新客户 "])
def test_what_somebody_wrote_is_nobodys_to_translate(name: str) -> None:
    with speaking("en"):
        for word in (word_pipeline, word_stage, word_field, word_option, word_hint):
            assert word(name) == name
