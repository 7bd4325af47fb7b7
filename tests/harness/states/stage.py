"""Layouts, pins, shared screens, a crowd, and a window of its own."""

from __future__ import annotations

from playwright.sync_api import expect

from ..browser import painted
from ..seats import seated
from .scene import Scene, attached, tile


def layouts(scene: Scene) -> None:
    """Look at the layouts with a stage, and at what was put there; two are in the call."""
    scene.choose("Side strip")
    expect(scene.stood("Bo")).to_have_attribute("data-staged", "")
    scene("strip")
    scene.choose("Speaker")
    expect(scene.stood("Ana")).to_have_attribute("data-corner", "")
    scene("speaker")
    scene.choose("Grid")
    expect(scene.stood("Bo")).not_to_have_attribute("data-staged", "")
    scene.stood("Ana").click()  # or by its button, where there is a mouse to make that appear
    expect(scene.stood("Ana")).to_have_attribute("data-staged", "")
    scene("pinned")
    scene.stood("Ana").click()
    expect(scene.stood("Ana")).not_to_have_attribute("data-staged", "")


def screens(scene: Scene) -> None:
    """Look at a screen that somebody shares, and at one's own."""
    profile = scene.profile(viewport={"width": 1280, "height": 800}, is_mobile=False, has_touch=False)
    other = profile.new_page()
    other.goto(scene.server.page(f"rtc-notebook/room/{scene.room}", name="Dan", join="", microphone="0"))
    attached(other, tile("Ana"))
    other.get_by_role("button", name="Share your screen").click()
    attached(scene.page, tile("Dan", "screen"))
    expect(scene.stood("Dan", "screen")).to_have_attribute("data-staged", "")
    painted(scene.page, tile("Dan", "screen"))
    scene("screen")
    scene.theirs(other, "sharing")
    profile.close()
    expect(scene.page.locator(tile("Dan", state=None))).to_have_count(0, timeout=20_000)


def many(scene: Scene) -> None:
    """Look at more people than there is room for, in a window that is no larger than a phone's."""
    size = scene.page.viewport_size
    with seated(scene.server, scene.room, [f"Guest {number}" for number in range(1, 30)]):
        expect(scene.stood("Guest 1")).to_be_visible()
        scene("many")
        if not scene.cell and scene.desktop:
            scene.page.set_viewport_size({"width": 420, "height": 380})
            expect(scene.call.locator(".rtc-more-tile")).to_be_visible()
            scene("more-than-fit")
            scene.page.set_viewport_size(size or {"width": 1280, "height": 800})
    expect(scene.page.locator(tile("Guest 1", state=None))).to_have_count(0, timeout=20_000)


def window_of_its_own(scene: Scene) -> None:
    """Look at the window that a call is taken to, and at the page that it left."""
    with scene.page.context.expect_page() as opened:
        scene.choose("Pop out")
    window = opened.value
    attached(window, tile("Bo"))
    scene("popped-out")
    scene.theirs(window, "window")
    scene.call.get_by_role("button", name="Bring it back").click()
    attached(scene.page, tile("Bo"))
