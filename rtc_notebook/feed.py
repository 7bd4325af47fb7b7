"""The newest frames of one track as they come from the media worker, for any number of readers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .frames import FrameInfo
from .media.ring import RingReader

Position = tuple[int, int]
"""Which ring, and which frame in it; a new ring starts its own count."""

START: Position = (0, -1)
"""Before every frame."""


class Taken(NamedTuple):
    """A frame that a reader took, as a private writable copy, and where it stood."""

    array: np.ndarray[Any, Any]
    info: FrameInfo
    position: Position


class Feed:
    """Frames of one track, in shared memory. Safe to use from any thread.

    Nothing is queued here: the worker overwrites old frames, and whoever is late gets the newest.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._callbacks: set[Callable[[], None]] = set()
        self._ring = 0
        self._reader: RingReader | None = None

    def open(self, path: str) -> None:
        """Read from the ring at ``path`` from now on."""
        reader = RingReader.open(Path(path))
        with self._changed:
            self._ring += 1
            self._reader = reader
        self.wake()

    def wake(self) -> None:
        """Let every waiting reader look again: there is a new frame, or the track or the call has ended."""
        with self._changed:
            self._changed.notify_all()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    def on_wake(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back at every `wake`, from whatever thread; return what stops that."""
        with self._changed:
            self._callbacks.add(callback)
        return lambda: self._callbacks.discard(callback)

    def position(self) -> Position:
        """Return the position of the newest frame."""
        with self._changed:
            ring, reader = self._ring, self._reader
        sequence = None if reader is None else reader.sequence
        return (ring, -1 if sequence is None else sequence)

    def newer(self, position: Position) -> bool:
        """Tell whether there is a frame after ``position``."""
        now = self.position()
        return now > position and now[1] >= 0

    def latest(self) -> Taken | None:
        """Return the newest frame, if there is one."""
        with self._changed:
            ring, reader = self._ring, self._reader
        found = None if reader is None else reader.latest(copy=True)
        return None if found is None else Taken(found[0], found[1], (ring, found[1].sequence))

    def following(self, position: Position) -> Taken | None:
        """Return the frame right after ``position`` while it is kept, otherwise the newest; for sound."""
        with self._changed:
            ring, reader = self._ring, self._reader
        if reader is not None and ring == position[0]:
            found = reader.read(position[1] + 1)
            if found is not None:
                return Taken(found[0], found[1], (ring, found[1].sequence))
        return self.latest()

    def wait(self, ready: Callable[[], bool], timeout: float) -> bool:
        """Wait until ``ready()``, looking after every `wake`, at most ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(ready, timeout)
