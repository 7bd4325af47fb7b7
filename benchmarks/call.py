"""A call of ours beside aiortc's own echo pattern and a direct connection, all in one run on one machine.

Usage: ``python benchmarks/call.py [--seconds 15]``. Prints Markdown. Delays are glass to glass: a camera whose picture
says when it was taken, read from what a page presents. ``busy`` means that a cell (or a thread of the echo's process)
runs ``while True: x += 1``.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from harness.browser import chromium, context, tile  # noqa: E402
from harness.jupyter import JupyterServer  # noqa: E402
from harness.kernel import Kernel  # noqa: E402
from harness.measure import BUSY, HEADER, TIMECODE, Watched, beside_work, megabytes, running, watch  # noqa: E402
from playwright.sync_api import Browser, Page, Playwright, sync_playwright  # noqa: E402

DIRECT = (HERE / "direct.js").read_text()
VIEWPORT = {"width": 640, "height": 400}  # painting is done by the CPU here, and is not what is compared
SECURE = "https://benchmark.example/"  # never left: what a page needs in order to have a microphone


def blank(browser: Browser) -> Page:
    """Return an empty page that can make and read time-coded pictures."""
    page = context(browser, size=None, viewport=VIEWPORT).new_page()
    page.route(SECURE, lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    page.goto(SECURE)
    page.evaluate(TIMECODE)
    page.evaluate(DIRECT)
    return page


def direct(browser: Browser, seconds: float) -> Watched:
    """Browser to browser without anything in between."""
    sender, receiver = blank(browser), blank(browser)
    sender.evaluate(
        "sdp => peer.take(sdp)", receiver.evaluate("sdp => peer.answer(sdp)", sender.evaluate("peer.offer(false)"))
    )
    result = watch(receiver, "video", seconds)
    sender.context.close()
    receiver.context.close()
    return result


def echo(browser: Browser, seconds: float, *modes: str) -> tuple[Watched, float]:
    """Aiortc's echo; returns also how many MB its process grew by from the third second on."""
    page = blank(browser)
    process = subprocess.Popen(
        [sys.executable, str(HERE / "peers" / "aiortc_echo.py"), *modes],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(json.dumps({"sdp": page.evaluate("peer.offer(true)")}) + "\n")
        process.stdin.flush()
        page.evaluate("sdp => peer.take(sdp)", json.loads(process.stdout.readline())["sdp"])
        page.wait_for_timeout(1000)
        before = megabytes([process.pid])
        result = watch(page, "video", seconds, {"echo": [process.pid]})
        return result, megabytes([process.pid]) - before
    finally:
        process.kill()
        process.wait()
        page.context.close()


class Ours:
    """A room on a real Jupyter server with Ana, whose camera tells the time, and a kernel."""

    def __init__(self, browser: Browser, server: JupyterServer, room: str) -> None:
        self.browser, self.server, self.room = browser, server, room
        self.kernel = Kernel.start(server)
        self.pages: list[Page] = []

    def enter(self, name: str, **query: str) -> Page:
        """Open the call page as this person, with the time as the camera."""
        page = context(self.browser, size=None, viewport=VIEWPORT).new_page()
        page.add_init_script("globalThis.timecodeAsCamera = [];" + TIMECODE)
        page.goto(self.server.page(f"rtc-notebook/room/{self.room}", name=name, join="", **query))
        page.locator(tile(name, state=None)).wait_for(state="attached", timeout=20000)
        self.pages.append(page)
        return page

    def processes(self) -> dict[str, list[int]]:
        """Return the processes of a call, by what they are."""
        kernels = running("ipykernel", self.server.pid)
        return {
            "server": [self.server.pid],
            "SFU": running("sfu.process", self.server.pid),
            "worker": running("rtc_notebook.media", self.server.pid),
            "kernel": kernels,
        }

    def join(self) -> None:
        """Let the kernel join."""
        self.kernel.run(f"from rtc_notebook import Call\ncall = Call({self.room!r})\ncall.wait_until_connected()")

    def filter(self, body: str, label: str) -> None:
        """Put a filter on Ana and wait until it shows."""
        self.kernel.run(f"@call.filter(on='Ana')\ndef {label}(frame):\n    {body}")
        self.pages[0].locator(tile("Ana") + "[data-processed]").wait_for(state="attached", timeout=20000)

    def busy(self, seconds: float) -> None:
        """Keep the kernel busy from now on."""
        self.kernel.start_cell(BUSY.format(seconds))

    def close(self) -> None:
        """Leave nothing behind."""
        for page in self.pages:
            page.context.close()
        self.kernel.__exit__()


@contextlib.contextmanager
def ours(browser: Browser, server: JupyterServer, room: str) -> Iterator[Ours]:
    """Run a room of ours for the length of a block."""
    call = Ours(browser, server, room)
    try:
        yield call
    finally:
        call.close()


ROUNDS = 3
MODES = {"wide": "forced to 1280", "busy": ", busy"}
"""Of the echo, by the words for them in a row's name."""


def in_turns(measure: Callable[[str], Watched], *names: str) -> dict[str, Watched]:
    """Measure each of these ``ROUNDS`` times in turns, and print and return of each the one in the middle.

    What else the machine does hits all alike so.
    """
    rounds: dict[str, list[Watched]] = {name: [] for name in names}
    for _ in range(ROUNDS):
        for name, seen in rounds.items():
            seen.append(measure(name))
    rows = {name: sorted(seen, key=lambda one: one.p50(3))[ROUNDS // 2] for name, seen in rounds.items()}
    for name, row in rows.items():
        print(row.row(name, 3), flush=True)
    return rows


def browser_to_browser(browser: Browser, server: JupyterServer, seconds: float) -> None:
    """Unfiltered, from Ana to Guest, the kernel idle and busy, beside a direct connection and work elsewhere.

    Every measurement is a call of its own: a receiver that has been through trouble keeps its larger buffer a while.
    """
    numbers = itertools.count()

    def straight(name: str) -> Watched:
        with beside_work("busy" in name):
            return direct(browser, seconds)

    def forwarded(name: str) -> Watched:
        with ours(browser, server, f"forwarded-{next(numbers)}") as call, beside_work("a busy process" in name):
            call.join()
            call.enter("Ana")
            guest = call.enter("Guest", camera="0", microphone="0")
            guest.locator(tile("Ana")).wait_for(state="attached", timeout=20000)
            if name.endswith("kernel busy"):
                call.busy(seconds + 2)
            return watch(guest, tile("Ana"), seconds, call.processes())

    direct_idle, direct_beside = "direct, browser to browser", "direct, a busy process beside it"
    idle, beside, busy = (
        f"rtc-notebook, browser to browser, {state}"
        for state in ("kernel idle", "a busy process beside it", "kernel busy")
    )
    rows = in_turns(
        lambda name: (straight if name.startswith("direct") else forwarded)(name),
        *(direct_idle, direct_beside, idle, beside, busy),
    )
    more = rows[idle].p50(3) - rows[direct_idle].p50(3)
    notes.append(f"unfiltered minus direct, p50: {more:+.0f} ms (expected under 10)")
    for what, one, other in (
        ("rtc-notebook, kernel busy / as busy a process beside it", busy, beside),
        ("rtc-notebook, kernel busy / idle (expected under 1.10)", busy, idle),
        ("direct, a busy process beside it / none", direct_beside, direct_idle),
    ):
        notes.append(
            f"browser to browser, {what}: p50 {rows[one].p50(3) / rows[other].p50(3):.2f}, "
            f"fps {rows[one].fps(3) / rows[other].fps(3):.2f}"
        )


def filtered(browser: Browser, server: JupyterServer, seconds: float) -> None:
    """Put on a filter that sets a few pixels, seen on the own tile, beside the echo."""
    numbers = itertools.count()

    def echoed(name: str) -> Watched:
        return echo(browser, seconds, *(mode for mode, word in MODES.items() if word in name))[0]

    def ours_filtered(name: str) -> Watched:
        with ours(browser, server, f"filtered-{next(numbers)}") as call:
            call.join()
            ana = call.enter("Ana")
            call.filter("frame[-8:, -8:] = 255; return frame", "touch")
            if name.endswith("busy"):
                call.busy(seconds + 2)
            return watch(ana, tile("Ana"), seconds, call.processes())

    _, wide, idle, _, _ = names = (
        "aiortc echo",
        "aiortc echo, forced to 1280",
        "rtc-notebook, filtered, kernel idle",
        "rtc-notebook, filtered, kernel busy",
        "aiortc echo, forced to 1280, busy",
    )
    rows = in_turns(lambda name: (echoed if name.startswith("aiortc") else ours_filtered)(name), *names)
    notes.append(
        f"filtered / echo at the same width, p50: {rows[idle].p50(3) / rows[wide].p50(3):.2f} (expected at most 0.7)"
    )


def trouble(browser: Browser, server: JupyterServer, seconds: float) -> None:
    """Put on a filter that takes 100 ms, and one that raises."""
    slow_echo, echo_growth = echo(browser, seconds, "wide", "slow")
    print(slow_echo.row("aiortc echo, filter takes 100 ms", 3), flush=True)
    with ours(browser, server, "trouble") as call:
        call.join()
        ana = call.enter("Ana")
        call.filter("import time; time.sleep(0.1); return frame", "slow")
        ana.wait_for_timeout(3000)
        pids = [*call.processes()["worker"], *call.processes()["kernel"], *call.processes()["SFU"]]
        before = megabytes(pids)
        slow = watch(ana, tile("Ana"), seconds, call.processes())
        growth = megabytes(pids) - before
        print(slow.row("rtc-notebook, filter takes 100 ms"), flush=True)
        half = seconds / 2
        early = Watched(half, [frame for frame in slow.frames if frame[0] < half])
        notes.append(
            f"slow filter: p50 {early.p50():.0f} ms in the first half, {slow.p50(half):.0f} ms in the second; memory "
            f"{growth:+.0f} MB (echo: p50 at the end {slow_echo.p50(seconds - 2):.0f} ms, {echo_growth:+.0f} MB)"
        )
        call.filter("raise ValueError('no')", "broken")
        raised = watch(ana, tile("Ana"), seconds, call.processes())
        print(raised.row("rtc-notebook, filter raises on every frame", 1), flush=True)
    raised_echo, _ = echo(browser, seconds, "wide", "raise")
    frozen = max((at for at, _, _ in raised_echo.frames), default=0.0)
    print(raised_echo.row("aiortc echo, filter raises once", frozen), flush=True)
    notes.append(f"the echo's last frame came {frozen:.1f} s after the start; of {seconds:.0f} s watched")


notes: list[str] = []


def main(playwright: Playwright, seconds: float) -> None:
    """Run everything and print."""
    print(
        f"{os.cpu_count()} cores; every row {seconds:.0f} s; figures from the third second on, widths from the start.\n"
    )
    print(HEADER, flush=True)
    with (
        tempfile.TemporaryDirectory() as home,
        JupyterServer(Path(home), "lab") as server,
        chromium(playwright) as browser,
    ):
        browser_to_browser(browser, server, seconds)
        filtered(browser, server, seconds)
        trouble(browser, server, seconds)
    print()
    for note in notes:
        print(f"- {note}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15)
    options = parser.parse_args()
    with sync_playwright() as started:
        main(started, options.seconds)
