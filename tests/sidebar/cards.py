"""A customer's card in a test: the rows behind it, a member's browser, the page taken apart."""

from dataclasses import dataclass, replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import clock
from app.customers.actions import Change, change_stage, put_into_first_stage, record_change
from app.customers.models import Customer, FollowTag, Stage
from app.customers.queries import find_stage_name, get_stage_boards
from app.db import Database
from app.factory import create_app
from app.groups.models import GroupChat, GroupMember
from app.members.models import Member
from sidebar.paces import Paces
from sidebar.session import CSRF_HEADER, MEMBER_COOKIE, MemberSession
from tests import settings

LI = "wmLi"
PATH = f"/sidebar/customers/{LI}/profile"
AGENT = "Mozilla/5.0 wxwork/5.0.11 MicroMessenger/7.0.1 Language/{} ColorScheme/Light"
MEMBERS: tuple[tuple[str, str, list[str]], ...] = (
    ("zhaoyi", "赵忆南", ["sunsan"]),
    ("sunsan", "孙叁木", []),
    ("wangqiang", "王强", []),
)


@dataclass(frozen=True)
class Card:
    """A browser of a signed-in member before the card of 李晓雯."""

    client: FlaskClient
    csrf: str
    db: Database
    language: str = "zh"

    def get(self, query: str = "", *, htmx: bool = True) -> TestResponse:
        return self.client.get(PATH + query, headers=self._headers(htmx=htmx))

    def post(self, action: str, **form: int | str) -> TestResponse:
        headers = self._headers(htmx=True) | {CSRF_HEADER: self.csrf}
        return self.client.post(f"{PATH}/{action}", data=form, headers=headers)

    def send_form(self, action: str, **form: int | str) -> TestResponse:
        """Post as a browser without JavaScript does."""
        data = {"csrf_token": self.csrf} | {name: str(value) for name, value in form.items()}
        headers = self._headers(htmx=False)
        return self.client.post(f"{PATH}/{action}", data=data, headers=headers)

    def _headers(self, *, htmx: bool) -> dict[str, str]:
        headers = {"User-Agent": AGENT.format(self.language)}
        return headers | ({"HX-Request": "true", "HX-Target": "main#panel"} if htmx else {})

    def stage(self, name: str) -> int:
        with self.db.read() as session:
            return session.scalars(select(Stage.id).where(Stage.name == name)).one()

    def stage_name(self) -> str | None:
        with self.db.read() as session:
            return find_stage_name(session, LI)

    def move_as(self, userid: str, to: str) -> int:
        to_stage_id = self.stage(to)
        with self.db.write() as session:
            seen = get_stage_boards(session, LI)[0].now.change_id
            moved = change_stage(session, LI, to_stage_id=to_stage_id, userid=userid, seen=seen)
        return moved.change_id


def make_app(folder: Path, db: Database) -> Flask:
    """Return the application on a database with one customer, whom zhaoyi follows."""
    with db.write() as session:
        for userid, name, leaders in MEMBERS:
            seen_at = clock.utcnow()
            session.add(
                Member(
                    userid=userid, folded=userid, name=name, direct_leader=leaders, seen_at=seen_at
                )
            )
        _add_customer(session)
    return unhurried(create_app(settings.make_config(folder, database={"url": str(db.url)})))


def unhurried(app: Flask) -> Flask:
    """Let members change more in a moment than any hand can."""
    endless = Paces(changes=1e6, at_once=1_000_000)
    doors = app.extensions
    doors["banke_sidebar"] = replace(doors["banke_sidebar"], paces=endless)
    return app


def _add_customer(session: Session) -> None:
    follow = record_change(session, change("add", 12, state="门店海报"))
    follow.add_way, follow.remark = 1, "城西店-李姐"
    customer = session.get_one(Customer, LI)
    customer.name, customer.type = "李晓雯", 1
    session.add(FollowTag(follow_id=follow.id, group_name="等级", tag_name="重要"))
    session.add(GroupChat(chat_id="wr1", name="南山会员群", owner="zhaoyi"))
    session.flush()
    session.add(GroupMember(chat_id="wr1", userid=LI, period=1, type=2, joined_at=follow.added_at))
    put_into_first_stage(session, LI)


def card_of(app: Flask, db: Database, userid: str) -> Card:
    """Return a member's browser, signed in."""
    client, cookies = app.test_client(), app.extensions["banke_sidebar"].cookies
    client.set_cookie(MEMBER_COOKIE, cookie_of(app, userid))
    return Card(client, cookies.csrf_token(_session_of(userid)), db)


def cookie_of(app: Flask, userid: str) -> str:
    """Return the cookie of a member who is signed in."""
    response = Response()
    app.extensions["banke_sidebar"].cookies.write_session(response, _session_of(userid))
    return response.headers["Set-Cookie"].split(";")[0].partition("=")[2]


def _session_of(userid: str) -> MemberSession:
    return MemberSession(userid, "a session of this test", 1)


def change(kind: str, days_ago: float, *, state: str = "") -> Change:
    """Return a fact about zhaoyi and the customer."""
    at = clock.utcnow() - timedelta(days=days_ago)
    return Change(userid="zhaoyi", external_userid=LI, kind=kind, at=at, state=state)


class Page(HTMLParser):
    """A page as a browser reads it: its elements with all attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self._text: list[str] = []
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(self._text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; what stands in a field is text."""
        if tag == "input" and ("type", "hidden") not in attrs:
            self._text.append(dict(attrs).get("value") or "")
            attrs = [(name, value) for name, value in attrs if name != "value"]
        self.elements.append(f"{tag} {attrs}")

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self._text.append(data)

    def handle_comment(self, data: str) -> None:
        """Note a comment: there should be none."""
        self.elements.append(f"comment {data}")
