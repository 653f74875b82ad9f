"""The naive peer: Flask and wechatpy as their manuals show them, the welcome sent in the request.

It stores nothing and tries nothing twice; a restart loses whatever it was at.
"""

import os

from flask import Flask, Response, request
from wechatpy.work import WeChatClient, parse_message
from wechatpy.work.crypto import WeChatCrypto

CORP_ID = os.environ["BENCH_CORP_ID"]


class Client(WeChatClient):  # type: ignore[misc]  # wechatpy ships no types
    """wechatpy's client, pointed at a WeCom of this machine."""

    API_BASE_URL = os.environ["BENCH_API"] + "/cgi-bin/"


app = Flask("naive")
crypto = WeChatCrypto(os.environ["BENCH_TOKEN"], os.environ["BENCH_AES_KEY"], CORP_ID)
# With a token given, wechatpy never asks for one, which it does at a hard-wired host.
client = Client(CORP_ID, "", access_token="naive")


@app.post("/callbacks/app")
def take() -> Response:
    """Decrypt, greet, answer."""
    args = request.args
    xml = crypto.decrypt_message(
        request.get_data(), args["msg_signature"], args["timestamp"], args["nonce"]
    )
    event = parse_message(xml)
    welcome_code = event._data.get("WelcomeCode")  # noqa: SLF001 -- wechatpy offers no other way
    if welcome_code:
        client.post(
            "externalcontact/send_welcome_msg",
            data={"welcome_code": welcome_code, "text": {"content": "您好"}},
        )
    return Response("success")
