"""Two real browsers and the SFU, with the least signaling between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from engines import until
from harness.browser import CHROMIUM
from playwright.async_api import Page, async_playwright
from rtc_notebook_server.sfu.base import OfferMade
from rtc_notebook_server.sfu.embedded import EmbeddedEngine

from rtc_notebook.protocol import IceCandidate

pytestmark = pytest.mark.browser
SCRIPT = Path(__file__).with_name("chromium_peer.js")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream=fps=30",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]


class Tab:
    """A page that is a participant."""

    def __init__(self, page: Page, seat: Any) -> None:
        self.page, self.seat = page, seat

    async def publish(self, **ids: str) -> None:
        await self.page.evaluate("ids => peer.publish(ids)", ids or None)

    async def stats(self, connection: str, type: str, kind: str) -> dict[str, Any]:
        entries = await self.page.evaluate("([name, type]) => peer.stats(name, type)", [connection, type])
        return next((entry for entry in entries if entry.get("kind") == kind), {})

    async def decoded(self) -> int:
        return int((await self.stats("subscriber", "inbound-rtp", "video")).get("framesDecoded", 0))


@pytest.fixture
async def tabs() -> AsyncIterator[tuple[EmbeddedEngine, Tab, Tab]]:
    engine = EmbeddedEngine()
    await engine.start(lambda reason: None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        made = [await open_tab(browser, engine, name) for name in ("ana", "ben")]
        yield engine, made[0], made[1]
        await browser.close()
    await engine.close()


async def open_tab(browser: Any, engine: EmbeddedEngine, name: str) -> Tab:
    context = await browser.new_context(permissions=["camera", "microphone"])
    page = await context.new_page()

    async def call(method: str, values: dict[str, Any]) -> Any:
        if method == "publish":
            return await seat.publish(values["sdp"], {mid: tuple(track) for mid, track in values["tracks"].items()})
        if method == "answer":
            return await seat.answer(values["id"], values["sdp"])
        candidate = {k: v for k, v in values["candidate"].items() if k in IceCandidate.__struct_encode_fields__}
        return await seat.candidate(values["connection"], msgspec.convert(candidate, IceCandidate))

    def on_event(event: Any) -> None:
        if isinstance(event, OfferMade):
            offer = {"id": event.id, "sdp": event.sdp}
            pending.append(asyncio.ensure_future(page.evaluate("offer => peer.offer(offer)", offer)))

    pending: list[Any] = []
    seat = await engine.join(name, on_event)
    await page.expose_function("seat", call)
    await context.route("http://localhost/**", lambda route: route.fulfill(body="<!doctype html>"))
    await page.goto("http://localhost/")
    await page.add_script_tag(path=SCRIPT)
    return Tab(page, seat)


async def test_two_browsers_see_and_hear_each_other(tabs: tuple[EmbeddedEngine, Tab, Tab]) -> None:
    engine, ana, ben = tabs
    for publisher, viewer, name, other in ((ana, ben, "ana", "ben"), (ben, ana, "ben", "ana")):
        for kind in ("video", "audio"):
            await engine.set_audience(f"{kind}-{name}", [other])
        await viewer.seat.subscribe([f"video-{name}", f"audio-{name}"])
        await publisher.publish(video=f"video-{name}", audio=f"audio-{name}")

    async def wide() -> bool:
        widths = [(await tab.stats("subscriber", "inbound-rtp", "video")).get("frameWidth") for tab in (ana, ben)]
        return widths == [1280, 1280]

    await until(wide, 20)

    async def heard() -> bool:
        sound = await ben.stats("subscriber", "inbound-rtp", "audio")
        return sound.get("totalAudioEnergy", 0) > 0 and sound["packetsReceived"] > 50

    await until(heard, 20)

    async def reported() -> bool:  # the publisher's sender reports arrive, mapped
        reports = [await ben.stats("subscriber", "remote-outbound-rtp", kind) for kind in ("video", "audio")]
        return all(report.get("reportsSent", 0) > 0 for report in reports)

    await until(reported, 20)
    counters = (await engine.stats())["participants"]["ana"]["publish"]["video-ana"]
    assert (counters["width"], counters["height"]) == (1280, 720)
    assert (await ana.stats("publisher", "remote-inbound-rtp", "video"))["roundTripTime"] < 0.5


async def test_a_track_that_is_taken_back_and_published_again_is_seen_again(
    tabs: tuple[EmbeddedEngine, Tab, Tab],
) -> None:
    engine, ana, ben = tabs
    for track in ("video-1", "video-2"):
        await engine.set_audience(track, ["ben"])
    await ben.seat.subscribe(["video-1", "video-2"])
    await ana.publish(video="video-1", audio="audio-1")

    async def seen() -> bool:
        return await ben.decoded() > 10

    await until(seen, 20)
    await ana.publish()

    async def gone() -> bool:
        return not (await engine.stats())["participants"]["ben"]["subscribe"]

    await until(gone, 20)
    await ana.publish(video="video-2", audio="audio-2")

    async def seen_again() -> bool:
        participants = (await engine.stats())["participants"]
        return participants["ben"]["subscribe"].get("video-2", {}).get("frames", 0) > 10

    await until(seen_again, 20)
    before = await ben.decoded()

    async def moving() -> bool:
        return await ben.decoded() != before

    await until(moving, 20)
