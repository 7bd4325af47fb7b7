"""Plays a file in real time: its picture and its sound, each in a thread, by one clock."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import av
import numpy as np

from ..protocol import Kind
from .encoder import CLOCK_RATE
from .outgoing import OutgoingVideo
from .publishing import Outgoing
from .sound import BLOCK, RATE, OutgoingSound

logger = logging.getLogger(__name__)

HEAD_START_SECONDS = 0.3
"""From when the room shows the file to its beginning: others then need not miss it."""

LATE_SECONDS = 0.2
MAX_SIDE, MAX_PIXELS = 1920, 1280 * 720
JUMP_SECONDS = 0.05


class Player:
    """Plays once, from `begin` on.

    Parameters
    ----------
    path : str
        The file.
    kinds : tuple of str
        Which of picture and sound to play.
    start : float
        Seconds from the file's beginning.
    on_over : callable
        Called on the event loop at the end, with what went wrong, empty if nothing did.
    """

    def __init__(self, path: str, kinds: tuple[Kind, ...], start: float, on_over: Callable[[str], None]) -> None:
        self.kinds = kinds
        self._path = path
        self._start = start
        self._on_over = on_over
        self._loop = asyncio.get_running_loop()
        self._outgoing: dict[str, Any] = {}
        self._stop = threading.Event()
        self._playing = 0
        self._error = ""
        self._begun = False
        self._zero = 0.0

    def carry(self, outgoing: Outgoing | None) -> None:
        """Send on this track from now on; None while there is none."""
        if outgoing is None:
            return
        if isinstance(outgoing, OutgoingVideo):
            outgoing.repeats = True
        self._outgoing[outgoing.kind] = outgoing

    def begin(self) -> None:
        """Begin, unless it has."""
        if self._begun:
            return
        self._begun = True
        self._zero = time.monotonic() + HEAD_START_SECONDS - self._start
        self._playing = len(self.kinds)
        for kind in self.kinds:
            work = self._pictures if kind == "video" else self._sound
            threading.Thread(target=self._play, args=(work,), name=f"player {kind}", daemon=True).start()

    def close(self) -> None:
        """Stop; ``on_over`` is not called any more."""
        self._stop.set()

    def _play(self, work: Callable[[Any, float], None]) -> None:
        error = ""
        try:
            with av.open(self._path) as container:
                origin = (container.start_time or 0) / av.time_base
                if self._start > 0:
                    container.seek(int((origin + self._start) * av.time_base))
                work(container, origin)
        except (av.FFmpegError, OSError) as failure:
            error = f"{self._path} could not be played to its end: {failure}."
        except Exception as failure:
            logger.exception("A file could not be played")
            error = f"{self._path} could not be played to its end: {failure!r}."
        with contextlib.suppress(RuntimeError):  # the event loop has been closed
            self._loop.call_soon_threadsafe(self._finished, error)

    def _finished(self, error: str) -> None:
        self._playing -= 1
        self._error = self._error or error
        if not self._playing and not self._stop.is_set():
            self._stop.set()
            self._on_over(self._error)

    # --- in the threads --------------------------------------------------------------------------------

    def _pictures(self, container: Any, origin: float) -> None:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 2
        step = float(1 / stream.average_rate) if stream.average_rate else 1 / 25
        at = self._start - step
        for frame in container.decode(stream):
            at = at + step if frame.time is None else frame.time - origin
            if at < self._start:
                continue
            if self._late(at):
                continue
            if not self._wait(at):
                return
            self._hand_over("video", _maker(frame), int((self._zero + at) * CLOCK_RATE))
        self._wait(at + step)

    def _sound(self, container: Any, origin: float) -> None:
        resampler = av.AudioResampler(format="flt", layout="stereo", rate=RATE)
        rest = np.empty((0, 2), np.float32)
        position: int | None = None  # of the first sample in `rest`
        for frame in container.decode(container.streams.audio[0]):
            at = None if frame.time is None else round((frame.time - origin) * RATE)
            if position is None or (at is not None and abs(at - position - len(rest)) > JUMP_SECONDS * RATE):
                position, rest = at or 0, rest[:0]
            for resampled in resampler.resample(frame):
                rest = np.concatenate((rest, resampled.to_ndarray().reshape(-1, 2)))
            while len(rest) >= BLOCK:
                block, rest = rest[:BLOCK], rest[BLOCK:]
                if position >= self._start * RATE:
                    if not self._wait(position / RATE):
                        return
                    self._hand_over("audio", block, position)
                position += BLOCK
        if position is not None:
            self._wait((position + len(rest)) / RATE)

    def _late(self, at: float) -> bool:
        return time.monotonic() - self._zero - at > LATE_SECONDS

    def _wait(self, at: float) -> bool:
        return not self._stop.wait(max(0.0, self._zero + at - time.monotonic()))

    def _hand_over(self, kind: str, what: Any, timestamp: int) -> None:
        def put() -> None:
            outgoing: OutgoingVideo | OutgoingSound | None = self._outgoing.get(kind)
            if outgoing is not None and not self._stop.is_set():
                outgoing.put(what, timestamp)

        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(put)


def _maker(frame: av.VideoFrame) -> Callable[[], av.VideoFrame]:
    return lambda: fit(frame)


def fit(frame: av.VideoFrame) -> av.VideoFrame:
    """Return a decoded picture as the encoder takes it: I420, of even sides, of 1280x720 pixels at most."""
    scale = min(1.0, (MAX_PIXELS / (frame.width * frame.height)) ** 0.5, MAX_SIDE / max(frame.width, frame.height))
    width, height = (max(2, round(side * scale) // 2 * 2) for side in (frame.width, frame.height))
    return frame.reformat(width, height, "yuv420p", dst_colorspace="ITU601")
