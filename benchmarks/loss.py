"""How much of a call freezes where packets are lost, in both directions: up to the SFU, and down from it.

Usage: ``python benchmarks/loss.py [--seconds 60] [--loss 0 0.02 0.05 0.1 0.2] [--chromium]``, as root. Prints Markdown.
Somebody sits in a network namespace whose cable loses packets at random, both ways, UDP and TCP alike; the server and
somebody else do not. Both send 720p footage that is encoded already and decode nothing, so that the CPU is not what
freezes (``peers/footage_peer.py``). Over WebRTC, over the WebSocket link, and beside them, through the same cable,
aiortc's plain echo, which does decode and encode. With ``--chromium`` a real Chromium watches in the namespace, too.

A freeze is what W3C webrtc-stats calls so: a gap between two pictures of more than three times the average, and of 150
ms more than that.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from faults.views import RECORDER  # noqa: E402
from harness.browser import CHROMIUM, chromium, context, tile  # noqa: E402
from harness.freezes import frozen  # noqa: E402
from harness.jupyter import JupyterServer  # noqa: E402
from harness.network import Namespace, unavailable  # noqa: E402
from peers import footage  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402

SETTLE_SECONDS = 3.0
PRESENTED = "([since, key]) => (globalThis.presented[key] ?? []).filter(at => at > since).map(at => at / 1000)"


class Peer:
    """A process that says on request how it was since it was last asked."""

    def __init__(self, module: str, *args: str, inside: Namespace | None = None) -> None:
        enter = ["ip", "netns", "exec", inside.name] if inside else []
        paths = [str(HERE), str(HERE.parent / "tests"), os.environ.get("PYTHONPATH", "")]
        self.process = subprocess.Popen(
            [*enter, sys.executable, "-m", module, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            text=True,
        )

    def line(self, text: str) -> str:
        """Say a line and return the answer."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def told(self) -> str:
        """Return how it was, for the table."""
        told = json.loads(self.line("?"))
        return f"{100 * told['frozen']:.1f} % ({told['fps']:.0f})"

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def call(server: JupyterServer, lossy: Namespace, link: str, film: Path) -> Iterator[tuple[Peer, Peer]]:
    """Have two in a room, the second of them in the namespace."""
    there = f"http://{lossy.here}:{server.port}/"
    guest = Peer("peers.footage_peer", server.url, server.token, link, "Guest", "webrtc", str(film))
    ana = Peer("peers.footage_peer", there, server.token, link, "Ana", link, str(film), inside=lossy)
    try:
        yield guest, ana
    finally:
        guest.close()
        ana.close()


@contextlib.contextmanager
def echo(lossy: Namespace, film: Path) -> Iterator[Peer]:
    """Have aiortc's echo, and who speaks with it from the namespace."""
    client = Peer("peers.aiortc_client", str(film), inside=lossy)
    server = Peer("peers.aiortc_echo")
    try:
        assert client.process.stdout is not None and client.process.stdin is not None
        client.process.stdin.write(server.line(client.process.stdout.readline().strip()))
        client.process.stdin.flush()
        yield client
    finally:
        client.close()
        server.close()


@contextlib.contextmanager
def watcher(server: JupyterServer, lossy: Namespace, home: Path) -> Iterator[Page]:
    """Have a Chromium in the namespace that only watches the WebRTC call."""
    address = f"http://{lossy.here}:{server.port}"
    inside = str(lossy.wrap(CHROMIUM, home))
    secure = f"--unsafely-treat-insecure-origin-as-secure={address}"
    with sync_playwright() as playwright, chromium(playwright, None, 30, secure, executable=inside) as browser:
        page = context(browser, viewport={"width": 640, "height": 400}).new_page()
        page.add_init_script(RECORDER)
        link = server.page("rtc-notebook/room/webrtc", name="Eve", join="", camera="off", microphone="off")
        page.goto(link.replace(server.url, f"{address}/"))
        page.locator(tile("Guest")).wait_for(state="attached", timeout=30_000)
        yield page


def presented(page: Page, since: float) -> str:
    """Return how the picture of who sends outside the namespace was, for the table."""
    keys = page.evaluate("Object.keys(globalThis.presented)")
    times = max((page.evaluate(PRESENTED, [1000 * since, key]) for key in keys), key=len, default=[])
    seconds = times[-1] - times[0] if len(times) > 1 else 1.0
    return f"{100 * frozen(times):.1f} % ({len(times) / seconds:.0f})"


def main(seconds: float, losses: list[float], with_chromium: bool) -> None:
    """Run everything at once and print."""
    print(f"Frozen (pictures a second), each {seconds:.0f} s of 1280x720 at 30 pictures a second.\n")
    last = " Chromium, WebRTC down |" if with_chromium else ""
    print(f"| loss | WebRTC up | WebRTC down | WebSocket up | WebSocket down | aiortc's echo |{last}")
    print(f"| --- | --- | --- | --- | --- | --- |{' --- |' if with_chromium else ''}", flush=True)
    with tempfile.TemporaryDirectory() as directory, Namespace() as lossy, contextlib.ExitStack() as stack:
        home = Path(directory)
        footage.make(film := home / "footage")
        server = stack.enter_context(JupyterServer(home / "home", "lab", "--ServerApp.ip=0.0.0.0"))
        peers = [
            *stack.enter_context(call(server, lossy, "webrtc", film)),
            *stack.enter_context(call(server, lossy, "websocket", film)),
            stack.enter_context(echo(lossy, film)),
        ]
        page = stack.enter_context(watcher(server, lossy, home)) if with_chromium else None
        time.sleep(5 * SETTLE_SECONDS)
        for loss in losses:
            lossy.lose(loss)
            time.sleep(SETTLE_SECONDS)  # measured is how it is, not how it becomes so
            for peer in peers:
                peer.told()
            since = time.time()
            time.sleep(seconds)
            cells = [peer.told() for peer in peers] + ([presented(page, since)] if page is not None else [])
            print(f"| {100 * loss:g} % | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--loss", type=float, nargs="+", default=[0, 0.02, 0.05, 0.1, 0.2])
    parser.add_argument("--chromium", action="store_true")
    options = parser.parse_args()
    if unavailable():
        sys.exit(f"This needs a network namespace: {unavailable()}.")
    main(options.seconds, options.loss, options.chromium)
