"""One JupyterLab and two Chromiums for all browser tests; rooms, kernels and pages are each test's own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness.browser import chromium, close_profiles, context
from harness.footage import camera_file
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

expect.set_options(timeout=20_000)  # two cores do much at once


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """JupyterLab as ``make demo`` starts it, its application object reachable for the tests."""
    more = ["--LabApp.expose_app_in_browser=True", "--ServerApp.allow_remote_access=True"]  # by another name, too
    with JupyterServer(tmp_path_factory.mktemp("lab"), "lab", *more) as server:
        yield server


@pytest.fixture(autouse=True)
def _ended(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close a test's pages, and end its notebooks' kernels: left alone, they stay in their calls and cost CPU."""
    lab = request.getfixturevalue("lab") if "lab" in request.fixturenames else None
    yield
    close_profiles()
    if lab is not None:
        lab.end_kernels()


@pytest.fixture(scope="session")
def head(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium whose camera shows a talking head, 640x360, 30 frames a second: two cores carry a few of these."""
    with chromium(playwright, camera_file(tmp_path_factory.mktemp("footage"), width=640, height=360)) as browser:
        yield browser


@pytest.fixture
def sharp(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium whose camera shows a talking head, 1280x720, 30 frames a second, where that is what is tested."""
    with chromium(playwright, camera_file(tmp_path_factory.getbasetemp())) as browser:
        yield browser


@pytest.fixture(scope="session")
def pattern(playwright: Playwright) -> Iterator[Browser]:
    """Chromium whose camera shows its built-in test picture, slowly, to leave the CPU to what is tested."""
    with chromium(playwright, fps=10) as browser:
        yield browser


_rooms = itertools.count(1)


@pytest.fixture
def room() -> str:
    """Return a room's name that no other test uses."""
    return f"room-{next(_rooms)}"


@pytest.fixture
def join(lab: JupyterServer, room: str) -> Iterator[Callable[..., Page]]:
    """Return a function that opens the call page in a browser and goes in."""
    contexts = []

    def enter(browser: Browser, name: str, script: str = "", hd: bool = False, **query: str) -> Page:
        contexts.append(context(browser, size=None) if hd else context(browser))
        page = contexts[-1].new_page()
        if script:
            page.add_init_script(script)
        page.goto(lab.page(f"rtc-notebook/room/{room}", name=name, join="", **query))
        return page

    yield enter
    for each in contexts:
        each.close()


@pytest.fixture
def kernel(lab: JupyterServer) -> Iterator[Kernel]:
    """Return a kernel of the server's, without a notebook around it."""
    with Kernel.start(lab) as running:
        yield running
