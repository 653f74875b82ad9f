"""The web application with a real sandbox as its WeCom, and browsers of its members."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from app import clock
from app.assets import VENDOR
from app.config import Config
from app.db import Database
from app.factory import create_app
from app.members.actions import record_departed
from app.members.jobs import sync_member, sync_members
from app.runtime import Runtime
from app.sandbox.server import Sandbox, SandboxServer
from tests import settings

from .browser import Browser

Build = Callable[..., Flask]
Wait = Callable[[float], None]
# WeCom's states of a member (成员状态) who may not use it.
DISABLED, LEFT = 2, 5


def configure(folder: Path, db: Database, box: Sandbox, wecom: str, **server: str) -> Config:
    """Return the configuration of a server whose WeCom is this sandbox, at `wecom`."""
    return settings.make_config(
        folder,
        database={"url": str(db.url)},
        server=server,
        wecom={
            "secret": box.secret,
            "api_base": wecom,
            "oauth_base": wecom,
            "login_base": wecom,
            "clock_file": str(folder / "clock"),
        },
    )


def depart(box: Sandbox, runtime: Runtime, userid: str) -> None:
    """Let a member leave, and the server hear of it."""
    box.people.member_leaves(userid)
    with runtime.db.write() as session:
        record_departed(session, userid, clock.utcnow())


def disable(box: Sandbox, runtime: Runtime, userid: str) -> None:
    """Let an admin disable a member, and the server read that."""
    box.world.members[userid].status = DISABLED
    sync_member(runtime, userid)


def quit_corp(box: Sandbox, runtime: Runtime, userid: str) -> None:
    """Let a member be gone, whom WeCom still names, and the server read that."""
    box.world.members[userid].status = LEFT
    sync_member(runtime, userid)


# How a member comes to be nobody who may use the sidebar.
WAYS_OUT: dict[str, Callable[[Sandbox, Runtime, str], None]] = {
    "departed": depart,
    "disabled": disable,
    "left": quit_corp,
}


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    """Give a small WeCom with a few members, whose clock moves the server's too."""
    return Sandbox(clock_file=tmp_path / "clock", seed=True)


@pytest.fixture
def wait(box: Sandbox, tmp_path: Path) -> Wait:
    """Give what lets seconds pass, for both sides at once."""

    def move(seconds: float) -> None:
        box.clock.move(seconds)
        # The server would look again a moment later.
        clock.follow(tmp_path / "clock")

    return move


@pytest.fixture
def wecom(box: Sandbox) -> Iterator[str]:
    """Give the address that this WeCom answers at."""
    with SandboxServer(box) as address:
        yield address


@pytest.fixture
def build(tmp_path: Path, db: Database, box: Sandbox, wecom: str) -> Iterator[Build]:
    """Give what builds the application; `server` settings may be given."""
    made: list[Runtime] = []

    def build_app(**server: str) -> Flask:
        app = create_app(configure(tmp_path, db, box, wecom, **server))
        made.append(app.extensions["banke_runtime"])
        return app

    yield build_app
    for runtime in made:
        runtime.db.close()
        runtime.wecom.close()
    clock.follow(None)


@pytest.fixture
def app(build: Build) -> Flask:
    """Give the application, which knows its members and no customer yet."""
    assert VENDOR.is_dir(), "the front-end files are not there: make setup"
    made = build()
    sync_members(made.extensions["banke_runtime"])
    return made


@pytest.fixture
def runtime(app: Flask) -> Runtime:
    """Give the application's runtime."""
    runtime: Runtime = app.extensions["banke_runtime"]
    return runtime


@pytest.fixture
def zhaoyi(app: Flask) -> Browser:
    """Give a member's browser, not signed in yet."""
    return Browser(app, "zhaoyi")


@pytest.fixture
def customer(box: Sandbox) -> str:
    """Return a customer whom zhaoyi alone follows, and of whom we know nothing yet."""
    return box.people.customer_scans("zhaoyi", name="新来的").external_userid
