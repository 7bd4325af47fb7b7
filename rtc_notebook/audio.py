"""A participant's sound, as arrays."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import Any, Literal, overload

import numpy as np

from .feed import Feed, Taken
from .frames import FrameInfo
from .speech import speaks
from .tracks import Array, Live, Track

RATE = 48_000
LONGEST_SECONDS = 2.0
LONGEST_GAP = 60.0
"""Seconds; what is missing for longer is left out: the other end slept."""

_SHORTEST_GAP = 0.9  # what is less the worker has filled already, to the sample
_SPEECH_SECONDS = 1.0
_FIRST_SOUND_SECONDS = 1.0
_STALE_SECONDS = 0.5


class AudioTrack(Track):
    """A microphone's or a kernel's sound, live: ``float32 (samples, channels)`` at 48 kHz, in [-1, 1].

    There is silence where packets were lost, so that no block is shorter or later than it should be. While it is muted
    nothing comes, and the sound goes on where it begins again; so it does after more than a minute without any.
    """

    @overload
    def blocks(self, seconds: float = ..., info: Literal[False] = ...) -> Live[Array]: ...
    @overload
    def blocks(self, seconds: float = ..., *, info: Literal[True]) -> Live[tuple[Array, FrameInfo]]: ...
    def blocks(self, seconds: float = 0.02, info: bool = False) -> Live[Any]:
        """Iterate over the sound from now on in blocks, with ``for`` or ``async for``, until the track ends.

        Without gaps as long as the loop is less than two seconds behind; then it goes on with the newest.

        Parameters
        ----------
        seconds : float
            How long each block is, 2.5 ms to a minute.
        info : bool
            Yield ``(block, FrameInfo)``: blocks are numbered from 1, and ``captured`` is when the first sample was.

        Raises
        ------
        ValueError
            If ``seconds`` is out of range.
        TrackEnded, CallEnded
            If the track or the call is over already.
        """
        if not 0.0025 <= seconds <= 60:
            raise ValueError(f"A block has 0.0025 to 60 seconds, not {seconds!r}.")
        self._fetch()
        return Live(self, _Cursor(self._feed, round(seconds * RATE), info))

    @overload
    def latest(self, seconds: float = ..., info: Literal[False] = ...) -> Array | None: ...
    @overload
    def latest(self, seconds: float = ..., *, info: Literal[True]) -> tuple[Array, FrameInfo] | None: ...
    def latest(self, seconds: float = 1.0, info: bool = False) -> Any:
        """Return the newest sound at once, or None before the first.

        Parameters
        ----------
        seconds : float
            How much of it, 2 s at most; less where there is no more yet.
        info : bool
            Return ``(sound, FrameInfo)``; ``captured`` is when the first sample was.

        Raises
        ------
        ValueError
            If ``seconds`` is out of range.
        TrackEnded, CallEnded
            If the track or the call is over.
        """
        if not 0 < seconds <= LONGEST_SECONDS:
            raise ValueError(
                f"{LONGEST_SECONDS:g} seconds of sound are kept, not {seconds!r}. Take more with blocks()."
            )
        self._fetch()
        wanted = round(seconds * RATE)
        found = _recent(self._feed, wanted)
        if not found:
            return None
        sound = np.concatenate([taken.array for taken in found])
        spare = max(0, len(sound) - wanted)
        its = _about(found[-1].info.sequence, found[0].info.captured + spare / RATE, found[-1].info.arrived)
        return (sound[spare:], its) if info else sound[spare:]

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks into it now, judged by its level: with the pauses between words, not without end.

        The first time, it waits up to a second for sound to come; then it is answered at once. False when it is muted.
        """
        if self.ended:
            return False
        self._want(self.key)
        if self._feed.position()[1] <= 0:
            enough = time.monotonic() + _FIRST_SOUND_SECONDS
            self._feed.wait(lambda: self._feed.position()[1] > 10 or self.ended, enough - time.monotonic())
        found = _recent(self._feed, round(_SPEECH_SECONDS * RATE))
        if not found or time.time() - found[-1].info.arrived > _STALE_SECONDS:
            return False
        return speaks(taken.array for taken in found)


class _Cursor:
    """Cuts what comes, in packets, into blocks of equal length."""

    def __init__(self, feed: Feed, samples: int, info: bool) -> None:
        self._feed = feed
        self._samples = samples
        self._info = info
        self._position = feed.position()
        self._end: float | None = None  # when the last sample that came was captured, and a sample more
        self._number = 0
        self._parts: deque[tuple[Array, float, float]] = deque()  # with when they were captured and arrived
        self._kept = 0

    def ready(self) -> bool:
        return self._feed.newer(self._position)

    def pause(self) -> float:
        return 0.0

    def take(self) -> Any:
        while self._kept < self._samples:
            taken = self._feed.following(self._position) if self.ready() else None
            if taken is None:
                return None
            if taken.position != (self._position[0], self._position[1] + 1):
                self._parts.clear()  # the reader was too late, or the sound begins anew
                self._kept = 0
            elif self._end is not None and (missing := _missing(self._feed, self._end, taken)):
                self._add(_silence(missing, taken), self._end, taken.info.arrived)
            self._position = taken.position
            self._add(taken.array, taken.info.captured, taken.info.arrived)
            self._end = taken.info.captured + len(taken.array) / RATE
        return self._block()

    def _add(self, array: Array, captured: float, arrived: float) -> None:
        self._parts.append((array, captured, arrived))
        self._kept += len(array)

    def _block(self) -> Any:
        captured, left, block = self._parts[0][1], self._samples, []
        while left:
            array, begin, arrived = self._parts.popleft()
            block.append(array[:left])
            if len(array) > left:
                self._parts.appendleft((array[left:], begin + left / RATE, arrived))
            left -= len(block[-1])
        self._kept -= self._samples
        self._number += 1
        sound = np.concatenate(block) if len(block) > 1 else block[0].copy()
        return (sound, _about(self._number, captured, arrived)) if self._info else sound


def _recent(feed: Feed, samples: int) -> list[Taken]:
    """Return the newest entries that make up so many samples, oldest first; fewer where there are no more."""
    found: list[Taken] = []
    newest = feed.sound()
    kept = 0
    while newest is not None:
        found.append(newest)
        kept += len(newest.array)
        if kept >= samples or newest.info.sequence <= 1:
            break
        before = feed.sound(newest.info.sequence - 1)
        if before is None or before.position[0] != newest.position[0]:
            break
        missing = min(_missing(feed, before.info.captured + len(before.array) / RATE, newest), samples - kept)
        if missing:
            begin = newest.info.captured - missing / RATE
            found.append(newest._replace(array=_silence(missing, newest), info=replace(newest.info, captured=begin)))
            kept += missing
        newest = before if kept < samples else None
    return found[::-1]


def _missing(feed: Feed, end: float, after: Taken) -> int:
    """Return how many samples were lost between ``end`` and what came after it."""
    gap = after.info.captured - end
    return round(gap * RATE) if _SHORTEST_GAP < gap <= LONGEST_GAP and not feed.muted_since(end) else 0


def _silence(samples: int, beside: Taken) -> Array:
    """Return silence of as many channels, which takes no memory however long it is."""
    return np.broadcast_to(np.float32(0), (samples, beside.array.shape[1]))


def _about(sequence: int, captured: float, arrived: float) -> FrameInfo:
    return FrameInfo(sequence, captured, arrived, 0, 0)
