"""Every table that the admin web gives: what strangers wrote runs in none, and who gets it."""

import inspect

import pytest
from sqlalchemy import UniqueConstraint, select, update

from app.admin.pages import PAGES
from app.admin.pages.parts import Download, Stream
from app.audit.models import AuditEntry
from app.db import Words
from app.sheets import RUN
from app.tables import metadata
from tests.admin.board import BY_NAME, Target
from tests.admin.house import SEATS, House, house, shared_house
from tests.test_sheets import HOSTILE, read

__all__ = ["house", "shared_house"]

# No table: what it holds is read, and tests/admin/test_privacy.py opens it.
PACKAGE = "customer/package"
EXPORTS = [
    BY_NAME[f"{page.name}/{name}"]
    for page in PAGES
    for name, part in page.parts.items()
    if inspect.signature(part.load).return_annotation in {Download, Stream}
    and f"{page.name}/{name}" != PACKAGE
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("target", EXPORTS, ids=str)
def test_no_cell_of_any_table_is_a_formula(house: House, target: Target, value: str) -> None:
    write_everywhere(house, value)
    answer = house.ask("owner", "GET", target.path)
    assert answer.status_code == 200
    # Of another kind, this test has to learn how to open it.
    assert answer.mimetype == "text/csv"
    cells = [cell for row in read(answer.data) for cell in row]
    assert not [cell for cell in cells if cell[:1] in RUN or cell.lstrip()[:1] in RUN]
    holds_it = any(cell.startswith("'") for cell in cells)
    # What somebody wrote is taken along by nobody who did not show of late who he is.
    assert holds_it == target.needs_proof


def write_everywhere(house: House, value: str) -> None:
    """Have this stand wherever people write: names, remarks, channels, and whatever there is."""
    with house.runtime.db.write() as session:
        for table in metadata.sorted_tables:
            alone = {
                column.name
                for constraint in table.constraints
                if isinstance(constraint, UniqueConstraint)
                for column in constraint.columns
            }
            words = {
                column.name: value[: column.type.length]
                for column in table.columns
                if type(column.type) is Words and column.name not in alone
            }
            if words:
                session.execute(update(table).values(words))


@pytest.mark.parametrize("target", [one for one in EXPORTS if one.needs_proof], ids=str)
def test_whoever_takes_something_along_is_on_record(house: House, target: Target) -> None:
    before = count_deeds(house)
    house.ask("owner", "GET", target.path)
    assert count_deeds(house) == before + 1


def count_deeds(house: House) -> int:
    with house.runtime.db.read() as session:
        his = AuditEntry.userid == SEATS["owner"]
        return len(session.scalars(select(AuditEntry.id).where(his)).all())
