"""Threads that a filter starts, and that pile up when it does so at every frame."""

from __future__ import annotations

import threading
import weakref

FRAMES = 10
"""On so many frames threads must have come: the cell beside the filter may start some, too."""

LIMIT = 16
"""So many may live at a time before it is told."""


class Offspring:
    """The threads that came while a filter ran and that are still there."""

    def __init__(self) -> None:
        self._threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._before: set[threading.Thread] = set()
        self._frames = 0
        self._told = False

    def begin(self) -> None:
        """Note who is there before the filter runs."""
        self._before = set() if self._told else set(threading.enumerate())

    def end(self) -> int:
        """Note who is there after it; return how many it has left behind, the first time that they are too many."""
        if self._told:
            return 0
        new = set(threading.enumerate()) - self._before
        self._before = set()
        if new:
            self._frames += 1
            self._threads.update(new)
        if self._frames < FRAMES:
            return 0
        alive = sum(1 for thread in self._threads if thread.is_alive())
        self._told = alive > LIMIT
        return alive if self._told else 0
