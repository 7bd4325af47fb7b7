"""Background blur: what another participant sees of it, from the first picture on, and where its files come from."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import cv2
import numpy as np
from harness.browser import choose, context, picture, stood, tile
from harness.jupyter import JupyterServer
from playwright.sync_api import Browser, Page, expect
from rtc_notebook_server.blur import files

Join = Callable[..., Page]

# Remembers that the background is to be blurred, as a visit before would have done.
WANTED = "localStorage.setItem('rtc-notebook:blur', 'on')"

# Of each picture of Ana's, how much there is to see in the background: differences between neighbouring pixels.
WATCH = """
globalThis.seen = [];
const canvas = document.createElement("canvas"), context = canvas.getContext("2d", {willReadFrequently: true});
Object.assign(canvas, {width: 80, height: 120});
const watched = new WeakSet();
new MutationObserver(() => {
    for (const video of document.querySelectorAll("video[data-participant=Ana]")) {
        if (watched.has(video)) continue;
        watched.add(video);
        const look = () => {
            const {videoWidth: w, videoHeight: h} = video;
            context.drawImage(video, 0.02 * w, 0.3 * h, 0.18 * w, 0.6 * h, 0, 0, 80, 120);
            const {data} = context.getImageData(0, 0, 80, 120);
            let sum = 0;
            for (let i = 0; i < data.length - 324; i += 4) {
                sum += (data[i + 1] - data[i + 5]) ** 2 + (data[i + 1] - data[i + 321]) ** 2;
            }
            globalThis.seen.push(sum / 9600);
            video.requestVideoFrameCallback(look);
        };
        video.requestVideoFrameCallback(look);
    }
}).observe(document, {subtree: true, childList: true, attributes: true});
"""

FIGURES = re.compile(r"\d+ pictures a second, \d+ ms each")

# Of the talking head, as parts of height and width: where its face is, and a striped curtain that it never covers.
FACE = (slice(0.25, 0.6), slice(0.36, 0.54))
BACKGROUND = (slice(0.3, 0.9), slice(0.02, 0.2))


def sharpness(shown: np.ndarray, region: tuple[slice, slice]) -> float:
    """Return the variance of the Laplacian in part of a picture, scaled to 640x360."""
    scaled = cv2.resize(shown, (640, 360), interpolation=cv2.INTER_AREA)
    height, width = scaled.shape[:2]
    rows, columns = (
        slice(int(part.start * size), int(part.stop * size)) for part, size in zip(region, (height, width), strict=True)
    )
    return float(cv2.Laplacian(cv2.cvtColor(scaled[rows, columns], cv2.COLOR_BGR2GRAY), cv2.CV_64F).var())


def both(page: Page) -> tuple[float, float]:
    shown = picture(page, tile("Ana"))
    return sharpness(shown, FACE), sharpness(shown, BACKGROUND)


def until(page: Page, wanted: Callable[[float, float], bool], seconds: float = 30) -> tuple[float, float]:
    found = (0.0, 0.0)
    for _ in range(int(seconds * 4)):
        found = both(page)
        if wanted(*found):
            return found
        page.wait_for_timeout(250)
    raise AssertionError(f"sharpness of face and background: {found}")


def test_another_sees_a_sharp_face_before_a_blurred_background(
    join: Join, lab: JupyterServer, room: str, head: Browser, pattern: Browser
):
    assert files.present(), f"`make test` installs what background blur needs. {files.HOW}"
    guest = join(pattern, "Guest", WATCH, camera="0", microphone="0")
    expect(guest.get_by_role("button", name="Leave")).to_be_visible(timeout=20_000)
    opened = context(head)
    ana = opened.new_page()
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    ana.add_init_script(WANTED)
    ana.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana"))
    blur = ana.get_by_label("Blur my background")
    expect(blur).to_be_checked()
    expect(ana.get_by_role("button", name="Turn camera off")).to_be_visible(timeout=10_000)
    ana.get_by_role("button", name="Join").click()  # without waiting for the model

    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    face, background = until(guest, lambda face, background: face > 6 * background, 90)  # the model begins

    ana.get_by_role("button", name="Devices").click()
    blurred = max(guest.evaluate("globalThis.seen"))
    blur.uncheck()  # the camera as it is, on the same sender, with no new offer
    offers = ana.evaluate("globalThis.connections.map(one => one.localDescription?.sdp)")
    raw_face, raw_background = until(guest, lambda _, now: now > 3 * background)
    assert blurred < guest.evaluate("globalThis.seen.at(-1)") / 2, "nothing raw was seen, not even at first"
    assert face > raw_face / 3
    assert ana.evaluate("globalThis.connections.map(one => one.localDescription?.sdp)") == offers
    assert ana.evaluate("globalThis.cameras.length") == 1, "and the camera was not opened again"

    blur.check()
    until(guest, lambda _, background: background < raw_background / 3)
    expect(ana.locator(".rtc-blur")).to_have_attribute("title", FIGURES, timeout=20_000)
    ana.keyboard.press("Escape")
    choose(ana, "Statistics")
    expect(stood(ana, "Ana").locator("dl")).to_contain_text("fps", timeout=15_000)  # of what is sent, not of the camera

    ana.get_by_role("button", name="Turn camera off").click()
    expect(guest.locator(tile("Ana", state="off"))).to_be_attached(timeout=5_000)
    assert ana.evaluate("globalThis.cameras.every(track => track.readyState === 'ended')"), "the light is off"
    strangers = {urlsplit(url).netloc for url in asked if url.startswith(("http", "ws"))}
    assert strangers == {urlsplit(lab.url).netloc}
    assert any(url.endswith("person.tflite") for url in asked)
    opened.close()
