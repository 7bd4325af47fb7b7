"""What people do to each other and ask of a kernel: reactions, hands, filters with their sliders, a recording."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from harness.browser import context, tile
from harness.kernel import Kernel, held
from playwright.sync_api import Browser, Page, expect

ANSWER = 15_000
SETUP = """
from rtc_notebook import *
import os, pathlib, tempfile
os.chdir(tempfile.mkdtemp())
call = Call({room!r}, name="Ana")
call.wait_until_connected()
heard = []
call.on("reaction", lambda who, emoji: heard.append((who.name, emoji)))
@call.offer(name="stripes")
def stripes(frame, gap=(2, 40), colour=["white", "black"], on=True):
    "Lays stripes over the picture."
    if on:
        frame[::gap] = 255 if colour == "white" else 0
    return frame
"""


def reactions(page: Page) -> None:
    """Keep what floats over the tiles."""
    page.evaluate(
        """globalThis.floated = []; new MutationObserver(changes => {
            for (const {addedNodes} of changes) for (const one of addedNodes)
                if (one.className === "rtc-reaction") floated.push(one.textContent);
        }).observe(document.querySelector(".rtc-react-place"), {childList: true, subtree: true})"""
    )


def test_reactions_hands_filters_and_recording(
    join: Callable[..., Page], pattern: Browser, kernel: Kernel, room: str, tmp_path: Path
) -> None:
    host = join(pattern, "Ana")
    expect(host.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    kernel.run(SETUP.format(room=room))
    opened = context(pattern)
    guest = opened.new_page()
    guest.goto(kernel.run("print(call.invite(minutes=5).url)").strip())
    guest.get_by_label("Your name").fill("Bo")
    guest.get_by_role("button", name="Join").click()
    expect(host.locator(tile("Bo"))).to_be_attached(timeout=20_000)
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=20_000)

    for page in (host, guest):
        reactions(page)
    guest.get_by_role("button", name="React", exact=True).click()
    guest.get_by_role("button", name="Applause").click()
    guest.keyboard.press("Escape")
    host.wait_for_function("() => floated.includes('👏Bo')")
    guest.wait_for_function("() => floated.includes('👏You')")
    expect(host.get_by_text("Bo: Applause")).to_be_attached()
    kernel.wait_until("heard == [('Bo', '👏')]")

    guest.get_by_role("button", name="Raise your hand").click()
    expect(host.get_by_label("Hand raised").filter(visible=True)).to_have_count(1)
    host.get_by_role("button", name="Raise your hand").click()
    host.get_by_role("button", name="People", exact=True).click()
    rows = host.get_by_role("listitem")
    expect(rows.nth(0)).to_contain_text(re.compile("Bo.*hand raised, 1 of 2", re.DOTALL))
    expect(rows.nth(1)).to_contain_text(re.compile("Ana.*hand raised, 2 of 2", re.DOTALL))

    # a guest filters themselves, and nobody else
    guest.get_by_role("button", name="Filters and recording").click()
    expect(guest.get_by_role("button", name="Record", exact=True)).to_be_hidden()
    expect(guest.get_by_label("Whose picture").locator("option")).to_have_text(["Your camera"])
    guest.get_by_role("button", name="Stripes").click()
    expect(guest.get_by_role("button", name="Stripes")).to_have_attribute("aria-pressed", "true", timeout=ANSWER)
    for page in (host, guest):
        expect(page.locator(tile("Bo") + "[data-processed]")).to_be_attached(timeout=20_000)
    slider = guest.get_by_role("slider", name="Gap")
    slider.fill("5")
    guest.get_by_label("Colour").select_option("black")
    guest.get_by_role("checkbox", name="On").uncheck()
    kernel.run("def values(): return call._studio.filters.on('Bo', 'camera').controls.values")
    wanted = [{"gap": 5, "colour": "black", "on": False}]
    kernel.wait_until(f"values() == {wanted}")

    # a host filters others; what a cell set, a guest leaves alone
    host.get_by_role("button", name="Filters and recording").click()
    host.get_by_label("Whose picture").select_option("Bo’s camera")
    expect(host.get_by_role("button", name="Stripes")).to_have_attribute("aria-pressed", "true", timeout=ANSWER)
    host.get_by_role("button", name="Edges").click()
    expect(host.get_by_role("button", name="Edges")).to_have_attribute("aria-pressed", "true", timeout=ANSWER)
    expect(guest.get_by_role("slider", name="High")).to_have_value("160", timeout=ANSWER)
    host.get_by_role("button", name="None").click()
    expect(host.locator(tile("Bo") + ":not([data-processed])")).to_be_attached(timeout=20_000)
    kernel.run("@call.filter(on='Bo')\ndef edges(frame): return frame // 2")
    both = guest.get_by_role("button", name="Edges", exact=True)  # the cell's, and the one to choose
    expect(both).to_have_count(2, timeout=ANSWER)
    expect(both.first).to_have_attribute("aria-pressed", "true")
    expect(both.last).to_have_attribute("aria-pressed", "false")
    expect(guest.get_by_text("A cell of the notebook put this filter on")).to_be_visible(timeout=ANSWER)
    expect(guest.get_by_role("button", name="None")).to_be_disabled()
    kernel.run("call.unfilter(on='Bo')")

    # a busy kernel is told as such: nothing moves while a cell holds the interpreter
    with held(kernel, tmp_path):
        host.get_by_role("button", name="Sepia").click()
        expect(host.get_by_text("The kernel is busy")).to_be_visible(timeout=20_000)
    expect(host.get_by_role("button", name="Sepia")).to_have_attribute("aria-pressed", "true", timeout=20_000)
    expect(host.get_by_text("The kernel is busy")).to_be_hidden()

    # a recording, seen by everybody; and what is in its way comes back
    host.get_by_role("button", name="Record", exact=True).click()
    for page in (host, guest):
        expect(page.get_by_text("REC", exact=True)).to_be_visible(timeout=ANSWER)
    host.get_by_role("button", name="Stop recording").click()
    expect(guest.get_by_text("REC", exact=True)).to_be_hidden(timeout=ANSWER)
    [path] = eval(kernel.run("print([str(one) for one in pathlib.Path().glob('*.mkv')])"))
    assert path.startswith(room)
    expect(host.get_by_text(f"In the file {path}")).to_be_visible()
    kernel.run("os.chdir('/proc')")
    host.get_by_role("button", name="Record", exact=True).click()
    expect(host.get_by_text("The recording failed.")).to_be_visible(timeout=ANSWER)

    # the room is handed over
    host.get_by_role("button", name="People", exact=True).click()
    host.get_by_label("Role of Bo").select_option("host")
    guest.get_by_role("button", name="People", exact=True).click()
    expect(guest.get_by_role("button", name="Invite…")).to_be_visible(timeout=ANSWER)
    guest.get_by_label("Role of Ana", exact=True).select_option("member")
    expect(host.get_by_role("button", name="Invite…")).to_be_hidden(timeout=ANSWER)
    opened.close()
