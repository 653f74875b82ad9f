"""The library of the demo: the corp's shelves out of a file, and what members made of them."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from sqlalchemy.orm import Session

from app.cli.demo.drawings import draw_all
from app.library.actions import (
    Draft,
    DraftPart,
    import_items,
    mark_favourite,
    record_use,
    save_item,
)
from app.library.queries import list_shelf
from app.sandbox.seed import seeded_id

FILE = "library.toml"
MEMBER = "zhaoyi"
GROUP = seeded_id("wr", "Group", 0)
# Of the corp's: what they like, and how often they have sent what into the members' group.
LIKED: dict[str, dict[str, tuple[str, ...]]] = {
    "zhaoyi": {"scripts": ("visit", "hello"), "materials": ("colours", "film")},
    "lisi": {"scripts": ("size",), "materials": ("lookbook",)},
    "sunsan": {"scripts": ("thanks",), "materials": ("members",)},
}
SENT: dict[str, dict[str, dict[str, int]]] = {
    "zhaoyi": {
        "scripts": {"hello": 4, "size": 3, "ship": 2},
        "materials": {"lookbook": 2, "coat": 1},
    },
    "lisi": {"scripts": {"hello": 2, "pay": 1}, "materials": {"map": 1}},
    "sunsan": {"scripts": {"again": 1}, "materials": {"mall": 1}},
}
OWN = {
    "scripts": (
        Draft(
            "我自己的介绍",
            "自用",
            (
                DraftPart(
                    "text",
                    {"content": "我是{{员工别名}}，在店里做搭配六年了，小个子和通勤是我的强项。"},
                ),
            ),
        ),
        Draft(
            "周末到店提醒",
            "自用",
            (
                DraftPart(
                    "text", {"content": "{{客户昵称}}，明天见！您的尺码我已经挂到试衣间了。"}
                ),
                DraftPart("text", {"content": "地下停车场走 B 口最近，停车两小时免费。"}),
            ),
        ),
    ),
    "materials": (
        Draft(
            "我的搭配笔记",
            "自用",
            (
                DraftPart(
                    "news",
                    {"link": "https://notes.example.com/xiaoyi", "title": "小忆的一周通勤搭配"},
                ),
            ),
        ),
    ),
}


def fill_library(session: Session, folder: Path) -> None:
    """Fill the shelves; the pictures are drawn into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    draw_all(folder)
    toml_text = (resources.files("app.cli.demo") / FILE).read_text(encoding="utf-8")
    import_items(session, toml_text, folder=folder)
    for shelf, drafts in OWN.items():
        for draft in drafts:
            save_item(session, MEMBER, shelf, draft)
    for shelf in OWN:
        ids = {row.key: row.item.id for row in list_shelf(session, shelf)}
        for userid in LIKED:
            _use(session, userid, shelf, ids)


def _use(session: Session, userid: str, shelf: str, ids: Mapping[str, int]) -> None:
    for key in LIKED[userid][shelf]:
        mark_favourite(session, userid, ids[key], on=True)
    for key, times in SENT[userid][shelf].items():
        for n in range(times):
            use = f"demo-{shelf}-{key}-{n}"
            record_use(session, userid, ids[key], key=use, chat_id=GROUP, parts=1)
