"""Nothing that is looked at or about to be clicked moves when others join; and a call fits where it is narrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.browser import context, tile
from harness.jupyter import JupyterServer
from harness.seats import seated
from harness.somebody import somebody
from harness.states import notebook
from playwright.sync_api import Browser, Page, expect

SPEAKER = "localStorage.setItem('rtc-notebook:layout', 'speaker')"
WATCHED = """() => [".rtc-controls", ".rtc-controls :is(button, a)", ".rtc-main", ".rtc-side", ".rtc-side-head *",
    ".rtc-hosting button", ".rtc-examine", ".rtc-tile:has([data-participant=Ana])",
    ".rtc-tile:has([data-participant=Ana]) .rtc-name", ".rtc-people-row:nth-child(-n+2)"].flatMap((selector) =>
    [...document.querySelectorAll(`.rtc-notebook ${selector}`)].filter((one) => one.checkVisibility()).map((one) => {
        const {x, y, width, height} = one.getBoundingClientRect();
        return [one.ariaLabel ?? one.className, ...[x, y, width, height].map((edge) => Math.round(edge))].join(" ");
    }))"""
# What the browser counts as a layout shift (WICG Layout Instability), from when a page begins.
SHIFTS = """globalThis.shifts = [];
new PerformanceObserver((list) => shifts.push(...list.getEntries().map(({value, sources}) =>
    [value, ...sources.map(({node}) => node?.className ?? "")]))).observe({type: "layout-shift", buffered: true});"""
MOVING = "() => document.getAnimations().filter(({playState}) => playState === 'running').length"
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
OUTSIDE = """() => {
    const box = document.querySelector(".rtc-widget").getBoundingClientRect();
    const all = ".rtc-widget :is(button, a, select, input, [role=menu], [role=dialog], .rtc-tile)";
    return [...document.querySelectorAll(all)]
        .filter((one) => one.checkVisibility() && !one.closest("dialog:not([open])"))
        .filter((one) => {
            const {left, right} = one.getBoundingClientRect();
            return left < box.left - 0.5 || right > box.right + 0.5;
        }).map((one) => one.ariaLabel ?? one.className);
}"""


FITS = f"() => !({OUTSIDE})().length"  # once everything has found its place


def stays(page: Page, lab: JupyterServer, room: str) -> None:
    """Have people join while the panel of people is open and another has the stage; nothing watched may move."""
    expect(page.locator(tile("Ben"))).to_be_attached(timeout=20_000)
    page.locator(".rtc-controls").get_by_role("button", name="People").click()
    expect(page.locator(".rtc-hosting")).to_be_visible()
    expect(page.locator(".rtc-people-row").nth(1)).to_be_visible()
    page.evaluate(DRAWN)
    before = page.evaluate(WATCHED)
    assert len(before) > 12, before
    for names in (["Cy"], ["Dan", "Eve", "Fay"]):
        with seated(lab, room, names):
            expect(page.locator(".rtc-people-row", has_text=names[-1])).to_be_attached(timeout=20_000)
            page.evaluate(DRAWN)
            assert page.evaluate(WATCHED) == before
        expect(page.locator(".rtc-people-row", has_text=names[-1])).to_have_count(0, timeout=20_000)
    assert page.evaluate(WATCHED) == before


def test_the_mirror_stays_where_it_is_whatever_it_shows(pattern: Browser, lab: JupyterServer, room: str):
    profile = context(pattern, viewport={"width": 844, "height": 390}, is_mobile=True, has_touch=True)
    page = profile.new_page()
    page.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana"))
    expect(page.get_by_role("button", name="Turn camera off")).to_be_visible()
    page.wait_for_function("() => document.querySelector('video').videoWidth > 300")
    before = page.locator(".rtc-preview").bounding_box()
    page.get_by_role("button", name="Turn camera off").click()
    expect(page.get_by_text("Camera is off")).to_be_visible()
    page.wait_for_function("() => document.querySelector('video').videoWidth === 0")
    assert page.locator(".rtc-preview").bounding_box() == before
    page.get_by_role("button", name="Turn camera on").click()
    page.wait_for_function("() => document.querySelector('video').videoWidth > 300")
    assert page.locator(".rtc-preview").bounding_box() == before
    profile.close()


def test_nothing_moves_on_the_page(pattern: Browser, lab: JupyterServer, room: str):
    page = context(pattern, viewport={"width": 1280, "height": 720}, reduced_motion="reduce").new_page()
    page.add_init_script(SPEAKER)
    with somebody(lab, room, "Ben"):
        page.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana", join=""))
        stays(page, lab, room)
        assert page.evaluate(MOVING) == 0  # reduced motion was asked for


def test_joins_shift_no_layout_in_the_grid(pattern: Browser, lab: JupyterServer, room: str):
    page = context(pattern, viewport={"width": 1280, "height": 720}).new_page()
    page.add_init_script(SHIFTS)
    with somebody(lab, room, "Ben"):
        page.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana", join=""))
        expect(page.locator(tile("Ben"))).to_be_attached(timeout=20_000)
        page.evaluate(DRAWN)
        before = page.evaluate("shifts.length")
        for names in (["Cy"], ["Dan", "Eve", "Fay"]):
            with seated(lab, room, names):
                for name in names:
                    expect(page.locator(tile(name, state="off"))).to_be_attached(timeout=20_000)
                page.wait_for_function(f"() => ({MOVING})() === 0")
            expect(page.locator(tile(names[-1], state=None))).to_have_count(0, timeout=20_000)
        assert page.evaluate("shifts")[before:] == []
        page.evaluate("document.querySelector('.rtc-call').before(Object.assign(new Image(), {height: 200}))")
        page.wait_for_function("before => shifts.length > before", arg=before)  # it does count them


def test_nothing_moves_under_a_cell_which_may_be_narrow(
    pattern: Browser, lab: JupyterServer, room: str, tmp_path: Path
):
    size: dict[str, Any] = {"width": 1000, "height": 900}
    page = context(pattern, viewport=size, reduced_motion="reduce").new_page()
    page.add_init_script(SPEAKER)
    notebook.opened(page, lab, room, tmp_path)
    with somebody(lab, room, "Ben"):
        stays(page, lab, room)
        page.add_style_tag(content=".rtc-widget { width: 300px !important; min-width: 0 !important; }")
        expect(page.locator(".rtc-people-row").first).to_be_visible()
        page.wait_for_function(FITS)
        page.get_by_role("complementary", name="Beside the call").get_by_role("button", name="Close").click()
        expect(page.locator(tile("Ben"))).to_be_visible()
        bar = page.get_by_role("group", name="Call", exact=True)
        for name in ("Turn microphone off", "Turn camera off", "Leave the call"):
            expect(bar.get_by_role("button", name=name)).to_be_visible()
            expect(bar.get_by_role("button", name=name, pressed=True)).to_have_count(0)  # its name says what it does
        page.wait_for_function(FITS)
        bar.get_by_role("button", name="More", exact=True).click()
        menu = page.get_by_role("menu", name="More")
        expect(menu.get_by_text("Share your screen")).to_be_visible()
        page.wait_for_function(FITS)
        menu.get_by_text("Devices", exact=True).click()
        expect(page.get_by_role("dialog", name="Devices")).to_be_visible()
        page.wait_for_function(FITS)
