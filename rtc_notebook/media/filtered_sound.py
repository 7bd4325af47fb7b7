"""One filtered sound: raw blocks to the kernel, its results (or what the policy says) back into the call."""

from __future__ import annotations

import time
from collections import OrderedDict

from ..protocol import FilterState, OnError
from .control import FilterReport, TrackKey
from .incoming import DecodedSound
from .policy import FilterPolicy
from .ring import RingReader
from .sound import OutgoingSound, Samples

STALL_SECONDS = 0.5
REMEMBERED = 100
"""Raw blocks kept that were handed over: two seconds' worth."""


class FilteredSound:
    """A filter that this kernel has on a microphone. Every result goes out as it comes: nothing waits here.

    What comes late is played by the receivers' own jitter buffers; what the kernel leaves out is a gap.
    """

    def __init__(self, key: TrackKey, on_error: OnError, label: str) -> None:
        self.key = key
        self.label = label
        self.policy = FilterPolicy(on_error, STALL_SECONDS)
        self.results: RingReader | None = None
        self._outgoing: OutgoingSound | None = None
        self._raw: OrderedDict[int, DecodedSound] = OrderedDict()
        self._sent = 0
        self._reported = time.monotonic()

    def carry(self, outgoing: OutgoingSound | None) -> None:
        """Send on this track from now on; None while there is none."""
        if outgoing is not self._outgoing:
            self._outgoing = outgoing
            self.policy.begin()

    def sound(self, sound: DecodedSound) -> None:
        """Take a raw block that was handed to the kernel."""
        self._raw[sound.sequence] = sound
        if len(self._raw) > REMEMBERED:
            self._raw.popitem(last=False)
        if self.policy.picture(time.monotonic()) == "raw":
            self._send(sound, sound.samples)

    def result(self, sequence: int, failed: bool) -> None:
        """Take the kernel's answer for block ``sequence``."""
        decision = self.policy.result(sequence, failed)
        raw = self._raw.get(sequence)
        if raw is None:
            return
        if decision == "raw":
            self._send(raw, raw.samples)
        elif decision == "result" and self.results is not None:
            found = self.results.read(sequence)
            if found is not None:
                self._send(raw, found[0])

    def report(self, state: FilterState) -> FilterReport:
        """Say how it has gone since the last report; frames are blocks."""
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

    def _send(self, raw: DecodedSound, samples: Samples) -> None:
        if self._outgoing is not None and raw.sequence > self._sent:  # time never runs backwards
            self._sent = raw.sequence
            self._outgoing.tap.captured(raw.timestamp, raw.captured)
            self._outgoing.put(samples, raw.timestamp)
