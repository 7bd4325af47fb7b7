"""What was said over a socket and may not have been heard: so that the next socket loses and doubles nothing."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from .protocol import ClientMessage, ServerMessage, counted

MOST_MESSAGES = 1000
MOST_BYTES = 8 * 1024 * 1024

M = TypeVar("M", bound="ClientMessage | ServerMessage")


class Ledger(Generic[M]):
    """One side's account of a place's messages, see `rtc_notebook.protocol.counted`.

    Attributes
    ----------
    heard : int
        How many of the other side's messages have come.
    whole : bool
        Whether everything that may not have been heard is kept. If not, the place is begun anew on the next socket.
    """

    def __init__(self) -> None:
        self.heard = 0
        self.whole = True
        self._said = 0
        self._kept: deque[tuple[M, int]] = deque()
        self._bytes = 0

    def say(self, message: M) -> None:
        """Note a message that is being sent, or would be if there were a socket."""
        if not counted(message):
            return
        size = len(getattr(message, "data", "")) + len(getattr(message, "sdp", ""))
        self._said += 1
        self._kept.append((message, size))
        self._bytes += size
        while len(self._kept) > MOST_MESSAGES or self._bytes > MOST_BYTES:
            self._drop()
            self.whole = False

    def hear(self, message: ClientMessage | ServerMessage) -> None:
        """Note a message of the other side's."""
        self.heard += counted(message)

    def acknowledge(self, count: int) -> None:
        """Forget what the other side says it has heard."""
        while self._kept and self._said - len(self._kept) < count:
            self._drop()

    @property
    def unheard(self) -> list[M]:
        """What is to be said again, in order."""
        return [message for message, _ in self._kept]

    def _drop(self) -> None:
        self._bytes -= self._kept.popleft()[1]
