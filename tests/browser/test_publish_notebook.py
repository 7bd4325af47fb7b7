"""The fourth notebook, top to bottom, in a real JupyterLab, with somebody else on the call page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from harness.browser import coloured, context, picture, plays, titled, until_shown
from harness.jupyter import JupyterServer
from harness.lab import Notebook
from playwright.sync_api import Browser, Page, expect

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "04_publish.ipynb"
CALL, PICTURE, ORANGE, LIFE, FIGURE, DRAWING, TONE, TABLE, STOP = 1, 3, 4, 6, 8, 9, 11, 13, 14


@pytest.fixture
def notebook(lab: JupyterServer, head: Browser) -> Iterator[Notebook]:
    name = lab.copy_notebook(NOTEBOOK)
    opened = context(head, viewport={"width": 900, "height": 900})
    yield Notebook(opened.new_page(), lab, name)
    opened.close()


@pytest.fixture
def guest(lab: JupyterServer, pattern: Browser) -> Iterator[Page]:
    opened = context(pattern, viewport={"width": 900, "height": 600})
    page = opened.new_page()
    page.goto(lab.page("rtc-notebook/room/publish", name="Guest", join="", camera="0", microphone="0"))
    yield page
    opened.close()


def drawn(shown: np.ndarray, empty: np.ndarray) -> bool:
    """Whether the line has grown to the figure's right end."""
    changed = np.abs(shown.astype(int) - empty).max(axis=2) > 60
    return bool(changed.sum() > 300 and changed[:, 500:].any())


def test_the_publish_notebook(notebook: Notebook, guest: Page):
    page = notebook.page
    notebook.run(CALL)
    notebook.run(PICTURE)
    until_shown(guest, titled("picture"), coloured((127, 127, 127), 15), "grey on average")
    ramp = picture(guest, titled("picture")).mean((0, 2))
    assert ramp[0] < 30 < 220 < ramp[-1], "dark on the left, bright on the right"
    notebook.run(ORANGE)
    until_shown(guest, titled("picture"), coloured((30, 160, 250), 15), "orange")
    notebook.run(LIFE)
    expect(guest.locator(titled("life"))).to_be_attached(timeout=15_000)
    plays(guest, titled("life"), 5)
    notebook.run(FIGURE)
    expect(guest.locator(titled("plot"))).to_be_attached(timeout=15_000)
    empty = picture(guest, titled("plot"))
    assert empty.shape == (360, 640, 3), "its own size, although the notebook shows it cropped"
    notebook.run(DRAWING)
    until_shown(guest, titled("plot"), lambda shown: drawn(shown, empty), "the whole line")
    notebook.run(TONE)
    notebook.run(TABLE)
    notebook.run(STOP)
    expect(guest.locator(titled("life"))).to_have_count(0, timeout=10_000)
    expect(guest.locator(titled("picture"))).to_be_attached()
    assert not page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").all_inner_texts()
    assert notebook.cells() == STOP + 1
