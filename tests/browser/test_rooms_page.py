"""The page of rooms: what is on and who is in, joining it, starting another."""

from __future__ import annotations

from collections.abc import Callable

from harness.browser import context, tile
from harness.jupyter import JupyterServer
from playwright.sync_api import Browser, Page, expect


def test_a_room_is_found_and_joined_and_another_started(
    join: Callable[..., Page], pattern: Browser, lab: JupyterServer, room: str
):
    ben = join(pattern, "Ben", camera="0", microphone="0")
    expect(ben.locator(tile("Ben", state="off"))).to_be_attached(timeout=20_000)
    profile = context(pattern)
    page = profile.new_page()
    page.goto(lab.page("rtc-notebook/"))
    row = page.get_by_role("link", name=room)
    expect(row).to_contain_text("Ben", timeout=20_000)
    row.click()
    expect(page.get_by_role("heading", name=room)).to_be_visible(timeout=20_000)
    page.get_by_label("Your name").fill("Ana")
    page.get_by_role("button", name="Join").click()
    expect(ben.locator(tile("Ana"))).to_be_attached(timeout=20_000)

    page.go_back()
    expect(row).to_be_visible(timeout=20_000)
    field = page.get_by_label("Name of a room")
    field.fill("../other")
    page.keyboard.press("Enter")
    assert field.evaluate("field => !field.validity.valid"), "no name of a room"
    other = f"Ünsere Runde.{room}"
    field.fill(other)
    page.get_by_role("button", name="Start or join").click()
    expect(page.get_by_role("heading", name=other)).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Join").click()
    expect(page.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    assert {one["name"] for one in lab.get("rtc-notebook/api/rooms")["rooms"]} >= {room, other}
    profile.close()
