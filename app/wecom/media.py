"""Media (素材): files lent to WeCom for three days, and images that it keeps.

developer.work.weixin.qq.com/document/path/90253 is the chapter.
"""

import mimetypes
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.wecom.answers import Answer
from app.wecom.client import WeComClient

Kind = Literal["image", "voice", "video", "file"]
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class UploadedMedia:
    """A file that all apps of the corp may use for three days from `created_at`."""

    media_id: str
    type: str
    created_at: datetime


def upload(client: WeComClient, kind: Kind, *, filename: str, data: bytes) -> UploadedMedia:
    """Upload a file of more than 5 bytes: image and video up to 10 MB, voice 2 MB, file 20 MB.

    Raises:
        BadRequest: too big, or not of that kind.

    Source: developer.work.weixin.qq.com/document/path/90253
    """
    files = {"media": (filename, data, _content_type(filename))}
    answer = Answer("media/upload", client.post("media/upload", params={"type": kind}, files=files))
    return UploadedMedia(
        media_id=answer.text("media_id"),
        type=answer.optional("type") or kind,
        created_at=answer.moment("created_at"),
    )


def uploadimg(client: WeComClient, *, filename: str, data: bytes) -> str:
    """Upload an image (JPG or PNG, up to 2 MB) for good; return its address, good inside WeCom.

    A corp has 1000 of these a day and 3000 a month.

    Source: developer.work.weixin.qq.com/document/path/90256
    """
    files = {"media": (filename, data, _content_type(filename))}
    answer = Answer("media/uploadimg", client.post("media/uploadimg", files=files))
    return answer.text("url")


def _content_type(filename: str) -> str:
    return mimetypes.guess_type(filename)[0] or UNKNOWN_TYPE
