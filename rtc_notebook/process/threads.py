"""The parent's side where no event loop can be relied on: in a kernel, whose loop stands still while a cell runs."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import msgspec

_WAITING_MESSAGES = 1024


class ThreadedChild:
    """A Python module that runs as a child process and speaks JSON lines, served by two daemon threads.

    Parameters
    ----------
    module : str
        Run as ``python -m module``.
    on_line : callable
        Called with each line (bytes) of the child's, in the reading thread.
    on_exit : callable
        Called once with the exit code, in the reading thread.
    """

    def __init__(self, module: str, on_line: Callable[[bytes], None], on_exit: Callable[[int], None]) -> None:
        self._on_line = on_line
        self._on_exit = on_exit
        self._outbox: queue.Queue[bytes | None] = queue.Queue(_WAITING_MESSAGES)
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # an interrupt of the kernel is for the cell, not for the call
        )
        threading.Thread(target=self._read, name=f"{module} reader", daemon=True).start()
        threading.Thread(target=self._write, name=f"{module} writer", daemon=True).start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def send(self, message: Any) -> None:
        """Queue a message; lost without an error if the child is gone or does not read."""
        with contextlib.suppress(queue.Full):
            self._outbox.put_nowait(msgspec.json.encode(message) + b"\n")

    def close(self, timeout: float = 2.0) -> None:
        """Close its stdin, which asks it to end, and kill it if it has not within ``timeout`` seconds; idempotent."""
        with contextlib.suppress(queue.Full):
            self._outbox.put_nowait(None)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._on_line(line)
        self._on_exit(self._process.wait())
        with contextlib.suppress(queue.Full):
            self._outbox.put_nowait(None)

    def _write(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            while (data := self._outbox.get()) is not None:
                self._process.stdin.write(data)
                self._process.stdin.flush()
        with contextlib.suppress(OSError):
            self._process.stdin.close()
