"""Every state of the pages, light and dark, has no serious or critical finding of axe-core's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness.axe import serious
from harness.browser import context
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.lab import Notebook
from harness.states import before, notebook, troubles, walks
from harness.states.scene import Cut, Scene
from playwright.sync_api import Browser, Page, expect

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


class Looks:
    """Collects what is wrong, state by state, so that one run tells all of it."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def __call__(self, page: Page, state: str) -> None:
        """Look at a page, light and dark."""
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self._look(page, f"{state}, {scheme}")

    def in_themes(self, shown: Notebook) -> Callable[[Page, str], None]:
        """Return what looks at a notebook, in JupyterLab's light and dark theme; the one that is on comes first."""
        themes = list(notebook.THEMES)

        def look(page: Page, state: str) -> None:
            for theme in themes:
                notebook.theme(shown, theme)
                self._look(page, f"{state}, {theme}")
            themes.reverse()

        return look

    def _look(self, page: Page, state: str) -> None:
        self.wrong += [f"{state}: {line}" for line in serious(page, ".rtc-notebook")]


@pytest.fixture
def look() -> Iterator[Looks]:
    """Return what is called as ``look(page, "the state's name")``; fails at the end if anything was wrong."""
    looks = Looks()
    yield looks
    assert not looks.wrong, "\n".join(looks.wrong)


@pytest.fixture
def still(pattern: Browser) -> Callable[..., Page]:
    """Return a function that opens a page of a fresh profile with reduced motion."""
    return lambda **options: context(pattern, reduced_motion="reduce", **options).new_page()


def test_no_rooms(lab: JupyterServer, still: Callable[..., Page], look: Looks) -> None:
    page = still()
    page.goto(lab.page("rtc-notebook/"))
    expect(page.get_by_text("No call is on")).to_be_visible(timeout=45_000)  # who left just now may be waited for
    look(page, "no rooms")


@pytest.mark.timeout(200)
def test_a_call(
    lab: JupyterServer, room: str, pattern: Browser, still: Callable[..., Page], kernel: Kernel, look: Looks
) -> None:
    page = still()
    page.add_init_script(troubles.MUTE)
    cut = Cut(page)
    scene = Scene(page, look, lab, kernel, pattern, room)
    walks.call(scene, cut, lab.page(f"rtc-notebook/room/{room}", name="Ana"))


@pytest.mark.timeout(200)
def test_tiles_and_filters(
    lab: JupyterServer,
    room: str,
    pattern: Browser,
    still: Callable[..., Page],
    kernel: Kernel,
    look: Looks,
    tmp_path: Path,
) -> None:
    scene = Scene(still(), look, lab, kernel, pattern, room)
    walks.tiles(scene, lab.page(f"rtc-notebook/room/{room}", name="Ana", join=""), tmp_path)


def test_on_a_phone(
    lab: JupyterServer, room: str, pattern: Browser, still: Callable[..., Page], kernel: Kernel, look: Looks
) -> None:
    scene = Scene(still(**PHONE), look, lab, kernel, pattern, room, PHONE)
    page = before.mirror(scene, lab.page(f"rtc-notebook/room/{room}", name="Ana"))
    page.get_by_role("button", name="Join").click()
    expect(scene.button("More")).to_be_visible()
    scene.button("More").click()
    expect(scene.call.get_by_role("menuitem", name="Devices")).to_be_visible()
    look(page, "what a phone has no room for")


@pytest.mark.timeout(200)
def test_in_a_notebook(
    lab: JupyterServer, room: str, pattern: Browser, still: Callable[..., Page], look: Looks, tmp_path: Path
) -> None:
    page = still(viewport={"width": 900, "height": 900})
    cut = Cut(page)
    shown = notebook.opened(page, lab, room, tmp_path)
    with notebook.kernel_of(shown) as kernel:
        scene = Scene(page, look.in_themes(shown), lab, kernel, pattern, room, cell=True)
        walks.cell(scene, cut, shown, tmp_path)
