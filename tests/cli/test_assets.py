"""`flask assets`: what it brings, what it refuses, and what this repository's lock file holds."""

import gzip
import hashlib
import json
import tomllib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.assets import MANIFEST, VENDOR
from app.cli.assets import ROOT, bring_assets
from tests.cli.npm_registry import NpmRegistry, integrity, lock

FILES = {"d/paint.js": "paint()", "L": "Do as you like.", "d/other.js": "unwanted"}


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NpmRegistry]:
    """Give a registry that npm uses, with a cache of the test's own."""
    registry = NpmRegistry()
    monkeypatch.setenv("npm_config_registry", registry.address)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield registry
    registry.stop()


def refusal(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        bring_assets(folder, folder / "vendor")
    assert ended.value.code == 1
    return capsys.readouterr().err


def test_the_named_files_are_brought_with_their_licences(
    tmp_path: Path, registry: NpmRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    lock(tmp_path, {"paint": registry.put("paint", FILES)})
    bring_assets(tmp_path, tmp_path / "vendor")
    found = {path.name: path.read_text() for path in (tmp_path / "vendor").iterdir()}
    assert found.keys() == {"paint.js", "licences.txt", MANIFEST}
    assert found["paint.js"] == "paint()"
    assert "Do as you like." in found["licences.txt"]
    assert not (tmp_path / "node_modules").exists()
    assert capsys.readouterr().out.endswith("1 个前端文件，0 KB\n")


def test_npm_runs_again_only_when_something_has_changed(
    tmp_path: Path, registry: NpmRegistry
) -> None:
    lock(tmp_path, {"paint": registry.put("paint", FILES)})
    bring_assets(tmp_path, tmp_path / "vendor")
    asked = len(registry.asked)
    bring_assets(tmp_path, tmp_path / "vendor")
    assert len(registry.asked) == asked
    (tmp_path / "vendor" / "paint.js").write_text("spoilt")
    bring_assets(tmp_path, tmp_path / "vendor")
    assert (tmp_path / "vendor" / "paint.js").read_text() == "paint()"


def test_a_package_with_another_check_sum_is_refused(
    tmp_path: Path, registry: NpmRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.put("paint", FILES)
    lock(tmp_path, {"paint": integrity(b"what was locked")})
    assert "EINTEGRITY" in refusal(tmp_path, capsys)
    assert not (tmp_path / "vendor").exists()


def test_without_a_registry_it_says_how_to_name_a_mirror(
    tmp_path: Path, registry: NpmRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    lock(tmp_path, {"paint": registry.put("paint", FILES)})
    registry.stop()
    assert "npm config set registry" in refusal(tmp_path, capsys)


def test_a_version_that_the_registry_lacks_is_named_as_such(
    tmp_path: Path, registry: NpmRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    lock(tmp_path, {"paint": integrity(b"")})
    assert registry.asked == []
    assert "E404" in refusal(tmp_path, capsys)


def test_the_lock_file_holds_check_sums_and_no_address() -> None:
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    packages.pop("")
    assert packages
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert "://" not in text
    assert "resolved" not in text


def test_every_version_is_exact_and_no_script_is_there_to_run() -> None:
    about = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    assert "scripts" not in about
    assert all(version.replace(".", "").isdigit() for version in about["dependencies"].values())


def test_the_vendor_files_are_those_of_the_manifest() -> None:
    wanted = tomllib.loads((ROOT / "assets.toml").read_text(encoding="utf-8"))
    entries = json.loads((VENDOR / MANIFEST).read_bytes())["files"]
    assert entries.keys() == wanted.keys()
    for name, entry in entries.items():
        digest = hashlib.sha384((VENDOR / name).read_bytes()).digest()
        assert entry["integrity"] == "sha384-" + b64encode(digest).decode()


def test_the_vendor_files_stay_light() -> None:
    names = json.loads((VENDOR / MANIFEST).read_bytes())["files"]
    sizes = {name: len(gzip.compress((VENDOR / name).read_bytes(), 9)) for name in names}
    print(f"gzip: {sizes}, together {sum(sizes.values())} bytes")  # noqa: T201 -- seen with -rP
    assert sum(sizes.values()) < 60_000
