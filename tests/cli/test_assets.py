"""`flask assets`: what it brings, what it refuses, and what this repository's lock file holds."""

import gzip
import hashlib
import json
import re
import tomllib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.assets import MANIFEST, VENDOR
from app.cli.assets import ROOT, bring_assets
from app.cli.css import keep_classes
from tests.cli.npm_registry import NpmRegistry, integrity, lock

# What the pages of the admin web alone load.
ADMIN = {"bootstrap.css", "echarts.js"}
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


def test_a_file_made_of_several_works_brings_the_licence_of_each(
    tmp_path: Path, registry: NpmRegistry
) -> None:
    parts = FILES | {"parts/L": "And mention us."}
    lock(tmp_path, {"paint": registry.put("paint", parts)})
    wanted = tmp_path / "assets.toml"
    wanted.write_text(wanted.read_text().replace('"L"', '["L", "parts/L"]'))
    bring_assets(tmp_path, tmp_path / "vendor")
    said = (tmp_path / "vendor" / "licences.txt").read_text()
    assert "Do as you like." in said
    assert "And mention us." in said


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


def test_the_vendor_files_of_the_sidebar_stay_light() -> None:
    names = json.loads((VENDOR / MANIFEST).read_bytes())["files"].keys() - ADMIN
    sizes = {name: len(gzip.compress((VENDOR / name).read_bytes(), 9)) for name in names}
    print(f"gzip: {sizes}, together {sum(sizes.values())} bytes")  # noqa: T201 -- seen with -rP
    assert sum(sizes.values()) < 40_000


def test_of_a_style_sheet_the_named_classes_are_kept_and_what_needs_none() -> None:
    sheet = (
        "body{margin:0}.a,.b{color:red}.b{top:0}p:not(.b){left:0}.a:not(.b){left:1px}"
        "@media (min-width:1px){.b{top:1px}.a{top:2px}}@media print{.b{top:3px}}"
        "@keyframes k{to{top:0}}"
    )
    assert keep_classes(sheet, ["a"]) == (
        "body{margin:0}.a{color:red}@media (min-width:1px){.a{top:2px}}"
    )


def test_every_class_of_weui_that_a_page_uses_is_kept() -> None:
    wanted = tomllib.loads((ROOT / "assets.toml").read_text(encoding="utf-8"))["weui.css"]
    pages = [
        path for kind in ("html", "js", "css") for path in (ROOT / "sidebar").rglob(f"*.{kind}")
    ]
    used = {
        name
        for path in pages
        for name in re.findall(r"(?<![-\w])weui-[a-z][\w-]*", path.read_text(encoding="utf-8"))
    }
    assert used - {"weui-theme"} == set(wanted["classes"])
