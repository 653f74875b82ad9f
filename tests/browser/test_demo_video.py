"""The video of the demo's library is one: a browser plays it, and sees the drawings."""

from base64 import b64encode
from io import BytesIO

from PIL import Image
from playwright.sync_api import Browser

from app.cli.demo.video import HEIGHT, WIDTH, build_video

WINE, MIST = (125, 50, 64), (169, 188, 201)
LOADED = """video => new Promise((done, fail) => {
  video.onloadeddata = () => done([video.videoWidth, video.videoHeight, video.duration]);
  video.onerror = () => fail(video.error.message);
  video.load();
})"""
SEEK = "(video, at) => new Promise(d => { video.onseeked = d; video.currentTime = at; })"


def test_a_browser_plays_each_picture_for_a_second(chromium: Browser) -> None:
    pictures = [Image.new("RGB", (800, 600), colour) for colour in (WINE, MIST)]
    page = chromium.new_page()
    source = f"data:video/mp4;base64,{b64encode(build_video(pictures)).decode()}"
    page.set_content(f'<video muted src="{source}" width="{WIDTH}" height="{HEIGHT}"></video>')
    video = page.locator("video")
    assert video.evaluate(LOADED) == [WIDTH, HEIGHT, 2]
    for at, colour in ((0.5, WINE), (1.5, MIST)):
        video.evaluate(SEEK, at)
        seen = Image.open(BytesIO(video.screenshot())).convert("RGB").getpixel((160, 120))
        assert isinstance(seen, tuple)
        assert all(abs(a - b) < 8 for a, b in zip(seen, colour, strict=True)), (at, seen)
    page.close()
