"""Snapshots and the table of participants, in a real JupyterLab, of a real second participant."""

from __future__ import annotations

import json
from collections.abc import Callable

from harness.browser import context, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.lab import Notebook, make_notebook
from playwright.sync_api import Browser, Page, expect

Join = Callable[..., Page]

CELLS = [
    "from rtc_notebook import Call\ncall = Call({room!r})\ncall.wait_until_connected()",
    "call.participants",
    "call.snapshot()",
]


def test_participants_show_with_live_thumbnails_and_a_snapshot_as_a_picture(
    lab: JupyterServer, head: Browser, pattern: Browser, join: Join, room: str
):
    guest = join(head, "Guest")
    expect(guest.locator(tile("Guest"))).to_be_attached(timeout=20_000)
    make_notebook(lab.notebooks / "seen.ipynb", *(source.format(room=room) for source in CELLS))
    page = context(pattern, viewport={"width": 1000, "height": 760}).new_page()
    try:
        opened = Notebook(page, lab, "seen.ipynb")
        opened.run(0)
        opened.run(1)
        row = page.locator(".rtc-thumbs tbody tr", has_text="Guest")
        expect(row).to_contain_text("camera, microphone")
        image = row.locator("img")
        expect(image).to_be_visible(timeout=20_000)
        first = image.get_attribute("src")
        page.wait_for_function(
            "first => { const src = document.querySelector('.rtc-thumbs img').src; return src && src !== first; }",
            arg=first,
        )
        assert image.evaluate("async image => { await image.decode(); return image.naturalWidth; }") == 160
        kernel = Kernel.newest(lab)
        opened.run(2)
        assert "image/png" in page.evaluate(
            "globalThis.jupyterapp.shell.currentWidget.content.widgets[2].model.toJSON().outputs[0].data"
        )
        shape, mean = json.loads(
            kernel.run(
                "import json, numpy as np\na = np.asarray(call.snapshot('guest'))\n"
                "print(json.dumps([a.shape, float(a.std())]))"
            )
        )
        assert shape == [360, 640, 3]
        assert mean > 20, "a face, not a plain colour"
        guest.get_by_role("button", name="camera").click()
        expect(row).to_contain_text("camera (off)", timeout=10_000)
        expect(image).to_be_hidden()
    finally:
        page.context.close()
