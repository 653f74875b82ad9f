"""Front-end files: addresses that carry the content's hash, caching, gzip, and no way out."""

import gzip
import os
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.assets import FOR_EVER, VENDOR, asset_url, assets_ready, register_assets

PAINT = "body { color: green }\n" * 50
LATE = "p { color: blue }\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a door's folder, with a secret beside it and code in it."""
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "paint.css").write_text(PAINT)
    (folder / "late.css").write_text(LATE)
    (folder / "dot.png").write_bytes(b"\x89PNG")
    (folder / "panel.py").write_text("secret = 1")
    (tmp_path / "secret.css").write_text("secret")
    return folder


@pytest.fixture
def app(folder: Path) -> Flask:
    """Give an application with that folder as `door`."""
    app = Flask("assets", static_folder=None)
    bundles = {"all.css": ["door/paint.css", "door/late.css"], "lost.css": ["door/none.css"]}
    register_assets(app, {"door": folder, "panels/door": folder}, bundles)
    return app


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """Give somebody who asks for files."""
    return app.test_client()


def url(app: Flask, name: str) -> str:
    with app.app_context():
        return asset_url(name)


def test_an_address_carries_the_hash_and_changes_with_the_content(app: Flask, folder: Path) -> None:
    before = url(app, "door/paint.css")
    (folder / "paint.css").write_text("body { color: red }")
    after = url(app, "door/paint.css")
    assert re.fullmatch(r"/static/door/paint\.css\?v=[0-9a-f]{12}", before)
    assert before != after


def test_a_file_of_the_same_size_with_a_new_time_is_read_again(
    app: Flask, browser: FlaskClient, folder: Path
) -> None:
    url(app, "door/paint.css")
    (folder / "paint.css").write_text(PAINT.replace("green", "black"))
    os.utime(folder / "paint.css", ns=(1, 1))
    assert "black" in browser.get("/static/door/paint.css").text


def test_a_file_is_kept_for_ever_under_its_own_hash(app: Flask, browser: FlaskClient) -> None:
    answer = browser.get(url(app, "door/paint.css"))
    assert (answer.text, answer.content_type) == (PAINT, "text/css; charset=utf-8")
    assert answer.headers["Cache-Control"] == FOR_EVER


@pytest.mark.parametrize("query", ["", "?v=", "?v=000000000000", "?v=0"])
def test_a_file_is_asked_for_again_under_any_other(browser: FlaskClient, query: str) -> None:
    answer = browser.get(f"/static/door/paint.css{query}")
    assert answer.headers["Cache-Control"] == "no-cache"
    asked = browser.get(
        f"/static/door/paint.css{query}", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert (asked.status_code, asked.data) == (304, b"")


def test_text_is_packed_for_those_who_take_it(browser: FlaskClient) -> None:
    answer = browser.get("/static/door/paint.css", headers={"Accept-Encoding": "br, gzip"})
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == (
        "gzip",
        "Accept-Encoding",
    )
    assert gzip.decompress(answer.data).decode() == PAINT
    assert answer.content_length == len(answer.data) < len(PAINT)


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "identity"])
def test_text_is_plain_for_those_who_do_not(browser: FlaskClient, accepted: str) -> None:
    answer = browser.get("/static/door/paint.css", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert (answer.text, answer.headers["Vary"]) == (PAINT, "Accept-Encoding")


def test_pictures_are_not_packed_again(browser: FlaskClient) -> None:
    answer = browser.get("/static/door/dot.png", headers={"Accept-Encoding": "gzip"})
    assert (answer.data, answer.headers.get("Vary")) == (b"\x89PNG", None)


@pytest.mark.parametrize(
    "name",
    [
        "door/../secret.css",
        "door/..%2fsecret.css",
        "door/%2e%2e/secret.css",
        "door/%2e%2e%2fsecret.css",
        "door/..%5csecret.css",
        "door/%252e%252e%252fsecret.css",
        "door//../secret.css",
        "../secret.css",
        "/etc/hosts.txt",
        "%2fetc%2fhosts.txt",
        "door/paint.css%00",
        "door/paint.css/",
        "door",
        "panel.py",
        "door/panel.py",
        "panels/door/panel.py",
        "door/absent.css",
        "absent/paint.css",
        "vendor/manifest.json",
    ],
)
def test_nothing_else_is_served(browser: FlaskClient, name: str) -> None:
    answer = browser.get(f"/static/{name}", follow_redirects=True)
    assert answer.status_code == 404
    assert b"secret = 1" not in answer.data


def test_a_link_out_of_the_folder_is_not_followed(browser: FlaskClient, folder: Path) -> None:
    (folder / "link.css").symlink_to(folder.parent / "secret.css")
    assert browser.get("/static/door/link.css").status_code == 404


def test_a_file_that_comes_or_goes_is_noticed(browser: FlaskClient, folder: Path) -> None:
    assert browser.get("/static/door/late.js").status_code == 404
    (folder / "late.js").write_text("late()")
    assert browser.get("/static/door/late.js").text == "late()"
    (folder / "late.js").unlink()
    assert browser.get("/static/door/late.js").status_code == 404


def test_a_name_of_ours_that_is_misspelt_is_an_error(app: Flask) -> None:
    with pytest.raises(LookupError, match=r"door/pain\.css"):
        url(app, "door/pain.css")


def test_a_bundle_is_its_files_in_order_under_one_address(
    app: Flask, browser: FlaskClient, folder: Path
) -> None:
    answer = browser.get(url(app, "bundle/all.css"))
    assert answer.text == PAINT + LATE
    assert answer.headers["Cache-Control"] == FOR_EVER
    before = url(app, "bundle/all.css")
    (folder / "late.css").write_text("p { color: red }")
    assert url(app, "bundle/all.css") != before


def test_a_bundle_without_one_of_its_files_is_an_error(app: Flask) -> None:
    with pytest.raises(LookupError, match=r"door/none\.css"):
        url(app, "bundle/lost.css")


def test_the_vendor_files_are_there_and_served(app: Flask, browser: FlaskClient) -> None:
    with app.app_context():
        assert assets_ready()
    for name in ("weui.css", "htmx.js", "jssdk.js"):
        answer = browser.get(url(app, f"vendor/{name}"))
        assert answer.headers["Cache-Control"] == FOR_EVER
        assert answer.data == (VENDOR / name).read_bytes()


def test_without_vendor_files_pages_can_still_be_made(tmp_path: Path) -> None:
    app = Flask("bare", static_folder=None)
    register_assets(app, {"vendor": tmp_path / "absent"})
    with app.app_context():
        assert not assets_ready()
        assert asset_url("vendor/weui.css") == "/static/vendor/weui.css"
    assert app.test_client().get("/static/vendor/weui.css").status_code == 404


def test_a_vendor_file_that_was_lost_is_missed(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"files": {"weui.css": {}}}')
    app = Flask("half", static_folder=None)
    register_assets(app, {"vendor": tmp_path})
    with app.app_context():
        assert not assets_ready()
