"""A call that goes over to the WebSocket and back in its middle, while it is recorded, and that loses its SFU there."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import av
import psutil
import pytest
from harness.browser import CHROMIUM, chromium, context, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.network import Namespace, unavailable
from playwright.sync_api import Page, Playwright, expect

PLASMA = "video[data-title=plasma]"

# Notes when the way changed on the tile and when each picture was shown, in ms.
WATCH = """selector => {
    globalThis.ways = []; globalThis.shown = [];
    const note = () => {
        const way = document.querySelector(selector)?.closest(".rtc-tile").dataset.link;
        if (way && way !== ways.at(-1)?.[0]) ways.push([way, performance.now()]);
    };
    setInterval(() => {
        note();
        const video = document.querySelector(selector);
        if (!video || video.watched) return;
        video.watched = true;
        const tick = () => { shown.push(performance.now()); video.requestVideoFrameCallback(tick); };
        video.requestVideoFrameCallback(tick);
    }, 20);
}"""

# The first of five may have been on its way before.
AFTER_SWITCH = """() => {
    const [, at] = ways.at(-1);
    const later = shown.filter(time => time > at);
    return later.length < 5 ? null : later[4] - at;
}"""

CELL = """
import numpy as np
from rtc_notebook import Call
call = Call("far")
call.wait_until_connected()
call.publish(lambda t: np.full((90, 160, 3), int(100 + 80 * np.sin(3 * t)), np.uint8), name="plasma", fps=15)
"""


def switched(page: Page, way: str, timeout: float) -> float:
    """Wait for the way to change on the tile; return the seconds until the fifth picture there."""
    page.wait_for_function("way => ways.at(-1)[0] === way", arg=way, timeout=timeout * 1000)
    return float(page.wait_for_function(AFTER_SWITCH, timeout=10_000).json_value()) / 1000


@pytest.mark.alone  # see Namespace
@pytest.mark.skipif(bool(unavailable()), reason=unavailable())
def test_over_to_the_websocket_and_back_while_recording(playwright: Playwright, tmp_path: Path):
    path = tmp_path / "call.mkv"
    with Namespace() as far:
        server = JupyterServer(tmp_path / "home", "lab", "--ServerApp.ip=0.0.0.0")
        address = f"http://{far.here}:{server.port}"
        secure = f"--unsafely-treat-insecure-origin-as-secure={address}"
        inside = str(far.wrap(CHROMIUM, tmp_path))
        with server, chromium(playwright, None, 10, secure, executable=inside) as there, Kernel.start(server) as call:
            call.run(CELL)
            ana = context(there).new_page()
            ana.goto(server.page("rtc-notebook/room/far", name="Ana", join="").replace(server.url, f"{address}/"))
            expect(ana.locator(f"{PLASMA}[data-state=live]")).to_be_attached(timeout=20_000)
            ana.evaluate(WATCH, PLASMA)
            call.run(f"recording = call.record({str(path)!r})\ncall.participants['Ana'].video.frame(timeout=20)")
            far.block_udp()
            blocked = ana.evaluate("performance.now()")
            over = switched(ana, "websocket", 40)
            after = ana.evaluate("at => ways.at(-1)[1] - at", blocked) / 1000 + over
            expect(ana.locator('.rtc-tile[data-link="websocket"] ' + tile("Ana"))).to_be_attached()
            expect(ana.get_by_text("WebSocket · ").first).to_be_visible(timeout=10_000)  # with the delay
            call.run("frames = call.participants['Ana'].video.frames()\nfor _ in range(10): next(frames)")

            (sfu,) = (one for one in psutil.Process(server.pid).children() if "sfu.process" in " ".join(one.cmdline()))
            before = ana.evaluate("shown.length")
            os.kill(sfu.pid, signal.SIGKILL)
            ana.wait_for_function("before => shown.length > before + 10", arg=before, timeout=10_000)
            call.run("for _ in range(10): next(frames)")

            far.run("iptables", "-F")
            ana.evaluate("dispatchEvent(new Event('online'))")  # as the browser says it of another network
            back = switched(ana, "webrtc", 10)
            call.run("for _ in range(10): next(frames)\nrecording.stop()")
            print(f"pictures {after:.1f} s after UDP was blocked; {over:.2f} s and back {back:.2f} s after the switch")
            assert after < 6.5, "seconds, on two cores that also run everybody else"
            assert max(over, back) < 2, "seconds"
            assert ana.get_by_role("button", name="Rejoin").is_hidden()
    with av.open(str(path)) as film:
        cameras = [one for one in film.streams.video if "Ana" in one.metadata.get("title", "")]
        assert len(cameras) == 1, "one track, whatever way it came"
        times = [float(packet.pts * packet.time_base) for packet in film.demux(cameras[0]) if packet.pts is not None]
    assert times == sorted(times) and len(times) > 25
