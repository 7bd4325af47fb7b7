"""The view of a call: layouts, the stage, statistics, the original behind a filter."""

from __future__ import annotations

from collections.abc import Callable

from harness.browser import choose, painted, picture, stood, tile
from harness.kernel import Kernel
from playwright.sync_api import Browser, Page, expect

LARGER = """() => {
    const [bo, ana] = ["Bo", "Ana"].map((name) => document.querySelector(`.rtc-tile:has([data-participant=${name}])`)
        .getBoundingClientRect()).map(({width, height}) => width * height);
    return bo > 4 * ana;
}"""


def test_layouts_pins_statistics_and_the_original(
    join: Callable[..., Page], pattern: Browser, kernel: Kernel, room: str
):
    ana = join(pattern, "Ana", microphone="0")
    expect(ana.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    bo = join(pattern, "Bo", microphone="0")
    expect(ana.locator(tile("Bo"))).to_be_attached(timeout=20_000)
    expect(bo.locator(tile("Ana"))).to_be_attached(timeout=20_000)

    choose(ana, "Side strip")
    expect(stood(ana, "Bo")).to_have_attribute("data-staged", "")
    expect(stood(ana, "Ana")).not_to_have_attribute("data-staged", "")
    ana.wait_for_function(LARGER)  # the tiles move there
    pin = stood(ana, "Ana").get_by_role("button", name="Put Ana (you) on the stage")
    pin.focus()
    ana.keyboard.press("Enter")
    expect(stood(ana, "Ana")).to_have_attribute("data-staged", "")
    stood(ana, "Ana").click(position={"x": 100, "y": 100})
    expect(stood(ana, "Bo")).to_have_attribute("data-staged", "")
    choose(ana, "Speaker")
    expect(stood(ana, "Ana")).to_have_attribute("data-corner", "")
    ana.reload()
    expect(stood(ana, "Bo")).to_have_attribute("data-staged", "", timeout=20_000)  # remembered
    choose(ana, "Grid")
    expect(stood(ana, "Bo")).not_to_have_attribute("data-staged", "")

    choose(ana, "Statistics")
    for name in ("Ana", "Bo"):
        expect(stood(ana, name).locator("dl")).to_contain_text("640×360", timeout=15_000)
        expect(stood(ana, name).locator("dl")).to_contain_text("bit/s")
    choose(ana, "Statistics")
    expect(stood(ana, "Bo").locator("dl")).to_be_hidden()

    choose(ana, "Full screen")
    ana.wait_for_function("() => document.fullscreenElement?.matches('.rtc-call')")
    choose(ana, "Full screen")
    ana.wait_for_function("() => document.fullscreenElement === null")

    kernel.run(f"from rtc_notebook import Call\ncall = Call({room!r})\ncall.wait_until_connected()")
    kernel.run("@call.filter(on='Ana')\ndef dark(frame):\n    return frame // 8")
    expect(ana.locator(tile("Ana") + "[data-processed]")).to_be_attached(timeout=20_000)
    expect(stood(bo, "Ana").locator(".rtc-compare")).to_be_hidden()
    for page in (ana, bo):
        expect(stood(page, "Ana").get_by_text("dark", exact=True)).to_be_visible()
        expect(stood(page, "Ana").get_by_title("Filtered by ")).to_be_visible()
        expect(stood(page, "Bo").locator(".rtc-filter-mark")).to_be_hidden()
    handle = stood(ana, "Ana").get_by_role("button", name="Hold to compare")
    original = ".rtc-original"
    for press, release in (
        (lambda: ana.mouse.down(), lambda: ana.mouse.up()),
        (lambda: ana.keyboard.down("Enter"), lambda: ana.keyboard.up("Enter")),
    ):
        handle.hover()
        handle.focus()
        press()
        expect(ana.locator(original)).to_be_visible()
        painted(ana, original)
        assert picture(ana, original).max() > 3 * picture(ana, tile("Ana")).max()
        assert bo.locator(original).count() == 0
        release()
        expect(ana.locator(original)).to_have_count(0)
