"""Temporary media and images (dww/90253, 90256)."""

from app.sandbox.errors import Refused
from app.sandbox.world import Media, World

from .call import Answer, Call, Endpoint, Upload

VALID_SECONDS = 3 * 24 * 3600
LEAST_BYTES = 6
MEGABYTE = 1024 * 1024
MOST_BYTES = {
    "image": 10 * MEGABYTE,
    "voice": 2 * MEGABYTE,
    "video": 10 * MEGABYTE,
    "file": 20 * MEGABYTE,
}
IMAGE_MOST_BYTES = 2 * MEGABYTE
# What the chats show: small images, the latest ones.
PICTURE_MOST_BYTES = 256 * 1024
PICTURES_MOST = 200

JPEG, PNG, AMR = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"#!AMR"
MP4_BOX, MP4_BOX_AT = b"ftyp", slice(4, 8)


def upload(call: Call) -> Answer:
    """Take a file and return its media_id, good for three days."""
    kind = call.query.get("type", "")
    if kind not in MOST_BYTES:
        raise Refused(40004)
    given = _given(call)
    _check_size(given.content, MOST_BYTES[kind])
    _check_type(given.content, kind)
    media = Media(
        media_id=call.world.new_id("3", length=64),
        type=kind,
        filename=given.filename,
        size=len(given.content),
        created_at=call.clock.unix(),
    )
    if kind == "image" and media.size <= PICTURE_MOST_BYTES:
        _keep_picture(call.world, media, given.content)
    call.world.media[media.media_id] = media
    return {"type": kind, "media_id": media.media_id, "created_at": str(media.created_at)}


def uploadimg(call: Call) -> Answer:
    """Take an image and return an address that stays, for use inside WeCom."""
    given = _given(call)
    _check_size(given.content, IMAGE_MOST_BYTES)
    _check_type(given.content, "image")
    url = f"https://wework.qpic.cn/sandbox/{call.world.new_id('p')}/0"
    call.world.image_urls.add(url)
    return {"url": url}


def check_media(call: Call, media_id: str, kind: str) -> None:
    """Check that a media_id is known, of this kind and not expired. Raises: Refused 40007."""
    media = call.world.media.get(str(media_id))
    if media is None or media.type != kind:
        raise Refused(40007)
    if call.clock.time() - media.created_at >= VALID_SECONDS:
        raise Refused(40007)


def find_picture(world: World, media_id: str) -> tuple[bytes, str] | None:
    """Find the bytes of an image and what they are, if they are kept."""
    media = world.media.get(media_id)
    if media is None or not media.picture:
        return None
    return media.picture, "image/png" if media.picture.startswith(PNG) else "image/jpeg"


def _keep_picture(world: World, media: Media, content: bytes) -> None:
    with world.lock:
        kept = [one for one in world.media.values() if one.picture]
        for old in kept[: len(kept) + 1 - PICTURES_MOST]:
            old.picture = b""
        media.picture = content


def _given(call: Call) -> Upload:
    if call.upload is None or not call.upload.filename:
        raise Refused(41005)
    return call.upload


def _check_size(content: bytes, most: int) -> None:
    if len(content) < LEAST_BYTES:
        raise Refused(40006)
    if len(content) > most:
        raise Refused(45001)


def _check_type(content: bytes, kind: str) -> None:
    fits = {
        "image": content.startswith((JPEG, PNG)),
        "voice": content.startswith(AMR),
        "video": content[MP4_BOX_AT] == MP4_BOX,
        "file": True,
    }
    if not fits[kind]:
        raise Refused(40005)


ENDPOINTS = {
    "media/upload": Endpoint(upload, "POST"),
    "media/uploadimg": Endpoint(uploadimg, "POST"),
}
