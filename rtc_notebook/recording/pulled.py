"""Recorded tracks that give their frames as fast as they are asked for: every one, in order, the same each time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import numpy as np

from ..audio import AudioTrack
from ..errors import CallEnded, TrackEnded
from ..feed import Feed
from ..frames import FrameInfo
from ..media.control import TrackKey
from ..pixels import Format
from ..tracks import Track
from ..video import VideoTrack, check_format
from .reading import RATE, Contents, Timed, to_array

Array = np.ndarray[Any, Any]


def pulled(
    contents: Contents, key: TrackKey, call_over: Callable[[], CallEnded | None], describe: Callable[[], str]
) -> Track:
    """Return the track of a key's."""
    kind = PulledSound if key.kind == "audio" else PulledPictures
    return kind(contents, key, call_over, describe)


class PulledPictures(VideoTrack):
    """A picture of a replay with ``speed=None``.

    `frames` begins at the beginning each time and leaves nothing out; `frame` goes on where it left off; `latest` is
    what `frame` gave last, the first frame before that. Options are those of `VideoTrack`; frames are always one's own.
    """

    def __init__(
        self, contents: Contents, key: TrackKey, call_over: Callable[[], CallEnded | None], describe: Callable[[], str]
    ) -> None:
        super().__init__(key, key.kind, Feed(), lambda key: None, call_over, describe)
        self._contents = contents
        self._cursor: Iterator[tuple[int, Timed]] | None = None
        self._current: tuple[int, Timed] | None = None

    def latest(self, format: Format = "bgr", copy: bool = True, info: bool = False) -> Any:
        """Return what `frame` gave last, the first frame before that; None where there is none at all."""
        check_format(format)
        self._check()
        if self._current is None:
            self._current = next(self._all(), None)
        return None if self._current is None else self._given(self._current, format, info)

    def frame(self, timeout: float = 5.0, format: Format = "bgr", copy: bool = True, info: bool = False) -> Any:
        """Return the next frame.

        Raises
        ------
        TrackEnded
            After the last.
        """
        check_format(format)
        self._check()
        if self._cursor is None:
            self._cursor = self._all()
        following = next(self._cursor, None)
        if following is None:
            raise TrackEnded(f"{self._describe()} is over: this was the last frame.")
        self._current = following
        return self._given(following, format, info)

    def frames(  # type: ignore[override]  # not `Live`
        self, fps: float | None = None, format: Format = "bgr", copy: bool = True, info: bool = False
    ) -> PulledFrames:
        """Iterate over all frames from the beginning, with ``for`` or ``async for``; ``fps``: of the recording."""
        check_format(format)
        if fps is not None and not fps > 0:
            raise ValueError(f"fps is a number above 0, or None for all frames, not {fps!r}.")
        self._check()
        return PulledFrames(self._given(one, format, info) for one in _thinned(self._all(), fps))

    def _all(self) -> Iterator[tuple[int, Timed]]:
        return enumerate(self._contents.pictures(self._contents.stream(self.key)), 1)

    def _given(self, numbered: tuple[int, Timed], format: Format, info: bool) -> Any:
        array = to_array(numbered[1].frame, format)
        return (array, self._contents.info(*numbered)) if info else array


class PulledSound(AudioTrack):
    """Sound of a replay with ``speed=None``: `blocks` begins at the beginning each time and leaves nothing out."""

    def __init__(
        self, contents: Contents, key: TrackKey, call_over: Callable[[], CallEnded | None], describe: Callable[[], str]
    ) -> None:
        super().__init__(key, key.kind, Feed(), lambda key: None, call_over, describe)
        self._contents = contents

    def blocks(self, seconds: float = 0.02, info: bool = False) -> PulledFrames:  # type: ignore[override]
        """Iterate over all the sound in blocks of equal length, with silence wherever nothing was sent."""
        if not 0.0025 <= seconds <= 60:
            raise ValueError(f"A block has 0.0025 to 60 seconds, not {seconds!r}.")
        self._check()
        blocks = self._even(seconds)
        return PulledFrames(blocks if info else (block for block, _ in blocks))

    def latest(self, seconds: float = 1.0, info: bool = False) -> Any:
        """Return the first ``seconds`` of the sound; None where there is less."""
        return next(self.blocks(seconds, info), None)

    @property
    def speaking(self) -> bool:
        """Always False: no moment of the recording is now."""
        return False

    def _even(self, seconds: float) -> Iterator[tuple[Array, FrameInfo]]:
        length = round(seconds * RATE)
        kept = np.empty((0, 2), np.float32)
        begin: float | None = None  # where the first kept sample is, seconds
        sequence = 0
        for timed in self._contents.blocks(self._contents.stream(self.key)):
            if begin is None:
                begin = timed.seconds
            gap = timed.seconds - (begin + len(kept) / RATE)
            silence = np.zeros((round(gap * RATE) if gap > JITTER_SECONDS else 0, 2), np.float32)
            kept = np.concatenate((kept, silence, timed.frame))
            while len(kept) >= length:
                sequence += 1
                block, kept = kept[:length].copy(), kept[length:]
                yield block, self._contents.info(sequence, Timed(begin, block))
                begin += length / RATE


JITTER_SECONDS = 0.06
"""How far apart two blocks of sound may be by their times without anything being missing."""


class PulledFrames(Iterator[Any], AsyncIterator[Any]):
    """Frames or blocks one after the other."""

    def __init__(self, frames: Iterator[Any]) -> None:
        self._frames = frames

    def __iter__(self) -> PulledFrames:
        return self

    def __next__(self) -> Any:
        return next(self._frames)

    def __aiter__(self) -> PulledFrames:
        return self

    async def __anext__(self) -> Any:
        found = await asyncio.to_thread(next, self._frames, None)
        if found is None:
            raise StopAsyncIteration
        return found


def _thinned(frames: Iterator[tuple[int, Timed]], fps: float | None) -> Iterator[tuple[int, Timed]]:
    due: float | None = None
    for sequence, timed in frames:
        if fps is not None:
            if due is not None and timed.seconds < due - 0.001:
                continue
            step = 1 / fps
            due = step + (timed.seconds if due is None else max(due, timed.seconds - step))
        yield sequence, timed
