"""What networks do in mid-call, to a browser whose network knows IPv6 alone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from harness.browser import CHROMIUM, chromium, context, tile
from harness.jupyter import JupyterServer
from harness.network import Namespace, unavailable
from harness.views import RECORDER, View, judge
from playwright.sync_api import Playwright, expect

PULLED_SECONDS = 20
BAR_SECONDS = 5.0

# What each page's connections go over.
ADDRESSES = """async () => (await Promise.all(connections.map(async one => {
    const stats = [...(await one.getStats()).values()];
    const pair = stats.find(one => one.type === "candidate-pair" && one.nominated && one.state === "succeeded");
    return stats.find(({id}) => id === pair?.localCandidateId)?.address;
}))).filter(Boolean)"""


def recovered(views: list[View], since: float) -> dict[str, float | None]:
    """Return the seconds until each page's pictures move again."""
    return {seen.key: seen.after for seen in judge(views, since, since, 15)}


def goes_on(views: list[View], fps: float, tries: int = 6) -> None:
    """Wait until each page presents more than so many pictures a second, of the ten that are sent."""
    seen = []
    while len(seen) < tries:
        since = time.time()
        views[0].page.wait_for_timeout(1_500)
        seen.append({view.key: sum(one >= since for one in view.presented()) / 1.5 for view in views})
        if min(seen[-1].values()) > fps:
            return
    raise AssertionError(f"pictures a second: {seen}")


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
            for page in (ana, ben):
                page.add_init_script(RECORDER)
            ana.goto(url.replace(server.url, f"{address}/"))
            ben.goto(server.page("rtc-notebook/room/far", name="Ben", join=""))
            for page, seen in ((ana, "Ben"), (ben, "Ana")):
                expect(page.locator(tile(seen))).to_be_attached(timeout=20_000)
            assert set(ana.evaluate(ADDRESSES)) == {far.there}, "by WebRTC, over IPv6"
            views = [View(ana, "Ben/camera"), View(ben, "Ana/camera")]

            for loss in (0.2, 0.1, 0.02, 0.05):
                far.lose(loss)
                goes_on(views, 4)

            far.plug(False)
            ana.wait_for_timeout(1000 * PULLED_SECONDS)
            far.plug(True)
            after = recovered(views, time.time())
            assert all(one is not None and one < BAR_SECONDS for one in after.values()), (
                f"after the cable was plugged in: {after}"
            )

            far.move(7)
            after = recovered(views, time.time() + 0.1)
            assert all(one is not None and one < BAR_SECONDS for one in after.values()), (
                f"after the address changed: {after}"
            )
            deadline = time.monotonic() + 60  # until then pictures may come over the WebSocket
            while far.there not in ana.evaluate(ADDRESSES):
                assert time.monotonic() < deadline, "by WebRTC from the other address"
                ana.wait_for_timeout(500)
            assert len(ana.query_selector_all(tile("Ben", state=None))) == 1
