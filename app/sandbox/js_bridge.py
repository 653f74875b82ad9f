"""The client's end of the JS bridge (dww/96909, 94313): what WeixinJSBridge.invoke answers.

`agentConfig` and `preVerifyJSAPI` check the signature against the ticket that the server got and
the address that the page has. Calls about customers work only after a good `agentConfig` of the
same page, only those it named, and only where the page was opened beside a fitting chat.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .api.media import VALID_SECONDS
from .bubbles import sdk_bubble
from .clock import Clock, monotonic
from .ledger import Ledger
from .people import People
from .records import SdkRecord
from .world import App, World

Json = dict[str, Any]
INSTANCES_MOST = 500

BAD_SIGNATURE = 40093
WRONG_CORP = 40013
WRONG_AGENT = 40056
UNTRUSTED_DOMAIN = 80001

ENTRIES = {"customer": "single_chat_tools", "group": "group_chat_tools"}
# Where a page must have been opened for a call (dww/94313).
NEEDED_ENTRIES = {
    "getCurExternalContact": ("single_chat_tools", "contact_profile", "single_kf_tools"),
    "getCurExternalChat": ("group_chat_tools",),
    "sendChatMessage": ("single_chat_tools", "group_chat_tools", "chat_attachment"),
}
PLAIN = (
    "closeWindow",
    "hideOptionMenu",
    "showOptionMenu",
    "hideMenuItems",
    "showMenuItems",
    "hideAllNonBaseMenuItem",
    "showAllNonBaseMenuItem",
    "hideChatAttachmentMenu",
    "openDefaultBrowser",
    "onHistoryBack",
    "openEnterpriseChat",
    "setClipboardData",
    "imagePreview",
)
MEDIA_TYPES = ("image", "video", "file")
# What a message must have, by its type.
NEEDED_FIELDS: dict[str, tuple[str, ...]] = {
    "text": ("content",),
    "image": ("mediaid",),
    "video": ("mediaid",),
    "file": ("mediaid",),
    "news": ("link", "title"),
    "miniprogram": ("appid", "title", "page"),
}


class Failed(Exception):
    """The call fails with these words, and a number where WeCom gives one."""

    def __init__(self, words: str, err_code: int | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.err_code = err_code


@dataclass(slots=True)
class Page:
    """The page that calls. `chat`: the one beside it, as the client says; None in a window."""

    userid: str
    address: str
    instance: str
    chat: Json | None
    params: Json = field(default_factory=dict)

    @property
    def entry(self) -> str:
        """Where the page was opened."""
        if self.chat is None:
            return "normal"
        return str(self.chat.get("entry") or ENTRIES.get(str(self.chat.get("kind")), "normal"))


class JsBridge:
    """Answers the calls of sidebar pages. `refused`: which named fault is on."""

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        ledger: Ledger,
        people: People,
        app: App,
        refused: Callable[[str], bool],
    ) -> None:
        self._world = world
        self._clock = clock
        self._ledger = ledger
        self._people = people
        self._app = app
        self._refused = refused
        # The calls that each page named in its agentConfig.
        self._admitted: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._calls: dict[str, Callable[[Page], Json]] = {
            "preVerifyJSAPI": self._config,
            "agentConfig": self._agent_config,
            "checkJsApi": self._check_js_api,
            "getContext": self._get_context,
            "getCurExternalContact": self._get_cur_external_contact,
            "getCurExternalChat": self._get_cur_external_chat,
            "sendChatMessage": self._send_chat_message,
            "openUserProfile": self._open_user_profile,
        }
        self._calls |= dict.fromkeys(PLAIN, _nothing)

    def invoke(self, name: str, page: Page) -> Json:
        """Answer a call as WeixinJSBridge does, and write it down."""
        began = monotonic()
        try:
            result: Json = {"err_msg": f"{name}:ok"} | self._call(name)(page)
        except Failed as failed:
            result = {"err_msg": f"{name}:{failed.words}"}
            if failed.err_code is not None:
                result["err_code"] = failed.err_code
        self._ledger.add(
            SdkRecord(
                name=name,
                err_msg=result["err_msg"],
                ms=(monotonic() - began) * 1000,
                page=page.address,
                userid=page.userid,
                err_code=result.get("err_code"),
                params=_told(page.params),
            )
        )
        return result

    def _call(self, name: str) -> Callable[[Page], Json]:
        return self._calls.get(name, _unknown)

    # Who the page is.

    def _config(self, page: Page) -> Json:
        params = page.params
        signed = params.get("verifyNonceStr"), params.get("verifyTimestamp")
        self._check_corp(params.get("verifyAppId"))
        self._check_signature(("corp", 0), signed, params.get("verifySignature"), page)
        return {}

    def _agent_config(self, page: Page) -> Json:
        params = page.params
        with self._world.lock:
            self._admitted.pop(page.instance, None)
        self._check_corp(params.get("corpid"))
        if str(params.get("agentid")) != str(self._app.agentid):
            raise Failed("fail invalid agentid", WRONG_AGENT)
        signed = params.get("nonceStr"), params.get("timestamp")
        ticket = ("agent", self._app.agentid)
        self._check_signature(ticket, signed, params.get("signature"), page)
        with self._world.lock:
            names = params.get("jsApiList")
            self._admitted[page.instance] = frozenset(names if isinstance(names, list) else ())
            if len(self._admitted) > INSTANCES_MOST:
                self._admitted.popitem(last=False)
        return {}

    def _check_corp(self, corp_id: Any) -> None:
        if corp_id != self._world.corp_id:
            raise Failed("fail invalid corpid", WRONG_CORP)

    def _check_signature(
        self, kind: tuple[str, int], signed: tuple[Any, Any], given: Any, page: Page
    ) -> None:
        trusted = self._app.redirect_domain
        if trusted and urlsplit(page.address).netloc != trusted:
            raise Failed("fail domain is not trusted", UNTRUSTED_DOMAIN)
        ticket, expires_at = self._world.tickets.get(kind, ("", 0.0))
        noncestr, timestamp = signed
        text = f"jsapi_ticket={ticket}&noncestr={noncestr}&timestamp={timestamp}&url={page.address}"
        wanted = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        fits = hmac.compare_digest(wanted.encode(), str(given).encode())
        living = self._clock.time() < expires_at
        if not (fits and living) or self._refused("signature_refused"):
            raise Failed("fail invalid signature", BAD_SIGNATURE)

    def _require(self, name: str, page: Page) -> None:
        """Check that the page may call this here. Raises: Failed."""
        member = self._world.find_member(page.userid)
        may = member and member.has_external and self._app.callable_external
        named = name in self._admitted.get(page.instance, ())
        if not may or not named or self._refused("no_permission"):
            raise Failed("fail no permission")
        entries = NEEDED_ENTRIES.get(name)
        if entries and page.entry not in entries:
            raise Failed("fail without context of external contact")

    # What the page asks.

    def _check_js_api(self, page: Page) -> Json:
        asked = page.params.get("jsApiList")
        names = asked if isinstance(asked, list) else []
        return {"checkResult": {str(name): name in self._calls for name in names}}

    def _get_context(self, page: Page) -> Json:
        if page.instance not in self._admitted:
            raise Failed("fail no permission")
        return {"entry": page.entry}

    def _get_cur_external_contact(self, page: Page) -> Json:
        self._require("getCurExternalContact", page)
        return {"userId": self._chat_of(page, "customer")}

    def _get_cur_external_chat(self, page: Page) -> Json:
        self._require("getCurExternalChat", page)
        return {"chatId": self._chat_of(page, "group")}

    def _chat_of(self, page: Page, kind: str) -> str:
        chat = page.chat or {}
        known = chat.get("kind") == kind and self._is_there(kind, str(chat.get("id")))
        if not known or chat.get("userid", page.userid) != page.userid:
            raise Failed("fail without context of external contact")
        return str(chat["id"])

    def _is_there(self, kind: str, chat_id: str) -> bool:
        if kind == "group":
            return chat_id in self._world.groups
        return self._world.find_customer(chat_id) is not None

    def _send_chat_message(self, page: Page) -> Json:
        self._require("sendChatMessage", page)
        with self._world.lock:
            self._check_message(page.params)
            bubble = sdk_bubble(page.params, self._world.media)
            said: Json = {"text": bubble.text, "kind": bubble.kind, "more": bubble.more}
            try:
                if (page.chat or {}).get("kind") == "group":
                    self._people.group_talk(self._chat_of(page, "group"), page.userid, **said)
                else:
                    customer = self._chat_of(page, "customer")
                    self._people.talk(page.userid, customer, by="member", **said)
            except (LookupError, ValueError) as problem:
                raise Failed("fail") from problem
        return {}

    def _check_message(self, params: Json) -> None:
        msgtype = str(params.get("msgtype"))
        content = params.get(msgtype)
        if msgtype not in NEEDED_FIELDS or not isinstance(content, dict):
            raise Failed("fail invalid msgtype")
        missing = [name for name in NEEDED_FIELDS[msgtype] if not content.get(name)]
        if missing:
            raise Failed(f"fail invalid {missing[0]}")
        picture = content.get("imgUrl")
        if picture and not str(picture).startswith(("http://", "https://")):
            raise Failed("fail invalid imgUrl")
        if msgtype in MEDIA_TYPES and not self._is_fresh(str(content["mediaid"]), msgtype):
            raise Failed("fail invalid mediaid")

    def _is_fresh(self, media_id: str, kind: str) -> bool:
        media = self._world.media.get(media_id)
        if media is None or media.type != kind:
            return False
        return self._clock.time() - media.created_at < VALID_SECONDS

    def _open_user_profile(self, page: Page) -> Json:
        self._require("openUserProfile", page)
        who = str(page.params.get("userid"))
        if not self._world.find_member(who) and not self._world.find_customer(who):
            raise Failed("fail invalid userid")
        return {}


def _nothing(page: Page) -> Json:
    del page
    return {}


def _unknown(page: Page) -> Json:
    del page
    raise Failed("function not exist")


def _told(params: Json) -> Json:
    """Return what the ledger may keep: no signatures, nothing long."""
    kept = ("msgtype", "type", "userid", "jsApiList", "agentid", "corpid", "url")
    return {name: params[name] for name in kept if name in params}
