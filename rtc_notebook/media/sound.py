"""One sound track on its way out: blocks of 20 ms, sent as they come."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from fractions import Fraction
from typing import Any

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from numpy.typing import NDArray

from .tap import Tap, sending

RATE = 48_000
BLOCK = 960
"""Samples in a packet, 20 ms; what WebRTC uses Opus with."""

TIME_BASE = Fraction(1, RATE)
MAX_WAITING = 10
MAX_GAP = RATE * 10
BITRATE = 96_000

Samples = NDArray[np.float32]


class OutgoingSound(MediaStreamTrack):
    """What aiortc's sender pulls sound from; it outlives what is heard on it, since senders cannot be restarted.

    It keeps no pace of its own: a block goes out when it is put, and timestamps alone tell where it belongs.
    """

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0
        self.tap = Tap()
        self._blocks: deque[tuple[int, NDArray[np.int16]]] = deque(maxlen=MAX_WAITING)
        self._ready = asyncio.Event()
        self._rest = np.empty((0, 2), np.int16)
        self._source: int | None = None  # the timestamp, on the source's clock, of the sample to come next
        self._pts = 0  # the same on this track's own clock, which never jumps back
        self._put_at = 0.0

    def put(self, samples: Samples, timestamp: int) -> None:
        """Send samples, float32 (samples, channels) in [-1, 1]; ``timestamp`` (48 kHz) is the first one's."""
        now = time.monotonic()
        if timestamp != self._source:
            self._skip(timestamp, now)
        self._source, self._put_at = timestamp + len(samples), now
        joined = np.concatenate((self._rest, _pcm(samples)))
        whole = len(joined) // BLOCK * BLOCK
        for begin in range(0, whole, BLOCK):
            self._blocks.append((self._pts, joined[begin : begin + BLOCK]))
            self._pts += BLOCK
        self._rest = joined[whole:]
        if self._blocks:
            self._ready.set()

    def clear(self) -> None:
        """Forget what waits."""
        self._blocks.clear()
        self._rest = self._rest[:0]
        self._source = None

    def stop(self) -> None:
        """End the track."""
        super().stop()
        self._ready.set()

    async def recv(self) -> av.AudioFrame:
        """Wait for the next block."""
        sending.set(self.tap)
        while not self._blocks:
            self._ready.clear()
            await self._ready.wait()
            if self.readyState != "live":
                raise MediaStreamError
        pts, block = self._blocks.popleft()
        frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, pts, TIME_BASE
        self.sent += 1
        return frame

    def _skip(self, timestamp: int, now: float) -> None:
        """Go on after a gap, or with another source: the clock moves on by as much."""
        if len(self._rest):
            self._blocks.append((self._pts, np.pad(self._rest, ((0, BLOCK - len(self._rest)), (0, 0)))))
            self._pts += BLOCK
            self._rest = self._rest[:0]
        gap = 0 if self._source is None else timestamp - self._source
        if not 0 < gap <= MAX_GAP:
            gap = min(MAX_GAP, int((now - self._put_at) * RATE)) if self._put_at else 0
        self._pts += gap


class OpusEncoder:
    """Opus for a live call (RFC 6716), in the place of aiortc's encoder, which is tuned for speech alone.

    A block of 20 ms is a packet, at once; the codec itself looks 6.5 ms ahead. Where packets get lost, each carries the
    one before as well, coarsely (RFC 6716, 2.1.7); speech hardly suffers from it, music does.

    Parameters
    ----------
    tap : Tap, optional
        Gets every packet too.
    """

    def __init__(self, tap: Tap | None = None) -> None:
        self._tap = tap
        self._expected = 0  # percent of packets that get lost
        self._codec = _open(self._expected)

    def encode(self, frame: av.AudioFrame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Return a block's packet and its timestamp (48 kHz)."""
        assert frame.pts is not None
        timestamp = frame.pts
        expected = 0 if self._tap is None else expected_loss(self._tap.loss)
        if expected != self._expected:  # libopus can be told only before it begins
            self._expected, self._codec = expected, _open(expected)
        packets = [bytes(packet) for packet in self._codec.encode(frame)]
        if self._tap is not None:
            for packet in packets:
                self._tap.encoded(packet, timestamp, True)
        return packets, timestamp

    def pack(self, packet: Any) -> tuple[list[bytes], int]:
        """Refuse: nothing that is encoded already is sent from here."""
        raise NotImplementedError


def expected_loss(loss: float) -> int:
    """Return the percentage of lost packets to encode for, in few steps: each change begins a codec anew."""
    return 0 if loss < 0.03 else 10 if loss < 0.1 else 20


def _open(expected: int) -> Any:
    codec: Any = av.CodecContext.create("libopus", "w")
    codec.format, codec.layout, codec.sample_rate = "s16", "stereo", RATE
    codec.bit_rate, codec.time_base = BITRATE, TIME_BASE
    options = {"application": "audio", "frame_duration": "20"}
    codec.options = {**options, "fec": "1", "packet_loss": str(expected)} if expected else options
    return codec


def _pcm(samples: Samples) -> NDArray[np.int16]:
    stereo = samples if samples.shape[1] == 2 else np.repeat(samples, 2, axis=1)
    pcm: NDArray[np.int16] = np.rint(np.clip(stereo, -1, 1) * np.float32(32767)).astype(np.int16)
    return pcm
