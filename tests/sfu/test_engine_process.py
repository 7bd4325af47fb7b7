"""The SFU as a process: its death, its end, and what is left of either."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from typing import Any

import psutil
import pytest
from rtc_notebook_server.sfu import embedded
from rtc_notebook_server.sfu.embedded import EmbeddedEngine

from rtc_notebook.errors import SfuError
from rtc_notebook.process.spawn import Child

pytestmark = pytest.mark.slow


async def test_a_process_that_dies_is_reported_and_requests_fail() -> None:
    engine = EmbeddedEngine()
    reasons: asyncio.Queue[str] = asyncio.Queue()
    await engine.start(reasons.put_nowait)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    assert "signal 9" in await asyncio.wait_for(reasons.get(), 5)
    with pytest.raises(SfuError) as refusal:
        await engine.stats()
    assert refusal.value.code == "sfu-gone"
    await engine.close()


async def test_a_process_that_cannot_be_started_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []
    pair = socket.socketpair

    def noted() -> tuple[socket.socket, socket.socket]:
        made.extend(pair())
        return made[0], made[1]

    async def refuse(*args: Any, **options: Any) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(embedded.socket, "socketpair", noted)
    monkeypatch.setattr(Child, "spawn", refuse)
    with pytest.raises(OSError, match="no more processes"):
        await EmbeddedEngine().start(lambda reason: None)
    assert [end.fileno() for end in made] == [-1, -1]


async def test_closing_is_no_death() -> None:
    engine = EmbeddedEngine()
    reasons: list[str] = []
    await engine.start(reasons.append)
    pid = engine.pid
    await engine.close()
    assert not reasons
    assert pid is not None and not psutil.pid_exists(pid)


def test_no_process_is_left_when_its_parent_is_killed() -> None:
    program = """
import asyncio
from rtc_notebook_server.sfu.embedded import EmbeddedEngine
async def main():
    engine = EmbeddedEngine()
    await engine.start(lambda reason: None)
    print(engine.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(5)
