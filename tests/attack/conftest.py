"""One town for a module of attacks, which each test finds as it was at first."""

from collections.abc import Iterator

import pytest

from tests.attack.town import Town, open_town


@pytest.fixture(scope="module")
def shared_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Open the town of a module."""
    with open_town(tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest.fixture
def town(shared_town: Town) -> Iterator[Town]:
    """Give the town as every test of this module finds it."""
    yield shared_town
    shared_town.put_back()
