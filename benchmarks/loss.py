"""How much of a call freezes where packets are lost, in both directions: up to the SFU, and down from it.

Usage: ``python benchmarks/loss.py [--seconds 30] [--loss 0.02 0.05 0.1 0.2] [--link websocket] [--size 1280 720]``, as
root. Prints Markdown. Ana sits in a network namespace whose cable loses packets at random (UDP, or TCP if all goes over
WebSockets); Guest does not. A freeze is what W3C webrtc-stats calls so: a gap between two presented pictures of more
than three times the average, and of 150 ms more than that.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from faults.views import RECORDER  # noqa: E402
from harness.browser import CHROMIUM, chromium, context, tile  # noqa: E402
from harness.footage import camera_file  # noqa: E402
from harness.jupyter import JupyterServer  # noqa: E402
from harness.network import Namespace, unavailable  # noqa: E402
from playwright.sync_api import Browser, Page, Playwright, sync_playwright  # noqa: E402

STATS = """async () => {
    const all = await Promise.all(connections.map(async one => [...(await one.getStats()).values()]));
    const video = all.flat().find(({type, kind}) => type === "inbound-rtp" && kind === "video");
    const audio = all.flat().find(({type, kind}) => type === "inbound-rtp" && kind === "audio");
    return {now: Date.now(), made: connections.length, nacks: video?.nackCount ?? 0, plis: video?.pliCount ?? 0,
        concealed: audio?.concealedSamples ?? 0, samples: audio?.totalSamplesReceived ?? 1};
}"""
PRESENTED = """([key, since, until]) => {
    const width = document.querySelector("video[data-participant=" + key.split("/")[0] + "]")?.videoWidth ?? 0;
    return [(globalThis.presented[key] ?? []).filter(at => at > since && at < until), width];
}"""


def enter(browser: Browser, url: str, name: str, size: tuple[int, int]) -> Page:
    """Open the call page as this person."""
    page = context(browser, size=size, viewport={"width": 640, "height": 400}).new_page()
    page.add_init_script(RECORDER)
    page.goto(url)
    page.locator(tile(name, state=None)).wait_for(state="attached", timeout=20000)
    return page


def frozen(times: list[float]) -> float:
    """Return the share of the time for which the picture stood still."""
    gaps = [b - a for a, b in itertools.pairwise(times)]
    usual = sum(gaps) / max(len(gaps), 1)
    return sum(gap for gap in gaps if gap > max(3 * usual, usual + 150)) / max(sum(gaps), 1)


def row(page: Page, key: str, what: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    """Return the line of a table."""
    grown = {name: after[name] - before[name] for name in after}
    seconds = grown["now"] / 1000
    times, width = page.evaluate(PRESENTED, [key, before["now"], after["now"]])
    concealed = 100 * grown["concealed"] / max(grown["samples"], 1)
    again = f"{grown['made']} connections made anew" if grown["made"] else ""
    return (
        f"| {what} | {100 * frozen(times):.1f} % | {len(times) / seconds:.1f} | {width} "
        f"| {grown['nacks'] / seconds:.1f} | {60 * grown['plis'] / seconds:.1f} | {concealed:.1f} % | {again} |"
    )


def main(playwright: Playwright, seconds: float, losses: list[float], link: str, size: tuple[int, int]) -> None:
    """Run everything and print."""
    print(f"Each row {seconds:.0f} s of a {size[0]}x{size[1]} talking head.\n")
    print(
        "| loss, direction | frozen | fps | width | NACKs a second | keyframe requests a minute | sound concealed | |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as directory, Namespace() as lossy:
        home = Path(directory)
        footage = camera_file(home)
        server = JupyterServer(home / "home", "lab", "--ServerApp.ip=0.0.0.0")
        address = f"http://{lossy.here}:{server.port}"
        secure = f"--unsafely-treat-insecure-origin-as-secure={address}"
        inside = str(lossy.wrap(CHROMIUM, home))
        with (
            server,
            chromium(playwright, footage, 30, secure, executable=inside) as far,
            chromium(playwright, footage) as near,
        ):
            way = {"link": link} if link else {}
            there = server.page("rtc-notebook/room/loss", name="Ana", join="", **way).replace(server.url, f"{address}/")
            ana = enter(far, there, "Ana", size)
            guest = enter(near, server.page("rtc-notebook/room/loss", name="Guest", join=""), "Guest", size)
            ana.locator(tile("Guest")).wait_for(state="attached", timeout=20000)
            guest.locator(tile("Ana")).wait_for(state="attached", timeout=20000)
            for loss in losses:
                lossy.lose(loss)
                guest.wait_for_timeout(3000)  # measured is how it is, not how it becomes so
                before = guest.evaluate(STATS), ana.evaluate(STATS)
                guest.wait_for_timeout(1000 * seconds)
                after = guest.evaluate(STATS), ana.evaluate(STATS)
                print(row(guest, "Ana/camera", f"{100 * loss:g} %, up", before[0], after[0]), flush=True)
                print(row(ana, "Guest/camera", f"{100 * loss:g} %, down", before[1], after[1]), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--loss", type=float, nargs="+", default=[0, 0.02, 0.05, 0.1, 0.2])
    parser.add_argument("--link", choices=["webrtc", "websocket"], default="", help="the only way that Ana may take")
    parser.add_argument("--size", type=int, nargs=2, default=[1280, 720], help="smaller where the CPU is the limit")
    options = parser.parse_args()
    if unavailable():
        sys.exit(f"This needs a network namespace: {unavailable()}.")
    with sync_playwright() as started:
        main(started, options.seconds, options.loss, options.link, tuple(options.size))
