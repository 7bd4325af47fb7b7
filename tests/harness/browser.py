"""Chromium through Playwright, with a fake camera; and what its tiles show, as numpy arrays."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--auto-accept-this-tab-capture",
    "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP notebook.test 127.0.0.1",  # a name that is not localhost: no secure page
    # Every window would load the address bar's suggestions, two pages that cost a second of CPU. The last of several
    # such flags counts, so what Playwright leaves out of a page's way is named again.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxFullPopup,WebUIOmniboxAimPopup,"
    "HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,MediaRouter,PaintHolding,OptimizationHints,LensOverlay,"
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,ThirdPartyStoragePartitioning",
]

_running: list[Browser] = []

# Keeps what a page opens where a test finds it; asks for smaller and fewer pictures, unless the test wants them all.
WITNESS = """
(() => {
    globalThis.connections = []; globalThis.cameras = [];
    const Real = globalThis.RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Real {
        constructor(...args) { super(...args); globalThis.connections.push(this); }
    };
    const devices = navigator.mediaDevices;
    if (!devices) return;
    const open = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (constraints) => {
        if (globalThis.cameraSize && constraints?.video) {
            const [width, height] = globalThis.cameraSize.map((ideal) => ({ideal}));
            constraints = {...constraints, video: {...constraints.video, width, height, frameRate: {max: 15}}};
        }
        const stream = await open(constraints);
        globalThis.cameras.push(...stream.getVideoTracks());
        return stream;
    };
})();
"""

# Counts the players of sound that a page has ever started, one each, where a test wants that.
PLAYERS = """
globalThis.players = new Set();
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
    if (this.localName === "audio") players.add(this);
    return play.call(this);
};
"""


# With those, whether what the page plays is more than silence: the other's fake microphone beeps every second.
HEARS = """async () => {
    const tracks = [...players].flatMap(({srcObject}) => srcObject?.getAudioTracks() ?? []);
    if (tracks.length !== 1) return false;
    globalThis.ear ??= new AudioContext();
    const analyser = new AnalyserNode(ear, {fftSize: 32768});
    const source = ear.createMediaStreamSource(new MediaStream(tracks));
    source.connect(analyser);
    await new Promise(resolve => setTimeout(resolve, 700));
    source.disconnect();
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    return Math.max(...samples) > 0.05;
}"""


def flags(camera: Path | None = None, fps: int = 30, cameras: int = 1, *more: str) -> list[str]:
    """Return the command line's options for a Chromium with a fake camera, which plays ``camera`` (MJPEG, Y4M)."""
    chosen = [*_FLAGS, *more, f"--use-fake-device-for-media-stream=fps={fps},device-count={cameras}"]
    return [*chosen, f"--use-file-for-fake-video-capture={camera}"] if camera else chosen


@contextmanager
def chromium(
    playwright: Playwright,
    camera: Path | None = None,
    fps: int = 30,
    *more: str,
    executable: str | None = None,
    cameras: int = 1,
) -> Iterator[Browser]:
    """Start Chromium whose camera plays ``camera`` (MJPEG, Y4M) or, without, the built-in test picture."""
    browser = playwright.chromium.launch(
        executable_path=executable or CHROMIUM, args=flags(camera, fps, cameras, *more)
    )
    _running.append(browser)
    try:
        yield browser
    finally:
        _running.remove(browser)
        browser.close()


def close_profiles() -> None:
    """Close every page there is: one left over would go on with its call, at the next test's expense."""
    for browser in _running:
        for opened in browser.contexts:
            opened.close()


def weight(page: Page) -> int:
    """Return how many bytes of our own a page has loaded, uncompressed: itself, modules and styles."""
    size: int = page.evaluate("""() => {
        const all = performance.getEntries().filter(({entryType, name}) =>
            entryType === "navigation" || (entryType === "resource" && name.includes("/static/rtc_notebook/")));
        const sizes = new Map(all.map(({name, decodedBodySize}) => [name, decodedBodySize]));
        return [...sizes.values()].reduce((one, other) => one + other, 0);
    }""")
    return size


def context(browser: Browser, size: tuple[int, int] | None = (640, 360), **options: Any) -> BrowserContext:
    """Return a fresh profile that may use camera and microphone; with no ``size`` pictures are as large as ever."""
    options.setdefault("viewport", {"width": 720, "height": 480})  # the CPU paints it
    opened = browser.new_context(permissions=["camera", "microphone", "clipboard-read", "clipboard-write"], **options)
    if size:
        opened.add_init_script(f"globalThis.cameraSize = {list(size)}")
    opened.add_init_script(WITNESS)
    # for the report of a test that fails
    opened.on("weberror", lambda told: print("page error:", told.error))
    opened.on("requestfailed", lambda request: print("request failed:", request.url, request.failure))
    return opened


def tile(participant: str, source: str = "camera", state: str | None = "live") -> str:
    """Return the CSS selector of a participant's video."""
    wanted = f'[data-state="{state}"]' if state else ""
    return f'video[data-participant="{participant}"][data-source="{source}"]{wanted}'


def titled(title: str) -> str:
    """Return the CSS selector of the video of what a kernel publishes."""
    return f'video[data-source=kernel][data-title="{title}"][data-state=live]'


def stood(page: Page, name: str, source: str = "camera") -> Locator:
    """Return a participant's tile, with all that is in it."""
    return page.locator(".rtc-tile", has=page.locator(tile(name, source, state=None)))


def choose(page: Page, item: str) -> None:
    """Choose something from the menu of all that has no button."""
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menu", name="More").get_by_text(item, exact=True).click()


def findings(page: Page) -> dict[str, tuple[str, str]]:
    """Press the button that says what works from here; return each verdict, and its line, by what it is on."""
    page.get_by_role("button", name="What works from here").click()
    expect(page.locator('.rtc-doctor[aria-busy="false"]')).to_be_visible(timeout=20_000)
    rows: dict[str, list[str]] = page.locator(".rtc-doctor-row").evaluate_all(
        "rows => Object.fromEntries(rows.map(row => [row.dataset.subject, [row.dataset.verdict, row.textContent]]))"
    )
    return {subject: (verdict, text) for subject, (verdict, text) in rows.items()}


def picture(page: Page, selector: str) -> np.ndarray:
    """Return what a video element shows now, uint8 (height, width, 3), BGR."""
    data = page.locator(selector).first.evaluate(
        """video => {
            const canvas = document.createElement("canvas");
            canvas.width = video.videoWidth; canvas.height = video.videoHeight;
            canvas.getContext("2d").drawImage(video, 0, 0);
            return canvas.toDataURL("image/png").split(",")[1];
        }"""
    )
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded


def coloured(bgr: tuple[int, int, int], apart: float = 25) -> Callable[[np.ndarray], bool]:
    """Return what says whether a picture has this colour, on average."""
    return lambda shown: bool(np.abs(shown.mean(axis=(0, 1)) - bgr).max() < apart)


def until_shown(page: Page, selector: str, holds: Callable[[np.ndarray], bool], what: str, seconds: float = 20) -> None:
    """Wait until what a video element shows is so; ``what`` says how, for who reads that it never was."""
    end = time.monotonic() + seconds
    while True:
        shown = picture(page, selector) if page.locator(selector).count() else None
        if shown is not None and holds(shown):
            return
        seen = "nothing" if shown is None else f"{shown.mean(axis=(0, 1)).round()} on average"
        assert time.monotonic() < end, f"{selector} is not {what} within {seconds} s, but {seen}"
        page.wait_for_timeout(50)


def frames_shown(page: Page, selector: str, seconds: float) -> dict[str, float]:
    """Count the frames that a video element presents; returns fps, the longest gap in seconds, and the last width."""
    return page.locator(selector).first.evaluate(
        """(video, seconds) => new Promise(resolve => {
            const times = [];
            const tick = (now, meta) => { times.push(now); video.requestVideoFrameCallback(tick); };
            video.requestVideoFrameCallback(tick);
            const start = performance.now();
            setTimeout(() => {
                const stamps = [start, ...times, performance.now()];
                const gaps = stamps.slice(1).map((time, index) => time - stamps[index]);
                resolve({fps: times.length / seconds, gap: Math.max(...gaps) / 1000, width: video.videoWidth});
            }, seconds * 1000);
        })""",
        seconds,
    )


INBOUND = """async () => {
    const found = [], wanted = ["packetsReceived", "packetsLost", "framesReceived", "framesDecoded", "framesDropped",
        "keyFramesDecoded", "pliCount", "nackCount", "jitterBufferDelay", "jitterBufferEmittedCount"];
    for (const connection of connections) {
        const reports = [...(await connection.getStats()).values()].filter(({type}) => type === "inbound-rtp");
        found.push([connection.connectionState, ...reports.map((one) => wanted.map((name) => one[name]))]);
    }
    return JSON.stringify(found);
}"""


def until(page: Page, function: str, argument: Any = None, seconds: float = 20) -> None:
    """Wait until what a function promises is true: to ``wait_for_function`` every promise is."""
    end = time.monotonic() + seconds
    while not page.evaluate(function, argument):
        assert time.monotonic() < end, f"not within {seconds} s: {function}"
        page.wait_for_timeout(50)


def goes_on(page: Page, selector: str, seconds: float = 0.5) -> None:
    """Wait until a video has gone on for so long, however slowly: its own time is what tells, not how much is drawn."""
    expect(page.locator(selector)).to_be_attached(timeout=20_000)
    page.evaluate("globalThis.gone = {by: 0}")
    page.wait_for_function(
        """([selector, seconds]) => {
            const {currentTime} = document.querySelector(selector) ?? {currentTime: 0};
            gone.by += Math.max(0, currentTime - (gone.at ?? currentTime));  // from nought again with a new track
            gone.at = currentTime;
            return gone.by > seconds;
        }""",
        arg=[selector, seconds],
        polling=100,
        timeout=20_000,
    )


def painted(page: Page, selector: str) -> None:
    """Wait until a video element presents a picture."""
    page.locator(selector).first.evaluate(
        "video => new Promise((resolve) => video.requestVideoFrameCallback(() => resolve()))"
    )


def plays(page: Page, selector: str, fps: float = 3, tries: int = 6) -> None:
    """Wait until a video element presents more than ``fps`` frames a second; a busy machine is given time."""
    seen = []
    while len(seen) < tries:
        seen.append(frames_shown(page, selector, 1.5)["fps"])
        if seen[-1] > fps:
            return
    counted = [page.evaluate(INBOUND), page.wait_for_timeout(1_000), page.evaluate(INBOUND)]
    raise AssertionError(f"{selector} shows {seen} frames a second, not {fps}; what came in: {counted}")
