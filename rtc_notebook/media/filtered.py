"""One filtered picture: raw frames to the kernel, its results (or what the policy says) back into the call."""

from __future__ import annotations

import time
from collections import OrderedDict

from ..protocol import FilterState, OnError
from .control import FilterReport, TrackKey
from .incoming import DecodedPicture
from .outgoing import OutgoingVideo, from_ring
from .policy import FilterPolicy
from .ring import RingReader

REMEMBERED = 900
"""Timestamps kept of pictures that were handed over: 30 s worth."""


class FilteredTrack:
    """A filter that this kernel has on a picture. Its function may be swapped without anything here noticing."""

    def __init__(self, key: TrackKey, on_error: OnError, label: str) -> None:
        self.key = key
        self.label = label
        self.policy = FilterPolicy(on_error)
        self._outgoing: OutgoingVideo | None = None
        self.results: RingReader | None = None
        self._timestamps: OrderedDict[int, int] = OrderedDict()
        self._newest: DecodedPicture | None = None
        self._reported = time.monotonic()

    def carry(self, outgoing: OutgoingVideo | None) -> None:
        """Send on this track from now on; None while there is none."""
        if outgoing is not self._outgoing:
            self._outgoing = outgoing
            self._newest = None
            self.policy.begin()

    def picture(self, picture: DecodedPicture) -> None:
        """Take a raw picture that was handed to the kernel."""
        self._newest = picture
        self._timestamps[picture.sequence] = picture.timestamp
        if self._outgoing is not None:
            self._outgoing.tap.captured(picture.timestamp, picture.captured)
        if len(self._timestamps) > REMEMBERED:
            self._timestamps.popitem(last=False)
        if self.policy.picture(time.monotonic()) == "raw":
            self._send_raw()

    def result(self, sequence: int, failed: bool) -> None:
        """Take the kernel's answer for picture ``sequence``."""
        decision = self.policy.result(sequence, failed)
        if decision == "raw":
            self._send_raw()
        elif decision == "result" and self._outgoing is not None and self.results is not None:
            timestamp = self._timestamps.get(sequence)
            if timestamp is not None:
                picture = from_ring(self.results, sequence)
                if picture is not None:
                    self._outgoing.put(picture, timestamp)

    def report(self, state: FilterState) -> FilterReport:
        """Say how it has gone since the last report."""
        now = time.monotonic()
        sent, passed = self.policy.take_counts()
        elapsed, self._reported = now - self._reported, now
        return FilterReport(
            track=self.key,
            state=state,
            fps=round(sent / elapsed, 1) if elapsed > 0 else 0.0,
            passed=passed,
            stalled=self.policy.stalled(now),
        )

    def _send_raw(self) -> None:
        newest = self._newest
        if self._outgoing is not None and newest is not None:
            self._outgoing.put(newest.frame, newest.timestamp)
