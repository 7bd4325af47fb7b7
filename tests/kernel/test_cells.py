"""A cell that computes for long gives way to a call, and takes it back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from rtc_notebook import Call, cells
from rtc_notebook.cells import GivingWay
from rtc_notebook.process import background, session, turns

BACKGROUND_NICE = background.NICES[0]


class Linux:
    """What is asked of it, and what it has granted, with a cell that wants so many processors."""

    def __init__(self) -> None:
        self.nice: int | None = 0
        self.processors = 1.0
        self.gets: dict[int, float] = {}  # of these, by how nice it is; all, where nothing is said
        self.refuses = False
        self.turn = 0.0
        self.looked = threading.Semaphore(0)
        self._ran = self._waited = 0.0

    def turns_of(self, thread: threading.Thread) -> session.Turns:
        assert thread is threading.main_thread()
        self.looked.release()
        got = min(self.processors, self.gets.get(self.nice or 0, 1))
        self._ran += got * cells.LOOK_SECONDS
        self._waited += (self.processors - got) * cells.LOOK_SECONDS
        return session.Turns(self._ran, self._waited)

    def looks(self, times: int = 3) -> None:
        """Wait until it was looked at so often."""
        for _ in range(times):
            assert self.looked.acquire(timeout=10)

    def ask_for_short_turns(self, seconds: float, thread: int, *, inherited: bool) -> bool:
        assert thread == threading.main_thread().native_id and not inherited
        self.turn = seconds
        return True

    def session_nice(self) -> int | None:
        return self.nice

    def set_session_nice(self, nice: int, patience: float = 0) -> bool:
        if not self.refuses:
            self.nice = nice
        return not self.refuses


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> Linux:
    linux = Linux()
    for name in ("turns_of", "session_nice", "set_session_nice"):
        monkeypatch.setattr(session, name, getattr(linux, name))
    monkeypatch.setattr(turns, "ask_for_short_turns", linux.ask_for_short_turns)
    monkeypatch.setattr(cells, "LOOK_SECONDS", 0.01)
    return linux


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_long_cell_gives_way_and_takes_it_back_at_its_end(linux: Linux):
    way = GivingWay(lambda: True, in_cell=False)
    way.cell_started()
    until(lambda: linux.nice == BACKGROUND_NICE)
    assert linux.turn == turns.SHORTEST_SECONDS
    way.cell_ended()
    assert (linux.nice, linux.turn) == (0, 0)


def test_a_cell_that_waits_gives_nothing_and_takes_back_what_it_gave(linux: Linux):
    linux.processors = 0.1
    way = GivingWay(lambda: True, in_cell=True)
    way.call_joined()
    linux.looks()
    assert linux.nice == 0
    linux.processors = 1.0
    until(lambda: linux.nice == BACKGROUND_NICE)
    linux.processors = 0.3  # neither
    linux.looks()
    assert linux.nice == BACKGROUND_NICE
    linux.processors = 0.1
    until(lambda: linux.nice == 0)
    way.cell_ended()


def test_a_cell_that_gets_next_to_nothing_gives_less_way(linux: Linux):
    linux.gets = {19: 0.01, 10: 0.1, 5: 0.3}
    way = GivingWay(lambda: True, in_cell=True)
    way.call_joined()
    until(lambda: linux.nice == BACKGROUND_NICE)
    until(lambda: linux.nice == 5)
    linux.looks(3 * background.PATIENCE)
    assert linux.nice == 5
    linux.gets[5] = 0.1
    until(lambda: linux.nice == 0)
    linux.gets = {}
    until(lambda: linux.nice == BACKGROUND_NICE)
    way.cell_ended()
    assert linux.nice == 0


def test_a_short_cell_and_one_without_a_call_give_nothing(linux: Linux, monkeypatch: pytest.MonkeyPatch):
    GivingWay(lambda: False, in_cell=False).cell_started()
    monkeypatch.setattr(cells, "LOOK_SECONDS", 3600)
    short = GivingWay(lambda: True, in_cell=False)
    short.cell_started()
    short.cell_ended()
    GivingWay(lambda: True, in_cell=False).call_joined()  # by a button, say
    until(lambda: all(one.name != "rtc-notebook-cells" for one in threading.enumerate()))
    assert linux.nice == 0


def test_a_call_that_is_joined_and_left_within_a_cell(linux: Linux):
    wanted = False
    way = GivingWay(lambda: wanted, in_cell=True)
    wanted = True
    way.call_joined()
    until(lambda: linux.nice == BACKGROUND_NICE)
    way.call_left()
    assert linux.nice == BACKGROUND_NICE, "there is another call"
    wanted = False
    way.call_left()
    assert linux.nice == 0


def test_a_cell_within_a_cell_ends_nothing(linux: Linux):
    way = GivingWay(lambda: True, in_cell=True)
    way.call_joined()
    way.cell_started()
    until(lambda: linux.nice == BACKGROUND_NICE)
    way.cell_ended()
    assert linux.nice == BACKGROUND_NICE
    way.cell_ended()
    assert linux.nice == 0


def test_a_session_that_gives_way_by_its_owners_will_stays_as_it_is(linux: Linux):
    linux.nice = BACKGROUND_NICE
    way = GivingWay(lambda: True, in_cell=False)
    way.cell_started()
    linux.looks()
    way.cell_ended()
    assert linux.nice == BACKGROUND_NICE


def test_what_cannot_be_taken_back_at_once_is_taken_back_after_the_next_cell(linux: Linux):
    way = GivingWay(lambda: True, in_cell=False)
    way.cell_started()
    until(lambda: linux.nice == BACKGROUND_NICE)
    linux.refuses = True
    way.cell_ended()
    linux.refuses = False
    way.cell_started()
    way.cell_ended()
    assert linux.nice == 0


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[..., None]]:
    """Return what follows the cells of a kernel, one of which runs, by event."""
    callbacks: dict[str, Callable[..., None]] = {}
    kernel = SimpleNamespace(get_parent=lambda channel: {"header": {"msg_type": "execute_request"}})
    shell = SimpleNamespace(events=SimpleNamespace(register=callbacks.__setitem__), kernel=kernel)
    monkeypatch.setattr(cells, "kernel_shell", lambda: shell)
    monkeypatch.setattr("rtc_notebook.call._giving_way", None)
    return callbacks


@pytest.mark.usefixtures("workers")
def test_a_call_has_its_kernel_give_way_unless_told_not_to(linux: Linux, shell: dict[str, Callable[..., None]]):
    with Call("demo", server="http://127.0.0.1:8888/", token="secret"):
        until(lambda: linux.nice == BACKGROUND_NICE)
    assert linux.nice == 0
    with Call("demo", server="http://127.0.0.1:8888/", token="secret", gives_way=False):
        shell["pre_run_cell"]()
        until(lambda: all(one.name != "rtc-notebook-cells" for one in threading.enumerate()))
        assert linux.nice == 0


@pytest.mark.usefixtures("workers")
def test_a_kernel_that_is_not_ipykernels_has_calls_all_the_same(monkeypatch: pytest.MonkeyPatch):
    shell = SimpleNamespace(events=SimpleNamespace(register=print), kernel=SimpleNamespace(comm_manager=None))
    monkeypatch.setattr(cells, "kernel_shell", lambda: shell)  # as xeus-python has it
    monkeypatch.setattr("rtc_notebook.call._giving_way", None)
    with Call("demo", server="http://127.0.0.1:8888/", token="secret") as call:
        assert call.phase == "connecting"


@pytest.fixture
def kernel() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel()
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.slow
def test_a_real_kernel_in_linuxs_own_words(kernel: BlockingKernelClient):
    def run(code: str) -> str:
        printed: list[str] = []
        kernel.execute_interactive(code, timeout=60, output_hook=lambda m: printed.append(m["content"].get("text", "")))
        return "".join(printed).strip()

    run("import time\nfrom rtc_notebook import cells\nfrom rtc_notebook.process import session")
    assert run("way = cells.give_way(lambda: True)") == ""
    run("import threading")
    if run("print(session.session_nice(), session.turns_of(threading.main_thread()).ran > 0)") != "0 True":
        pytest.skip("this Linux has no autogroups, or counts no thread's time")
    compute = "end = time.monotonic() + 20\nwhile session.session_nice() == 0 and time.monotonic() < end: pass"
    wait = "end = time.monotonic() + 20\nwhile session.session_nice() and time.monotonic() < end: time.sleep(0.05)"
    nice = "print(session.session_nice())"
    assert run(f"{compute}\n{nice}\n{wait}\n{nice}\n{compute}") == f"{BACKGROUND_NICE}\n0"
    assert run(nice) == "0"
