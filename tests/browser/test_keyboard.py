"""A call without a mouse: joining, talking, writing, leaving."""

from __future__ import annotations

from collections.abc import Callable

from harness.browser import context, tile
from harness.jupyter import JupyterServer
from playwright.sync_api import Browser, Page, expect

SEEN = """() => {
    const {outlineStyle, outlineWidth, boxShadow} = getComputedStyle(document.activeElement);
    return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
}"""


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"))


def test_by_keyboard_alone(join: Callable[..., Page], pattern: Browser, lab: JupyterServer, room: str):
    ben = join(pattern, "Ben", camera="0")
    expect(ben.locator(tile("Ben", state="off"))).to_be_attached(timeout=20_000)
    profile = context(pattern)
    page = profile.new_page()
    page.goto(lab.page(f"rtc-notebook/room/{room}"))
    expect(page.get_by_role("button", name="Turn camera off")).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(SEEN), f"the focus on {focused(page)!r} is not seen"
        if focused(page) == "Your name":
            break
    page.keyboard.type("Ana ms")  # letters that are shortcuts in the call
    page.keyboard.press("Enter")
    expect(ben.locator(tile("Ana ms"))).to_be_attached(timeout=20_000)
    marks = ben.locator(".rtc-tile", has=ben.locator(tile("Ana ms", state=None)))
    silent = marks.get_by_label("Microphone off")
    expect(silent).to_be_hidden()
    page.keyboard.press("m")
    expect(silent).to_be_visible()
    expect(page.get_by_role("button", name="Turn microphone on")).to_be_visible()

    page.keyboard.down("Space")
    expect(silent).to_be_hidden()
    page.keyboard.up("Space")
    expect(silent).to_be_visible()

    page.keyboard.press("v")
    expect(ben.locator(tile("Ana ms", state="off"))).to_be_attached(timeout=10_000)
    page.keyboard.press("v")
    expect(ben.locator(tile("Ana ms"))).to_be_attached(timeout=10_000)
    page.keyboard.press("h")
    expect(marks.get_by_label("Hand raised")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_label("Write to everybody")).to_be_focused()
    page.keyboard.type("mmm? vvv ")  # a space bar that means a space
    page.keyboard.press("Enter")
    ben.get_by_role("button", name="Chat, 1 new").click()
    expect(ben.get_by_role("log").get_by_text("mmm? vvv")).to_be_visible()
    expect(silent).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("log")).to_be_hidden()
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    page.keyboard.press("p")
    page.keyboard.press("d")
    expect(page.get_by_role("dialog", name="Devices")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys.get_by_text("Leave the call")).to_be_visible()
    keys.get_by_label("Single keys work in the call").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.keyboard.press("?")
    expect(keys).to_be_hidden()
    page.evaluate("localStorage.removeItem('rtc-notebook:shortcuts-off')")
    page.keyboard.press("m")
    expect(silent).to_be_hidden()
    page.get_by_role("button", name="Turn microphone off").focus()
    page.keyboard.press("Tab")
    assert page.evaluate(SEEN), f"the focus on {focused(page)!r} is not seen"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")  # a button that was reached by keyboard is pressed
    expect(silent).to_be_visible()
    page.get_by_role("button", name="Turn microphone on").click()
    expect(silent).to_be_hidden()
    page.get_by_role("button", name="Turn microphone off").click()
    expect(silent).to_be_visible()
    page.keyboard.down("Space")  # the mouse left the focus there, which means nothing
    expect(silent).to_be_hidden()
    page.keyboard.up("Space")
    expect(silent).to_be_visible()
    page.keyboard.press("Shift+L")
    expect(ben.locator(tile("Ana ms", state=None))).to_have_count(0, timeout=10_000)
    profile.close()
