"""What a data scientist does with a call, cell by cell in a real kernel: real server, SFU, workers and participants.

Ana's camera shows a ball that flies over a grey ramp, her microphone a tone; Cleo is a talking head. ``ben`` is another
kernel's call, and what he sees of Ana is what everybody sees.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from harness.jupyter import JupyterServer
from harness.kernel import Kernel

ROOM = "arrays"

PRELUDE = f"""
import threading, time
from pathlib import Path
import cv2, numpy as np
from rtc_notebook import *
from rtc_notebook import filters

def until(holds, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, [*call.filters, *ben.filters]
        time.sleep(0.02)
    return found

def refused(error, words, function, *args, **options):
    try:
        function(*args, **options)
    except error as raised:
        assert words in str(raised), raised
    else:
        raise AssertionError(f"{{args}} {{options}} was taken")

def ball(frame):
    found = np.argwhere((abs(frame.astype(int) - (30, 200, 240)) < 60).all(axis=2))
    return len(found)

def tone(sound):
    mono = sound[:, 0]
    return np.argmax(abs(np.fft.rfft(mono))) * 48_000 / len(mono) if abs(mono).max() > 0.02 else 0

call, ben = Call({ROOM!r}, name="Kernel"), Call({ROOM!r}, name="Ben")
for one in (call, ben):
    for name in ("Ana", "Cleo"):
        until(lambda: name in one.participants and one.participants[name].video and one.participants[name].audio)
until(lambda: "Kernel's kernel" in ben.participants)  # who may have been there first
ana, cleo = call.participants["Ana"], call.participants["Cleo"]
seen, kernel = ben.participants["Ana"], ben.participants["Kernel's kernel"]
raw = ana.video.frame(20)
seen.video.frame(20)
"""


@contextlib.contextmanager
def participant(server: JupyterServer, name: str, footage: str = "") -> Iterator[None]:
    """Have somebody in the room."""
    command = [sys.executable, "-m", "harness.participant", server.url, server.token, ROOM, name, footage]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=Path(__file__).parents[1])
    try:
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(20)


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with JupyterServer(tmp_path_factory.mktemp("server"), "server") as running:
        yield running


@pytest.fixture(scope="package")
def room(server: JupyterServer) -> Iterator[Kernel]:
    with (
        participant(server, "Ana"),
        participant(server, "Cleo", "carphone_pristine.mp4"),
        Kernel.start(server) as kernel,
    ):
        kernel.run(PRELUDE, 120)
        yield kernel
        kernel.run("call.leave(); ben.leave()")


@pytest.fixture
def somebody(server: JupyterServer) -> Callable[[str], AbstractContextManager[None]]:
    """Return what has somebody of this name in the room for the length of a block."""
    return lambda name: participant(server, name)


@pytest.fixture
def kernel(room: Kernel) -> Iterator[Kernel]:
    yield room
    room.run("""
for one in (call, ben):
    for status in one.filters:
        one.unfilter(on=status.participant, source=status.source)
    for publication in list(one.publications.values()):
        publication.stop()
""")
