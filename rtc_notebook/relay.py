"""What a kernel says to the room besides media: drawings and messages, no faster than the server takes them."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

from . import messages
from .media.control import ToServer
from .protocol import Data, DrawOverlay

DRAWINGS_PER_SECOND = 100.0
PARTS_PER_SECOND = 50.0
BYTES_PER_SECOND = 4_000_000.0
"""Together below the 200 messages a second at which the server closes a socket, and what a receiver can read."""


class Pace:
    """Lets through ``rate`` a second on average and ``burst`` at once; whoever is faster waits here."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._ahead = burst / rate
        self._due = 0.0
        self._lock = threading.Lock()

    def wait(self, amount: float = 1.0) -> None:
        """Wait until ``amount`` may go."""
        with self._lock:
            now = time.monotonic()
            self._due = max(self._due, now - self._ahead) + amount / self._rate
            seconds = self._due - now
        if seconds > 0:
            time.sleep(seconds)


class Relay:
    """Sends drawings and messages, and puts the messages together that come. Safe to use from any thread.

    Parameters
    ----------
    send : callable
        Sends a command to the worker.
    """

    def __init__(self, send: Callable[[ToServer], None]) -> None:
        self._send = send
        self._ids = itertools.count(1)
        self._assembler = messages.Assembler()
        self._drawings = Pace(DRAWINGS_PER_SECOND, DRAWINGS_PER_SECOND / 4)
        self._parts = Pace(PARTS_PER_SECOND, PARTS_PER_SECOND)
        self._bytes = Pace(BYTES_PER_SECOND, 2 * messages.LIMIT)

    def draw(self, drawing: DrawOverlay) -> None:
        """Have a drawing shown."""
        self._drawings.wait()
        self._send(ToServer(message=drawing))

    def say(self, data: bytes, to: str | None) -> None:
        """Send bytes to every other kernel, or to the one with this id."""
        for part in messages.parts(data, next(self._ids), to):
            self._parts.wait()
            self._bytes.wait(len(part.data))
            self._send(ToServer(message=part))

    def hear(self, part: Data) -> Any:
        """Take a part of a message; return the object once it is whole, else `NOTHING`.

        Raises
        ------
        MessageError
            If it cannot be read.
        """
        data = self._assembler.add(part, time.monotonic())
        return NOTHING if data is None else messages.decode(data)


NOTHING = object()
"""Says that no message is there yet; a message may well be None."""
