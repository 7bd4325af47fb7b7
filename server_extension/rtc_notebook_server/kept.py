"""The rooms of a server that stopped, for the next one: a small file that only its user may read."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from .rooms.keeping import KeptRoom, keep
from .rooms.room import Room

log = logging.getLogger(__name__)

GOOD_SECONDS = 900.0
"""How long after the server was last there its rooms are taken up again; as long as a kernel tries to come back."""

MAX_BYTES = 8 * 1024 * 1024
MAX_ROOM_BYTES = 512 * 1024
DEBOUNCE_SECONDS = 0.5
AGAIN_SECONDS = 60.0


class _File(msgspec.Struct):
    rooms: list[KeptRoom]
    version: int = 1


class KeptRooms:
    """Keeps rooms in a file, and gives each back once.

    What cannot be read, or is too old, counts as nothing: the call begins afresh then, as it always could.

    Parameters
    ----------
    path : callable, optional
        Returns where the file is, once the server runs; without one nothing is kept.
    clock : callable
        Seconds since the epoch.
    """

    def __init__(self, path: Callable[[], Path] | None = None, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._former: dict[str, KeptRoom] | None = None
        self._rooms: dict[str, Room] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._written = 0
        self._closed = False

    def take(self, name: str) -> KeptRoom | None:
        """Return what was kept of a room, once."""
        kept = self._read().pop(name, None)
        return kept if kept is not None and kept.participants and self._fresh(kept) else None

    def changed(self, room: Room) -> None:
        """Have a room written down soon."""
        if self._path is None or self._closed:
            return
        self._rooms[room.name] = room
        self._soon(DEBOUNCE_SECONDS)

    def forget(self, room: Room) -> None:
        """Keep no more of a room: it is over."""
        if self._rooms.pop(room.name, None) is not None and not self._closed:
            self._soon(DEBOUNCE_SECONDS)

    def close(self) -> None:
        """Write everything down now, for the next server, and keep it."""
        if self._timer is not None:
            self._timer.cancel()
        if self._rooms and not self._closed:
            self._write(next(self._numbers), self._text())
        self._closed = True

    # --- inside ---

    def _fresh(self, kept: KeptRoom) -> bool:
        return abs(self._clock() - kept.at) < GOOD_SECONDS

    def _soon(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + seconds:
                return
            self._timer.cancel()
        self._timer = loop.call_later(seconds, self._due)

    def _due(self) -> None:
        self._timer = None
        if self._writing is not None and not self._writing.done():
            self._soon(DEBOUNCE_SECONDS)
            return
        self._writing = asyncio.ensure_future(asyncio.to_thread(self._write, next(self._numbers), self._text()))
        if self._rooms:
            self._soon(AGAIN_SECONDS)  # or a long call would look as old as its last change

    def _text(self) -> bytes:
        now = self._clock()
        former = [kept for name, kept in self._read().items() if name not in self._rooms and self._fresh(kept)]
        rooms: list[KeptRoom] = []
        size = 0
        for kept in (*(keep(room, now) for room in self._rooms.values()), *former):
            its = len(msgspec.json.encode(kept))
            if its <= MAX_ROOM_BYTES and size + its <= MAX_BYTES:
                size += its
                rooms.append(kept)
        return msgspec.json.encode(_File(rooms))

    def _read(self) -> dict[str, KeptRoom]:
        if self._former is None:
            self._former = {}
            if self._path is not None:
                with contextlib.suppress(FileNotFoundError):
                    self._former = self._read_file(self._path())
        return self._former

    def _read_file(self, path: Path) -> dict[str, KeptRoom]:
        try:
            if path.stat().st_size > 2 * MAX_BYTES:
                raise ValueError("it is too large")
            file = msgspec.json.decode(path.read_bytes(), type=_File)
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as error:
            log.warning("Rooms begin empty: what was kept of them in %s cannot be read (%s).", path, error)
            return {}
        return {kept.name: kept for kept in file.rooms if self._fresh(kept)}

    def _write(self, number: int, text: bytes) -> None:
        """Put a text in the file's place, in any thread, unless a newer one stands there already."""
        with self._lock:
            if number > self._written:
                self._written = number
                self._replace(text)

    def _replace(self, text: bytes) -> None:
        assert self._path is not None
        path = self._path()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(text)
                os.replace(draft, path)
            except BaseException:
                os.unlink(draft)
                raise
        except OSError as error:
            log.warning("Rooms end with this server: %s cannot be written (%s).", path, error)
