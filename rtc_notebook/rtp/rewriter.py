"""A viewer's own sequence numbers and timestamps for a publication's packets."""

from __future__ import annotations

import random

from .timeline import signed16


class Rewriter:
    """Maps a publication's indexes (see `rtc_notebook.rtp.timeline`) to one viewer's stream.

    What is held back (before a keyframe, while muted) leaves no gap in the viewer's numbers, so a viewer never asks for
    what it was never meant to get. The timestamp offset never changes: sender reports and lip sync depend on it.
    """

    def __init__(self) -> None:
        # The lower half: SRTP's rollover counter must not be in doubt at the start (RFC 3711, 3.3.1).
        self._next = random.getrandbits(15)
        self._offset = random.getrandbits(32)
        self._first: int | None = None
        self._latest = 0

    @property
    def started(self) -> bool:
        """Whether packets are being passed on."""
        return self._first is not None

    def start(self, index: int) -> None:
        """Pass on packets from this index on."""
        self._first = self._latest = index

    def pause(self) -> None:
        """Pass on nothing until `start`; the numbers then go on without a gap."""
        if self._first is not None:
            self._next = (self._latest - self._first + self._next + 1) & 0xFFFF
            self._first = None

    def sequence_number(self, index: int) -> int | None:
        """Return a packet's number for this viewer, or None if it is from before the start."""
        if self._first is None or index < self._first:
            return None
        if index > self._latest:
            self._latest = index
        return (index - self._first + self._next) & 0xFFFF

    def index(self, sequence_number: int) -> int | None:
        """Return the index of a packet that this viewer was sent, or None if it was not."""
        if self._first is None:
            return None
        latest = self._latest - self._first + self._next
        index = self._latest + signed16(sequence_number - latest)
        return index if self._first <= index <= self._latest else None

    def timestamp(self, timestamp: int) -> int:
        """Return a timestamp of the publication's in this viewer's time base."""
        return (timestamp + self._offset) & 0xFFFFFFFF
