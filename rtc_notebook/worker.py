"""The kernel's handle on its media worker: starts it, speaks with it, starts it again when it dies."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from .media.control import Command, Event, Join, Leave, Result, State, ToServer, decode_event
from .process.threads import ThreadedChild
from .protocol import DrawOverlay

MODULE = "rtc_notebook.media"
_SHARED_MEMORY = Path("/dev/shm")
_RESTARTS = 3
_RESTART_WINDOW_SECONDS = 60.0


class Worker:
    """A media worker and its successors.

    A worker that dies is started again, three times a minute at most, once one of them was in the room; where none ever
    got there, the next would not either.

    Parameters
    ----------
    join : Join
        Where to go; its directory is filled in for each worker.
    on_event : callable
        Called with each event, in a thread. ``State(phase="ended")`` comes once and is the last.
    """

    def __init__(self, join: Join, on_event: Callable[[Event], None]) -> None:
        self._join = join
        self._on_event = on_event
        self._lock = threading.Lock()
        self._telling = threading.Lock()  # what a new worker says comes after the news that the one before died
        self._closing = False
        self._ended = False
        self._was_connected = False
        self._deaths: list[float] = []
        self._child: ThreadedChild | None = None
        self.directory = Path()
        """Where the two exchange shared memory, private to this user."""
        self._start()

    def send(self, command: Command) -> None:
        """Queue a command; never blocks, and is lost while there is no worker."""
        child = self._child
        if child is not None:
            child.send(command, droppable=_droppable(command))

    def close(self) -> None:
        """Leave the room and end the worker, within two seconds; idempotent."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            child = self._child
        if child is not None:
            child.send(Leave())
            child.close()
        remove_directory(self.directory)

    def _start(self) -> None:
        self.directory = private_directory()
        child = ThreadedChild(MODULE, self._line, self._exited)
        child.send(msgspec.structs.replace(self._join, directory=str(self.directory)))
        with self._lock:
            self._child = child
            closed = self._closing
        if closed:  # meanwhile
            child.close()
            remove_directory(self.directory)

    def _try_to_start(self) -> str:
        """Start; return what was in the way, empty if nothing was."""
        try:
            self._start()
        except OSError as error:
            remove_directory(self.directory)
            return str(error) or type(error).__name__
        return ""

    def _line(self, line: bytes) -> None:
        event = decode_event(line)
        if isinstance(event, State):
            self._was_connected |= event.phase == "connected"
            if event.session:
                self._join = msgspec.structs.replace(self._join, session=event.session)
            if event.phase == "ended":
                if self._ended:
                    return
                self._ended = True
        with self._telling:
            self._on_event(event)

    def _exited(self, code: int) -> None:
        former = self.directory
        try:
            self._succeed(code)
        finally:
            remove_directory(former)

    def _succeed(self, code: int) -> None:
        with self._lock:
            if self._closing or self._ended:
                return
        now = time.monotonic()
        self._deaths = [death for death in self._deaths if now - death < _RESTART_WINDOW_SECONDS] + [now]
        if self._was_connected and len(self._deaths) <= _RESTARTS:
            with self._telling:
                failure = self._try_to_start()  # first: it takes the longest
                if not failure:
                    message = "The media worker died and is started again."
                    self._on_event(State(phase="reconnecting", code="worker-died", message=message))
                    return
            message = f"The media worker died and cannot be started again ({failure}). Make a new Call."
        else:
            message = f"The media worker ended unexpectedly (exit code {code}). Its output says why. Make a new Call."
        self._ended = True
        self._on_event(State(phase="ended", code="worker-died", message=message))


def _droppable(command: Command) -> bool:
    """Whether a command is of no use any more once it is late: the next one of its kind is the better one."""
    return isinstance(command, Result) or (isinstance(command, ToServer) and isinstance(command.message, DrawOverlay))


def private_directory() -> Path:
    """Make a directory for shared memory that only this user may open."""
    parent = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
    with contextlib.suppress(OSError):
        return Path(tempfile.mkdtemp(prefix="rtc-notebook-", dir=parent))
    return Path(tempfile.mkdtemp(prefix="rtc-notebook-"))


def remove_directory(directory: Path) -> None:
    """Remove what `private_directory` made; what is mapped stays until it is let go."""
    shutil.rmtree(directory, ignore_errors=True)
