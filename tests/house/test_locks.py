"""What is installed is what was locked: every line of a lock names one version and its hashes."""

import re

import pytest

from tests.deployment import ROOT

LOCKS = sorted(path.name for path in ROOT.glob("requirements*.lock"))
PINNED = re.compile(
    r"[a-z0-9][a-z0-9.-]*(\[[a-z0-9,-]+\])?==\S+( ; [^\\]+)?( --hash=sha256:[0-9a-f]{64})+"
)


def test_there_is_a_lock_for_the_server_and_one_for_its_tests() -> None:
    assert LOCKS == ["requirements-dev.lock", "requirements.lock"]


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_names_one_version_and_its_hashes(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = re.sub(r" *\\\n +", " ", text).splitlines()
    said = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert len(said) > 20
    assert [line[:80] for line in said if not PINNED.fullmatch(line)] == []
