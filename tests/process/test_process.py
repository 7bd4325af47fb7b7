"""Child processes: they answer, and they end with their parent however it ends."""

import os
import queue
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

from rtc_notebook.errors import MessageTooLarge
from rtc_notebook.process.spawn import Child
from rtc_notebook.process.threads import ThreadedChild


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


async def test_a_child_answers_and_ends_when_closed():
    child = await Child.spawn("echo_child")
    child.send({"a": [1, 2]})
    async for line in child:
        assert msgspec.json.decode(line) == {"echo": {"a": [1, 2]}}
        break
    await child.close()
    assert await child.wait() == 0


async def test_a_child_has_its_arguments_and_collects_garbage_once_it_is_loaded():
    child = await Child.spawn("echo_child", "one", "two")
    child.send("started")
    async for line in child:
        assert msgspec.json.decode(line) == [["one", "two"], True]
        break
    await child.close()


async def test_of_coalesced_messages_the_newest_arrives():
    child = await Child.spawn("echo_child")
    child.send(1000)
    seen = []
    async for line in child:
        seen.append(msgspec.json.decode(line))
        if seen[-1] == 999:
            break
    await child.close()
    assert len(seen) < 1000


def test_a_threaded_child_answers_and_says_that_it_ended():
    lines: queue.Queue[bytes] = queue.Queue()
    ended: queue.Queue[int] = queue.Queue()
    child = ThreadedChild("echo_child", lines.put, ended.put)
    child.send("hello")
    assert msgspec.json.decode(lines.get(timeout=20)) == {"echo": "hello"}
    child.close()
    assert ended.get(timeout=5) == 0


def test_a_line_that_cannot_be_handled_is_told_and_the_next_one_is(caplog: pytest.LogCaptureFixture):
    lines: queue.Queue[bytes] = queue.Queue()
    ended: queue.Queue[int] = queue.Queue()

    def take(line: bytes) -> None:
        if b"bad" in line:
            raise FileNotFoundError("no such ring")
        lines.put(line)

    child = ThreadedChild("echo_child", take, ended.put)
    child.send("bad")
    child.send("good")
    assert msgspec.json.decode(lines.get(timeout=20)) == {"echo": "good"}
    assert "no such ring" in caplog.text
    child.close()
    assert ended.get(timeout=20) == 0


def test_a_child_hears_everything_in_the_order_in_which_it_was_sent():
    lines: queue.Queue[bytes] = queue.Queue()
    child = ThreadedChild("echo_child", lines.put, lambda code: None)
    for number in range(300):
        child.send([number, " " * (40_000 if number % 7 == 3 else 0)])  # some fit into a pipe at once, some do not
    assert [msgspec.json.decode(lines.get(timeout=20))["echo"][0] for _ in range(300)] == list(range(300))
    child.close()


def test_a_short_message_to_an_idle_child_waits_for_no_other_thread(monkeypatch: pytest.MonkeyPatch):
    lines: queue.Queue[bytes] = queue.Queue()
    monkeypatch.setattr(ThreadedChild, "_write", lambda self: None)
    child = ThreadedChild("echo_child", lines.put, lambda code: None)
    child.send("now")
    assert msgspec.json.decode(lines.get(timeout=20)) == {"echo": "now"}
    os.kill(child.pid, signal.SIGKILL)
    child.close()


def test_to_a_child_that_does_not_read_only_the_newest_of_what_may_be_dropped_is_said():
    lines: queue.Queue[bytes] = queue.Queue()
    child = ThreadedChild("echo_child", lines.put, lambda code: None)
    os.kill(child.pid, signal.SIGSTOP)
    for number in range(5000):
        child.send([number, " " * 1000], droppable=True)
        if number == 4000:
            child.send("must")
    os.kill(child.pid, signal.SIGCONT)
    came = []
    while not came or came[-1][0] != 4999:
        came.append(msgspec.json.decode(lines.get(timeout=20))["echo"])
    assert "must" in came
    assert len(came) < 1000
    child.close()


def test_a_child_that_would_miss_what_it_must_know_is_ended():
    ended: queue.Queue[int] = queue.Queue()
    child = ThreadedChild("echo_child", lambda line: None, ended.put)
    os.kill(child.pid, signal.SIGSTOP)
    for _ in range(5000):
        child.send(" " * 1000)
    assert ended.get(timeout=20) == -signal.SIGKILL


def test_a_line_that_would_end_the_child_is_refused():
    lines: queue.Queue[bytes] = queue.Queue()
    ended: queue.Queue[int] = queue.Queue()
    child = ThreadedChild("echo_child", lines.put, ended.put)
    with pytest.raises(MessageTooLarge) as refused:
        child.send("x" * 5_000_000)
    assert refused.value.size > refused.value.limit
    most = "x" * (refused.value.limit - len('""\n'))
    child.send(most)
    assert len(lines.get(timeout=20)) > len(most)
    child.send("next")
    assert msgspec.json.decode(lines.get(timeout=20)) == {"echo": "next"}
    child.close()


PARENT = """
import queue, sys, threading
from rtc_notebook.process.threads import ThreadedChild
child = ThreadedChild("echo_child", lambda line: print(line.decode(), flush=True), print)
print(child.pid, flush=True)
child.send("fork")
threading.Event().wait()
"""


@pytest.mark.slow
def test_no_orphan_is_left_when_the_parent_is_killed_even_if_a_grandchild_holds_the_pipe():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    grandchild = psutil.Process(msgspec.json.decode(parent.stdout.readline())["grandchild"])
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    try:
        child.wait(timeout=10)
    finally:
        grandchild.kill()
