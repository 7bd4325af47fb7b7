"""The newest frames of one track as they come from the media worker, for any number of readers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .frames import FrameInfo
from .media.ring import RingReader
from .pixels import Format, convert

Position = tuple[int, int]
"""Which ring, and which frame in it; a new ring starts its own count."""

START: Position = (0, -1)
"""Before every frame."""


class Taken(NamedTuple):
    """A frame that a reader took and where it stood."""

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
        self._shared: dict[Format, Taken] = {}
        self._muted = False
        self._muted_until = 0.0

    def open(self, path: str) -> None:
        """Read from the ring at ``path`` from now on; one that is gone has a successor, or its track has ended."""
        try:
            reader = RingReader.open(Path(path))
        except FileNotFoundError:
            return
        with self._changed:
            self._ring += 1
            self._reader = reader
            self._shared = {}
        self.wake()

    def mute(self, muted: bool) -> None:
        """Take note of what the room says of the track."""
        if muted or self._muted:
            self._muted_until = time.time()
        self._muted = muted

    def muted_since(self, moment: float) -> bool:
        """Whether it was muted after this moment (seconds since the epoch): what is missing was then never sent."""
        return self._muted or self._muted_until > moment

    def clear(self) -> None:
        """Forget what came in: there is nothing until the next ring is opened."""
        with self._changed:
            self._ring += 1
            self._reader = None
            self._shared = {}

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
        return (ring, -1 if reader is None else reader.sequence)

    def newer(self, position: Position) -> bool:
        """Tell whether there is a frame after ``position``."""
        now = self.position()
        return now > position and now[1] > 0

    def latest(self, format: Format = "bgr", copy: bool = True) -> Taken | None:
        """Return the newest picture, if there is one.

        With ``copy`` it is the caller's own. Without, it is read-only and shared by all who ask so: a view of the
        memory that the worker wrote where that has the format, one conversion otherwise.
        """
        with self._changed:
            ring, reader = self._ring, self._reader
        if reader is None:
            return None
        if not copy:
            return self._shared_picture(ring, reader, format)
        return reader.apply(
            lambda array, info, layout: Taken(_converted(array, info, layout, format), info, (ring, info.sequence))
        )

    def sound(self, sequence: int | None = None) -> Taken | None:
        """Return the newest block of sound, or the one with this sequence number while it is kept."""
        with self._changed:
            ring, reader = self._ring, self._reader
        if reader is None:
            return None
        return reader.apply(lambda array, info, _: Taken(array.copy(), info, (ring, info.sequence)), sequence)

    def following(self, position: Position) -> Taken | None:
        """Return the block of sound right after ``position`` while it is kept, otherwise the newest."""
        with self._changed:
            ring = self._ring
        return (self.sound(position[1] + 1) if ring == position[0] else None) or self.sound()

    def _shared_picture(self, ring: int, reader: RingReader, format: Format) -> Taken | None:
        shared = self._shared.get(format)
        if shared is not None and shared.position == (ring, reader.sequence):
            return shared
        found = reader.view()
        if found is None:
            return None
        array, info, layout = found
        if layout == format:
            return Taken(array, info, (ring, info.sequence))
        array = _converted(array, info, layout, format)
        array.flags.writeable = False
        shared = self._shared[format] = Taken(array[:], info, (ring, info.sequence))
        return shared

    def wait(self, ready: Callable[[], bool], timeout: float) -> bool:
        """Wait until ``ready()``, looking after every `wake`, at most ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(ready, timeout)


def _converted(array: np.ndarray[Any, Any], info: FrameInfo, layout: str, format: Format) -> np.ndarray[Any, Any]:
    return convert(array, "yuv420p" if layout == "yuv420p" else "bgr", format, info.height, info.width)
