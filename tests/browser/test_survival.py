"""What dies, and what stays: the SFU, a media worker, the Jupyter server, a kernel; and nothing is left behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import tenacity
from harness.browser import chromium, context, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.lab import Notebook, make_notebook
from harness.tabs import tabbed
from harness.views import RECORDER, View, judge, longest_gap
from playwright.sync_api import Browser, Page, Playwright, expect

Join = Callable[..., Page]
PROCESSED = tile("Ana") + "[data-processed]"
BACK_SECONDS = 3.0
SLACK_SECONDS = 2.0  # two cores, which also paint two pages and start the process


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


def places(server: JupyterServer) -> dict[str, str]:
    """Return the id of everybody in the room ``again``, by name."""
    return {one["name"]: one["id"] for one in server.get("rtc-notebook/api/rooms/again")["participants"]}


def recovered(views: list[View], since: float, patience: float = 20) -> dict[str, float | None]:
    """Return the seconds until each page's pictures move again."""
    return {f"{seen.key} {number}": seen.after for number, seen in enumerate(judge(views, since, since, patience))}


@pytest.mark.alone
def test_an_sfu_and_a_worker_that_die_are_replaced_without_a_click(
    join: Join, kernel: Kernel, lab: JupyterServer, room: str, head: Browser, pattern: Browser
):
    ana, guest = join(head, "Ana", script=RECORDER), join(pattern, "Guest", script=RECORDER)
    kernel.run(
        f"from rtc_notebook import Call\ncall = Call({room!r})\ncall.wait_until_connected()\n"
        "@call.filter(on='Ana', on_error='hold')\ndef dark(frame): return frame // 2"
    )
    expect(guest.locator(PROCESSED)).to_be_attached(timeout=20_000)
    expect(ana.locator(tile("Guest"))).to_be_attached(timeout=20_000)
    views = [View(guest, "Ana/camera/filtered"), View(ana, "Guest/camera"), View(ana, "Ana/camera/filtered")]
    sfu = lab.get(f"rtc-notebook/api/rooms/{room}")["sfu"]["process"]["pid"]
    worker = int(kernel.run("print(call._studio._worker._child.pid)"))
    for name, pid in (("SFU", sfu), ("worker", worker)):
        os.kill(pid, signal.SIGKILL)
        after = recovered(views, time.time())
        print(name, after)
        assert all(one is not None and one < BACK_SECONDS + SLACK_SECONDS for one in after.values()), (name, after)
    assert lab.get(f"rtc-notebook/api/rooms/{room}")["sfu"]["process"]["pid"] != sfu
    assert int(kernel.run("print(call._studio._worker._child.pid)")) != worker
    assert kernel.run("print(call.phase)").strip() == "connected"


def test_the_widget_and_a_page_find_back_to_a_server_that_is_started_again(playwright: Playwright, tmp_path: Path):
    with (
        JupyterServer(tmp_path / "home", "lab", "--LabApp.expose_app_in_browser=True") as server,
        chromium(playwright, fps=10) as browser,
    ):
        cell = "from rtc_notebook import Call\ncall = Call('again', name='Ana')\ncall"
        name = server.copy_notebook(make_notebook(tmp_path / "again.ipynb", cell))
        lab, page = (context(browser).new_page() for _ in range(2))
        for one in (lab, page):
            one.add_init_script(RECORDER)
        # JupyterLab says that the server is gone, and that the kernel is: neither must stand in the way.
        lab.add_locator_handler(lab.locator(".jp-Dialog .jp-mod-accept"), lambda accept: accept.click())
        notebook = Notebook(lab, server, name)
        notebook.run(0)
        page.goto(server.page("rtc-notebook/room/again", name="Ben", join=""))
        views = [View(lab, "Ben/camera"), View(page, "Ana/camera")]
        before = recovered(views, time.time())
        assert None not in before.values(), before
        ids = places(server)

        server.stop()
        server.start()
        after = recovered(views, time.time(), 30)
        assert None not in after.values(), after
        now = places(server)
        assert {who: now[who] for who in ("Ana", "Ben")} == {who: ids[who] for who in ("Ana", "Ben")}
        notebook.look()
        notebook.run(0)  # in a new kernel: the former went with its server
        kernel = Kernel(server, notebook.kernel_id)
        kernel.run("call.participants['me'].video.frame(timeout=30)")
        assert places(server)["Ana"] == ids["Ana"], "Ana is the new kernel's, without having left"
        expect(page.locator(tile("Ana", state=None))).to_have_count(1)


def test_a_tab_behind_another_one_goes_on_sending(join: Join, lab: JupyterServer, room: str, pattern: Browser):
    ben = join(pattern, "Ben", script=RECORDER)
    with tabbed() as ana:
        ana.go(lab.page(f"rtc-notebook/room/{room}", name="Ana", join=""))
        ben.locator(tile("Ana")).wait_for(state="attached", timeout=20_000)
        ana.hide()
        begun = time.time()
        ben.wait_for_timeout(5000)
        ended = time.time()
        assert longest_gap(View(ben, "Ana/camera").presented(), begun, ended) < 2.0
        assert ana.evaluate("document.visibilityState") == "hidden"
        ana.show()
        assert None not in recovered([View(ben, "Ana/camera")], time.time()).values()


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
