"""What works from here, asked in the call itself."""

from __future__ import annotations

from collections.abc import Callable

from harness.browser import findings, tile
from playwright.sync_api import Browser, Page, expect

from rtc_notebook import __version__


def test_the_page_says_what_works_from_here(pattern: Browser, join: Callable[..., Page]):
    ana = join(pattern, "Ana")
    ben = join(pattern, "Ben", link="websocket", camera="0")
    assert ana.evaluate("performance.getEntriesByType('resource').every(({name}) => !name.includes('doctor'))")
    expect(ben.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    for page in (ana, ben):
        page.get_by_role("button", name="People", exact=True).click()
        found = findings(page)
        good = ("Secure context", "Versions", "Signaling", "Media over WebSocket", "Codecs", "WebCodecs", "SFU")
        assert [found[subject][0] for subject in good] == ["ok"] * len(good), found
        assert __version__ in found["Versions"][1]
        assert "2 participants" in found["SFU"][1]
        assert found["STUN and TURN"][0] == "note" and "turn_urls" in found["STUN and TURN"][1]
        verdict, text = found["UDP"]
        if page is ana:
            assert verdict == "ok" and "host/udp" in text
        else:
            assert verdict == "note" and "go over the WebSocket" in text
        page.get_by_role("button", name="Close").last.click()
        expect(page.locator(".rtc-doctor")).to_have_count(0)
