"""Takes a picture of every state of the call, light and dark, on a desktop, on a phone and in a notebook, to look at.

``python scripts/states.py FOLDER [PART...]``: ``desktop-chat-dark.png`` and so on. The states are those that the tests
have axe-core look at: ``tests/harness/states``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from harness.browser import chromium, context  # noqa: E402
from harness.footage import camera_file  # noqa: E402
from harness.jupyter import JupyterServer  # noqa: E402
from harness.kernel import Kernel  # noqa: E402
from harness.lab import Notebook  # noqa: E402
from harness.states import notebook, troubles, walks  # noqa: E402
from harness.states.scene import Cut, Scene  # noqa: E402
from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402

PHONE = {"is_mobile": True, "has_touch": True}
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, **PHONE},
    "lying": {"viewport": {"width": 844, "height": 390}, **PHONE},
}
WIDTHS = (1000, 480)


@dataclass
class Studio:
    """Where pictures are taken, and where they go."""

    folder: Path
    scratch: Path
    server: JupyterServer
    browser: Browser

    def camera(self, size: str) -> Callable[[Page, str], None]:
        """Return what takes a page's state, light and dark."""

        def take(page: Page, state: str) -> None:
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                self.expose(page, f"{size}-{state}-{scheme}")

        return take

    def lab_camera(self, size: str, shown: Notebook) -> Callable[[Page, str], None]:
        """Return what takes a notebook's state, in JupyterLab's light and dark theme."""

        def take(page: Page, state: str) -> None:
            for theme in notebook.THEMES:
                notebook.theme(shown, theme)
                self.expose(page, f"{size}-{state}-{theme.split()[1].lower()}")

        return take

    def expose(self, page: Page, name: str) -> None:
        """Take one picture, once the page has drawn itself."""
        page.wait_for_timeout(250)
        page.screenshot(path=self.folder / f"{name}.png")


def pages(studio: Studio, size: str, whole: bool) -> None:
    """Take the call's page: the ``whole`` call, or what is done with its tiles."""
    page = context(studio.browser, **SIZES[size]).new_page()
    cut = Cut(page)
    room = f"demo {size}" if whole else f"stage {size}"
    query = {"name": "Ana", "link": "webrtc"}
    with Kernel.start(studio.server) as kernel:
        scene = Scene(page, studio.camera(size), studio.server, kernel, studio.browser, room, SIZES[size])
        if whole:
            page.add_init_script(troubles.MUTE)
            walks.call(scene, cut, studio.server.page(f"rtc-notebook/room/{room}", **query))
        else:
            walks.tiles(scene, studio.server.page(f"rtc-notebook/room/{room}", join="", **query), studio.scratch)
    page.context.close()


def cells(studio: Studio, width: int) -> None:
    """Take the call under a cell."""
    room, size = f"states-{width}", f"cell-{width}"
    page = context(studio.browser, viewport={"width": width, "height": 900}, reduced_motion="reduce").new_page()
    cut = Cut(page)
    shown = notebook.opened(page, studio.server, room, studio.scratch)
    page.add_style_tag(content=".jp-toastContainer, .Toastify { display: none }")
    shown.command("application:toggle-left-area")
    with notebook.kernel_of(shown) as kernel:
        options = {"viewport": {"width": 720, "height": 480}}
        take = studio.lab_camera(size, shown)
        scene = Scene(page, take, studio.server, kernel, studio.browser, room, options, cell=True)
        walks.cell(scene, cut, shown, studio.scratch)
    page.context.close()


def main(folder: Path, only: list[str]) -> None:
    """Take them all, or only some parts: ``desktop``, ``stage-phone``, ``cell-480``."""
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=20_000)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        home = Path(scratch)
        head = camera_file(home, width=640, height=360)
        options = ("--LabApp.expose_app_in_browser=True", "--LabApp.news_url=")
        with (
            JupyterServer(home, "lab", *options) as server,
            chromium(playwright, head) as browser,
        ):
            studio = Studio(folder, home, server, browser)
            for size in SIZES:
                for part, whole in ((size, True), (f"stage-{size}", False)):
                    if not only or part in only:
                        pages(studio, size, whole)
            for width in WIDTHS:
                if not only or f"cell-{width}" in only:
                    cells(studio, width)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
