"""Twenty people in one room: what is received and sent of them, what is said while panels are closed, what hosts do."""

from __future__ import annotations

from collections.abc import Callable

from harness.browser import INBOUND, PLAYERS, choose, tile
from harness.crowd import NAMES, crowd
from harness.jupyter import JupyterServer
from playwright.sync_api import Browser, Page, expect

# How many pictures are received now, and how large the own camera is sent.
RECEIVED = """async () => {
    const each = await Promise.all(connections.map((one) => one.getStats()));
    const before = globalThis.counted ?? new Map(), now = globalThis.counted = new Map();
    for (const stats of each) for (const one of stats.values())
        if (one.type === "inbound-rtp" && one.kind === "video") now.set(one.id, one.framesReceived ?? 0);
    return [...now].filter(([id, frames]) => frames > (before.get(id) ?? Infinity)).length;
}"""
SENT = """async () => {
    for (const one of connections) for (const sender of one.getSenders())
        if (sender.track?.kind === "video") return sender.getParameters().encodings[0];
}"""
PLACED = "() => document.querySelectorAll('.rtc-tile:not([hidden]) video[data-state=live]').length"


def receives(page: Page, wanted: Callable[[int], bool]) -> None:
    """Wait until as many pictures come in as are wanted."""
    seen = []
    for _ in range(30):
        seen.append(page.evaluate(RECEIVED))
        if len(seen) > 1 and wanted(seen[-1]):
            return
        page.wait_for_timeout(700)
    said = page.locator(".rtc-lines").inner_text()
    raise AssertionError(f"received, one after the other: {seen}; the page says: {said!r}; {page.evaluate(INBOUND)}")


def test_twenty_people(join: Callable[..., Page], pattern: Browser, lab: JupyterServer, room: str) -> None:
    host = join(pattern, "Ana", PLAYERS, microphone="0")
    host.set_viewport_size({"width": 1280, "height": 760})
    expect(host.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    assert "maxFramerate" not in host.evaluate(SENT)
    with crowd(lab, room, *NAMES) as does:
        for name in NAMES:
            expect(host.locator(tile(name))).to_be_attached(timeout=30_000)
        assert host.evaluate(PLACED) == 20
        receives(host, lambda count: count == 19)
        assert host.evaluate(SENT)["maxFramerate"] == 15

        choose(host, "Speaker")  # one of the others, and how many more there are
        expect(host.get_by_role("button", name="18 more: show people")).to_be_visible()
        receives(host, lambda count: 1 <= count <= 4)  # who talks may be about to be shown
        choose(host, "Sound only")
        receives(host, lambda count: count == 0)
        host.get_by_role("button", name="Show pictures").click()
        receives(host, lambda count: count >= 1)
        choose(host, "Grid")
        choose(host, "Your own picture")
        expect(host.locator(".rtc-tile:not([hidden])")).to_have_count(19)
        choose(host, "Your own picture")
        host.set_viewport_size({"width": 300, "height": 300})  # too small for all of them
        more = host.get_by_role("button", name="more: show people")
        expect(more).to_be_visible()
        receives(host, lambda count: 0 < count < 19)
        host.set_viewport_size({"width": 1280, "height": 760})

        # said while the panels are closed
        does("Cleo", "hand")
        expect(host.get_by_text("Cleo raised a hand")).to_be_visible()
        does("Dan", "says Shall we begin?")
        expect(host.get_by_text("Dan: Shall we begin?")).to_be_visible()
        host.get_by_role("button", name="Open chat").click()
        expect(host.get_by_text("Dan: Shall we begin?")).to_have_count(0)
        expect(host.get_by_role("log", name="Chat").get_by_text("Shall we begin?")).to_be_visible()

        host.get_by_role("button", name="People", exact=True).click()
        rows = host.get_by_role("listitem")
        expect(rows).to_have_count(20)
        bo = rows.filter(has=host.get_by_text("Bo", exact=True))
        expect(bo.get_by_role("button", name="Mute Bo")).to_be_visible()
        bo.get_by_role("button", name="How loud Bo is for you").click()
        bo.get_by_role("slider", name="Volume of Bo").fill("25")
        host.wait_for_function("[...players].some(({volume}) => volume === 0.25)")
        host.get_by_role("button", name="Mute all").click()
        expect(bo.get_by_role("img", name="Microphone off")).to_be_visible()
        expect(host.get_by_role("button", name="Mute all")).to_be_disabled()
        host.get_by_role("button", name="Lower the hand of Cleo").click()
        expect(host.get_by_label("Hand raised").filter(visible=True)).to_have_count(0)
        host.get_by_role("button", name="End for all").click()
        host.get_by_role("button", name="Click again to end it for all").click()
        expect(host.get_by_text("A host ended the call for everybody.")).to_be_visible()
