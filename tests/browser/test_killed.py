"""Processes of ours that are killed in a call without browsers: everybody has everything again within three seconds."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from harness.jupyter import JupyterServer
from harness.kernel import Kernel

pytestmark = [pytest.mark.browser, pytest.mark.alone]  # no browser, but it measures time

BAR_SECONDS = 3.0
JOIN = """
import numpy as np
from rtc_notebook import Call

def life():
    count = 0
    while True:
        count += 1
        yield np.full((90, 160, 3), count % 256, np.uint8)

call = Call("killed", name="kernel")
call.wait_until_connected(30)
call.filter(lambda frame: 255 - frame, on="Ana")
call.publish(life(), name="life")
"""


class Person:
    """Somebody in a process of its own; ``came`` says when which of the pictures and sounds did last."""

    def __init__(self, server: JupyterServer, name: str) -> None:
        command = [sys.executable, "-m", "harness.witness", server.url, server.token, "killed", name]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
        self.came: dict[str, list[float]] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            at, whose = line.strip().split(" ", 1)
            self.came.setdefault(whose, []).append(float(at))

    def back_after(self, whose: str, since: float) -> float | None:
        """Return how long after ``since`` the first frame came that was not on its way then."""
        return next((at - since for at in list(self.came.get(whose, ())) if at > since + 0.25), None)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def eventually(condition: Callable[[], Any]) -> None:
    deadline = time.time() + 30
    while not condition():
        assert time.time() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with JupyterServer(tmp_path_factory.mktemp("killed")) as server:
        yield server


@pytest.fixture(scope="module")
def people(server: JupyterServer) -> Iterator[dict[str, Person]]:
    with Kernel.start(server) as kernel:
        people = {name: Person(server, name) for name in ("Ana", "Ben")}
        eventually(lambda: people["Ben"].came)
        kernel.run(JOIN)
        yield people
        for person in people.values():
            person.close()


WANTED = {
    "Ana": ("Ana/camera filtered", "Ben/camera", "Ben/microphone", "kernel/kernel"),
    "Ben": ("Ana/camera filtered", "Ana/microphone", "kernel/kernel"),
}


@pytest.mark.parametrize(
    ("module", "only"), [("rtc_notebook_server.sfu.process", ""), ("rtc_notebook.media", "kernel")]
)
def test_everything_is_back_within_three_seconds(
    server: JupyterServer, people: dict[str, Person], module: str, only: str
) -> None:
    wanted = [
        (name, whose)
        for name, all in WANTED.items()
        for whose in all
        if not only or "filtered" in whose or whose.startswith("kernel/")
    ]

    def all_back(since: float) -> dict[str, float | None]:
        deadline = time.time() + 30
        while True:
            back = {f"{whose} at {name}": people[name].back_after(whose, since) for name, whose in wanted}
            if None not in back.values() or time.time() > deadline:
                return back
            time.sleep(0.05)

    assert None not in all_back(time.time()).values(), {name: list(person.came) for name, person in people.items()}
    time.sleep(2)  # what was made anew for a test before this one settles
    found = [one for one in psutil.Process(server.pid).children(recursive=True) if module in one.cmdline()]
    assert len(found) == 1
    killed = time.time()
    found[0].kill()
    back = all_back(killed)
    print({whose: None if after is None else round(after, 2) for whose, after in back.items()})
    assert all(after is not None and after < BAR_SECONDS for after in back.values()), back
