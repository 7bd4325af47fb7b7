"""A recorded track that gives its frames as fast as they are asked for: every one, in order, the same each time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import numpy as np

from ..errors import CallEnded, TrackEnded
from ..frames import FrameInfo
from ..media.control import TrackKey
from ..pixels import Format
from ..tracks import Track
from .reading import RATE, Contents, Timed, to_array

Array = np.ndarray[Any, Any]


class PulledTrack(Track):
    """A track of a replay with ``speed=None``.

    `frames` and `blocks` begin at the beginning each time and leave nothing out; `frame` goes on where it left off;
    `latest` is what `frame` gave last.
    """

    def __init__(
        self, contents: Contents, key: TrackKey, call_over: Callable[[], CallEnded | None], describe: Callable[[], str]
    ) -> None:
        from ..feed import Feed

        self._contents = contents
        super().__init__(key, key.kind, Feed(), lambda key: None, call_over, describe)
        self._cursor: Iterator[tuple[Array, FrameInfo]] | None = None
        self._current: tuple[Array, FrameInfo] | None = None

    def latest(self, *args: Any, **kwargs: Any) -> Any:
        """Return what `frame` gave last; the first frame before that."""
        self._check()
        if self._current is None:
            self._current = next(self._begin(), None)
        if self._current is None:
            return None
        array, info = self._current
        return (array.copy(), info) if kwargs.get("info") else array.copy()

    def frame(self, timeout: float = 5.0, *, info: bool = False) -> Any:
        """Return the next frame.

        Raises
        ------
        TrackEnded
            After the last.
        """
        self._check()
        following = next(self._begin(), None)
        if following is None:
            raise TrackEnded(f"{self._describe()} is over: this was the last frame.")
        self._current = following
        return (following[0].copy(), following[1]) if info else following[0].copy()

    def frames(
        self, fps: float | None = None, format: Format = "bgr", copy: bool = True, info: bool = False
    ) -> PulledFrames:
        """Iterate over all frames from the beginning, with ``for`` or ``async for``.

        Parameters
        ----------
        fps : float, optional
            So many a second of the recording at most.
        format : {"bgr", "rgb", "gray", "yuv420p"}
            Of the pictures.
        copy : bool
            As in a call; here each frame is the reader's own anyway.
        info : bool
            Yield ``(frame, FrameInfo)``; times are those of the call.
        """
        self._check()
        return PulledFrames(_thinned(self._all(format), fps), info)

    def blocks(self, seconds: float = 0.02, info: bool = False) -> PulledFrames:
        """Iterate over the sound from the beginning in blocks of equal length; silence where nothing came."""
        self._check()
        if self.kind != "audio":
            raise TypeError(f"{self._describe()} is a picture; only sound comes in blocks.")
        return PulledFrames(_even(self._contents, self._timed(), seconds), info)

    @property
    def speaking(self) -> bool:
        """Always False: no moment of the recording is now."""
        return False

    def _timed(self) -> Iterator[Timed]:
        stream = self._contents.stream(self.key)
        return self._contents.blocks(stream) if self.kind == "audio" else self._contents.pictures(stream)

    def _all(self, format: Format) -> Iterator[tuple[Array, FrameInfo]]:
        for sequence, timed in enumerate(self._timed(), 1):
            array = timed.frame if self.kind == "audio" else to_array(timed.frame, format)
            yield array, self._contents.info(sequence, timed)

    def _begin(self) -> Iterator[tuple[Array, FrameInfo]]:
        if self._cursor is None:
            self._cursor = self._all("bgr")
        return self._cursor


class PulledFrames(Iterator[Any], AsyncIterator[Any]):
    """Frames one after the other; made by `PulledTrack.frames`."""

    def __init__(self, frames: Iterator[tuple[Array, FrameInfo]], info: bool) -> None:
        self._frames = frames
        self._info = info

    def __iter__(self) -> PulledFrames:
        return self

    def __next__(self) -> Any:
        array, info = next(self._frames)
        return (array, info) if self._info else array

    def __aiter__(self) -> PulledFrames:
        return self

    async def __anext__(self) -> Any:
        found = await asyncio.to_thread(next, self._frames, None)
        if found is None:
            raise StopAsyncIteration
        return found if self._info else found[0]


def _thinned(frames: Iterator[tuple[Array, FrameInfo]], fps: float | None) -> Iterator[tuple[Array, FrameInfo]]:
    due: float | None = None
    for array, info in frames:
        if fps is not None:
            if due is not None and info.captured < due - 0.001:
                continue
            step = 1 / fps
            due = step + (info.captured if due is None else max(due, info.captured - step))
        yield array, info


def _even(contents: Contents, blocks: Iterator[Timed], seconds: float) -> Iterator[tuple[Array, FrameInfo]]:
    """Cut sound into blocks of ``seconds``, with silence where nothing was recorded for longer than a jitter."""
    length = max(1, round(seconds * RATE))
    kept = np.empty((0, 2), np.float32)
    begin: float | None = None  # where the first kept sample is, seconds
    sequence = 0
    for timed in blocks:
        if begin is None:
            begin = timed.seconds
        gap = timed.seconds - (begin + len(kept) / RATE)
        parts = [kept, timed.frame]
        if gap > 0.06:
            parts.insert(1, np.zeros((round(gap * RATE), 2), np.float32))
        kept = np.concatenate(parts)
        while len(kept) >= length:
            sequence += 1
            block, kept = kept[:length].copy(), kept[length:]
            yield block, contents.info(sequence, Timed(begin, block))
            begin += length / RATE
