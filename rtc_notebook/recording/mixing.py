"""Everybody's sound as one. Pure, without I/O."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 48_000


class Mixer:
    """Adds sounds where they belong in time; what is taken out is over."""

    def __init__(self) -> None:
        self._begin = 0  # samples taken so far
        self._sum = np.zeros((0, 2), np.float32)
        self._ends: dict[int, int] = {}  # where each track's sound goes on

    def add(self, track: int, seconds: float, samples: NDArray[np.float32]) -> None:
        """Add float32 (samples, 2); what comes too late is left out."""
        at = round(seconds * RATE)
        end = self._ends.get(track)
        if end is not None and abs(at - end) < 0.06 * RATE:
            at = end  # a jitter, nothing is missing
        self._ends[track] = at + len(samples)
        samples = samples[max(0, self._begin - at) :]
        at = max(at, self._begin) - self._begin
        missing = at + len(samples) - len(self._sum)
        if missing > 0:
            self._sum = np.concatenate((self._sum, np.zeros((missing, 2), np.float32)))
        self._sum[at : at + len(samples)] += samples

    def take(self, samples: int) -> NDArray[np.float32]:
        """Return the next samples, silence where there is nothing, no louder than full."""
        missing = samples - len(self._sum)
        if missing > 0:
            self._sum = np.concatenate((self._sum, np.zeros((missing, 2), np.float32)))
        taken, self._sum = self._sum[:samples], self._sum[samples:]
        self._begin += samples
        return np.tanh(taken) if np.abs(taken).max(initial=0.0) > 1 else taken
