"""A cell that computes for long gives way to the call beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from .environment import kernel_shell
from .process import session, turns
from .process.background import Background

LOOK_SECONDS = 0.3
"""How long a look at what a cell does takes: one that ends sooner is nothing that a call would notice."""

COMPUTES, WAITS = 0.5, 0.2
"""Processors that a cell wants when it computes, and when it does no longer."""

TAKE_BACK_SECONDS = 1.0


class GivingWay:
    """Makes a kernel's cells give way to whatever else wants the processor, as long as a call is on.

    What computes without a pause otherwise makes each step of a picture's way wait for its turn's end: in a browser on
    the same machine, in the media worker, in the SFU. Only while a cell computes: what is given up is taken back when
    it waits for something, and at its end. Where a processor is free, a cell is as fast as ever, and where none is, it
    still gets on. Linux only.

    Parameters
    ----------
    wanted : callable
        Tells whether there is a call to give way to.
    in_cell : bool
        Whether a cell runs already.
    """

    def __init__(self, wanted: Callable[[], bool], in_cell: bool) -> None:
        self._wanted = wanted
        self._lock = threading.Lock()
        self._cells = int(in_cell)  # `%%capture` and others run one within another
        self._over: threading.Event | None = None
        self._background = Background()
        self._short_turns = False

    def cell_started(self, _info: object = None) -> None:
        """Give way if this cell computes for long."""
        with self._lock:
            self._cells += 1
        self.call_joined()

    def cell_ended(self, _result: object = None) -> None:
        """Take back what was given up; nothing happens if nothing was."""
        with self._lock:
            self._cells = max(0, self._cells - 1)
            if not self._cells:
                self._stop()

    def call_joined(self) -> None:
        """Have the cell that runs give way, if it computes for long from now on."""
        with self._lock:
            if self._cells and self._over is None and self._wanted():
                self._over = threading.Event()
                threading.Thread(target=self._look, args=(self._over,), name="rtc-notebook-cells", daemon=True).start()

    def call_left(self) -> None:
        """Take back what was given up, unless there is another call to give way to."""
        with self._lock:
            if not self._wanted():
                self._stop()

    def _look(self, over: threading.Event) -> None:
        """Look at what the cell does until it ends."""
        before = session.turns_of(threading.main_thread())
        while not over.wait(LOOK_SECONDS):
            now = session.turns_of(threading.main_thread())
            if before is None or now is None:
                return
            got = (now.ran - before.ran) / LOOK_SECONDS
            wants = got + (now.waited - before.waited) / LOOK_SECONDS
            before = now
            with self._lock:
                if over.is_set():
                    return
                if wants > COMPUTES and self._wanted():
                    self._give_way(got)
                elif wants < WAITS or not self._wanted():
                    self._take_back()

    def _stop(self) -> None:
        if self._over is not None:
            self._over.set()
            self._over = None
        self._take_back()

    def _give_way(self, got: float) -> None:
        if not self._short_turns:
            self._short_turns = _ask_for_turns(turns.SHORTEST_SECONDS)
        self._background.stay(got)

    def _take_back(self) -> None:
        if self._short_turns:
            self._short_turns = not _ask_for_turns(0)
        self._background.end(TAKE_BACK_SECONDS)


def _ask_for_turns(seconds: float) -> bool:
    thread = threading.main_thread().native_id  # what it starts in a cell, pools say, keeps nothing of it
    return thread is not None and turns.ask_for_short_turns(seconds, thread, inherited=False)


def give_way(wanted: Callable[[], bool]) -> GivingWay | None:
    """Have the cells of this kernel give way; None where this is no kernel, or none that says what it runs."""
    shell = kernel_shell()
    if shell is None:
        return None
    try:
        events, in_cell = shell.events, _runs_a_cell(shell)
    except (AttributeError, TypeError):  # xeus-python's stand-in for a kernel does not
        return None
    giving_way = GivingWay(wanted, in_cell)
    events.register("pre_run_cell", giving_way.cell_started)
    events.register("post_run_cell", giving_way.cell_ended)
    return giving_way


def _runs_a_cell(shell: Any) -> bool:
    """Whether this is called by a cell, rather than by a button or a thread."""
    here = threading.current_thread() is threading.main_thread()
    return here and shell.kernel.get_parent("shell").get("header", {}).get("msg_type") == "execute_request"
