"""What a message looks like in a chat window: one bubble for each thing that is sent.

Made from the three forms in which WeCom takes messages: welcomes (`pic_url`, `media_id`), the
JS-SDK (`imgUrl`, `mediaid`) and app messages (cards). Pure: no world, no clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .world import Media

Json = Mapping[str, Any]
MediaById = Mapping[str, Media]


@dataclass(slots=True, frozen=True)
class Bubble:
    """One bubble. `text` is always something to show in one line; `more` depends on `kind`."""

    kind: str
    text: str
    more: dict[str, Any] = field(default_factory=dict)


def welcome_bubbles(text: str, attachments: list[dict[str, Any]], media: MediaById) -> list[Bubble]:
    """Return the bubbles of a welcome: its text, then each attachment."""
    first = [Bubble("text", text)] if text else []
    return first + [_attachment(one, media) for one in attachments]


def sdk_bubble(params: Json, media: MediaById) -> Bubble:
    """Return the bubble of a sendChatMessage."""
    msgtype = str(params.get("msgtype"))
    content = _dict(params.get(msgtype))
    if msgtype == "text":
        return Bubble("text", _text(content, "content"))
    if msgtype == "news":
        return _link(content, url="link", picture="imgUrl")
    if msgtype == "miniprogram":
        return _miniprogram(content, picture="imgUrl")
    return _file(msgtype, _text(content, "mediaid"), media)


def app_bubble(body: Json, media: MediaById) -> Bubble:
    """Return the bubble of an app message, as message/send took it."""
    msgtype = str(body.get("msgtype"))
    content = _dict(body.get(msgtype))
    maker = APP_MESSAGES.get(msgtype)
    return maker(content) if maker else _file(msgtype, _text(content, "media_id"), media)


def _attachment(attachment: Json, media: MediaById) -> Bubble:
    msgtype = str(attachment.get("msgtype"))
    content = _dict(attachment.get(msgtype))
    if msgtype == "link":
        return _link(content, url="url", picture="picurl")
    if msgtype == "miniprogram":
        return _miniprogram(content, picture="pic_media_id")
    bubble = _file(msgtype, _text(content, "media_id"), media)
    bubble.more["url"] = _text(content, "pic_url")
    return bubble


def _link(content: Json, *, url: str, picture: str) -> Bubble:
    title = _text(content, "title")
    more = {
        "title": title,
        "desc": _text(content, "desc"),
        "url": _text(content, url),
        "picture": _text(content, picture),
    }
    return Bubble("link", f"[链接] {title}", more)


def _miniprogram(content: Json, *, picture: str) -> Bubble:
    title = _text(content, "title")
    more = {name: _text(content, name) for name in ("title", "appid", "page")}
    return Bubble("miniprogram", f"[小程序] {title}", more | {"picture": _text(content, picture)})


def _file(msgtype: str, media_id: str, media: MediaById) -> Bubble:
    known = media.get(media_id)
    title = known.filename if known else ""
    has_picture = known is not None and bool(known.picture)
    picture = f"/sandbox/media/{media_id}" if has_picture else ""
    more = {"media_id": media_id, "title": title, "url": "", "picture": picture}
    if msgtype in ("image", "video"):
        return Bubble(msgtype, {"image": "[图片]", "video": "[视频]"}[msgtype], more)
    return Bubble("file", f"[文件] {title}", more)


def _plain(content: Json) -> Bubble:
    return Bubble("text", _text(content, "content"))


def _template_card(card: Json) -> Bubble:
    main = _dict(card.get("main_title"))
    title = _text(main, "title") or _text(card, "sub_title_text")
    rows = [
        {"name": _text(row, "keyname"), "value": _text(row, "value")}
        for row in map(_dict, _list(card.get("horizontal_content_list")))
    ]
    quote = _dict(card.get("quote_area"))
    buttons = [
        {"text": _text(button, "text"), "key": _text(button, "key")}
        for button in map(_dict, _list(card.get("button_list")))
    ]
    return _card(
        title,
        source=_text(_dict(card.get("source")), "desc"),
        desc=_text(main, "desc"),
        rows=rows,
        quote=_text(quote, "quote_text"),
        url=_text(_dict(card.get("card_action")), "url"),
        buttons=buttons,
        task_id=_text(card, "task_id"),
    )


def _textcard(card: Json) -> Bubble:
    return _card(
        _text(card, "title"), desc=_text(card, "description"), url=_text(card, "url"), quote=""
    )


def _news(content: Json) -> Bubble:
    articles = _list(content.get("articles")) or [{}]
    first = _dict(articles[0])
    return _card(_text(first, "title"), desc=_text(first, "description"), url=_text(first, "url"))


def _notice(content: Json) -> Bubble:
    rows = [
        {"name": _text(row, "key"), "value": _text(row, "value")}
        for row in map(_dict, _list(content.get("content_item")))
    ]
    return _card(_text(content, "title"), desc=_text(content, "description"), rows=rows)


def _card(title: str, **more: Any) -> Bubble:
    whole: dict[str, Any] = {"source": "", "title": title, "desc": "", "rows": [], "quote": ""}
    whole |= {"url": "", "buttons": [], "task_id": ""}
    return Bubble("card", title, whole | more)


APP_MESSAGES: dict[str, Callable[[Json], Bubble]] = {
    "text": _plain,
    "markdown": _plain,
    "template_card": _template_card,
    "textcard": _textcard,
    "news": _news,
    "miniprogram_notice": _notice,
}


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(content: Json, name: str) -> str:
    return str(content.get(name) or "")
