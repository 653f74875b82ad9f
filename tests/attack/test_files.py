"""Whatever file is handed in: refused in words, or kept and shown as what it is alone."""

import io
import re
import resource
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.errors import Refused
from app.materials.actions import PIECE_BYTES
from app.sheet_files import SHORT, read_short_sheet
from tests.admin.conftest import Desk
from tests.admin.house import OWN
from tests.attack.corpora.files import IMAGES, SCRIPT, TABLES
from tests.attack.offers import said_by
from tests.attack.town import Town

# The largest picture that is drawn takes 200 MB.
MOST_KILOBYTES = 300 * 1024
OK, UNFIT = 200, 422
# Werkzeug puts what is larger into a file, which it leaves to be closed by itself.
LARGE = 400_000
Post = Callable[[str, Mapping[str, Any]], TestResponse]
Get = Callable[[str], TestResponse]


@pytest.fixture
def owner(town: Town) -> Desk:
    return town.house.desks["owner"]


@pytest.fixture(params=["admin", "sidebar"])
def door(town: Town, owner: Desk, request: pytest.FixtureRequest) -> tuple[Post, Get]:
    """Give what posts and reads at one of the two doors that take pictures."""
    if request.param == "admin":

        def post(action: str, form: Mapping[str, Any]) -> TestResponse:
            data = form.get("data", b"")
            told = {name: value for name, value in form.items() if name != "data"}
            return owner.upload(f"/admin/library/{action}", data, **told)

        return post, lambda what: owner.get(f"/admin/library/{what}")
    browser, base = town.browsers[OWN], f"/sidebar/customers/{town.cards[OWN][0]}/materials"

    def send(action: str, form: Mapping[str, Any]) -> TestResponse:
        files = {"data": (io.BytesIO(form["data"]), "blob")} if "data" in form else {}
        told = {**form, **files}
        kind = "multipart/form-data"
        path = f"{base}/{action}"
        return browser.post(path, token=town.tokens[OWN], data=told, content_type=kind)

    return send, lambda what: browser.get(f"{base}/{what}")


def hand_in(post: Post, data: bytes, *, key: str) -> TestResponse:
    """Send an image in pieces; return the answer that ends it."""
    told = {"key": key, "kind": "image", "filename": "a.png", "size": str(len(data))}
    for n, start in enumerate(range(0, len(data), PIECE_BYTES)):
        answer = post("piece", {**told, "n": str(n), "data": data[start : start + PIECE_BYTES]})
        if answer.status_code != OK:
            return answer
    return post("finish", {"key": key})


def test_no_image_is_served_as_anything_but_a_picture_that_we_drew(
    town: Town, door: tuple[Post, Get]
) -> None:
    post, get = door
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = {}
    for number, (name, data) in enumerate(IMAGES.items()):
        answer = hand_in(post, data, key=f"an-upload-{number}")
        told[name] = answer.status_code
        assert answer.status_code in {OK, UNFIT}, name
        found = re.search(r'(?:data-material|name="a_material" value|value)="(\d+)"', answer.text)
        if answer.status_code == OK:
            assert found, answer.text
            assert_is_a_picture(get(f"picture?material={found[1]}"))
        town.put_back()
    assert len(told) >= 40
    assert 10 < list(told.values()).count(OK) < 35, told
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MOST_KILOBYTES


def assert_is_a_picture(answer: TestResponse) -> None:
    if answer.status_code != OK:
        # In no item yet, it is nobody's to look at.
        assert answer.status_code == 404
        return
    assert answer.content_type == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.data.startswith(b"\xff\xd8")
    assert SCRIPT not in answer.data


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read_within_its_bounds_or_refused_in_words(name: str) -> None:
    filename, data = TABLES[name]
    try:
        rows = read_short_sheet(filename, data)
    except Refused:
        return
    assert len(rows) <= SHORT.rows + 1
    assert "root:x:" not in str(rows)


def test_no_table_that_is_handed_in_is_a_fault_or_outgrows_the_memory(
    town: Town, owner: Desk
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    handed = {name: one for name, one in TABLES.items() if len(one[1]) < LARGE}
    for name, (filename, data) in handed.items():
        answer = owner.hand_in("/admin/imports/take", file=(io.BytesIO(data), filename))
        assert answer.status_code in {303, 413, UNFIT}, name
        said = said_by(answer)
        assert "X-Evil: 1" not in str(answer.headers), name
        assert "root:x:" not in said, name
        assert SCRIPT.decode() not in said, name
        town.put_back()
    assert len(handed) >= 40
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KILOBYTES
