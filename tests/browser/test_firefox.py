"""Firefox on the call page, with Chromium as the other one: pictures and sound both ways, coming and going."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from harness.browser import HEARS, PLAYERS, picture, plays, tile, until
from harness.firefox import Firefox, FirefoxPage, firefox
from harness.jupyter import JupyterServer
from harness.soundcard import PULSEAUDIO
from playwright.sync_api import Browser, Page, expect

Join = Callable[..., Page]
JoinFox = Callable[..., FirefoxPage]

ATTACHED = "selector => !!document.querySelector(selector)"

GONE = 'name => !document.querySelector(`[data-participant="${name}"]`)'

FPS = """([selector, seconds]) => new Promise(resolve => {
    const video = document.querySelector(selector);
    let frames = 0;
    const tick = () => { frames += 1; video.requestVideoFrameCallback(tick); };
    video.requestVideoFrameCallback(tick);
    setTimeout(() => resolve(frames / seconds), seconds * 1000);
})"""

# How many seconds it takes until ten more pictures are presented; 15 if that does not come to pass.
TEN = """video => new Promise(resolve => {
    const began = performance.now();
    let frames = 0;
    const tick = () => {
        if (++frames === 10) resolve((performance.now() - began) / 1000);
        video.requestVideoFrameCallback(tick);
    };
    video.requestVideoFrameCallback(tick);
    setTimeout(() => resolve(15), 15_000);
})"""

PICTURE = """selector => {
    const video = document.querySelector(selector);
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth; canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    return canvas.toDataURL("image/png").split(",")[1];
}"""

# Whether sound comes in now: what was heard before does not count.
HEARD = """async () => {
    const energy = async () => {
        let sum = 0;
        for (const connection of globalThis.connections) {
            if (connection.connectionState === "closed") continue;
            for (const report of (await connection.getStats()).values()) {
                if (report.type === "inbound-rtp" && report.kind === "audio") sum += report.totalAudioEnergy ?? 0;
            }
        }
        return sum;
    };
    const before = await energy();
    await new Promise(resolve => setTimeout(resolve, 500));
    return await energy() > before;
}"""

CAMERAS_OFF = "() => globalThis.cameras.length > 0 && globalThis.cameras.every(track => track.readyState === 'ended')"

PRESS = """name => {
    const named = button => (button.getAttribute("aria-label") ?? button.textContent) === name;
    [...document.querySelectorAll("button")].find(named).click();
}"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with firefox(tmp_path_factory.mktemp("firefox")) as running:
        yield running


@pytest.fixture
def join_fox(browser: Firefox, lab: JupyterServer, room: str) -> Iterator[JoinFox]:
    """Return a function that opens the call page in Firefox and goes in."""
    pages: list[FirefoxPage] = []

    def enter(name: str, **query: str) -> FirefoxPage:
        pages.append(browser.page(lab.page(f"rtc-notebook/room/{room}", name=name, join="", **query)))
        return pages[-1]

    yield enter
    for page in pages:
        page.close()


def fox_plays(fox: FirefoxPage, selector: str) -> None:
    """Wait until Firefox presents more than 3 frames a second; without a GPU, and beside others, slow at first."""
    seen: list[float] = []
    while not seen or (seen[-1] <= 3 and len(seen) < 6):
        seen.append(fox.evaluate(FPS, [selector, 2]))
    assert seen[-1] > 3, seen


def fox_picture(page: FirefoxPage, selector: str) -> np.ndarray:
    """Return what a video element in Firefox shows now, uint8 (height, width, 3), BGR."""
    decoded = cv2.imdecode(
        np.frombuffer(base64.b64decode(page.evaluate(PICTURE, selector)), np.uint8), cv2.IMREAD_COLOR
    )
    assert decoded is not None
    return decoded


def test_firefox_and_chromium_see_and_hear_each_other(join: Join, join_fox: JoinFox, pattern: Browser):
    ana, fox = join(pattern, "Ana", hd=True), join_fox("Fox")
    fox.wait_for(ATTACHED, tile("Ana"))
    expect(ana.locator(tile("Fox"))).to_be_attached(timeout=20_000)
    fox_plays(fox, tile("Ana"))
    plays(ana, tile("Fox"), 3)
    fox.wait_for(HEARD)
    until(ana, HEARD)
    for sent, came in (
        (picture(ana, tile("Ana")), fox_picture(fox, tile("Ana"))),
        (fox_picture(fox, tile("Fox")), picture(ana, tile("Fox"))),
    ):
        assert came.shape == sent.shape == (720, 1280, 3)
        np.testing.assert_allclose(came.mean((0, 1)), sent.mean((0, 1)), atol=60)  # Firefox's changes colour all along


def test_people_come_and_go_while_firefox_stays(join: Join, join_fox: JoinFox, pattern: Browser):
    fox, ana = join_fox("Fox"), join(pattern, "Ana")
    fox.wait_for(ATTACHED, tile("Ana"))
    ana.get_by_role("button", name="Leave").click()
    fox.wait_for(GONE, "Ana")
    bea = join(pattern, "Bea")  # whose tracks take over the m-lines that Ana's had
    fox.wait_for(ATTACHED, tile("Bea"))
    fox_plays(fox, tile("Bea"))
    fox.wait_for(HEARD)
    expect(bea.locator(tile("Fox"))).to_be_attached(timeout=20_000)
    plays(bea, tile("Fox"), 3)


def test_firefox_turns_its_camera_off_leaves_comes_back_and_closes(join: Join, join_fox: JoinFox, pattern: Browser):
    ana, fox = join(pattern, "Ana", camera="0", microphone="0"), join_fox("Fox")
    expect(ana.locator(tile("Fox"))).to_be_attached(timeout=20_000)
    fox.evaluate(PRESS, "Turn camera off")
    expect(ana.locator(tile("Fox", state="off"))).to_be_attached(timeout=20_000)
    fox.wait_for(CAMERAS_OFF)  # the light
    fox.evaluate(PRESS, "Turn camera on")
    expect(ana.locator(tile("Fox"))).to_be_attached(timeout=20_000)
    plays(ana, tile("Fox"), 3)
    fox.evaluate(PRESS, "Leave the call")
    expect(ana.locator(tile("Fox", state=None))).to_have_count(0, timeout=20_000)
    fox.wait_for(CAMERAS_OFF)  # the light
    fox.evaluate(PRESS, "Rejoin")
    expect(ana.locator(tile("Fox"))).to_be_attached(timeout=20_000)
    fox.close()
    expect(ana.locator(tile("Fox", state=None))).to_have_count(0, timeout=20_000)


def test_firefox_over_the_websocket(join: Join, join_fox: JoinFox, pattern: Browser):
    ana, fox = join(pattern, "Ana", PLAYERS), join_fox("Fox", link="websocket")
    linked = '.rtc-tile[data-link="websocket"] '
    fox.wait_for(ATTACHED, linked + tile("Ana"))
    expect(ana.locator(linked + tile("Fox"))).to_be_attached(timeout=20_000)
    assert fox.evaluate("() => connections.length") == 0, "no peer connection"
    fox_plays(fox, tile("Ana"))
    plays(ana, tile("Fox"))
    assert fox_picture(fox, tile("Ana")).shape[1] > 300 < picture(ana, tile("Fox")).shape[1]
    fox.hide()
    took = ana.locator(tile("Fox")).evaluate(TEN)
    print(f"ten pictures took {took:.1f} s with another tab before Firefox's")
    assert took < 15, "its picture stands still, or nearly so, when another tab is before it"
    if PULSEAUDIO is None:
        pytest.skip("no PulseAudio: without a sound card no AudioContext of Firefox's runs, which its sound needs")
    until(ana, HEARS)
    fox.wait_for(HEARS)
