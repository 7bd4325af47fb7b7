"""Makes the picture that the README shows: the first notebook in JupyterLab. Every state of a call: states.py."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from harness.browser import chromium, context, tile  # noqa: E402
from harness.footage import camera_file  # noqa: E402
from harness.jupyter import JupyterServer  # noqa: E402
from harness.lab import Notebook  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

IMAGES = ROOT / "docs" / "images"
CALL, FILTER = 1, 3
AT_PACE = "() => parseInt(document.querySelector('.rtc-chip-figures').textContent) >= 15"


def guest(browser: Browser, server: JupyterServer, name: str) -> Page:
    """Join the room from the call page."""
    page = context(browser, size=None, viewport={"width": 1100, "height": 700}).new_page()
    page.goto(server.page("rtc-notebook/room/demo", name=name, join=""))
    page.locator(tile(name)).wait_for(state="attached")
    return page


def main() -> None:
    """Take it."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        home = Path(scratch)
        options = ("--LabApp.expose_app_in_browser=True", "--LabApp.news_url=")
        head, rabbit = (
            camera_file(home, name, width=640, height=360) for name in ("carphone_pristine.mp4", "bigbuckbunny.mp4")
        )
        with (
            JupyterServer(home, "lab", *options) as server,
            chromium(playwright, head) as ana,
            chromium(playwright, rabbit) as ben,
        ):
            name = server.copy_notebook(ROOT / "notebooks" / "01_first_call.ipynb")
            page = context(ana, size=None, viewport={"width": 1240, "height": 1000}).new_page()
            notebook = Notebook(page, server, name)
            page.add_style_tag(content=".jp-toastContainer, .Toastify { display: none }")
            notebook.command("application:toggle-left-area")
            notebook.set_source(CALL, notebook.source(CALL).replace('"demo")', '"demo", name="Ana")'))
            notebook.run(CALL)
            others = [guest(ben, server, "Ben"), guest(ana, server, "Chloé")]
            page.locator(tile("Ben")).wait_for(state="attached")
            page.locator(tile("Chloé")).wait_for(state="attached")
            notebook.run(FILTER)
            processed = tile("Ana") + "[data-processed]"
            for each in (page, *others):
                each.locator(processed).wait_for(state="attached")
            page.locator(".jp-Cell").nth(CALL).scroll_into_view_if_needed()
            page.wait_for_function(AT_PACE, timeout=60_000)
            page.screenshot(path=IMAGES / "call.png")


if __name__ == "__main__":
    main()
