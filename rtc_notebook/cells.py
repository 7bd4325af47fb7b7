"""A cell that runs for long gives way to the call beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .environment import kernel_shell
from .process import turns

LONG_SECONDS = 0.3
"""A cell that ends sooner is nothing that a call would notice."""

BACKGROUND_NICE = 19
TAKE_BACK_SECONDS = 1.0


class GivingWay:
    """Makes a kernel's cells give way to whatever else wants the processor, as long as a call is on.

    What computes without a pause otherwise makes each step of a picture's way wait for its turn's end: in a browser on
    the same machine, in the media worker, in the SFU. Only while a cell runs for longer than `LONG_SECONDS`; what is
    given up is taken back at its end. Where a processor is free, a cell is as fast as ever. Linux only.

    Parameters
    ----------
    wanted : callable
        Tells whether there is a call to give way to.
    """

    def __init__(self, wanted: Callable[[], bool]) -> None:
        self._wanted = wanted
        self._lock = threading.Lock()
        self._in_cell = True
        self._timer: threading.Timer | None = None
        self._cells = threading.main_thread().native_id or 0
        self._short_turns = False
        self._former_nice: int | None = None

    def cell_started(self, _info: object = None) -> None:
        """Give way if this cell takes long."""
        with self._lock:
            self._in_cell = True
        self.call_joined()

    def cell_ended(self, _result: object = None) -> None:
        """Take back what was given up; nothing happens if nothing was."""
        with self._lock:
            self._in_cell = False
            self._take_back()

    def call_joined(self) -> None:
        """Have the cell that runs give way, if it takes long from now on."""
        with self._lock:
            if self._in_cell and self._timer is None and self._wanted():
                self._timer = threading.Timer(LONG_SECONDS, self._give_way)
                self._timer.daemon = True
                self._timer.start()

    def call_left(self) -> None:
        """Take back what was given up, unless there is another call to give way to."""
        with self._lock:
            if not self._wanted():
                self._take_back()

    def _give_way(self) -> None:
        with self._lock:
            if self._timer is not threading.current_thread() or not self._wanted():
                return  # it ended meanwhile
            self._short_turns = turns.ask_for_short_turns(turns.SHORTEST_SECONDS, self._cells)
            nice = turns.session_nice()
            if nice is not None and nice < BACKGROUND_NICE and turns.set_session_nice(BACKGROUND_NICE):
                self._former_nice = nice

    def _take_back(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._short_turns:
            self._short_turns = not turns.ask_for_short_turns(0, self._cells)
        if self._former_nice is not None and turns.set_session_nice(self._former_nice, TAKE_BACK_SECONDS):
            self._former_nice = None


def give_way(wanted: Callable[[], bool]) -> GivingWay | None:
    """Have the cells of this kernel give way; None where this is no kernel."""
    shell = kernel_shell()
    if shell is None:
        return None
    giving_way = GivingWay(wanted)
    shell.events.register("pre_run_cell", giving_way.cell_started)
    shell.events.register("post_run_cell", giving_way.cell_ended)
    return giving_way
