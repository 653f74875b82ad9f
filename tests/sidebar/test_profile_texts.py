"""Texts of strangers on the card: whatever they write, it is text and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from app import clock
from app.customers.actions import record_change, record_timeline
from app.customers.models import Customer, FollowTag, Stage, TimelineEntry
from app.db import Database
from app.groups.models import GroupChat
from app.members.models import Member
from app.words import clean
from tests.sidebar.cards import LI, Card, Page, card_of, change, make_app

PLACES = 7


@pytest.fixture
def card(tmp_path: Path, db: Database) -> Iterator[Card]:
    """Give the browser of the member who follows her."""
    app = make_app(tmp_path, db)
    with db.write() as session:
        at = clock.utcnow()
        record_timeline(
            session, external_userid=LI, userid="zhaoyi", kind="group_joined", at=at, key="one"
        )
    yield card_of(app, db, "zhaoyi")
    app.extensions["banke_runtime"].db.close()


def hostile_strings() -> list[str]:
    """Return two hundred texts that people have tried elsewhere."""
    seeds = [
        *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</bdi></h1><h1>", "<!--"),
        *('" onclick="alert(1)', "' autofocus onfocus='x", "`${alert(1)}`", "&lt;b&gt;", "&#60;"),
        *("{{7*7}}", "{% include 'x' %}", "{member}", "%(name)s", "{0.__class__}", "${7*7}", "{}"),
        *("javascript:alert(1)", "</template><script>x</script>", "</form><form action=//x>"),
        *("<hx-partial hx-target=body>x</hx-partial>", "<p hx-swap-oob=true id=panel>", "]]>"),
        *("a\u202egnp.exe", "\u2066a\u2069", "a\u200b\u200d\u200e", "\ufefftext", "שלום عربي"),
        *("👨‍👩‍👧‍👦 一家人", "𠮷野家", "🏳️‍🌈", "e\u0301\u0302\u0303\u0304", "ﷺ", "a\x07b\x1b[31m"),
        *("a\nb\r\nc", "\ta\t", "'; DROP TABLE customers;--", "<svg/onload=alert(1)>", "\\u003c"),
    ]
    frames = ("{}", "张{}", "{}李", "“{}”", "{0}{0}", "a {} z")
    made = [frame.replace("{0}", "{}").replace("{}", seed) for frame in frames for seed in seeds]
    return [text[:120] for text in made]


def test_two_hundred_hostile_texts_are_shown_as_text_alone(card: Card) -> None:
    texts = hostile_strings()
    assert len(set(texts)) >= 200
    wanted = shape(page_with(card, "无害").elements)
    for text in texts:
        page = page_with(card, text)
        assert shape(page.elements) == wanted, text
        assert squeezed(page.text).count(squeezed(clean(text))) >= PLACES, text


def shape(elements: list[str]) -> list[str]:
    """Return the elements but for one mark: a description of several lines can be scrolled."""
    return [element.replace(", ('tabindex', '0')", "") for element in elements]


@pytest.mark.parametrize("blank", ["", " ", "\u200b", "\u202e\u2066", "\u3164", "\u2800\ufeff"])
def test_a_name_that_cannot_be_seen_is_told_as_none(card: Card, blank: str) -> None:
    assert "未命名客户" in page_with(card, blank).text


def test_no_mark_that_turns_text_around_reaches_the_page(card: Card) -> None:
    page = page_with(card, "a\u202egnp.exe\u2067")
    assert "agnp.exe" in page.text
    assert not {"\u202e", "\u2067"} & set(page.text)


@pytest.mark.parametrize(
    ("avatar", "shown"),
    [
        ("http://wx.qlogo.cn/mmhead/x/0", "https://wx.qlogo.cn/mmhead/x/0"),
        ("https://p.qpic.cn/a?b=1&c=2", "https://p.qpic.cn/a?b=1&amp;c=2"),
        ("javascript:alert(1)", ""),
        ("https://evil.example/qlogo.cn", ""),
        ("https://evilqlogo.cn/x", ""),
        ("data:text/html,x", ""),
        ("http://[", ""),
        ("https://evil.example\\\\.qlogo.cn/x", ""),
        ("https://evil@wx.qlogo.cn/x", ""),
        ("https://wx.qlogo.cn:8443/x", ""),
        (
            'https://wx.qlogo.cn/"onerror="alert(1)',
            "https://wx.qlogo.cn/&#34;onerror=&#34;alert(1)",
        ),
    ],
)
def test_a_picture_is_taken_from_wecom_alone(card: Card, avatar: str, shown: str) -> None:
    with card.db.write() as session:
        session.get_one(Customer, LI).avatar = avatar
    answer = card.get().text
    assert ("<img" in answer) == bool(shown)
    assert shown in answer


def squeezed(text: str) -> str:
    """Leave the spaces out: a browser folds them."""
    return "".join(text.split())


def page_with(card: Card, text: str) -> Page:
    """Put a text wherever a stranger may write, and open the card."""
    with card.db.write() as session:
        customer = session.get_one(Customer, LI)
        customer.name, customer.corp_name, customer.type = text, text, 2
        follow = record_change(session, change("seen", 0))
        follow.remark, follow.description, follow.state = f"备注{text}"[:128], text, text
        for tag in session.scalars(select(FollowTag)):
            session.delete(tag)
        session.flush()
        session.add(FollowTag(follow_id=follow.id, group_name="", tag_name=f"标签{text}"[:64]))
        session.get_one(GroupChat, "wr1").name = text
        session.get_one(Member, "zhaoyi").name = text
        session.get_one(Stage, 2).name = f"阶段{text}"[:32]
        entry = session.scalars(select(TimelineEntry)).one()
        entry.data = {"group_name": text}
    answer = card.get()
    assert answer.status_code == 200
    return Page(answer.text)
