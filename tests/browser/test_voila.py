"""A notebook with a call as a page of Voila's: widget, filter and controls, seen by somebody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.browser import coloured, context, tile, until_shown
from harness.jupyter import JupyterServer
from harness.lab import make_notebook
from playwright.sync_api import Browser, Page, expect

CELL = """
from rtc_notebook import Call
call = Call({room!r}, name="Ana")

@call.filter(on_error="hold")
def paint(frame, level=(0, 200)):
    frame[:] = (level, 0, 0)
    return frame

call
"""
PROCESSED = tile("Ana") + "[data-processed]"


def test_a_call_is_a_page_of_voilas(
    lab: JupyterServer, pattern: Browser, join: Callable[..., Page], room: str, tmp_path: Path
):
    path = make_notebook(tmp_path / f"{room}.ipynb", CELL.format(room=room))
    guest = join(pattern, "Guest", camera="0", microphone="0")
    page = context(pattern, viewport={"width": 900, "height": 900}).new_page()
    try:
        page.goto(lab.page(f"voila/render/{lab.copy_notebook(path)}"))
        for each in (page, guest):
            expect(each.locator(PROCESSED)).to_be_attached(timeout=40_000)
        until_shown(guest, PROCESSED, coloured((100, 0, 0)), "blue")
        page.get_by_role("slider").first.press("Home")
        until_shown(guest, PROCESSED, coloured((0, 0, 0)), "black, by the slider")
        page.close()  # and its kernel with it
        expect(guest.locator(tile("Ana", state=None))).to_have_count(0, timeout=30_000)
    finally:
        page.context.close()
