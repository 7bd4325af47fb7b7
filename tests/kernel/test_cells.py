"""A cell that runs for long gives way to a call, and takes it back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from rtc_notebook import Call, cells
from rtc_notebook.cells import BACKGROUND_NICE, GivingWay
from rtc_notebook.process import turns


class Linux:
    """What is asked of it, and what it has granted."""

    def __init__(self) -> None:
        self.nice: int | None = 0
        self.turn = 0.0
        self.refuses = False
        self.asked = threading.Event()

    def ask_for_short_turns(self, seconds: float, thread: int) -> bool:
        assert thread == threading.main_thread().native_id
        self.turn = seconds
        return True

    def session_nice(self) -> int | None:
        self.asked.set()
        return self.nice

    def set_session_nice(self, nice: int, patience: float = 0) -> bool:
        if not self.refuses:
            self.nice = nice
        return not self.refuses

    @property
    def gave_way(self) -> bool:
        return bool(self.turn) or self.nice == BACKGROUND_NICE


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> Linux:
    linux = Linux()
    for name in ("ask_for_short_turns", "session_nice", "set_session_nice"):
        monkeypatch.setattr(turns, name, getattr(linux, name))
    monkeypatch.setattr(cells, "LONG_SECONDS", 0.01)
    return linux


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_long_cell_gives_way_and_takes_it_back_at_its_end(linux: Linux):
    way = GivingWay(lambda: True)
    way.cell_started()
    until(lambda: linux.nice == BACKGROUND_NICE)
    assert linux.turn == turns.SHORTEST_SECONDS
    way.cell_ended()
    assert (linux.nice, linux.turn) == (0, 0)


def test_a_short_cell_and_one_without_a_call_give_nothing(linux: Linux, monkeypatch: pytest.MonkeyPatch):
    unwanted = GivingWay(lambda: False)
    unwanted.cell_started()
    monkeypatch.setattr(cells, "LONG_SECONDS", 3600)
    short = GivingWay(lambda: True)
    short.cell_started()
    short.cell_ended()
    assert not linux.asked.wait(0.1)
    assert not linux.gave_way


def test_a_call_that_is_joined_and_left_within_a_cell(linux: Linux):
    wanted = False
    way = GivingWay(lambda: wanted)
    way.cell_started()
    wanted = True
    way.call_joined()
    until(lambda: linux.nice == BACKGROUND_NICE)
    way.call_left()
    assert linux.nice == BACKGROUND_NICE, "there is another call"
    wanted = False
    way.call_left()
    assert (linux.nice, linux.turn) == (0, 0)


def test_a_session_that_gives_way_by_its_owners_will_stays_as_it_is(linux: Linux):
    linux.nice = BACKGROUND_NICE
    way = GivingWay(lambda: True)
    way.cell_started()
    until(linux.asked.is_set)
    way.cell_ended()
    assert linux.nice == BACKGROUND_NICE


def test_what_cannot_be_taken_back_at_once_is_taken_back_after_the_next_cell(linux: Linux):
    way = GivingWay(lambda: True)
    way.cell_started()
    until(lambda: linux.nice == BACKGROUND_NICE)
    linux.refuses = True
    way.cell_ended()
    linux.refuses = False
    way.cell_started()
    way.cell_ended()
    assert linux.nice == 0


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Return a kernel's shell, as far as it matters here."""
    callbacks: dict[str, Callable[..., None]] = {}
    shell = SimpleNamespace(events=SimpleNamespace(register=callbacks.__setitem__), callbacks=callbacks)
    monkeypatch.setattr(cells, "kernel_shell", lambda: shell)
    monkeypatch.setattr("rtc_notebook.call._giving_way", None)
    return shell


@pytest.mark.usefixtures("workers", "shell")
@pytest.mark.parametrize("gives_way", [True, False])
def test_a_call_has_its_kernel_give_way_unless_told_not_to(linux: Linux, gives_way: bool):
    with Call("demo", server="http://127.0.0.1:8888/", token="secret", gives_way=gives_way):
        assert linux.asked.wait(10 if gives_way else 0.1) == gives_way
        until(lambda: linux.gave_way == gives_way)
    assert not linux.gave_way


@pytest.fixture
def kernel() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel()
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_real_kernel_in_linuxs_own_words(kernel: BlockingKernelClient):
    def run(code: str) -> str:
        printed: list[str] = []
        kernel.execute_interactive(code, timeout=60, output_hook=lambda m: printed.append(m["content"].get("text", "")))
        return "".join(printed).strip()

    run("import time\nfrom rtc_notebook import cells\nfrom rtc_notebook.process import turns")
    assert run("way = cells.give_way(lambda: True)") == ""
    if run("print(turns.session_nice())") != "0":
        pytest.skip("this Linux has no autogroups")
    wait = "end = time.monotonic() + 20\nwhile turns.session_nice() == 0 and time.monotonic() < end: pass"
    assert run(f"{wait}\nprint(turns.session_nice())") == str(BACKGROUND_NICE)
    assert run("print(turns.session_nice())") == "0"
