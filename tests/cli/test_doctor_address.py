"""`flask doctor` asks our own address as WeCom does, and tells the process from its proxy.

A real `flask web` answers; reverse proxies that get in the way stand in front of it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from tests import settings
from tests.cli.diagnosis import Diagnose
from tests.deployment import Deployment, free_port


@contextmanager
def proxy(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """Run a reverse proxy that answers GET as it likes."""
    members = {"do_GET": answer, "log_message": lambda *_: None}
    handler = type("Handler", (BaseHTTPRequestHandler,), members)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"") -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def test_a_process_that_does_not_run(diagnose: Diagnose) -> None:
    port = free_port()
    listen = f"127.0.0.1:{port}"
    line = diagnose(server={"base_url": f"http://{listen}", "listen": listen}).line("接收消息")
    assert line == (
        f"✗ 接收消息 /callbacks/app：没有进程在 {listen} 上运行：请运行 flask serve（或 flask web）"
    )


def test_a_process_that_does_not_run_behind_its_proxy(diagnose: Diagnose) -> None:
    with proxy(lambda handler: reply(handler, 502)) as base_url:
        server = {"base_url": base_url, "listen": f"127.0.0.1:{free_port()}"}
        assert "没有进程在" in diagnose(server=server).line("接收消息")


def test_a_process_with_another_key(diagnose: Diagnose) -> None:
    other = {"token": settings.TOKEN, "aes_key": settings.AES_KEY[::-1]}
    line = diagnose(callbacks={"app": other}).line("接收消息")
    assert line.startswith("✗ 接收消息 /callbacks/app：验证没有通过")
    assert "接收消息 → 设置API接收" in line


def test_a_receiver_that_the_process_does_not_know(diagnose: Diagnose) -> None:
    diagnosis = diagnose(
        callbacks={"archive": {"token": settings.TOKEN, "aes_key": settings.AES_KEY}}
    )
    assert diagnosis.line("接收消息 /callbacks/app").startswith("✓")
    assert "没有这个地址" in diagnosis.line("接收消息 /callbacks/archive")


def test_a_proxy_that_alters_the_answer(diagnose: Diagnose, shop: Deployment) -> None:
    def alter(handler: BaseHTTPRequestHandler) -> None:
        answer = requests.get(shop.address + handler.path, timeout=5)
        reply(handler, answer.status_code, answer.content + b"\n")

    with proxy(alter) as base_url:
        line = diagnose(server={"base_url": base_url}).line("接收消息")
    assert f"进程自己答对了，但经过 {base_url} 时" in line
    assert "不是一字不差" in line


def test_a_proxy_that_is_too_slow(diagnose: Diagnose, shop: Deployment) -> None:
    def dawdle(handler: BaseHTTPRequestHandler) -> None:
        answer = requests.get(shop.address + handler.path, timeout=5)
        threading.Event().wait(1.05)
        reply(handler, answer.status_code, answer.content)

    with proxy(dawdle) as base_url:
        line = diagnose(server={"base_url": base_url}).line("接收消息")
    assert "而企业微信只等 1 秒" in line


def test_a_proxy_that_redirects(diagnose: Diagnose, shop: Deployment) -> None:
    def redirect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(301)
        handler.send_header("Location", shop.address + handler.path)
        handler.end_headers()

    with proxy(redirect) as base_url:
        line = diagnose(server={"base_url": base_url}).line("接收消息")
    assert "企业微信不跟随跳转" in line


def test_an_address_without_tls(diagnose: Diagnose, shop: Deployment) -> None:
    line = diagnose(server={"base_url": f"https://127.0.0.1:{shop.port}"}).line("接收消息")
    assert "进程自己答对了" in line
    assert "加密连接（TLS）没有建立起来" in line


def test_the_domain_file_must_be_at_the_root(diagnose: Diagnose) -> None:
    name, content = "WW_verify_abc.txt", b"abc"

    def give(handler: BaseHTTPRequestHandler) -> None:
        found = handler.path == f"/{name}"
        reply(handler, 200 if found else 404, content if found else b"")

    with proxy(give) as base_url:
        server: dict[str, Any] = {"base_url": base_url, "domain_files": {name: "abc"}}
        assert diagnose(server=server).line("归属验证文件") == f"✓ 归属验证文件 {name}：可以访问"
        server["domain_files"] = {name: "another"}
        assert diagnose(server=server).line("归属验证文件").startswith("✗")
