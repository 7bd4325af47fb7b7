"""Where a publication's frames go: into shared memory, for the media worker to send."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .media.control import Command, Publish, Result, Results, TrackKey
from .media.picture_writer import PictureWriter
from .media.ring import RingWriter
from .sources.sound import ARRAY_LEAD_SECONDS, BLOCK, RATE

PICTURE_SLOTS = 5
SOUND_SLOTS = int(2.5 * ARRAY_LEAD_SECONDS * RATE / BLOCK)
SOUND_SLOT_BYTES = BLOCK * 2 * 4

Array = np.ndarray[Any, Any]


class Output:
    """One track of this kernel's own, on its way to the worker. Safe to use from any thread.

    Parameters
    ----------
    key : TrackKey
        The track.
    send, directory : callable
        Sends a command to the worker; returns where its shared memory is.
    """

    def __init__(self, key: TrackKey, send: Callable[[Command], None], directory: Callable[[], Path]) -> None:
        self.key = key
        self._send = send
        self._directory = directory
        self._lock = threading.Lock()
        self._pictures: PictureWriter | None = None
        self._sound: RingWriter | None = None
        self._sequence = 0
        self._last: Array | None = None

    def begin(self) -> None:
        """Have the worker publish the track; sound that waits there is dropped."""
        self._send(Publish(track=self.key))

    def write(self, frame: Array, unless: threading.Event | None = None) -> None:
        """Send a picture, or a block of sound; not if ``unless`` is set by then. Lost while there is no worker."""
        with self._lock:
            if unless is None or not unless.is_set():
                if self.key.kind == "video":
                    self._last = frame
                self._write(frame)

    def renew(self) -> None:
        """Begin with a new worker: it is shown the last picture again."""
        self.begin()
        with self._lock:
            self._close()
            if self._last is not None:
                self._write(self._last)

    def close(self) -> None:
        """Let go of the memory."""
        with self._lock:
            self._close()

    def _write(self, frame: Array) -> None:
        with contextlib.suppress(OSError):  # the worker has died and taken its directory along; the next is told
            if self.key.kind == "video":
                self._pictures = self._pictures or PictureWriter(self._directory(), PICTURE_SLOTS, self._announce)
                write: Callable[..., bool] = self._pictures.write
            else:
                if self._sound is None:
                    self._sound = RingWriter.create(self._directory(), SOUND_SLOTS, SOUND_SLOT_BYTES)
                    self._announce(str(self._sound.path))
                write = self._sound.write
            now = time.time()
            if write(frame, sequence=self._sequence + 1, captured=now, arrived=now):
                self._sequence += 1
                self._send(Result(track=self.key, sequence=self._sequence))

    def _announce(self, path: str) -> None:
        self._send(Results(track=self.key, path=path))

    def _close(self) -> None:
        for writer in (self._pictures, self._sound):
            if writer is not None:
                writer.close()
        self._pictures = self._sound = None
