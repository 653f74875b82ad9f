"""The container files: they name what there is, fetch only what is locked, and hold no secret.

No image is built here: what can be read is checked, and that what is copied is enough to run.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import Config, load_config
from app.factory import create_app
from tests import settings
from tests.deploy.parts import commands, longest_stop
from tests.deployment import ROOT

FOLDER = ROOT / "deploy" / "container"
LINES = [
    line.partition(" ")
    for line in (FOLDER / "Containerfile").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
COMPOSE = yaml.safe_load((FOLDER / "compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"] == "banke"}
SECRET = re.compile(r"(?i)secret|token|password|aes_key|index_key")


def told(word: str) -> list[str]:
    return [rest for name, _space, rest in LINES if name == word]


def copied() -> list[str]:
    """Return what is copied from the repository."""
    plain = [shlex.split(rest)[:-1] for rest in told("COPY") if not rest.startswith("--from")]
    return [source for sources in plain for source in sources]


def image_port() -> str:
    [port] = told("EXPOSE")
    return port


def test_what_is_copied_is_there_and_reaches_the_builder() -> None:
    passed = (FOLDER / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    assert sorted(copied()) == sorted(line[1:] for line in passed if line.startswith("!"))
    assert "*" in passed


def test_what_is_copied_is_enough_to_run(tmp_path: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__", "vendor")
    for source in copied():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, tmp_path / source, ignore=ignore)
        else:
            shutil.copy(ROOT / source, tmp_path)
    clean = {key: value for key, value in os.environ.items() if not key.startswith("BANKE_")}
    config = settings.write_toml(tmp_path / "config.toml", settings.settings(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "flask", "upgrade"],
        cwd=tmp_path,
        env=clean | {"BANKE_CONFIG": str(config)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_only_what_is_locked_by_its_hash_is_installed() -> None:
    installs = [rest for rest in told("RUN") if "pip install" in rest]
    assert len(installs) == 2
    for install in installs:
        assert "--only-binary :all: --require-hashes" in install
        assert re.search(r" -r requirements(-dev)?\.lock$", install)
    # What only fetches is not among what is copied on.
    assert "/opt/" not in installs[1]


def test_the_image_holds_no_secret_and_nobody_in_it_is_root() -> None:
    assert not any(SECRET.search(rest) for rest in [*told("ENV"), *told("ARG")])
    [user] = told("USER")
    assert int(user) > 0
    [sources] = [rest for rest in told("COPY") if rest.startswith("--from")]
    assert sources == "--from=build /opt/banke /opt/banke"


def test_the_image_is_of_the_python_that_the_lock_is_for() -> None:
    lowest = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert lowest
    for image in told("FROM"):
        assert image.startswith(f"python:{lowest.group(1)}-slim")


def test_the_image_serves_and_asks_its_own_health(tmp_path: Path) -> None:
    [command] = told("CMD")
    assert command == '["serve"]'
    [check] = told("HEALTHCHECK")
    asked = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", check)
    assert asked
    assert asked.group(1) == image_port()
    url = f"sqlite:///{tmp_path / 'banke.db'}"
    settings.migrated(url).close()
    app = create_app(settings.make_config(tmp_path, database={"url": url}))
    assert asked.group(2) in {rule.rule for rule in app.url_map.iter_rules()}


def test_ports_agree_with_the_configuration() -> None:
    usual = Config.model_fields["server"].annotation.model_fields["listen"].default  # type: ignore[union-attr]
    [environment] = told("ENV")
    assert usual == f"127.0.0.1:{image_port()}"
    assert f"BANKE_SERVER__LISTEN=0.0.0.0:{image_port()}" in environment
    # Beyond this machine only through the proxy.
    assert SERVICES["web"]["ports"] == [f"{usual}:{image_port()}"]
    assert [name for name, one in SERVICES.items() if "ports" in one] == ["web"]


@pytest.mark.parametrize("name", OURS)
def test_a_service_runs_a_command_that_there_is_and_is_given_time_to_end(name: str) -> None:
    [command] = OURS[name]["command"]
    assert command in commands()
    if command != "upgrade":
        assert float(OURS[name]["stop_grace_period"].removesuffix("s")) > longest_stop(command)


def test_every_part_runs_and_none_before_the_schema_is_there() -> None:
    assert set(OURS) == {"upgrade", "web", "worker", "relay"}
    for name in set(OURS) - {"upgrade"}:
        assert OURS[name]["depends_on"] == {
            "upgrade": {"condition": "service_completed_successfully"}
        }
        assert OURS[name]["restart"] == "always"


def test_only_the_service_with_pages_is_asked_for_its_health() -> None:
    disabled = {name for name, one in OURS.items() if "healthcheck" in one}
    assert disabled == set(OURS) - {"web"}


def test_ours_may_do_little() -> None:
    for one in OURS.values():
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]


def test_secrets_and_volumes_are_declared_and_stand_in_files() -> None:
    used = {secret for one in SERVICES.values() for secret in one.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])
    for one in SERVICES.values():
        for key, value in one.get("environment", {}).items():
            assert not SECRET.search(key) or str(value).startswith("/run/secrets/")
        for volume in one.get("volumes", ()):
            name = volume.partition(":")[0]
            assert name.startswith("./") or name in COMPOSE["volumes"]


def test_the_configuration_takes_what_compose_gives_it(tmp_path: Path) -> None:
    tree = settings.settings(tmp_path)
    del tree["database"], tree["redis"]
    path = settings.write_toml(tmp_path / "config.toml", tree)
    secret = tmp_path / "database_url"
    secret.write_text("postgresql+psycopg://banke:word@database/banke\n", encoding="utf-8")
    given = {
        key: value.replace("/run/secrets/database_url", str(secret))
        for key, value in OURS["web"]["environment"].items()
    }
    config = load_config(path, given | {"BANKE_SERVER__LISTEN": f"0.0.0.0:{image_port()}"})
    assert config.database.url == secret.read_text(encoding="utf-8").strip()
    assert config.redis.url.partition("://")[2].partition(":")[0] in SERVICES
