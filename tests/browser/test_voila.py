"""A notebook with a call as a page of Voila's: widget, filter and controls, seen by somebody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
from harness.browser import context, picture, tile
from harness.jupyter import JupyterServer
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


def until(page: Page, blue: int) -> None:
    """Wait until Ana's tile shows this colour all over."""
    for _ in range(100):
        shown = picture(page, PROCESSED).astype(int).mean(axis=(0, 1))
        if (np.abs(shown - (blue, 0, 0)) < 25).all():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not blue {blue}, but {shown.round()}")


def test_a_call_is_a_page_of_voilas(
    lab: JupyterServer, pattern: Browser, join: Callable[..., Page], room: str, tmp_path: Path
):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.format(room=room))])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = tmp_path / f"{room}.ipynb"
    nbformat.write(notebook, path)
    guest = join(pattern, "Guest", camera="0", microphone="0")
    page = context(pattern, viewport={"width": 900, "height": 900}).new_page()
    try:
        page.goto(lab.page(f"voila/render/{lab.copy_notebook(path)}"))
        for each in (page, guest):
            expect(each.locator(PROCESSED)).to_be_attached(timeout=40_000)
        until(guest, 100)
        page.get_by_role("slider").first.press("Home")
        until(guest, 0)
        page.close()  # and its kernel with it
        expect(guest.locator(tile("Ana", state=None))).to_have_count(0, timeout=30_000)
    finally:
        page.context.close()
