"""What a call has to do with the windows around it: sound only after a click, a shared screen, a window of its own."""

from __future__ import annotations

from collections.abc import Callable

import tenacity
from harness.browser import PLAYERS, chromium, context, goes_on, tile
from harness.jupyter import JupyterServer
from playwright.sync_api import Browser, Page, Playwright, expect

PLAYED = "() => players.size === 1 && [...players].every(({paused}) => !paused)"
SENT = """() => connections.flatMap((each) => each.getSenders()).flatMap(({track}) => track ?? [])
    .filter(({label}) => label.startsWith("screen:") || label === "Fake audio")"""

DARK = """() => {
    const probe = Object.assign(document.createElement("i"), {style: "color: light-dark(rgb(1, 1, 1), rgb(2, 2, 2))"});
    document.body.append(probe);
    const {color} = getComputedStyle(probe);
    probe.remove();
    return color === "rgb(2, 2, 2)";
}"""


@tenacity.retry(stop=tenacity.stop_after_delay(30), wait=tenacity.wait_fixed(0.2))
def sound_comes(lab: JupyterServer, room: str, speaks: str, hears: str) -> None:
    """Wait until one's sound is sent to another, as the SFU counts it."""
    state = lab.get(f"rtc-notebook/api/rooms/{room}")
    who = {one["name"]: one for one in state["participants"]}
    [sound] = [track["id"] for track in who[speaks]["tracks"] if track["source"] == "microphone"]
    assert state["sfu"]["participants"][who[hears]["id"]]["subscribe"][sound]["packets"] > 50


def test_a_click_for_sound_a_screen_with_its_sound_and_a_window_of_its_own(
    playwright: Playwright, lab: JupyterServer, room: str, join: Callable[..., Page], pattern: Browser
):
    ben = join(pattern, "Ben")
    with chromium(playwright, None, 10, "--autoplay-policy=document-user-activation-required") as browser:
        page = context(browser).new_page()
        page.add_init_script(PLAYERS)
        page.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana", join="", camera="0", microphone="0"))
        sound_comes(lab, room, "Ben", "Ana")  # before the page is looked at: to Chromium, that is a click
        hear = page.get_by_role("button", name="Click to hear the others")
        expect(hear).to_be_visible(timeout=10_000)
        assert not page.evaluate(PLAYED)
        hear.click()
        expect(hear).to_be_hidden()
        page.wait_for_function(PLAYED)

        page.get_by_role("button", name="Share your screen").click()
        expect(ben.locator(tile("Ana", "screen"))).to_be_attached(timeout=20_000)
        page.wait_for_function(f"() => ({SENT})().length === 2")
        state = lab.get(f"rtc-notebook/api/rooms/{room}")
        [ana] = [one for one in state["participants"] if one["name"] == "Ana"]
        assert {(one["kind"], one["source"]) for one in ana["tracks"]} >= {("video", "screen"), ("audio", "screen")}
        page.get_by_role("button", name="Stop sharing").click()
        expect(ben.locator(tile("Ana", "screen", state=None))).to_have_count(0)
        page.wait_for_function(f"() => ({SENT})().length === 0")

        page.get_by_role("button", name="More", exact=True).click()
        with page.context.expect_page() as opened:
            page.get_by_role("menuitem", name="Pop out").click()
        window = opened.value
        expect(window.locator(tile("Ben"))).to_be_attached()
        goes_on(window, tile("Ben"))
        expect(page.locator(tile("Ben"))).to_have_count(0)
        window.emulate_media(color_scheme="dark")
        assert window.evaluate(DARK), "what is light or dark by the system's theme is so here, too"
        window.keyboard.press("v")  # the camera, by its key
        expect(ben.locator(tile("Ana"))).to_be_attached(timeout=20_000)
        window.get_by_role("button", name="Chat", exact=True).click()  # its style comes late, and comes here, too
        expect(window.get_by_role("complementary", name="Beside the call")).to_have_css("display", "flex")
        page.get_by_role("button", name="Bring it back").click()
        expect(page.locator(tile("Ben"))).to_be_attached()
        goes_on(page, tile("Ben"))

        page.get_by_role("button", name="More", exact=True).click()
        with page.context.expect_page() as opened:
            page.get_by_role("menuitem", name="Pop out").click()
        window = opened.value
        window.get_by_role("button", name="More", exact=True).click()
        window.get_by_role("menuitem", name="Back to the page").click()
        goes_on(page, tile("Ben"))
