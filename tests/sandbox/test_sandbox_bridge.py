"""The JS bridge: signatures, where a page was opened, what it may ask, and what it sends."""

import hashlib
from typing import Any

import pytest

from app.sandbox.api.media import PICTURE_MOST_BYTES, PICTURES_MOST, find_picture
from app.sandbox.server import Sandbox

from .conftest import Client, PagesApi

PAGE = "http://127.0.0.1:8000/sidebar/?a=1"
NAMES = ["getContext", "getCurExternalContact", "getCurExternalChat", "sendChatMessage"]


class Sidebar:
    """A page beside a chat of 赵忆南, signed as the server would sign it."""

    def __init__(self, box: Sandbox, wecom: Client, api: PagesApi) -> None:
        self.box = box
        self.wecom = wecom
        self.api = api
        self.chat: dict[str, str] | None = None
        api.post("me", userid="zhaoyi")

    def beside(self, kind: str, chat_id: str) -> "Sidebar":
        """Open the page beside this chat."""
        self.chat = {"userid": "zhaoyi", "kind": kind, "id": chat_id}
        return self

    def call(self, name: str, **params: Any) -> dict[str, Any]:
        """Call the bridge."""
        body = {"params": params, "page": PAGE, "instance": "one", "chat": self.chat}
        return self.api.post(f"bridge/{name}", **body)

    def signature(self, ticket: str, url: str = PAGE) -> str:
        """Sign an address."""
        text = f"jsapi_ticket={ticket}&noncestr=n&timestamp=1700000000&url={url}"
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def agent_config(self, **changed: Any) -> dict[str, Any]:
        """Say who the page is, with the app's ticket."""
        ticket = str(self.wecom.get("ticket/get", type="agent_config")["ticket"])
        params = {
            "corpid": self.box.corp_id,
            "agentid": str(self.box.agent_id),
            "timestamp": "1700000000",
            "nonceStr": "n",
            "signature": self.signature(ticket),
            "jsApiList": NAMES,
        }
        return self.call("agentConfig", **params | changed)


@pytest.fixture
def sidebar(box: Sandbox, wecom: Client, api: PagesApi) -> Sidebar:
    customer = next(iter(box.world.customers))
    return Sidebar(box, wecom, api).beside("customer", customer)


def test_a_page_of_the_app_learns_whose_chat_is_open(sidebar: Sidebar) -> None:
    assert sidebar.agent_config() == {"err_msg": "agentConfig:ok"}
    assert sidebar.call("getContext")["entry"] == "single_chat_tools"
    found = sidebar.call("getCurExternalContact")
    assert found["err_msg"] == "getCurExternalContact:ok"
    assert sidebar.chat is not None
    assert found["userId"] == sidebar.chat["id"]


@pytest.mark.parametrize(
    ("changed", "err_code"),
    [
        ({"signature": "0" * 40}, 40093),
        ({"nonceStr": "m"}, 40093),
        ({"corpid": "wwsandboxother"}, 40013),
        ({"agentid": "1"}, 40056),
    ],
)
def test_a_wrong_identity_is_refused(
    sidebar: Sidebar, changed: dict[str, Any], err_code: int
) -> None:
    answer = sidebar.agent_config(**changed)
    assert answer["err_code"] == err_code
    assert answer["err_msg"].startswith("agentConfig:fail")
    assert sidebar.call("getCurExternalContact")["err_msg"].endswith("fail no permission")


def test_a_signature_of_another_address_is_refused(sidebar: Sidebar) -> None:
    ticket = str(sidebar.wecom.get("ticket/get", type="agent_config")["ticket"])
    other = sidebar.signature(ticket, PAGE + "#hash")
    assert sidebar.agent_config(signature=other)["err_code"] == 40093


def test_a_domain_that_is_not_trusted_is_refused(sidebar: Sidebar) -> None:
    sidebar.box.app.redirect_domain = "127.0.0.1:9"
    assert sidebar.agent_config()["err_code"] == 80001


def test_an_old_ticket_signs_nothing(sidebar: Sidebar) -> None:
    ticket = str(sidebar.wecom.get("ticket/get", type="agent_config")["ticket"])
    sidebar.box.clock.move(7200)
    assert sidebar.agent_config(signature=sidebar.signature(ticket))["err_code"] == 40093


def test_config_needs_the_ticket_of_the_corp(sidebar: Sidebar) -> None:
    ticket = str(sidebar.wecom.get("get_jsapi_ticket")["ticket"])
    params = {"verifyAppId": sidebar.box.corp_id, "verifyNonceStr": "n"}
    params |= {"verifyTimestamp": "1700000000", "verifySignature": sidebar.signature(ticket)}
    assert sidebar.call("preVerifyJSAPI", **params)["err_msg"] == "preVerifyJSAPI:ok"
    params["verifySignature"] = sidebar.signature("agent-ticket")
    assert sidebar.call("preVerifyJSAPI", **params)["err_code"] == 40093


def test_a_page_may_call_what_it_named(sidebar: Sidebar) -> None:
    sidebar.agent_config(jsApiList=["getContext"])
    assert sidebar.call("getCurExternalContact")["err_msg"].endswith(":fail no permission")


def test_a_page_beside_a_group_knows_the_group_alone(sidebar: Sidebar) -> None:
    chat_id = next(iter(sidebar.box.world.groups))
    sidebar.beside("group", chat_id).agent_config()
    assert sidebar.call("getContext")["entry"] == "group_chat_tools"
    assert sidebar.call("getCurExternalChat")["chatId"] == chat_id
    refused = sidebar.call("getCurExternalContact")["err_msg"]
    assert refused == "getCurExternalContact:fail without context of external contact"


def test_a_page_in_a_window_has_no_chat(sidebar: Sidebar) -> None:
    sidebar.chat = None
    sidebar.agent_config()
    assert sidebar.call("getContext")["entry"] == "normal"
    assert sidebar.call("getCurExternalContact")["err_msg"].endswith("of external contact")


def test_the_chat_of_another_member_is_none(sidebar: Sidebar) -> None:
    assert sidebar.chat is not None
    sidebar.chat["userid"] = "lisi"
    sidebar.agent_config()
    assert sidebar.call("getCurExternalContact")["err_msg"].endswith("of external contact")


def test_what_a_page_sends_appears_in_the_chat(sidebar: Sidebar, api: PagesApi) -> None:
    sidebar.agent_config()
    news = {"link": "https://example.com/", "title": "新品目录", "desc": "本周", "imgUrl": ""}
    assert sidebar.call("sendChatMessage", msgtype="news", news=news)["err_msg"].endswith(":ok")
    assert sidebar.chat is not None
    shown = api.chat("zhaoyi", sidebar.chat["id"])[-1]
    assert (shown["from"], shown["kind"], shown["title"]) == ("member", "link", "新品目录")


def test_a_file_is_sent_by_its_media_id(sidebar: Sidebar) -> None:
    sidebar.agent_config()
    media_id = sidebar.wecom.upload("a.png", b"\x89PNG\r\n\x1a\n....")["media_id"]
    sent = sidebar.call("sendChatMessage", msgtype="image", image={"mediaid": media_id})
    assert sent["err_msg"] == "sendChatMessage:ok"
    wrong = sidebar.call("sendChatMessage", msgtype="image", image={"mediaid": "3none"})
    assert wrong["err_msg"] == "sendChatMessage:fail invalid mediaid"


def test_a_small_picture_that_is_sent_is_seen(sidebar: Sidebar, api: PagesApi) -> None:
    sidebar.agent_config()
    picture = b"\x89PNG\r\n\x1a\n...."
    media_id = sidebar.wecom.upload("a.png", picture)["media_id"]
    sidebar.call("sendChatMessage", msgtype="image", image={"mediaid": media_id})
    assert sidebar.chat is not None
    shown = api.chat("zhaoyi", sidebar.chat["id"])[-1]
    assert shown["picture"] == f"/sandbox/media/{media_id}"
    assert find_picture(sidebar.box.world, media_id) == (picture, "image/png")


def test_only_the_latest_pictures_are_kept(sidebar: Sidebar) -> None:
    upload = sidebar.wecom.upload
    first, *others = [
        upload("a.png", b"\x89PNG\r\n\x1a\n%d" % n)["media_id"] for n in range(PICTURES_MOST + 1)
    ]
    large = upload("b.png", b"\x89PNG\r\n\x1a\n" + bytes(PICTURE_MOST_BYTES))["media_id"]
    world = sidebar.box.world
    assert [find_picture(world, one) is None for one in (first, others[-1], large)] == [
        True,
        False,
        True,
    ]


def test_a_picture_that_has_no_address_is_refused(sidebar: Sidebar) -> None:
    sidebar.agent_config()
    page = {"appid": "wx1", "title": "商城", "page": "index.html", "imgUrl": "no address"}
    sent = sidebar.call("sendChatMessage", msgtype="miniprogram", miniprogram=page)
    assert sent["err_msg"] == "sendChatMessage:fail invalid imgUrl"


def test_a_group_gets_what_a_page_beside_it_sends(sidebar: Sidebar, api: PagesApi) -> None:
    chat_id = next(iter(sidebar.box.world.groups))
    sidebar.beside("group", chat_id).agent_config()
    sidebar.call("sendChatMessage", msgtype="text", text={"content": "大家好"})
    assert api.get(f"chats/zhaoyi/group/{chat_id}")["messages"][-1]["text"] == "大家好"


def test_what_can_be_called_is_told(sidebar: Sidebar) -> None:
    asked = sidebar.call("checkJsApi", jsApiList=["getContext", "chooseWXPay"])
    assert asked["checkResult"] == {"getContext": True, "chooseWXPay": False}
    assert sidebar.call("closeWindow")["err_msg"] == "closeWindow:ok"
    assert sidebar.call("chooseWXPay")["err_msg"] == "chooseWXPay:function not exist"


def test_every_call_is_a_row_of_the_ledger(sidebar: Sidebar, api: PagesApi) -> None:
    sidebar.agent_config()
    (row,) = api.get("ledger", kind="sdk")["rows"]
    assert (row["name"], row["err_msg"], row["page"]) == ("agentConfig", "agentConfig:ok", PAGE)
    assert row["ms"] >= 0
    assert "signature" not in row["params"]


def test_an_app_that_is_not_admitted_to_customers_is_refused(sidebar: Sidebar) -> None:
    sidebar.agent_config()
    sidebar.box.app.callable_external = False
    assert sidebar.call("getCurExternalContact")["err_msg"].endswith(":fail no permission")


@pytest.mark.parametrize(
    ("fault", "refused"),
    [("signature_refused", "agentConfig"), ("no_permission", "getCurExternalContact")],
)
def test_a_named_fault_refuses_the_page(sidebar: Sidebar, fault: str, refused: str) -> None:
    sidebar.agent_config()
    sidebar.api.post(f"faults/named/{fault}", on=True)
    answer = sidebar.agent_config() if refused == "agentConfig" else sidebar.call(refused)
    assert answer["err_msg"].startswith(f"{refused}:fail")
    sidebar.api.post(f"faults/named/{fault}", on=False)
    assert sidebar.agent_config()["err_msg"] == "agentConfig:ok"
    assert sidebar.call("getCurExternalContact")["err_msg"].endswith(":ok")
