"""What the commands write is for nobody else on the machine."""

import os
import stat
from pathlib import Path

from tests.deployment import Deployment


def test_the_database_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    with Deployment(tmp_path) as deployment:
        for name in ("banke.db", "banke.db-wal", "banke.db-shm", "banke.db-turn"):
            (tmp_path / name).unlink(missing_ok=True)
        before = os.umask(0o022)
        try:
            deployment.command("upgrade")
        finally:
            os.umask(before)
        mode = stat.S_IMODE((tmp_path / "banke.db").stat().st_mode)
    assert mode == 0o600
