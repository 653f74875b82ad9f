"""Pages that the front itself shows: nothing but a heading, a sentence and a way on.

They look right beside the chat client, whose style sheets they name, and are plain without it.
"""

from flask import Response, render_template_string, request

from .pages_api import LANGUAGE, THEME

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'self'"
# The server may come back by itself, so its page asks for it again.
AGAIN_SECONDS = 2
PAGE = """\
<!doctype html>
<html lang="{{ lang }}" data-theme="{{ theme }}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{{ title }}</title>
  <link rel="stylesheet" href="/sandbox/static/base.css">
  <link rel="stylesheet" href="/sandbox/static/plain.css">
</head>
<body class="plain-page">
  <main>
    <h1>{{ title }}</h1>
    <p>{{ text }}</p>
    {%- if again %}
    <p><a class="primary" href="">{{ again }}</a></p>
    {%- endif %}
  </main>
</body>
</html>
"""
# What each says, in Chinese and in English.
WORDS = {
    "home": (
        ("伴客沙盒", "这是一个小型企业微信，供试用与测试。", ""),
        ("Banke Sandbox", "This is a small WeCom, to try things and to test.", ""),
    ),
    "away": (
        (
            "服务暂时连不上",
            "沙盒已启动，但伴客服务没有响应。请确认它正在运行；本页每两秒自动重试。",
            "重试",
        ),
        (
            "The server does not answer",
            "See that the Banke server runs; this page tries again every two seconds.",
            "Try again",
        ),
    ),
    "offline": (
        (
            "网络断开了",
            "页面没有打开，客户端连不上服务器。请在上方恢复「网络断开了」，然后重试。",
            "重试",
        ),
        (
            "The network is gone",
            "The client cannot reach the server. Restore the network above, then try again.",
            "Try again",
        ),
    ),
}


def plain_page(name: str, status: int = 200) -> Response:
    """Return a page of `WORDS` in the reader's language and theme."""
    english = request.cookies.get(LANGUAGE) == "en"
    title, text, again = WORDS[name][english]
    page = render_template_string(
        PAGE,
        lang="en" if english else "zh-CN",
        theme="dark" if request.cookies.get(THEME) == "dark" else "light",
        title=title,
        text=text,
        again=again,
    )
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    if name == "away":
        headers["Refresh"] = str(AGAIN_SECONDS)
    return Response(page, status=status, content_type="text/html; charset=utf-8", headers=headers)
