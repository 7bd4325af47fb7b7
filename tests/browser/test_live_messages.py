"""Objects from one notebook's kernel to the others', through a real server; and the mark of a recording."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from harness.browser import tile
from harness.jupyter import JupyterServer
from harness.kernel import CellFailed, Kernel
from playwright.sync_api import Browser, Page, expect

HEAR = """
import queue
heard = queue.Queue()
@call.on("message")
def hear(who, message):
    heard.put((who.name, message))
"""


def test_two_kernels_send_each_other_arrays_and_tables(lab: JupyterServer, kernel: Kernel, room: str):
    with Kernel.start(lab) as other:
        for one, name in ((kernel, "Ana"), (other, "Bo")):
            one.run(f"from rtc_notebook import *\ncall = Call({room!r}, name={name!r})\ncall.wait_until_connected()")
            one.run(HEAR)
        kernel.run("import time\nwhile not call.participants: time.sleep(0.05)")
        kernel.run(
            "import numpy as np, pandas as pd\n"
            "table = pd.DataFrame({'who': ['Ana', 'Bo'], 'seconds': [1.5, 2.25], 'at': pd.to_datetime([1, 2])})\n"
            "call.send({'table': table, 'picture': np.arange(240_000, dtype=np.float32).reshape(400, 600)})\n"
            "call.send([1, 'two', None], to=\"Bo's kernel\")"
        )
        said = other.run(
            "name, first = heard.get(timeout=10)\n"
            "print(name, first['picture'].shape, first['picture'].sum(), first['table'].dtypes.to_dict())\n"
            "first['table']['seconds'] *= 2\n"
            "call.send(first['table'])\n"
            "print(heard.get(timeout=10))"
        )
        assert "Ana's kernel (400, 600)" in said
        assert "M8" in said
        assert "[1, 'two', None]" in said
        assert kernel.run("print(heard.get(timeout=10)[1]['seconds'].tolist())").strip() == "[3.0, 4.5]"
        with pytest.raises(CellFailed, match="1,000,000 are the most"):
            kernel.run("call.send(np.zeros((720, 1280, 3), np.uint8))")
        kernel.run("for number in range(20): call.send(np.full(100_000, number % 256, np.uint8))")
        assert other.run("print([int(heard.get(timeout=10)[1][-1]) for _ in range(20)])").strip() == str(
            list(range(20))
        )
        assert kernel.run("print(call.phase)").strip() == "connected"


def test_everybody_sees_and_hears_that_they_are_recorded(
    join: Callable[..., Page], pattern: Browser, kernel: Kernel, room: str
):
    page = join(pattern, "Ana")
    expect(page.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    kernel.run(f"from rtc_notebook import *\ncall = Call({room!r}, name='Bo')\ncall.wait_until_connected()")
    expect(page.get_by_title("Recorded by")).to_be_hidden()
    kernel.run("import tempfile, os\nrecording = call.record(os.path.join(tempfile.mkdtemp(), 'lesson.mkv'))")
    expect(page.get_by_title("Recorded by Bo's kernel")).to_be_visible(timeout=10_000)
    expect(page.get_by_text("This call is being recorded by Bo's kernel.")).to_be_attached()
    kernel.run("recording.stop()")
    expect(page.get_by_title("Recorded by")).to_be_hidden(timeout=10_000)
    expect(page.get_by_text("The recording has stopped.")).to_be_attached()
