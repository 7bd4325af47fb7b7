"""One processed picture track on its way out: the newest picture wins, converted just before it is encoded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from numpy.typing import NDArray

from .encoder import CLOCK_RATE, TIME_BASE

MIN_STEP = CLOCK_RATE // 1000
MAX_STEP = CLOCK_RATE * 10

Picture = Callable[[], "av.VideoFrame | None"]


class OutgoingVideo(MediaStreamTrack):
    """What aiortc's sender pulls pictures from; it outlives its filter, since senders cannot be restarted."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._newest: tuple[Picture, int] | None = None
        self._ready = asyncio.Event()
        self._source = 0
        self._pts = 0
        self._sent_at = 0.0

    def put(self, picture: Picture, timestamp: int) -> None:
        """Send a picture next, instead of one that waits. ``picture()`` makes it, in a thread; None: there is none.

        ``timestamp`` (90 kHz) is when it was captured by its sender's clock: pictures keep their pace.
        """
        self._newest = (picture, timestamp)
        self._ready.set()

    def clear(self) -> None:
        """Forget the picture that waits."""
        self._newest = None
        self._ready.clear()

    def stop(self) -> None:
        """End the track."""
        super().stop()
        self._ready.set()

    async def recv(self) -> av.VideoFrame:
        """Wait for the next picture."""
        while True:
            await self._ready.wait()
            self._ready.clear()
            if self.readyState != "live":
                raise MediaStreamError
            if self._newest is None:
                continue
            (picture, timestamp), self._newest = self._newest, None
            frame = await asyncio.get_running_loop().run_in_executor(None, picture)
            if frame is not None:
                frame.pts, frame.time_base = self._place(timestamp), TIME_BASE
                return frame

    def _place(self, timestamp: int) -> int:
        """Return where a picture stands on this track's own clock, which never jumps or runs backwards."""
        now = time.monotonic()
        step = timestamp - self._source
        if not MIN_STEP <= step <= MAX_STEP:  # another camera, or one picture twice
            step = max(MIN_STEP, min(MAX_STEP, int((now - self._sent_at) * CLOCK_RATE)))
        self._source, self._sent_at = timestamp, now
        self._pts += step
        return self._pts


def to_frame(picture: NDArray[np.uint8]) -> av.VideoFrame:
    """Return a BGR picture as the I420 frame that the encoder takes; odd sizes lose a row or a column."""
    height, width = picture.shape[0] & ~1, picture.shape[1] & ~1
    picture = picture[:height, :width]
    convert = _converter()
    if convert is None:
        return av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "bgr24").reformat(format="yuv420p")
    return av.VideoFrame.from_ndarray(convert(picture), "yuv420p")


@lru_cache(1)
def _converter() -> Callable[[Any], Any] | None:
    """Return OpenCV's conversion, five times as fast as FFmpeg's, or None where OpenCV cannot be loaded."""
    try:
        import cv2
    except ImportError:
        return None
    return lambda picture: cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)
