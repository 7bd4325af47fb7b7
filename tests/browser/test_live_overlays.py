"""Drawings over original pictures, made by a kernel from real frames: where they are, when they go, what they cost."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from harness.browser import context, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.lab import Notebook, make_notebook
from playwright.sync_api import Browser, Page, expect

Join = Callable[..., Page]
RAW = tile("Ana") + ":not([data-processed])"

# Draws a box around the growing slice in the middle of Chromium's test picture.
DETECT = """
import threading, time
import cv2, numpy as np
from rtc_notebook import Box, Polyline, Text, Mask
drawn = 0
stop = threading.Event()

def detect(frame):
    found = (frame[..., 1] > 200).astype(np.uint8)
    found[:, :400] = found[:, 900:] = 0
    return cv2.boundingRect(found) if found.any() else None

def loop():
    global drawn
    track = call.participants["Ana"].video
    for frame, info in track.frames(info=True):
        if stop.is_set():
            break
        box = detect(frame)
        shapes = [] if box is None else [Box(*box, colour="#ff00ff", line=6)]
        call.overlay("Ana", shapes, frame=info, seconds=1.0)
        drawn += 1

threading.Thread(target=loop, daemon=True).start()
"""

# What is on the canvas over a tile, as it is on the screen, and the size of the picture under it.
CANVAS = """selector => {
    const video = document.querySelector(selector);
    const canvas = video.parentElement.querySelector("canvas.rtc-overlay");
    if (!canvas || canvas.hidden) return null;
    return {data: canvas.toDataURL("image/png").split(",")[1], fit: video.dataset.fit, ratio: devicePixelRatio,
            width: video.clientWidth, height: video.clientHeight,
            picture: [video.videoWidth, video.videoHeight], mirrored: !!video.closest("[data-mirrored]")};
}"""

# Whether a tile has glided to its place: where it is it was in the twenty frames before.
AT_REST = """selector => {
    const {x, y, width, height} = document.querySelector(selector).getBoundingClientRect();
    const place = [innerWidth, innerHeight, x, y, width, height].join();
    globalThis.rested = place === globalThis.restedAt ? globalThis.rested + 1 : 0;
    globalThis.restedAt = place;
    return globalThis.rested > 20;
}"""

HIDDEN = """selector => {
    const video = document.querySelector(selector);
    return !!video && video.parentElement.querySelector("canvas.rtc-overlay")?.hidden !== false;
}"""


@pytest.fixture
def call(kernel: Kernel, room: str) -> Kernel:
    kernel.run(f"from rtc_notebook import *\ncall = Call({room!r})\ncall.wait_until_connected()")
    return kernel


@pytest.fixture
def ana(join: Join, pattern: Browser) -> Page:
    page = join(pattern, "Ana", hd=True)
    expect(page.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    return page


@pytest.fixture
def guest(ana: Page, join: Join, pattern: Browser) -> Page:
    page = join(pattern, "Guest", camera="0", microphone="0")
    expect(page.locator(RAW)).to_be_attached(timeout=20_000)
    return page


def painted(page: Page, selector: str = tile("Ana")) -> tuple[np.ndarray, dict[str, Any]]:
    """Wait until something is drawn over a tile; return the canvas, BGRA, and where it is."""
    found = page.wait_for_function(CANVAS, arg=selector, timeout=15_000).json_value()
    canvas = cv2.imdecode(np.frombuffer(base64.b64decode(found["data"]), np.uint8), cv2.IMREAD_UNCHANGED)
    assert canvas is not None
    return canvas, found


def extent(canvas: np.ndarray, info: dict[str, Any], colour: tuple[int, int, int]) -> tuple[float, ...]:
    """Return left, top, right and bottom of a colour (BGR), as shares of the picture (not of the tile)."""
    hit = (np.abs(canvas[..., :3].astype(int) - colour).max(axis=2) < 24) & (canvas[..., 3] > 100)
    assert hit.any(), "nothing in this colour"
    ys, xs = np.nonzero(hit)
    (width, height), ratio = info["picture"], info["ratio"]
    scales = info["width"] / width, info["height"] / height
    scale = max(scales) if info["fit"] == "cover" else min(scales)
    left, top = (info["width"] - width * scale) / 2, (info["height"] - height * scale) / 2
    shares = [((x / ratio) - left) / (width * scale) for x in (xs.min(), xs.max() + 1)]
    heights = [((y / ratio) - top) / (height * scale) for y in (ys.min(), ys.max() + 1)]
    return (*shares[:1], *heights[:1], *shares[1:], *heights[1:])


def test_shapes_are_where_they_were_put_on_everybodys_screen(call: Kernel, ana: Page, guest: Page):
    call.run(
        "import numpy as np\n"
        "mask = np.zeros((72, 128), bool); mask[36:72, 0:32] = True\n"
        "call.overlay('Ana', [Box(256, 144, 512, 360, colour='#ff0000', line=8),"
        " Polyline([[900, 100], [1000, 100], [1000, 300]], closed=True, colour='#0000ff', line=8, fill=1),"
        " Mask(mask, colour='#00ff00', opacity=1)], frame=(1280, 720), seconds=20)"
    )
    for page, mirrored in ((guest, False), (ana, True)):
        canvas, info = painted(page)
        assert info["mirrored"] is mirrored
        assert not page.locator(RAW).get_attribute("data-processed")

        cut = 0.0  # what a narrow tile does not show, on each side
        if info["fit"] == "cover":
            cut = max(0.0, 0.5 - info["width"] / info["height"] / (16 / 9) / 2)

        def here(left: float, top: float, right: float, bottom: float) -> tuple[float, ...]:
            left, right = (1 - right, 1 - left) if mirrored else (left, right)  # noqa: B023
            return (max(left, cut), top, min(right, 1 - cut), bottom)  # noqa: B023

        expected = here(0.2, 0.2, 0.6, 0.7)
        np.testing.assert_allclose(extent(canvas, info, (0, 0, 255)), expected, atol=0.012)
        expected = here(900 / 1280, 100 / 720, 1000 / 1280, 300 / 720)
        np.testing.assert_allclose(extent(canvas, info, (255, 0, 0)), expected, atol=0.012)
        left, top, right, bottom = extent(canvas, info, (0, 255, 0))
        expected = here(0, 0.5, 0.25, 1)
        np.testing.assert_allclose((left, top, right, bottom), expected, atol=0.02)
    call.run("call.overlay('Ana', [])")
    for page in (ana, guest):
        page.wait_for_function(HIDDEN, arg=tile("Ana"), timeout=5_000)


def test_a_detectors_boxes_follow_real_frames_and_nothing_is_encoded(
    call: Kernel, ana: Page, guest: Page, lab: JupyterServer, room: str
):
    call.run(DETECT)
    for page, right in ((guest, 820 / 1280), (ana, 1 - 820 / 1280)):
        for _ in range(5):
            canvas, info = painted(page)
            box = extent(canvas, info, (255, 0, 255))
            np.testing.assert_allclose(box[0 if info["mirrored"] else 2], right, atol=0.012)
            middle, half = (0.5, 0.5), (180 / 1280 + 0.012, 180 / 720 + 0.02)
            assert np.all(np.abs(np.reshape(box, (2, 2)) - middle) <= half), "within the circle"
            page.wait_for_timeout(130)
    state = lab.get(f"rtc-notebook/api/rooms/{room}")
    [kernel] = [who for who in state["participants"] if who["client"] == "kernel"]
    assert kernel["tracks"] == [], "the kernel publishes nothing"
    assert not state["sfu"]["participants"][kernel["id"]]["publish"]
    [raw] = [t for who in state["participants"] for t in who["tracks"] if t["source"] == "camera" and not t["muted"]]
    assert raw["filter"] is None
    receivers = [who for who, seat in state["sfu"]["participants"].items() if raw["id"] in seat["subscribe"]]
    assert len(receivers) == 2, "kernel and guest have the same original"
    call.run("before = drawn\nwhile drawn < before + 8: time.sleep(0.05)", timeout=20)
    call.run("stop.set()")
    for page in (ana, guest):
        page.wait_for_function(HIDDEN, arg=tile("Ana"), timeout=4_000)  # the last one is out of date


def test_it_stays_in_place_when_tiles_change_size(call: Kernel, ana: Page, guest: Page):
    call.run("call.overlay('Ana', [Box(0.25, 0.25, 0.5, 0.5, colour='#ff0000', line=8)], seconds=60)")
    for width, height in ((720, 480), (420, 640), (1100, 400)):
        guest.set_viewport_size({"width": width, "height": height})
        guest.wait_for_function(AT_REST, arg=RAW, timeout=15_000)
        canvas, info = painted(guest, RAW)
        assert (canvas.shape[1], canvas.shape[0]) == (round(info["width"]), round(info["height"]))
        np.testing.assert_allclose(extent(canvas, info, (0, 0, 255)), (0.25, 0.25, 0.75, 0.75), atol=0.012)


IN_A_NOTEBOOK = [
    "from rtc_notebook import *\nimport numpy as np, threading\ncall = Call({room!r}, name='Kernel')\ncall",
    """def found(width, height):
    scale = np.array([width, height])
    mask = np.zeros((72, 128), bool); mask[36:54, 32:48] = True
    return [Box(*scale * (0.4, 0.2), *scale * (0.2, 0.5), label="face", colour="#ff0000", line=8),
            Polyline(scale * [[0.63, 0.14], [0.7, 0.14], [0.7, 0.42]], closed=True, colour="#0000ff", line=4, fill=1),
            Text(*scale * (0.34, 0.85), "somebody", colour="#ff00ff", size=0.12),
            Mask(mask, colour="#00ffff", opacity=1)]
stop = threading.Event()
def detect():
    for _, info in call.participants["Ana"].video.frames(info=True):
        if stop.is_set(): return
        call.overlay("Ana", found(info.width, info.height), frame=info, seconds=3)
threading.Thread(target=detect, daemon=True).start()""",
    "stop.set()",
    "recording = call.record({path!r})\nrecording",
    "plot = call.stats.plot('fps', 'bitrate')\nplot",
    "recording.stop(); plot.stop(); call.leave()",
]


def screen(page: Page, selector: str) -> np.ndarray:
    """Return what somebody sees of a tile, whatever its parts think that they show: BGRA."""
    shot = page.locator(selector).locator("..").screenshot()
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2BGRA)


def test_in_a_notebook_shapes_a_recordings_line_and_statistics_are_seen(
    ana: Page, lab: JupyterServer, pattern: Browser, room: str, tmp_path: Path
):
    cells = [cell.format(room=room, path=str(tmp_path / "a.mkv")) for cell in IN_A_NOTEBOOK]
    opened = context(pattern, viewport={"width": 1000, "height": 1300})
    page = opened.new_page()
    notebook = Notebook(page, lab, lab.copy_notebook(make_notebook(tmp_path / f"{room}.ipynb", *cells)))
    notebook.run(0)
    expect(page.locator(RAW)).to_be_attached(timeout=30_000)
    notebook.run(1)

    def change_theme(name: str) -> None:
        notebook.command("apputils:change-theme", {"theme": f"JupyterLab {name}"})
        light = str(name == "Light").lower()
        page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=light)
        expect(page.locator("#jupyterlab-splash")).to_have_count(0)  # it lies over everything until the theme is there

    try:
        for theme in ("Light", "Dark"):
            change_theme(theme)
            page.wait_for_function(AT_REST, arg=RAW, timeout=15_000)
            _, info = painted(page, RAW)
            seen = screen(page, RAW)
            box, triangle, mask = [extent(seen, info, bgr) for bgr in ((0, 0, 255), (255, 0, 0), (255, 255, 0))]
            np.testing.assert_allclose(np.delete(box, 1), (0.4, 0.6, 0.7), atol=0.012)
            assert 0.08 < box[1] < 0.19, "its label is above it"
            np.testing.assert_allclose(triangle, (0.63, 0.14, 0.7, 0.42), atol=0.012)
            np.testing.assert_allclose(mask, (0.25, 0.5, 0.375, 0.75), atol=0.02)
            left, top, right, bottom = extent(seen, info, (255, 0, 255))
            assert 0.33 < left < 0.36 < 0.5 < right < 0.75
            assert 0.72 < top < 0.78 < 0.84 < bottom < 0.9
        notebook.run(2)
        page.wait_for_function(HIDDEN, arg=RAW, timeout=10_000)  # the last one is out of date
        with pytest.raises(AssertionError, match="nothing in this colour"):
            extent(screen(page, RAW), info, (0, 0, 255))
        notebook.run(3)
        expect(page.get_by_text(re.compile(r"a\.mkv: recording, 0:0[1-9].* [1-4] tracks"))).to_be_visible()
        notebook.run(4)
        plot = page.get_by_role("img", name="Plot of fps, bitrate")
        expect(plot).to_be_visible()
        expect(plot).to_have_css(
            "fill", re.compile(r"rgba?\(2\d\d, 2\d\d, 2\d\d")
        )  # light, as all that is written here
        expect(plot.locator("#legend_1")).to_be_attached()  # there are lines
        notebook.run(5)
        expect(page.get_by_text(re.compile(r"a\.mkv: stopped"))).to_be_visible()
    finally:
        change_theme("Light")  # the server keeps it


PAIRED = """async ([selector, source]) => {
    const {CaptureClock} = await import(source);
    const clock = new CaptureClock();
    const video = document.querySelector(selector);
    const track = video.srcObject.getVideoTracks()[0];
    const receivers = connections.flatMap(connection => connection.getReceivers());
    const receiver = receivers.find(one => one.track === track);
    const found = [];
    while (found.length < 40) {
        for (const one of (await receiver.getStats()).values()) {
            if (one.type === "remote-outbound-rtp") clock.report(one.timestamp, one.remoteTimestamp);
        }
        const times = await new Promise(done => video.requestVideoFrameCallback((_, metadata) => done(metadata)));
        found.push(clock.captured(times, (Date.now() - performance.now()) / 1000));
    }
    return found;
}"""


def test_a_filter_that_returns_shapes_leaves_the_original_to_everybody(
    call: Kernel, ana: Page, guest: Page, lab: JupyterServer, room: str
):
    call.run(
        "captured = []\n"
        "@call.filter(on='Ana')\n"
        "def slice(frame, info):\n"
        "    captured.append(info.captured)\n"
        "    found = (frame[..., 1] > 200).astype('uint8')\n"
        "    found[:, :400] = found[:, 900:] = 0\n"
        "    return [Box(460, 180, 360, 360, colour='#ff00ff', line=8)] if found.any() else []"
    )
    for page in (guest, ana):
        canvas, info = painted(page)
        box = extent(canvas, info, (255, 0, 255))
        np.testing.assert_allclose(box, (460 / 1280, 0.25, 820 / 1280, 0.75), atol=0.012)  # its own mirror image
    state = lab.get(f"rtc-notebook/api/rooms/{room}")
    [kernel] = [who for who in state["participants"] if who["client"] == "kernel"]
    assert kernel["tracks"] == [], "nothing is encoded"
    assert all(track["filter"] is None for who in state["participants"] for track in who["tracks"])
    call.run("import time\nwhile call.filters[0].state != 'active': time.sleep(0.1)", timeout=20)
    # The browser's own reckoning of when its pictures were captured agrees with what the kernel was told of them.
    source = guest.evaluate("document.querySelector('script[type=module]').src").replace("page.js", "overlay.js")
    reckoned = np.array(guest.evaluate(PAIRED, [RAW, source])[20:])
    told = np.array([float(one) for one in call.run("print(*captured)").split()])
    apart = reckoned - told[np.abs(reckoned[:, None] - told[None, :]).argmin(axis=1)]
    assert np.abs(np.median(apart)) < 0.04, f"{apart}, where frames are 0.1 s apart"
    assert np.median(np.abs(apart - np.median(apart))) < 0.01, f"{apart} is not steady"
    call.run("call.unfilter(on='Ana')")
    for page in (guest, ana):
        page.wait_for_function(HIDDEN, arg=tile("Ana"), timeout=5_000)
    call.run(
        "@call.filter(on='Ana', isolated=True)\n"
        "def apart(frame):\n"
        "    return [Box(320, 180, 640, 360, colour='#ff0000', line=8)]"
    )
    canvas, info = painted(guest, RAW)
    np.testing.assert_allclose(extent(canvas, info, (0, 0, 255)), (0.25, 0.25, 0.75, 0.75), atol=0.012)


def test_under_hold_shapes_come_before_anything_raw_and_a_picture_may_follow(call: Kernel, ana: Page, guest: Page):
    call.run(
        "import time\nslow = True\n"
        "@call.filter(on='Ana', on_error='hold')\n"
        "def boxes(frame):\n"
        "    while slow: time.sleep(0.05)\n"
        "    return Box(460, 180, 360, 360, colour='#ff00ff', line=8)"
    )
    expect(guest.locator(tile("Ana", state="live"))).to_have_count(0, timeout=10_000)
    guest.wait_for_timeout(1_500)
    expect(guest.locator(tile("Ana", state="live"))).to_have_count(0)
    call.run("slow = False")
    expect(guest.locator(RAW)).to_be_attached(timeout=10_000)
    painted(guest, RAW)
    call.run("@call.filter(on='Ana')\ndef boxes(frame):\n    frame[:] = (255, 0, 0)\n    return frame")
    expect(guest.locator(tile("Ana") + "[data-processed]")).to_be_attached(timeout=10_000)
    guest.wait_for_function(HIDDEN, arg=tile("Ana"), timeout=5_000)
