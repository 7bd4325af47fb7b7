"""Before the call: the rooms, the look in the mirror, and what may be wrong there; no invite."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from ..browser import context
from .scene import Scene

FAILING = """
(() => {
    const {mediaDevices} = navigator, open = mediaDevices?.getUserMedia.bind(mediaDevices);
    const fail = (name) => Promise.reject(new DOMException("", name));
    if (location.hash === "#insecure") Object.defineProperty(navigator, "mediaDevices", {value: undefined});
    else if (mediaDevices) mediaDevices.getUserMedia = (wish) =>
        location.hash === "#refused" ? fail("NotAllowedError")
            : location.hash === "#no-camera" && wish.video ? fail("NotFoundError") : open(wish);
})();
"""
WRONG = {"refused": "does not allow", "no-camera": "No camera was found", "insecure": "secure pages only"}


def before(scene: Scene, address: str) -> Page:
    """Look at the pages before Ana is in; returns hers, ready to join."""
    page = scene.page
    page.goto(scene.server.page("rtc-notebook/guest"))
    expect(page.get_by_text("You are not invited")).to_be_visible()
    scene("not-invited")
    wrong = scene.profile()
    wrong.add_init_script(FAILING)
    for state, words in WRONG.items():
        other = wrong.new_page()
        other.goto(f"{address}#{state}")
        expect(other.get_by_text(words)).to_be_visible()
        scene.take(other, f"before-{state}")
        other.close()
    wrong.close()
    return mirror(scene, address)


def mirror(scene: Scene, address: str) -> Page:
    """Look at Ana's page before she joins; returns it, ready for that."""
    page = scene.page
    page.goto(address)
    expect(page.get_by_role("button", name="Turn camera off")).to_be_visible()
    page.wait_for_function("() => document.querySelector('video')?.videoWidth > 0")
    scene("before")
    blur = page.get_by_label("Blur my background")
    blur.check()
    expect(page.locator(".rtc-blur[title]")).to_be_visible(timeout=20_000)
    scene("before-blur")
    blur.uncheck()
    page.get_by_role("button", name="Turn camera off").click()
    expect(page.get_by_text("Camera is off")).to_be_visible()
    scene("before-camera-off")
    page.get_by_role("button", name="Turn camera on").click()
    expect(page.get_by_role("button", name="Turn camera off")).to_be_visible()
    return page


def rooms(scene: Scene) -> None:
    """Look at the rooms while Ana's is on."""
    page = scene.profile().new_page()
    page.goto(scene.server.page("rtc-notebook/"))
    expect(page.get_by_role("link", name=scene.room)).to_be_visible(timeout=20_000)
    scene.take(page, "rooms")
    page.context.close()


def not_let_in(scene: Scene) -> None:
    """Look at what a guest sees whose link is worth nothing."""
    page = context(scene.browser, **scene.options).new_page()
    page.goto(scene.server.page("rtc-notebook/guest").partition("?")[0] + "#nothing")
    expect(page.get_by_text("You cannot come in")).to_be_visible()
    scene.take(page, "not-let-in")
    page.context.close()
