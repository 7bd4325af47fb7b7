"""A call that things may happen to: Ana in a network of her own, Ben and a kernel beside the server."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from harness.browser import CHROMIUM, chromium, context, tile
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.network import Namespace
from harness.views import LOOSELY, RECORDER, STRICTLY, Moving, Seen, View, judge
from playwright.sync_api import Browser, Page, Playwright

STAGES = (Path(__file__).parent / "stages.js").read_text()
PATIENCE = 40.0
MOST_SECONDS = 5.0
"""After its cause is gone, no fault may be seen for longer."""
WRONG = ("LOST", "ANOTHER", "new places")
"""What must not be among what was lost."""
JOIN = """
from rtc_notebook import Call
call = Call({room!r})
call.wait_until_connected()

@call.filter(on="Ana", on_error="hold")
def dark(frame):
    return frame // 2
"""


@dataclass
class Row:
    """A line of the table. ``after`` is None where pictures did not come back in time."""

    fault: str
    lost: str
    after: float | None

    @property
    def wrong(self) -> bool:
        """Whether somebody would notice more than they may."""
        return self.after is None or self.after > MOST_SECONDS or any(one in self.lost for one in WRONG)

    def __str__(self) -> str:
        return f"| {self.fault} | {self.lost} | {'never' if self.after is None else f'{max(0.0, self.after):.1f} s'} |"


HEADER = "| fault | what was lost | pictures moved again after |\n| --- | --- | --- |"


@dataclass
class Fault:
    """One fault while it lasts; `gone` is said when its cause is."""

    begun: float = field(default_factory=time.time)
    ended: float = 0.0
    notes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def gone(self) -> None:
        """Note that the cause is gone; what follows is recovery."""
        self.ended = time.time()

    def note(self, text: str) -> None:
        """Add to what was lost."""
        self.notes.append(text)

    def remark(self, text: str) -> None:
        """Say something beside the table."""
        self.remarks.append(text)


class Scene:
    """The call, and the handles to do things to it."""

    about = ""
    """What is said of all of its faults, above their table."""

    server_options: tuple[str, ...] = ()

    def __init__(self, playwright: Playwright, home: Path, stages: bool = False) -> None:
        self.playwright = playwright
        self.stages = stages
        self.home = home
        self.room = f"faults-{secrets.token_hex(3)}"
        self.rows: list[Row] = []
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Scene:
        with self._stack:
            enter = self._stack.enter_context
            self.far = enter(Namespace())
            self.server = enter(
                JupyterServer(
                    self.home,
                    "lab",
                    "--ServerApp.ip=0.0.0.0",
                    "--LabApp.expose_app_in_browser=True",
                    *self.server_options,
                )
            )
            self.address = f"http://{self.far.here}:{self.server.port}"
            secure = f"--unsafely-treat-insecure-origin-as-secure={self.address}"  # as behind somebody's HTTPS proxy
            inside = str(self.far.wrap(CHROMIUM, self.home))
            self.there = enter(chromium(self.playwright, None, 10, secure, executable=inside))
            self.here = enter(chromium(self.playwright, None, 10))
            self.kernel = enter(self.gather())
            self.settle(60, STRICTLY)  # what a call's beginning costs is not the first fault's
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def gather(self) -> Kernel:
        """Have everybody come; return the kernel."""
        kernel = Kernel.start(self.server)
        self.ana = self.open(self.there, "Ana")
        self.ben = self.open(self.here, "Ben")
        kernel.run(JOIN.format(room=self.room))
        return kernel

    def url(self, name: str, far: bool, **query: str) -> str:
        """Return the address of the call page."""
        url = self.server.page(f"rtc-notebook/room/{self.room}", name=name, join="", **query)
        return url.replace(self.server.url, f"{self.address}/") if far else url

    def open(self, browser: Browser, name: str, **query: str) -> Page:
        """Go into the call with a browser."""
        page = context(browser, size=None).new_page()
        page.add_init_script(RECORDER)
        if self.stages:
            page.add_init_script(STAGES)
        page.goto(self.url(name, browser is self.there, **query))
        page.locator(tile(name, state=None)).first.wait_for(state="attached", timeout=20_000)
        return page

    def direct(self) -> None:
        """Wait until Ana's pictures go over WebRTC, if they went over the WebSocket for a moment."""
        webrtc = self.ana.locator(f'[data-link="webrtc"] {tile("Ana", state=None)}').first
        webrtc.wait_for(state="attached", timeout=90_000)  # where it broke without a word, it is tried after a minute
        self.ana.wait_for_timeout(3000)  # a way that works is known as such by then
        self.settle()

    def views(self) -> list[View]:
        """Return every picture on both pages but the one of oneself that comes from nowhere else."""
        return [
            View(self.ben, "Ana/camera/filtered"),
            View(self.ana, "Ana/camera/filtered"),
            View(self.ana, "Ben/camera"),
        ]

    def filtered(self) -> list[View]:
        """Return those of them that a kernel makes."""
        return [view for view in self.views() if view.key.endswith("/filtered")]

    def settle(self, seconds: float = 30, moving: Moving = LOOSELY) -> None:
        """Wait until all pictures move."""
        now = time.time()
        lame = [one.key for one in judge(self.views(), now, now, seconds, moving) if one.after is None]
        if lame:
            raise RuntimeError(f"no pictures: {lame}")

    @contextlib.contextmanager
    def fault(
        self, name: str, views: list[View] | None = None, *, of: str = "", begun: float | None = None
    ) -> Iterator[Fault]:
        """Provoke a fault for the length of a block and add its row.

        ``of`` what some seconds are lost, if only of that; ``begun``: it goes on with a fault that began then.
        """
        people = self.people()
        fault = Fault(begun or time.time())
        yield fault
        if not fault.ended:
            fault.gone()
        seen = judge(views or self.views(), fault.begun, fault.ended, PATIENCE, STRICTLY)
        lost = [_lost(seen, of)]
        if begun is None and (now := self.people()) != people:
            lost.append(f"{people} → {now}")
        worst = None if any(one.after is None for one in seen) else max(one.after or 0.0 for one in seen)
        row = Row(name, "; ".join(lost + fault.notes), worst)
        self.rows.append(row)
        each = [f"{one.key} {one.gap:.1f}/{'never' if one.after is None else f'{one.after:.1f}'}" for one in seen]
        print(row, "  <!--", ", ".join(each + fault.remarks), "-->", flush=True)
        if self.stages:
            self._tell_stages(fault)

    def _tell_stages(self, fault: Fault) -> None:
        for name, page in (("Ana", self.ana), ("Ben", self.ben)):
            for at, what in page.evaluate("globalThis.stages"):
                if at / 1000 >= fault.begun:
                    print(f"    {name} {at / 1000 - fault.begun:6.2f} s  {what}", flush=True)

    # --- what there is ---

    def state(self) -> dict[str, Any]:
        """Return the room as the server tells it."""
        answer: dict[str, Any] = self.server.get(f"rtc-notebook/api/rooms/{self.room}")
        return answer

    def people(self) -> list[str]:
        """Return who is in the room, by name."""
        try:
            return sorted(one["name"] for one in self.state()["participants"])
        except OSError:
            return []

    def ids(self) -> dict[str, str]:
        """Return each participant's id by name."""
        return {one["name"]: one["id"] for one in self.state()["participants"]}

    def sfu(self) -> psutil.Process:
        """Return the SFU's process."""
        return psutil.Process(self.state()["sfu"]["process"]["pid"])

    def worker(self) -> psutil.Process:
        """Return the kernel's media worker."""
        return psutil.Process(int(self.kernel.run("print(call._studio._worker._child.pid)")))

    def chromium(self, far: bool) -> list[psutil.Process]:
        """Return the processes of one of the browsers."""
        mark = f"treat-insecure-origin-as-secure={self.address}"
        mine = psutil.Process(os.getpid()).children(recursive=True)
        roots = [one for one in mine if "--type=" not in _line(one) and "chrom" in one.name()]
        chosen = [one for one in roots if (mark in _line(one)) == far]
        return [each for one in chosen for each in (one, *one.children(recursive=True))]


class Linked(Scene):
    """The same call where all media goes over the WebSocket, the kernel's too."""

    about = "With all media on the WebSocket"
    server_options = ("--RtcNotebookApp.media_link=websocket",)

    def direct(self) -> None:
        """Wait until all pictures move: there is no other way than the one they take."""
        self.settle()


def _lost(seen: list[Seen], of: str) -> str:
    halted = [one for one in seen if one.gap > STRICTLY.halt]
    if not halted:
        return "nothing seen"
    filtered = all(one.key.endswith("/filtered") for one in halted)
    of = of or ("its filter's pictures" if filtered else "pictures")
    return f"{max(one.gap for one in halted):.1f} s of {of}"


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
