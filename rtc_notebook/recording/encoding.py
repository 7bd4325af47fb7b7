"""Arrays as packets of a Matroska file's: VP8 and Opus."""

from __future__ import annotations

import os
from fractions import Fraction
from typing import Any

import av
import numpy as np

MILLISECONDS = Fraction(1, 1000)
BITS_PER_PIXEL = 3
RATE, BLOCK = 48_000, 960


class PictureEncoder:
    """VP8 of pictures that may change their size, for one stream of PyAV's."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._codec: Any = None
        self._last = -1

    def encode(self, picture: np.ndarray[Any, Any], seconds: float) -> list[Any]:
        """Return the packets of a BGR picture."""
        height, width = picture.shape[0] & ~1, picture.shape[1] & ~1
        packets = []
        if self._codec is None or (self._codec.width, self._codec.height) != (width, height):
            packets = self.flush()
            self._codec = _open_vp8(width, height)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), "bgr24")
        frame = frame.reformat(format="yuv420p")
        self._last = frame.pts = max(self._last + 1, round(seconds * 1000))
        frame.time_base = MILLISECONDS
        return packets + _bound(self._codec.encode(frame), self._stream)

    def flush(self) -> list[Any]:
        """Return what is left."""
        return [] if self._codec is None else _bound(self._codec.encode(None), self._stream)


class SoundEncoder:
    """Opus of blocks that come with their times, for one stream of PyAV's; what is missing between them is silent."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._codec = stream.codec_context
        self._kept = np.empty((0, 2), np.float32)
        self._pts: int | None = None

    def encode(self, block: np.ndarray[Any, Any], seconds: float) -> list[Any]:
        """Return the packets that a block makes full."""
        if self._pts is None:
            self._pts = round(seconds * RATE)
        gap = round(seconds * RATE) - (self._pts + len(self._kept))
        silence = np.zeros((gap if gap > 0.06 * RATE else 0, 2), np.float32)
        stereo = np.broadcast_to(block, (len(block), 2))
        self._kept = np.concatenate((self._kept, silence, stereo))
        packets: list[Any] = []
        while len(self._kept) >= BLOCK:
            samples, self._kept = self._kept[:BLOCK], self._kept[BLOCK:]
            packets += self._packets(samples)
        return packets

    def flush(self) -> list[Any]:
        """Return what is left."""
        return [] if self._pts is None else _bound(self._codec.encode(None), self._stream)

    def _packets(self, samples: np.ndarray[Any, Any]) -> list[Any]:
        assert self._pts is not None
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.reshape(1, -1)), "flt", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._pts, Fraction(1, RATE)
        self._pts += BLOCK
        return _bound(self._codec.encode(frame), self._stream)


def _bound(packets: list[Any], stream: Any) -> list[Any]:
    for packet in packets:
        packet.stream = stream
    return packets


def _open_vp8(width: int, height: int) -> Any:
    codec: Any = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.time_base = MILLISECONDS
    codec.bit_rate = max(500_000, BITS_PER_PIXEL * width * height)
    codec.gop_size = 300
    codec.thread_count = max(1, min(4, (os.cpu_count() or 1)))
    codec.options = {"deadline": "good", "cpu-used": "5", "lag-in-frames": "0", "crf": "10"}
    return codec
