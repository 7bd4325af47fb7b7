"""What the SFU counts and what the worker measures, asked for and put together as plain data."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

from .errors import CallTimeout
from .media.control import ToServer
from .protocol import GetStats, Stats

ANSWER_SECONDS = 5.0


class SfuCounters:
    """Asks the SFU for its counters, from any thread.

    Parameters
    ----------
    send : callable
        Sends a command to the worker.
    """

    def __init__(self, send: Callable[[ToServer], None]) -> None:
        self._send = send
        self._ids = itertools.count(1)
        self._changed = threading.Condition()
        self._waiting: set[int] = set()
        self._answers: dict[int, dict[str, Any]] = {}

    def ask(self, timeout: float = ANSWER_SECONDS) -> dict[str, Any]:
        """Return the SFU's counters, as `rtc_notebook_server.sfu.base.Engine.stats` has them.

        Never to be called with the studio's lock held, nor from the worker's events: the answer comes through them.

        Raises
        ------
        CallTimeout
            If none come within ``timeout`` seconds, as while the connection is mended.
        """
        with self._changed:
            id = next(self._ids)
            self._waiting.add(id)
            try:
                self._send(ToServer(message=GetStats(id=id)))
                if not self._changed.wait_for(lambda: id in self._answers, timeout):
                    raise CallTimeout(f"The server sent no statistics within {timeout:g} s. Is the call connected?")
                return self._answers.pop(id)
            finally:
                self._waiting.discard(id)
                self._answers.pop(id, None)

    def answered(self, message: Stats) -> None:
        """Take the server's answer."""
        with self._changed:
            if message.id in self._waiting:
                self._answers[message.id] = message.stats
                self._changed.notify_all()
