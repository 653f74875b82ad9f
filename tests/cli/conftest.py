"""A web process, a WeCom that a careful admin has set up, and the command run on them."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app import clock
from app.cli.doctor import doctor
from app.i18n import use_language
from app.sandbox.world import App
from tests import settings
from tests.cli.diagnosis import Diagnose, Diagnosis
from tests.deployment import Deployment


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Give a deployment of which only the web process runs."""
    with Deployment(tmp_path_factory.mktemp("shop")) as deployment:
        deployment.start("web")
        deployment.wait_ready()
        yield deployment


@pytest.fixture
def app(shop: Deployment) -> App:
    """Give the app as the console of a careful admin has it, whatever the last test did to it."""
    app = shop.box.app
    app.redirect_domain = f"127.0.0.1:{shop.port}"
    app.trusted_ips, app.visible = None, None
    app.callable_external, app.closed = True, False
    return app


@pytest.fixture
def diagnose(
    shop: Deployment, app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Diagnose]:
    """Run the command with the deployment's configuration, changed section by section."""
    del app

    def diagnose(**changes: Mapping[str, Any]) -> Diagnosis:
        tree = tomllib.loads(shop.config_path.read_text(encoding="utf-8"))
        for section, values in changes.items():
            tree[section] = tree.get(section, {}) | dict(values)
        path = settings.write_toml(tmp_path / "config.toml", tree)
        monkeypatch.setenv("BANKE_CONFIG", str(path))
        result = CliRunner().invoke(doctor)
        return Diagnosis(result.exit_code, result.output)

    yield diagnose
    clock.follow(None)
    use_language("zh")
