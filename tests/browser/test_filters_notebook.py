"""The second notebook, top to bottom, in a real JupyterLab: what it makes of a picture, as somebody else sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from harness.browser import context, picture, tile, until_shown
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.lab import Notebook
from playwright.sync_api import Browser, Page, expect

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "02_live_filters.ipynb"
CALL, EDGES, CHAIN, COMPARE, TRAILS, BROKEN, TABLE, MENDED, HEAVY, BUSY, END = 1, 3, 5, 7, 9, 11, 13, 15, 17, 18, 19
PROCESSED = tile("Ana") + "[data-processed]"


@pytest.fixture
def notebook(lab: JupyterServer, head: Browser) -> Iterator[Notebook]:
    name = lab.copy_notebook(NOTEBOOK)
    opened = context(head, viewport={"width": 900, "height": 900})
    yield Notebook(opened.new_page(), lab, name)
    opened.close()


@pytest.fixture
def guest(lab: JupyterServer, pattern: Browser) -> Iterator[Page]:
    opened = context(pattern, viewport={"width": 640, "height": 420})
    page = opened.new_page()
    page.goto(lab.page("rtc-notebook/room/filters", name="Guest", join="", camera="0", microphone="0"))
    yield page
    opened.close()


def press(page: Page, key: str) -> None:
    """Press a key on the sliders ``low`` and ``high``."""
    for index in range(2):
        page.get_by_role("slider").nth(index).focus()
        page.keyboard.press(key)


def until(page: Page, holds: Callable[[np.ndarray], bool], what: str) -> None:
    """Wait until Ana's picture, as this page shows it, is so."""
    until_shown(page, PROCESSED, holds, what)


def brightness(shown: np.ndarray) -> float:
    return float(shown.mean())


def grey(shown: np.ndarray) -> bool:
    return bool(np.abs(shown.max(axis=2).astype(int) - shown.min(axis=2)).mean() < 3)


def black_and_white(shown: np.ndarray) -> bool:
    return grey(shown) and 0 < brightness(shown) < 60


def blocks(shown: np.ndarray) -> bool:
    """Whether it is flat nearly everywhere."""
    steps = np.abs(np.diff(cv2.cvtColor(shown, cv2.COLOR_BGR2GRAY).astype(int), axis=1))
    return bool((steps < 3).mean() > 0.9)


def test_the_filters_notebook(notebook: Notebook, guest: Page, lab: JupyterServer):
    page = notebook.page
    notebook.set_source(CALL, notebook.source(CALL).replace('"filters")', '"filters", name="Ana")'))
    notebook.run(CALL)
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=30_000)
    raw = brightness(picture(guest, tile("Ana")))

    notebook.run(EDGES)
    until(guest, black_and_white, "edges")
    before = brightness(picture(guest, PROCESSED))
    press(page, "End")
    until(guest, lambda shown: brightness(shown) < 0.7 * before, "fewer edges, by the sliders")
    press(page, "Home")
    until(guest, lambda shown: brightness(shown) > 1.2 * before, "more edges")
    page.locator(".rtc-filter-controls select").first.select_option("red")
    until(guest, lambda shown: shown[..., 2].mean() > 2 * shown[..., 0].mean() + 5, "red edges, by the menu")

    notebook.run(CHAIN)
    expect(page.locator(".rtc-filter-name")).to_have_count(2)
    expect(page.locator(".rtc-filter-controls select").first).to_have_value("red")

    notebook.run(COMPARE)
    until(guest, lambda shown: shown.shape[1] / shown.shape[0] > 3, "two pictures beside each other")
    notebook.run(TRAILS)
    until(guest, lambda shown: shown.shape[:2] == (360, 640) and not grey(shown), "trails in colour")

    notebook.run(BROKEN)
    until(guest, lambda shown: abs(brightness(shown) - raw) < 15, "the raw picture passes")
    notebook.run(TABLE)
    tables = page.locator(".jp-OutputArea-output table")
    expect(tables.last).to_contain_text("IndexError")
    said = page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']")
    expect(said).to_have_count(1)
    expect(said).to_contain_text("return frame[:, :, 7]")

    notebook.run(MENDED)
    until(guest, grey, "the mended filter")
    notebook.run(HEAVY)
    until(guest, blocks, "blocks, from another process")
    notebook.run(BUSY)
    expect(tables.last).to_contain_text("heavy (isolated)")
    expect(tables.last).to_contain_text("active")
    notebook.run(END)
    expect(guest.locator(tile("Ana") + ":not([data-processed])")).to_be_attached(timeout=10_000)
    expect(said).to_have_count(1)
    assert notebook.cells() == END + 2
    Kernel(lab, notebook.kernel_id).run("call.leave()")
