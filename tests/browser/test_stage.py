"""Who gets the stage: who speaks, who shares a screen; and how it is said who comes through badly or has no room."""

from __future__ import annotations

import re
from collections.abc import Callable

from harness.browser import stood, tile
from harness.jupyter import JupyterServer
from harness.seats import seated
from harness.somebody import somebody
from playwright.sync_api import Browser, Page, expect

SHARE = """() => {
    const [stage, tile] = [".rtc-stage", ".rtc-tile[data-staged]"].map((one) => document.querySelector(one)
        .getBoundingClientRect());
    return tile.width * tile.height > 0.4 * stage.width * stage.height;
}"""


def staged(page: Page, name: str, source: str = "camera") -> None:
    """Wait until this tile, and no other, has most of the room."""
    expect(stood(page, name, source)).to_have_attribute("data-staged", "", timeout=20_000)
    expect(page.locator(".rtc-tile[data-staged]")).to_have_count(1)
    page.wait_for_function(SHARE)  # the tiles move there


def test_who_speaks_who_shares_and_who_comes_through_badly(
    join: Callable[..., Page], pattern: Browser, lab: JupyterServer, room: str
):
    ana = join(pattern, "Ana", microphone="0")
    with somebody(lab, room, "Bo"):
        expect(ana.locator(tile("Bo"))).to_be_attached(timeout=20_000)
        with somebody(lab, room, "Cy", "--speaks", "--every", "30"):
            expect(ana.locator(tile("Cy"))).to_be_attached(timeout=20_000)
            expect(stood(ana, "Cy")).to_have_attribute("data-talking", "", timeout=20_000)
            expect(stood(ana, "Bo")).not_to_have_attribute("data-talking", "")

            ana.keyboard.press("l")  # who speaks gets the stage, though another came first
            staged(ana, "Cy")
            expect(stood(ana, "Ana")).to_have_attribute("data-corner", "")
            expect(stood(ana, "Bo")).to_be_hidden()
            ana.keyboard.press("l")  # the side strip
            staged(ana, "Cy")
            expect(stood(ana, "Bo")).to_be_visible()
            ana.keyboard.press("l")
            expect(ana.locator(".rtc-tile[data-staged]")).to_have_count(0)

            ana.keyboard.press("f")
            ana.wait_for_function("() => document.fullscreenElement?.matches('.rtc-call')")
            ana.keyboard.press("f")
            ana.wait_for_function("() => document.fullscreenElement === null")

            expect(stood(ana, "Cy").get_by_role("img", name="Bad connection")).to_be_visible(timeout=20_000)
            expect(stood(ana, "Bo").get_by_role("img", name="Bad connection")).to_be_hidden()
            ana.keyboard.press("i")
            figures = stood(ana, "Bo").locator("dl")
            for one in (r"Loss[\d.]+ %", r"Delay\d+ ms", r"Frames\d+ fps", r"Picture320×180"):
                expect(figures).to_contain_text(re.compile(one), timeout=20_000)
            ana.keyboard.press("i")
            expect(figures).to_be_hidden()

        dan = join(pattern, "Dan", camera="0", microphone="0")
        expect(dan.locator(tile("Ana"))).to_be_attached(timeout=20_000)
        ana.keyboard.press("s")
        staged(dan, "Ana", "screen")
        expect(dan.locator(tile("Ana", "screen"))).to_be_attached(timeout=20_000)
        expect(stood(ana, "Ana", "screen")).not_to_have_attribute("data-staged", "")  # a hall of mirrors
        pin = stood(dan, "Bo").get_by_role("button", name="Put Bo on the stage")
        pin.press("Enter")
        staged(dan, "Bo")
        stood(dan, "Bo").get_by_role("button", name="Take Bo off the stage").press("Enter")
        staged(dan, "Ana", "screen")
        ana.keyboard.press("s")
        expect(dan.locator(tile("Ana", "screen", state=None))).to_have_count(0, timeout=20_000)
        expect(dan.locator(".rtc-tile[data-staged]")).to_have_count(0)


def test_it_says_for_how_many_there_is_no_room(
    join: Callable[..., Page], pattern: Browser, lab: JupyterServer, room: str
):
    ana = join(pattern, "Ana", microphone="0")
    expect(ana.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    with seated(lab, room, [f"Guest {number}" for number in range(1, 30)]):
        expect(ana.locator(".rtc-tile")).to_have_count(30, timeout=20_000)
        ana.set_viewport_size({"width": 300, "height": 360})
        more = ana.get_by_role("button", name=re.compile(r"^\d+ more: show people$"))
        expect(more).to_be_visible()
        expect(stood(ana, "Ana")).to_be_visible()
        hidden = ana.locator(".rtc-tile:not(:visible)").count()
        expect(more).to_have_text(f"+{hidden}")
        more.click()
        expect(ana.get_by_role("listitem")).to_have_count(30)
        ana.keyboard.press("Escape")
        ana.set_viewport_size({"width": 1280, "height": 800})
        expect(more).to_be_hidden()
        expect(ana.locator(".rtc-tile:visible")).to_have_count(30)
