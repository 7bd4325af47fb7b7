"""Parameters of filters as controls in JupyterLab: what they do to the picture that somebody else sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness.browser import coloured, context, tile, until_shown
from harness.jupyter import JupyterServer
from harness.lab import Notebook, make_notebook
from playwright.sync_api import Browser, Page, expect

PROCESSED = tile("Ana") + "[data-processed]"

CALL = "from rtc_notebook import Call\ncall = Call({room!r}, name='Ana')\ncall"
PAINT = """
@call.filter(on_error="hold")
def paint(frame, level=(0, 200), colour=["blue", "red"], whole=True):
    frame[:] = (level, 0, 0) if colour == "blue" else (0, 0, level)
    return frame
"""
BUSY = "import time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"


@pytest.fixture
def notebook(lab: JupyterServer, pattern: Browser, room: str, tmp_path: Path) -> Iterator[Notebook]:
    cells = [CALL.format(room=room), PAINT, "call", "pass"]
    path = make_notebook(tmp_path / f"{room}.ipynb", *cells)
    opened = context(pattern, viewport={"width": 900, "height": 1000})
    yield Notebook(opened.new_page(), lab, lab.copy_notebook(path))
    opened.close()


def until(page: Page, colour: tuple[int, int, int]) -> None:
    """Wait until Ana's tile shows this colour."""
    until_shown(page, PROCESSED, coloured(colour), f"{colour}")


def test_a_slider_changes_what_the_others_see(
    notebook: Notebook, lab: JupyterServer, join: Callable[..., Page], pattern: Browser
):
    guest = join(pattern, "Guest", camera="0", microphone="0")
    page = notebook.page
    notebook.run(0)
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=30_000)
    notebook.run(1)
    expect(guest.locator(PROCESSED)).to_be_attached(timeout=15_000)
    until(guest, (100, 0, 0))

    handle = page.get_by_role("slider").first
    expect(handle).to_be_visible()
    handle.focus()
    page.keyboard.press("End")
    until(guest, (200, 0, 0))
    page.locator(".rtc-filter-controls select").first.select_option("red")
    until(guest, (0, 0, 200))
    notebook.run(1)
    until(guest, (0, 0, 200))
    expect(page.locator(".rtc-filter-controls select")).to_have_value("red")

    notebook.run(2)  # the call once more: both views have the controls, and one connection
    expect(page.locator(".rtc-filter-controls select")).to_have_count(2)
    expect(page.locator(".rtc-filter-controls select").last).to_have_value("red")
    assert page.evaluate("globalThis.cameras.length") == 1
    notebook.command("notebook:clear-cell-output")

    notebook.set_source(3, "call.unfilter()")
    notebook.run(3)
    expect(page.locator(".rtc-filter-controls select")).to_have_count(0)


def test_a_slider_works_while_a_cell_is_busy(notebook: Notebook, join: Callable[..., Page], pattern: Browser):
    """JupyterLab speaks with widgets in a subshell of the kernel's, which runs beside the cell."""
    guest = join(pattern, "Guest", camera="0", microphone="0")
    page = notebook.page
    notebook.run(0)
    notebook.run(1)
    expect(guest.locator(PROCESSED)).to_be_attached(timeout=30_000)
    until(guest, (100, 0, 0))
    notebook.set_source(3, BUSY.format(seconds=20) + "\nprint('free again')")
    page.evaluate(
        """() => {
            const {content} = globalThis.jupyterapp.shell.currentWidget;
            content.activeCellIndex = 3;
            void globalThis.jupyterapp.commands.execute("notebook:run-cell");
        }"""
    )
    page.wait_for_function(
        "() => globalThis.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'"
    )
    page.get_by_role("slider").first.focus()
    page.keyboard.press("End")
    until(guest, (200, 0, 0))
    assert "free again" not in page.evaluate(
        "JSON.stringify(globalThis.jupyterapp.shell.currentWidget.content.widgets[3].model.toJSON().outputs)"
    )
