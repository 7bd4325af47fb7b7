"""From packets to frames: a picture is complete when its marker bit has come, not when the next one begins."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .timeline import signed16

WAIT_SECONDS = 1.0
"""How long a gap is waited for: by then nobody sends again what is missing."""

MAX_PACKETS = 2048


@dataclass(frozen=True)
class MediaPacket:
    """An RTP packet with its payload descriptor taken off."""

    sequence_number: int
    timestamp: int
    marker: bool
    data: bytes
    starts_keyframe: bool = False


@dataclass(frozen=True)
class EncodedFrame:
    """An encoded picture, whole; ``timestamp`` as on the wire (32 bits)."""

    data: bytes
    timestamp: int
    keyframe: bool


class FrameAssembler:
    """Puts the packets of one video stream together (RFC 3550, 5.1: the marker bit ends a picture).

    Frames come out in order, each as soon as its last missing packet is there. A gap holds the frames behind it until
    it is filled, a whole keyframe comes, or `WAIT_SECONDS` are over; then nothing comes out until the next keyframe.
    """

    def __init__(self) -> None:
        self._packets: dict[int, MediaPacket] = {}
        self._starts: set[int] = set()  # those of them that begin a keyframe
        self._latest: int | None = None  # highest index: a sequence number that never wraps
        self._next: int | None = None  # index of the packet that the next frame begins with
        self._stuck_since: float | None = None

    @property
    def needs_keyframe(self) -> bool:
        """Whether nothing can come out before a keyframe does."""
        return self._next is None

    def add(self, packet: MediaPacket, now: float) -> list[EncodedFrame]:
        """Take a packet, in whatever order they come, and return the frames that it makes complete."""
        number = packet.sequence_number
        index = number if self._latest is None else self._latest + signed16(number - self._latest)
        if self._latest is None or index > self._latest:
            self._latest = index
        if self._next is not None and index < self._next:
            return []
        self._packets[index] = packet
        if packet.starts_keyframe:
            self._starts.add(index)
        if len(self._packets) > MAX_PACKETS:
            self.give_up()
            return []
        frames = []
        while (frame := self._take()) is not None:
            frames.append(frame)
        if not self._packets or frames:
            self._stuck_since = None
        if self._stuck_since is None and self._gap():
            self._stuck_since = now
        self.check(now)
        return frames

    def check(self, now: float) -> None:
        """Give up a gap that has been waited for long enough; where no packets come, too."""
        if self._next is not None and self.stuck(now) > WAIT_SECONDS:
            self.give_up()

    def stuck(self, now: float) -> float:
        """Return for how many seconds something has waited behind a gap."""
        return 0.0 if self._stuck_since is None else now - self._stuck_since

    def give_up(self) -> None:
        """Drop everything up to the next keyframe: a packet is lost for good, or the decoder is."""
        self._next = None
        self._stuck_since = None
        self._keep_from(max(self._starts, default=math.inf))  # a keyframe that is still coming in

    def _keep_from(self, first: float) -> None:
        self._packets = {index: packet for index, packet in self._packets.items() if index >= first}
        self._starts = {index for index in self._starts if index >= first}

    def _gap(self) -> bool:
        """Whether a packet is missing before one that is here."""
        if self._next is None or self._latest is None:
            return False
        return self._latest - self._next + 1 > len(self._packets)

    def _take(self) -> EncodedFrame | None:
        """Remove and return the frame to come next, if it is whole; else the newest keyframe, if that is."""
        if self._next is not None:
            while (packet := self._packets.get(self._next)) is not None and not packet.data:
                del self._packets[self._next]  # padding between two frames
                self._next += 1
            end = self._end(self._next)
            if end is not None:
                return self._remove(self._next, end)
        for start in sorted(self._starts, reverse=True):
            end = self._end(start)
            if end is not None:
                return self._remove(start, end)
        return None

    def _end(self, start: int) -> int | None:
        """Return the index after the frame that begins at ``start``, or None if it is not whole."""
        first = self._packets.get(start)
        if first is None:
            return None
        index = start
        while (packet := self._packets.get(index)) is not None:
            if packet.timestamp != first.timestamp:
                return index  # a sender that sets no marker
            index += 1
            if packet.marker:
                return index
        return None

    def _remove(self, start: int, end: int) -> EncodedFrame:
        packets = [self._packets[index] for index in range(start, end)]
        self._keep_from(end)
        self._next = end
        data = b"".join(packet.data for packet in packets)
        return EncodedFrame(data, packets[0].timestamp, packets[0].starts_keyframe)
