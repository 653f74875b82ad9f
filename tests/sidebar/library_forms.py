"""The form of a script or material in a test: opened, posted, given files in pieces."""

import re
from io import BytesIO
from typing import Any

from PIL import Image
from werkzeug.test import TestResponse

from app.materials.actions import PIECE_BYTES
from tests.sidebar.cards import AGENT, LI, Card

CARD = f"/sidebar/customers/{LI}"


def get(card: Card, query: str = "", *, shelf: str = "scripts", htmx: bool = True) -> TestResponse:
    return card.client.get(f"{CARD}/{shelf}/edit{query}", headers=headers(htmx=htmx))


def post(
    card: Card, action: str, *, shelf: str = "scripts", htmx: bool = True, **form: Any
) -> TestResponse:
    return card.client.post(
        f"{CARD}/{shelf}/{action}",
        data={"csrf_token": card.csrf, **form},
        headers=headers(htmx=htmx),
        content_type="multipart/form-data",
    )


def headers(*, htmx: bool) -> dict[str, str]:
    return {"User-Agent": AGENT.format("zh")} | ({"HX-Request": "true"} if htmx else {})


def value(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found
    return found[1]


def png(width: int = 300, height: int = 200) -> bytes:
    made = BytesIO()
    Image.effect_noise((width, height), 90).save(made, "PNG")
    return made.getvalue()


def send(card: Card, data: bytes, *, filename: str = "a.png", kind: str = "image") -> TestResponse:
    """Send a file in pieces; return the last answer."""
    told: dict[str, Any] = {
        "key": "upload-0001",
        "kind": kind,
        "filename": filename,
        "size": str(len(data)),
    }
    answer = None
    for n, start in enumerate(range(0, len(data), PIECE_BYTES)):
        piece = (BytesIO(data[start : start + PIECE_BYTES]), "blob")
        answer = post(card, "piece", **told, n=str(n), data=piece)
        if answer.status_code != 200:
            return answer
    assert answer
    return answer


def material(card: Card) -> str:
    send(card, png())
    return value(post(card, "finish", key="upload-0001").text, "material")
