"""One continuous numbering of a publication's packets, whatever SSRC they come from."""

from __future__ import annotations


def signed16(value: int) -> int:
    """Return the distance that a difference of two sequence numbers stands for."""
    return ((value + 0x8000) & 0xFFFF) - 0x8000


class Timeline:
    """Places RTP packets in one ever-growing order.

    An *index* is a sequence number that never wraps: its low 16 bits are the sequence number on the wire. When the
    source changes (the publisher's browser started a fresh connection), indexes and timestamps go on where the
    last source left off, so that viewers see one stream.

    Parameters
    ----------
    clock_rate : int
        The RTP clock, Hz.
    """

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._ssrc: int | None = None
        self._latest = 0
        self._latest_timestamp = 0
        self._latest_time = 0.0
        self._shift = 0

    @property
    def ssrc(self) -> int | None:
        """The SSRC that the packets come from now."""
        return self._ssrc

    def switches(self, ssrc: int) -> bool:
        """Say whether a packet of this SSRC would be the first of a new source."""
        return ssrc != self._ssrc

    def place(self, ssrc: int, sequence_number: int, timestamp: int, now: float) -> tuple[int, int]:
        """Return (index, timestamp) of a packet; ``now`` in seconds, of any steady clock."""
        if ssrc != self._ssrc:
            self._begin(ssrc, sequence_number, timestamp, now)
        index = self._latest + signed16(sequence_number - self._latest)
        placed = (timestamp + self._shift) & 0xFFFFFFFF
        if index >= self._latest:
            self._latest, self._latest_timestamp, self._latest_time = index, placed, now
        return index, placed

    def map_timestamp(self, ssrc: int, timestamp: int) -> int | None:
        """Return where a source's timestamp is on this timeline, or None if the source is another one."""
        return (timestamp + self._shift) & 0xFFFFFFFF if ssrc == self._ssrc else None

    def _begin(self, ssrc: int, sequence_number: int, timestamp: int, now: float) -> None:
        if self._ssrc is not None:
            elapsed = max(1, round((now - self._latest_time) * self._clock_rate))
            self._shift = (self._latest_timestamp + elapsed - timestamp) & 0xFFFFFFFF
        self._ssrc = ssrc
        self._latest = (((self._latest >> 16) + 2) << 16) | sequence_number
