"""What dies, and what stays: the SFU, the Jupyter server, a kernel; and nothing is left behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import tenacity
from harness.browser import chromium, context, plays, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from playwright.sync_api import Browser, Page, Playwright, expect

Join = Callable[..., Page]
PROCESSED = tile("Ana") + "[data-processed]"


@tenacity.retry(stop=tenacity.stop_after_delay(20), wait=tenacity.wait_fixed(0.1), reraise=True)
def ours(server: JupyterServer, count: int) -> list[psutil.Process]:
    """Return the SFU processes and media workers below a server once there are so many."""
    found = [
        child
        for child in psutil.Process(server.pid).children(recursive=True)
        if any(what in _command(child) for what in ("sfu.process", "rtc_notebook.media"))
    ]
    assert len(found) == count, [_command(child) for child in found]
    return found


@pytest.mark.alone
def test_an_sfu_that_dies_is_replaced_without_a_click(
    join: Join, kernel: Kernel, lab: JupyterServer, room: str, head: Browser, pattern: Browser
):
    ana, guest = join(head, "Ana"), join(pattern, "Guest")
    kernel.run(
        f"from rtc_notebook import Call\ncall = Call({room!r})\ncall.wait_until_connected()\n"
        "@call.filter(on='Ana', on_error='hold')\ndef dark(frame): return frame // 2"
    )
    expect(guest.locator(PROCESSED)).to_be_attached(timeout=20_000)
    expect(ana.locator(tile("Guest"))).to_be_attached(timeout=20_000)
    first = lab.get(f"rtc-notebook/api/rooms/{room}")["sfu"]["process"]["pid"]
    os.kill(first, signal.SIGKILL)
    for page, selector in ((guest, PROCESSED), (ana, tile("Guest")), (ana, PROCESSED)):
        plays(page, selector, 2, tries=10)
    assert lab.get(f"rtc-notebook/api/rooms/{room}")["sfu"]["process"]["pid"] != first
    assert kernel.run("print(call.phase)").strip() == "connected"


def test_nothing_outlives_a_server_or_a_kernel(playwright: Playwright, tmp_path: Path):
    for how in (signal.SIGTERM, signal.SIGKILL):
        home = tmp_path / how.name
        with JupyterServer(home, "lab") as server, chromium(playwright, fps=10) as browser:
            page = context(browser).new_page()
            page.goto(server.page("rtc-notebook/room/last", name="Ana", join=""))
            expect(page.locator(tile("Ana"))).to_be_attached(timeout=20_000)
            kernels = [Kernel.start(server) for _ in range(2)]
            for number, kernel in enumerate(kernels):
                kernel.run(f"from rtc_notebook import Call\ncall = Call('last', name='k{number}')\n")
                kernel.run("call.wait_until_connected()\ncall.participants['Ana'].video.frame(timeout=10)")
            children = ours(server, 3)
            directory = Path(kernels[0].run("print(call._studio._worker.directory)").strip())
            assert directory.exists()
            pid = int(kernels[0].run("import os; print(os.getpid())"))
            worker = next(child for child in children if child.ppid() == pid)
            os.kill(pid, signal.SIGKILL)
            worker.wait(timeout=10)
            assert not directory.exists(), "its shared memory is gone too"
            everything = psutil.Process(server.pid).children(recursive=True)
            server.stop(how)
            kernel_processes = [one for one in everything if "ipykernel" in _command(one)]
            for one in kernel_processes:  # a server that is killed leaves kernels; that is Jupyter's, not ours
                one.kill()
            _, left = psutil.wait_procs([one for one in children if one != worker], timeout=15)
            assert not left, [_command(one) for one in left]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
