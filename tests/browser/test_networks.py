"""What networks do in mid-call, to a browser whose network knows IPv6 alone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from harness.browser import CHROMIUM, chromium, context, plays, tile
from harness.jupyter import JupyterServer
from harness.network import Namespace, unavailable
from playwright.sync_api import Page, Playwright, TimeoutError, expect

PULLED_SECONDS = 5
BAR_SECONDS = 10.0  # half that on a machine that is not busy

# What each page's connections go over, and since when its pictures move: no gap of 0.7 s from there on.
ADDRESSES = """async () => (await Promise.all(connections.map(async one => {
    const stats = [...(await one.getStats()).values()];
    const pair = stats.find(one => one.type === "candidate-pair" && one.nominated && one.state === "succeeded");
    return stats.find(({id}) => id === pair?.localCandidateId)?.address;
}))).filter(Boolean)"""
WATCH = """selector => {
    globalThis.shown = [];
    let watched = null;
    setInterval(() => {
        const video = document.querySelector(selector);
        if (!video || video === watched) return;
        watched = video;
        const tick = () => { shown.push(Date.now()); if (video === watched) video.requestVideoFrameCallback(tick); };
        video.requestVideoFrameCallback(tick);
    }, 50);
}"""
HOW = """() => ({
    connections: connections.map(one => [one.connectionState, one.iceConnectionState]),
    pictures: shown.slice(-5).map(at => at - Date.now()),
    tiles: [...document.querySelectorAll("video")].map(one => ({...one.dataset})),
})"""
STEADY = """since => {
    const later = shown.filter(at => at >= since);
    const first = later.findIndex((at, index) => [...later.slice(index + 1), Date.now()].every(
        (next, after) => next - later[index + after] < 700));
    return first >= 0 && Date.now() - later[first] > 1200 && later[first];
}"""


def recovered(pages: dict[str, Page], since: float) -> dict[str, float]:
    """Return the seconds until each page's pictures move for good."""
    after = {}
    for name, page in pages.items():
        try:
            steady = page.wait_for_function(STEADY, arg=1000 * since, timeout=15_000, polling=100)
        except TimeoutError:
            raise AssertionError(f"{name}'s pictures do not move again: {page.evaluate(HOW)}") from None
        after[name] = float(steady.json_value()) / 1000 - since
    return after


@pytest.mark.alone
@pytest.mark.skipif(bool(unavailable()), reason=unavailable())
def test_loss_a_pulled_cable_and_another_address_over_ipv6_alone(playwright: Playwright, tmp_path: Path):
    with Namespace(ipv6=True) as far:
        server = JupyterServer(tmp_path / "home", "lab", "--ServerApp.ip=*")
        address = f"http://{far.host}:{server.port}"
        secure = f"--unsafely-treat-insecure-origin-as-secure={address}"  # as behind somebody's HTTPS proxy
        inside = str(far.wrap(CHROMIUM, tmp_path))
        with (
            server,
            chromium(playwright, None, 10, secure, executable=inside) as there,
            chromium(playwright, None, 10) as here,
        ):
            url = server.page("rtc-notebook/room/far", name="Ana", join="")
            ana, ben = context(there).new_page(), context(here).new_page()
            ana.goto(url.replace(server.url, f"{address}/"))
            ben.goto(server.page("rtc-notebook/room/far", name="Ben", join=""))
            for page, seen in ((ana, "Ben"), (ben, "Ana")):
                expect(page.locator(tile(seen))).to_be_attached(timeout=20_000)
                page.evaluate(WATCH, tile(seen))
            assert set(ana.evaluate(ADDRESSES)) == {far.there}, "by WebRTC, over IPv6"
            pages = {"Ana": ana, "Ben": ben}

            far.lose(0.05)
            for page, seen in ((ana, "Ben"), (ben, "Ana")):
                plays(page, tile(seen), 4)

            far.plug(False)
            ana.wait_for_timeout(1000 * PULLED_SECONDS)
            far.plug(True)
            after = recovered(pages, time.time())
            assert max(after.values()) < BAR_SECONDS, f"after the cable was plugged in: {after}"

            far.move(7)
            after = recovered(pages, time.time() + 0.1)
            assert max(after.values()) < BAR_SECONDS, f"after the address changed: {after}"
            assert far.there in ana.evaluate(ADDRESSES)
            assert len(ana.query_selector_all(tile("Ben", state=None))) == 1
