"""The parent's side where no event loop can be relied on: in a kernel, whose loop stands still while a cell runs."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from ..errors import MessageTooLarge
from .child import MAX_LINE_BYTES
from .start import command

logger = logging.getLogger(__name__)

MOST_WAITING = 1024
MOST_DROPPABLE = 256
AT_ONCE_BYTES = 512  # what POSIX lets a pipe take whole, wherever `select.poll` says that it is writable


class ThreadedChild:
    """A Python module that runs as a child process and speaks JSON lines, served by two daemon threads.

    Parameters
    ----------
    module : str
        Run as ``python -m module``.
    on_line : callable
        Called with each line (bytes) of the child's, in the reading thread. One that it cannot handle is logged.
    on_exit : callable
        Called once with the exit code, in the reading thread.
    """

    def __init__(self, module: str, on_line: Callable[[bytes], None], on_exit: Callable[[int], None]) -> None:
        self._module = module
        self._on_line = on_line
        self._on_exit = on_exit
        self._waiting: deque[tuple[bytes, bool]] = deque()  # and whether each may be dropped
        self._writing = False
        self._closing = False
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            command(module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # an interrupt of the kernel is for the cell, not for the call
        )
        assert self._process.stdin is not None
        self._stdin = self._process.stdin.fileno()
        self._writable = select.poll()
        self._writable.register(self._stdin, select.POLLOUT)
        threading.Thread(target=self._read, name=f"{module} reader", daemon=True).start()
        threading.Thread(target=self._write, name=f"{module} writer", daemon=True).start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def send(self, message: Any, droppable: bool = False) -> None:
        """Queue a message, or write it at once where that cannot block; lost without an error if the child is gone.

        Of those that are ``droppable`` the oldest are, while the child does not read. Where too many of the others
        wait, the child is ended: it would never know what it missed.

        Raises
        ------
        MessageTooLarge
            If the child would end at so long a line.
        """
        data = msgspec.json.encode(message) + b"\n"
        if len(data) > MAX_LINE_BYTES:
            raise MessageTooLarge(len(data), MAX_LINE_BYTES)
        with self._changed:
            if self._closing or self._sent_at_once(data):
                return
            alike = [one for one in self._waiting if one[1] == droppable]
            if not droppable and len(alike) >= MOST_WAITING:
                logger.error("%s has not read for long and is ended", self._module)
                self._stop_writing()
                self._process.kill()
                return
            if droppable and len(alike) >= MOST_DROPPABLE:
                self._waiting.remove(alike[0])
            self._waiting.append((data, droppable))
            self._changed.notify()

    def _sent_at_once(self, data: bytes) -> bool:
        """Write a short line in this thread, if none is before it: a filter's result waits for no other thread."""
        if self._writing or self._waiting or len(data) > AT_ONCE_BYTES:
            return False
        events = self._writable.poll(0)
        if [event for _, event in events] != [select.POLLOUT]:
            return False  # full, or nobody is at the other end
        with contextlib.suppress(OSError):
            os.write(self._stdin, data)
        return True

    def close(self, timeout: float = 2.0) -> None:
        """Close its stdin, which asks it to end, and kill it if it has not within ``timeout`` seconds; idempotent."""
        self._stop_writing()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _stop_writing(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                self._on_line(line)
            except Exception:  # the next lines may be about something else
                logger.exception("What %s said could not be handled: %.200r", self._module, line)
        code = self._process.wait()
        self._stop_writing()
        self._on_exit(code)

    def _write(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            while (data := self._next()) is not None:
                self._process.stdin.write(data)
                self._process.stdin.flush()
        with self._changed, contextlib.suppress(OSError):
            self._closing = True  # its number may soon be another file's
            self._process.stdin.close()

    def _next(self) -> bytes | None:
        with self._changed:
            self._writing = False
            self._changed.wait_for(lambda: self._closing or self._waiting)
            self._writing = bool(self._waiting)
            return self._waiting.popleft()[0] if self._waiting else None
