"""The third notebook, top to bottom, in a real JupyterLab: somebody moves in a car, and both microphones beep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.browser import context, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.lab import Notebook
from playwright.sync_api import Browser, Page, expect

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "03_measure.ipynb"
CALL, FUNCTIONS, MEASURE, TABLE, SUMMARY, PLOT = 1, 3, 5, 7, 8, 10

# Chromium's fake microphone beeps once a second: mostly silence, and never longer than that.
FACTS = """
import json
one = activity[activity.who == "Guest"]
print(json.dumps({
    "people": sorted(activity.who.unique()),
    "rows": len(one),
    "begins": {who: part.second.min() for who, part in activity.groupby("who")},
    "ends": {who: part.second.max() for who, part in activity.groupby("who")},
    "motion": {who: float(part.motion.mean()) for who, part in activity.groupby("who")},
    "speaking": float(one.speaking.mean()),
    "beeps": int((one.speaking.astype(int).diff() == 1).sum()),
    "longest": float(one.second.diff().max()),
    "seconds": SECONDS,
}))
"""


@pytest.fixture
def notebook(lab: JupyterServer, pattern: Browser) -> Iterator[Notebook]:
    name = lab.copy_notebook(NOTEBOOK)
    opened = context(pattern, viewport={"width": 900, "height": 900})
    yield Notebook(opened.new_page(), lab, name)
    opened.close()


@pytest.fixture
def guest(lab: JupyterServer, head: Browser) -> Iterator[Page]:
    opened = context(head, viewport={"width": 640, "height": 420})
    page = opened.new_page()
    page.goto(lab.page("rtc-notebook/room/measure", name="Guest", join=""))
    expect(page.locator(tile("Guest"))).to_be_attached(timeout=20_000)
    yield page
    opened.close()


def test_the_measure_notebook(notebook: Notebook, guest: Page, lab: JupyterServer):
    page = notebook.page
    notebook.set_source(CALL, notebook.source(CALL).replace('"measure")', '"measure", name="Ana")'))
    notebook.run(CALL)
    expect(guest.locator(tile("Ana"))).to_be_attached(timeout=30_000)
    expect(page.locator(tile("Guest"))).to_be_attached(timeout=20_000)
    for index in range(FUNCTIONS, MEASURE + 1):
        said = notebook.run(index)
    assert "measurements of" in said and "Ana" in said and "Guest" in said

    for index in range(MEASURE + 1, notebook.cells()):
        notebook.run(index)
    kernel = Kernel(lab, notebook.kernel_id)
    facts = json.loads(kernel.run(FACTS))
    assert facts["people"] == ["Ana", "Guest"]
    lasted = facts["ends"]["Guest"] - facts["begins"]["Guest"]
    assert facts["rows"] > 8 * lasted and facts["longest"] < 1, "sound has no gaps, whatever else runs here"
    both = min(facts["ends"].values()) - max(facts["begins"].values())
    assert both > facts["seconds"] / 2, "on one clock"
    assert 0.001 < facts["motion"]["Guest"] < 0.2
    assert 0.03 < facts["speaking"] < 0.7 and facts["beeps"] >= lasted / 2 - 1

    outputs = page.locator(".jp-OutputArea-output")
    expect(outputs.locator("table").first).to_contain_text("motion")
    expect(outputs.locator("img")).to_have_count(1)
    assert not page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").all_inner_texts()
    kernel.run("call.leave()")
