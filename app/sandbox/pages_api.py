"""The part of the control API that the pages use: chats, phones, talk, letters, the bridge, faults.

Under /sandbox/api/ like the rest, and as strict: JSON only for whatever changes anything.
"""

from typing import TYPE_CHECKING, Any, cast

from flask import Blueprint, Response, request

from .conversations import MESSAGES_MOST, ChatKind
from .frozen_redis import Unavailable
from .js_bridge import Page
from .json_api import Route, answer, json_routes, read_body
from .sign_in import COOKIE

if TYPE_CHECKING:
    from .server import Sandbox

Json = dict[str, Any]

PHONES_MOST = 200
THEME, LANGUAGE = "sandbox_theme", "sandbox_language"
CHOICES = {"theme": ("light", "dark"), "language": ("zh", "en")}
OURS = "sandbox_"


def pages_api_routes(box: "Sandbox") -> Blueprint:
    """Return the routes."""
    return json_routes("pages_api", _PagesApi(box).table())


class _PagesApi:
    """One method per route."""

    def __init__(self, box: "Sandbox") -> None:
        self._box = box
        self._views = box.views

    def table(self) -> list[Route]:
        chat = "/chats/<userid>/<any(customer,group,notices):kind>/<chat_id>"
        return [
            ("/me", "GET", self.who),
            ("/me", "POST", self.me),
            ("/chats", "GET", self.chats),
            (chat, "GET", self.chat),
            (f"{chat}/read", "POST", self.read),
            ("/phones", "GET", self.phones),
            ("/phones/<external_userid>", "GET", self.phone),
            ("/phones/<external_userid>/<userid>", "GET", self.phone_chat),
            ("/talk", "POST", self.talk),
            ("/letters/<int:event_id>", "GET", self.letters),
            ("/corp", "GET", self.corp),
            ("/bridge/<name>", "POST", self.bridge),
            ("/faults/named", "GET", self.named_faults),
            ("/faults/named/<name>", "POST", self.turn_named_fault),
        ]

    def who(self) -> Response:
        """Tell who plays in this browser, which another of its tabs may have changed."""
        return answer({"me": self._views.member(self._known_member())})

    def me(self) -> Response:
        """Be another member, which is another client: he knows none of the server's cookies."""
        wishes = read_body()
        before = request.cookies.get(COOKIE, "")
        member = self._views.member(str(wishes.get("userid") or before))
        chosen = _look(wishes)
        response = answer({"me": member, **chosen})
        if member["userid"] != before:
            for name in request.cookies:
                if not name.startswith(OURS):
                    response.delete_cookie(name)
        response.set_cookie(COOKIE, member["userid"], httponly=True, samesite="Lax")
        # The bridge reads these two for the page's user agent.
        response.set_cookie(THEME, chosen["theme"], samesite="Lax")
        response.set_cookie(LANGUAGE, chosen["language"], samesite="Lax")
        return response

    def chats(self) -> Response:
        userid = request.args.get("userid") or self._known_member()
        return answer(self._views.chats(userid) | _look({}))

    def chat(self, userid: str, kind: str, chat_id: str) -> Response:
        return answer(self._views.chat(userid, cast("ChatKind", kind), chat_id, **_paging()))

    def read(self, userid: str, kind: str, chat_id: str) -> Response:
        self._views.mark_read(userid, cast("ChatKind", kind), chat_id)
        return answer({"unread": 0})

    def phones(self) -> Response:
        limit = min(int(request.args.get("limit", 50)), PHONES_MOST)
        return answer({"customers": self._views.phones(limit)})

    def phone(self, external_userid: str) -> Response:
        return answer(self._views.phone(external_userid))

    def phone_chat(self, external_userid: str, userid: str) -> Response:
        return answer(self._views.phone_chat(external_userid, userid, **_paging()))

    def talk(self) -> Response:
        wishes = read_body()
        sender = wishes.get("from")
        if sender not in ("member", "customer"):
            raise ValueError("from: member or customer")
        text = str(wishes.get("text", "")).strip()
        userid, external_userid = wishes.get("userid"), wishes.get("external_userid")
        with self._box.world.lock:
            if wishes.get("chat_id"):
                who = str(userid if sender == "member" else external_userid)
                chat_id = str(wishes["chat_id"])
                self._box.people.group_talk(chat_id, who, text=text)
                return answer({"message": self._views.newest_in_group(chat_id), "delivered": True})
            act = self._box.people.talk(str(userid), str(external_userid), by=sender, text=text)
            said = self._views.newest(act.details["userid"], "customer", str(external_userid))
            return answer({"message": said, "delivered": act.details["delivered"]})

    def letters(self, event_id: int) -> Response:
        found = self._box.delivery.letters.find(event_id)
        return answer(found) if found else answer({"error": f"no event {event_id}"}, 404)

    def corp(self) -> Response:
        return answer(self._views.corp())

    def bridge(self, name: str) -> Response:
        wishes = read_body()
        params, chat = wishes.get("params"), wishes.get("chat")
        page = Page(
            userid=self._known_member() or self._views.member("")["userid"],
            address=str(wishes.get("page") or ""),
            instance=str(wishes.get("instance") or ""),
            chat=chat if isinstance(chat, dict) else None,
            params=params if isinstance(params, dict) else {},
        )
        return answer(self._box.js_bridge.invoke(name, page))

    def named_faults(self) -> Response:
        return answer({"faults": self._box.named_faults.rows()})

    def turn_named_fault(self, name: str) -> Response:
        try:
            row = self._box.named_faults.turn(name, on=bool(read_body().get("on")))
        except Unavailable as problem:
            return answer({"error": str(problem), "error_en": problem.english}, 409)
        return answer({"fault": row})

    def _known_member(self) -> str:
        """Return the member of the cookie, unless he has left."""
        userid = request.cookies.get(COOKIE, "")
        return userid if self._box.world.find_member(userid) else ""


def _look(wishes: Json) -> dict[str, str]:
    """Return theme and language as wished, as they are, or as they are at first."""
    chosen = {}
    for name, choices in CHOICES.items():
        if wishes.get(name, choices[0]) not in choices:
            raise ValueError(f"{name}: {' or '.join(choices)}")
        known = request.cookies.get(OURS + name)
        chosen[name] = wishes.get(name) or (known if known in choices else choices[0])
    return chosen


def _paging() -> dict[str, int]:
    limit = int(request.args.get("limit", MESSAGES_MOST // 2))
    return {
        "before": int(request.args.get("before", 0)),
        "limit": max(1, min(limit, MESSAGES_MOST)),
    }
