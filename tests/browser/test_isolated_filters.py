"""Filters in a process of their own, in a real call: a kernel that cannot do anything, and one that is killed."""

from __future__ import annotations

from collections.abc import Callable

import psutil
import pytest
from harness.browser import frames_shown, picture, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from playwright.sync_api import Browser, Page, expect

Join = Callable[..., Page]

FILTERS = """
def paint(frame, level=(0, 200)):
    frame[:] = level
    return frame

call.filter(paint, on="Ana", on_error="hold")
call.filter(paint, on="Ben", on_error="hold", isolated=True)
"""
# Holds the interpreter and lets no other thread in, as a long call into a C library may; takes no CPU from the others.
BUSY = "import ctypes\nctypes.PyDLL(None).sleep({seconds})"


def processed(name: str) -> str:
    return tile(name) + "[data-processed]"


def processes() -> list[psutil.Process]:
    found = []
    for one in psutil.process_iter(["cmdline"]):
        if "rtc_notebook.filters.isolated" in (one.info["cmdline"] or []):
            found.append(one)
    return found


@pytest.fixture
def call(kernel: Kernel, room: str) -> Kernel:
    kernel.run(f"from rtc_notebook import Call, filters\ncall = Call({room!r})\ncall.wait_until_connected()")
    return kernel


@pytest.mark.alone
def test_it_keeps_its_frame_rate_while_a_cell_is_busy_and_ends_with_its_kernel(
    call: Kernel, join: Join, pattern: Browser, lab: JupyterServer
):
    before = {one.pid for one in processes()}
    for name in ("Ana", "Ben"):
        page = join(pattern, name)
        expect(page.locator(tile(name))).to_be_attached(timeout=20_000)
    guest = join(pattern, "Guest", camera="0", microphone="0")
    call.run("import time\nwhile len(call.participants) < 3: time.sleep(0.1)")
    call.run(FILTERS)
    for name in ("Ana", "Ben"):
        expect(guest.locator(processed(name))).to_be_attached(timeout=20_000)
        assert abs(picture(guest, processed(name)).mean() - 100) < 20
    idle = {name: frames_shown(guest, processed(name), 3)["fps"] for name in ("Ana", "Ben")}
    call.start_cell(BUSY.format(seconds=9))
    guest.wait_for_timeout(500)
    busy = {name: frames_shown(guest, processed(name), 3.5)["fps"] for name in ("Ben", "Ana")}
    print(f"idle {idle}, busy {busy}")
    assert busy["Ben"] > 0.7 * idle["Ben"], "isolated: as if nothing were"
    assert busy["Ana"] < 0.3 * idle["Ana"], "beside the cell: held up"

    call.run(
        "@call.filter(on='Ben', on_error='hold', isolated=True)\ndef broken(frame):\n    raise ValueError('no idea')"
    )
    said = call.drain_stderr(1, "ValueError: no idea")
    assert said.count("ValueError: no idea") == 1
    assert "raise ValueError('no idea')" in said, "with the line of the cell"
    assert int(call.run("print(call.filters[1].errors)")) > 0
    [process] = [one for one in processes() if one.pid not in before]
    call.start_cell("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    process.wait(10)
