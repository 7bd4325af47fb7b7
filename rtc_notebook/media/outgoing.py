"""One processed picture track on its way out: the newest picture wins, converted just before it is encoded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from numpy.typing import NDArray

from ..pixels import bgr_into_i420, i420_shape
from .encoder import CLOCK_RATE, TIME_BASE
from .ring import RingReader
from .tap import Tap, sending

MIN_STEP = CLOCK_RATE // 1000
MAX_STEP = CLOCK_RATE * 10

FIRST_REPEAT_SECONDS = 0.1
REPEAT_SECONDS = 1.0

Picture = Callable[[], "av.VideoFrame | None"]


class OutgoingVideo(MediaStreamTrack):
    """What aiortc's sender pulls pictures from; it outlives its filter, since senders cannot be restarted."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._newest: tuple[av.VideoFrame | Picture, int] | None = None
        self.sent = 0
        self.repeats = False
        """Whether the last picture is sent again while no new one comes: for who joins late, and at better quality."""
        self._last: av.VideoFrame | None = None
        self._repeated = 0
        self._ready = asyncio.Event()
        self._source = 0
        self._pts = 0
        self._sent_at = time.monotonic()
        self.tap = Tap()

    def put(self, picture: av.VideoFrame | Picture, timestamp: int) -> None:
        """Send a picture next, instead of one that waits.

        Either the picture itself, or what makes it when it is its turn, in a thread (None: there is none).

        ``timestamp`` (90 kHz) is when it was captured by its sender's clock: pictures keep their pace.
        """
        self._newest = (picture, timestamp)
        self._ready.set()

    def clear(self) -> None:
        """Forget the picture that waits."""
        self._newest = self._last = None
        self._ready.clear()

    def repeat(self) -> None:
        """Send the last picture again now, if this track `repeats`."""
        if self.repeats and self._newest is None and self._last is not None:
            self.put(self._last, clock())

    def stop(self) -> None:
        """End the track."""
        super().stop()
        self._ready.set()

    async def recv(self) -> av.VideoFrame:
        """Wait for the next picture."""
        sending.set(self.tap)
        while True:
            await self._wait()
            self._ready.clear()
            if self.readyState != "live":
                raise MediaStreamError
            if self._newest is None:
                continue
            (picture, timestamp), self._newest = self._newest, None
            if callable(picture):
                frame = await asyncio.get_running_loop().run_in_executor(None, picture)
            else:
                frame = picture
            if frame is not None:
                self._repeated = self._repeated + 1 if frame is self._last else 0
                self._last = frame if self.repeats else None
                frame.pts, frame.time_base = self._place(timestamp), TIME_BASE
                self.tap.sends(frame.pts, timestamp)
                self.sent += 1
                return frame

    async def _wait(self) -> None:
        if not self.repeats or self._last is None:
            await self._ready.wait()
            return
        patience = min(REPEAT_SECONDS, FIRST_REPEAT_SECONDS * 2**self._repeated)
        try:
            await asyncio.wait_for(self._ready.wait(), patience)
        except asyncio.TimeoutError:
            self.repeat()

    def _place(self, timestamp: int) -> int:
        """Return where a picture stands on this track's own clock, which never jumps or runs backwards."""
        now = time.monotonic()
        step = timestamp - self._source
        if not MIN_STEP <= step <= MAX_STEP:  # another camera, one picture twice, or a long pause: by our own clock
            step = max(MIN_STEP, int((now - self._sent_at) * CLOCK_RATE))
        self._source, self._sent_at = timestamp, now
        self._pts += step
        return self._pts


def clock() -> int:
    """Return the time on the clock (90 kHz) of pictures that are made here."""
    return int(time.monotonic() * CLOCK_RATE)


def to_frame(picture: NDArray[np.uint8], layout: str = "bgr") -> av.VideoFrame:
    """Return a picture as the I420 frame that the encoder takes; odd sizes lose a row or a column.

    One that is I420 already is taken as it is, without a copy, and held until the encoder is done with it.
    """
    if layout != "yuv420p":
        height, width = picture.shape[0] & ~1, picture.shape[1] & ~1
        target = np.empty(i420_shape(height, width), np.uint8)
        bgr_into_i420(picture[:height, :width], target)
        picture = target
    if picture.shape[0] % 6:  # PyAV takes the height, a multiple of two, for one of four
        return av.VideoFrame.from_ndarray(picture, "yuv420p")
    return av.VideoFrame.from_numpy_buffer(picture, "yuv420p")


def from_ring(results: RingReader, sequence: int) -> av.VideoFrame | Picture | None:
    """Return a result as it stands in shared memory, which stays so until it is encoded."""
    found = results.view(sequence) or results.view()
    if found is None:
        return None
    array, _, layout = found
    return to_frame(array, layout) if layout == "yuv420p" else lambda: to_frame(array, layout)
