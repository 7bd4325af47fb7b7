"""How much of a call freezes where packets are lost, in both directions: up to the SFU, and down from it.

Usage: ``python benchmarks/loss.py [--seconds 30] [--loss 0.02 0.05 0.1 0.2]``, as root. Prints Markdown. Ana sits in a
network namespace whose cable loses packets at random; Guest does not. Freezes as Chromium counts them
(``totalFreezesDuration``).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from harness.browser import CHROMIUM, chromium, context, tile  # noqa: E402
from harness.footage import camera_file  # noqa: E402
from harness.jupyter import JupyterServer  # noqa: E402
from harness.network import Namespace, unavailable  # noqa: E402
from playwright.sync_api import Browser, Page, Playwright, sync_playwright  # noqa: E402

STATS = """async () => {
    const all = await Promise.all(connections.map(async one => [...(await one.getStats()).values()]));
    const video = all.flat().find(({type, kind}) => type === "inbound-rtp" && kind === "video");
    const audio = all.flat().find(({type, kind}) => type === "inbound-rtp" && kind === "audio");
    return {frozen: video.totalFreezesDuration, frames: video.framesDecoded, width: video.frameWidth,
        nacks: video.nackCount, plis: video.pliCount, lost: video.packetsLost, received: video.packetsReceived,
        concealed: audio?.concealedSamples ?? 0, samples: audio?.totalSamplesReceived ?? 1};
}"""


def enter(browser: Browser, url: str, name: str) -> Page:
    """Open the call page as this person."""
    page = context(browser, size=None, viewport={"width": 640, "height": 400}).new_page()
    page.goto(url)
    page.locator(tile(name, state=None)).wait_for(state="attached", timeout=20000)
    return page


def row(what: str, before: dict[str, Any], after: dict[str, Any], seconds: float) -> str:
    """Return the line of a table."""
    grown = {key: after[key] - before[key] for key in after}
    concealed = 100 * grown["concealed"] / max(grown["samples"], 1)
    return (
        f"| {what} | {100 * grown['frozen'] / seconds:.1f} % | {grown['frames'] / seconds:.1f} | {after['width']} "
        f"| {grown['nacks'] / seconds:.1f} | {60 * grown['plis'] / seconds:.1f} | {concealed:.1f} % |"
    )


def main(playwright: Playwright, seconds: float, losses: list[float]) -> None:
    """Run everything and print."""
    print(f"Each row {seconds:.0f} s of a 1280x720 talking head.\n")
    print("| loss, direction | frozen | fps | width | NACKs a second | keyframe requests a minute | sound concealed |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
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
            there = server.page("rtc-notebook/room/loss", name="Ana", join="").replace(server.url, f"{address}/")
            ana = enter(far, there, "Ana")
            guest = enter(near, server.page("rtc-notebook/room/loss", name="Guest", join=""), "Guest")
            ana.locator(tile("Guest")).wait_for(state="attached", timeout=20000)
            guest.locator(tile("Ana")).wait_for(state="attached", timeout=20000)
            for loss in losses:
                lossy.lose(loss)
                guest.wait_for_timeout(3000)  # measured is how it is, not how it becomes so
                before = guest.evaluate(STATS), ana.evaluate(STATS)
                guest.wait_for_timeout(1000 * seconds)
                after = guest.evaluate(STATS), ana.evaluate(STATS)
                print(row(f"{100 * loss:g} %, up", before[0], after[0], seconds), flush=True)
                print(row(f"{100 * loss:g} %, down", before[1], after[1], seconds), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--loss", type=float, nargs="+", default=[0, 0.02, 0.05, 0.1, 0.2])
    options = parser.parse_args()
    if unavailable():
        sys.exit(f"This needs a network namespace: {unavailable()}.")
    with sync_playwright() as started:
        main(started, options.seconds, options.loss)
