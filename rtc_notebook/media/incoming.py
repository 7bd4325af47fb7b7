"""One track on its way to the kernel: decoded in a thread of its own, written into the ring, announced."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import av
import numpy as np
from aiortc.codecs import get_decoder
from aiortc.jitterbuffer import JitterFrame
from numpy.typing import NDArray

from ..pixels import i420_shape, planes_into
from .receiver import ReceivedFrame
from .ring import RingWriter

logger = logging.getLogger(__name__)

VIDEO_SLOTS = 6  # three of them for the kernel to keep, see `RingReader.view`
SOUND_RATE = 48_000
SOUND_BLOCK = 960  # samples of an entry in the ring at most: 20 ms
SOUND_SLOTS = 300
SOUND_SLOT_BYTES = SOUND_BLOCK * 2 * 4
LONGEST_SILENCE = SOUND_RATE  # a longer gap is no loss: nothing was sent
MAX_WAITING = 60  # two seconds of pictures that the decoder is behind


@dataclass(frozen=True)
class DecodedPicture:
    """A decoded picture that stands in the ring under ``sequence``.

    ``timestamp`` is of 90 kHz, without wraps; ``captured`` and ``arrived`` are seconds since the epoch.
    """

    sequence: int
    frame: av.VideoFrame
    timestamp: int
    captured: float
    arrived: float


@dataclass(frozen=True)
class DecodedSound:
    """A decoded block that stands in the ring under ``sequence``; ``timestamp`` is of 48 kHz, without wraps."""

    sequence: int
    samples: NDArray[np.float32]
    timestamp: int
    captured: float


class IncomingTrack:
    """Decodes whatever carries a track at the moment; a camera that is published anew goes on in the same ring.

    Every picture is decoded, since the next one refers to it; only the newest is converted and handed on.

    Parameters
    ----------
    directory : str
        Where rings are made.
    on_ring : callable
        Called with a new ring's path before its first frame is announced, on the event loop.
    on_frame : callable
        Called with each frame's sequence number, on the event loop, unless it was told at once.
    at_once : callable, optional
        Called with it in the decoder's thread, for a frame to be known a turn of the event loop earlier; returns
        whether that was possible.
    sequence : int
        The first frame's is one more.
    """

    def __init__(
        self,
        directory: str,
        on_ring: Callable[[str], None],
        on_frame: Callable[[int], None],
        at_once: Callable[[int], bool] = lambda sequence: False,
        sequence: int = 0,
    ) -> None:
        self._directory = directory
        self._on_ring = on_ring
        self._on_frame = on_frame
        self._at_once = at_once
        self._ring_told: RingWriter | None = None
        self.on_decoded: Callable[[Any], None] | None = None
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "decoder")
        self._count = threading.Lock()
        self._waiting = 0
        self._ring: RingWriter | None = None
        self.sequence = sequence
        self._closed = False

    def source(self, lost: Callable[[], None]) -> Callable[[ReceivedFrame], None]:
        """Return what takes the encoded frames of one publication; ``lost`` is called when it needs a keyframe."""
        source = _Source()
        overrun = False

        def take(received: ReceivedFrame) -> None:
            nonlocal overrun
            if self._closed:
                return
            overrun = (overrun and not received.encoded.keyframe) or self._waiting >= MAX_WAITING
            if overrun:
                lost()
                return
            with self._count:
                self._waiting += 1
            self._thread.submit(self._decode, source, received, lost)

        return take

    def close(self) -> None:
        """Decode no more and let go of the ring."""
        self._closed = True
        self._thread.submit(self._close_ring)
        self._thread.shutdown(wait=False)

    # --- in the decoder's thread -----------------------------------------------------------------------

    def _decode(self, source: _Source, received: ReceivedFrame, lost: Callable[[], None]) -> None:
        with self._count:
            self._waiting -= 1
            newest = self._waiting == 0
        try:
            for frame in source.decoder(received.codec).decode(JitterFrame(received.encoded.data, received.timestamp)):
                if isinstance(frame, av.AudioFrame):
                    self._sound(source, _samples(frame), received)
                elif newest:
                    self._picture(frame, received)
        except av.FFmpegError:
            self._loop.call_soon_threadsafe(lost)
        except RuntimeError:  # the event loop has been closed
            pass
        except Exception:
            logger.exception("A frame could not be handed on")

    def _sound(self, source: _Source, samples: NDArray[np.float32], received: ReceivedFrame) -> None:
        missing = source.missing(received.timestamp, len(samples))
        if missing:
            silence = np.zeros((missing, samples.shape[1]), np.float32)
            self._block(silence, received, -missing)
        self._block(samples, received, 0)

    def _block(self, samples: NDArray[np.float32], received: ReceivedFrame, begin: int) -> None:
        """Write samples, the first of which is ``begin`` samples after what was received."""
        for at in range(0, len(samples), SOUND_BLOCK):
            block = samples[at : at + SOUND_BLOCK]
            captured = received.captured + (begin + at) / SOUND_RATE
            its = replace(received, timestamp=received.timestamp + begin + at, captured=captured)
            ring = self._room_for(block.nbytes, SOUND_SLOTS, SOUND_SLOT_BYTES)
            if ring is not None and ring.write(
                block, sequence=self.sequence + 1, captured=captured, arrived=received.arrived
            ):
                self._written(its, block)

    def _picture(self, frame: av.VideoFrame, received: ReceivedFrame) -> None:
        if frame.format.name != "yuv420p":
            frame = frame.reformat(format="yuv420p")
        shape = i420_shape(frame.height, frame.width)
        nbytes = shape[0] * shape[1]
        ring = self._room_for(nbytes, VIDEO_SLOTS, nbytes)
        if ring is not None and ring.fill(
            shape,
            np.uint8,
            lambda slot: planes_into(frame, slot),
            sequence=self.sequence + 1,
            captured=received.captured,
            arrived=received.arrived,
            layout="yuv420p",
            size=(frame.height, frame.width),
        ):
            self._written(received, frame)

    def _room_for(self, nbytes: int, slots: int, slot_bytes: int) -> RingWriter | None:
        if self._closed:
            return None
        if self._ring is None or not self._ring.fits(nbytes):
            if self._ring is not None:
                self._ring.close()
            self._ring = RingWriter.create(self._directory, slots, slot_bytes)
            self._loop.call_soon_threadsafe(self._tell_ring, self._ring)
        return self._ring

    def _written(self, received: ReceivedFrame, frame: Any) -> None:
        self.sequence += 1
        told = self._ring_told is self._ring and self._at_once(self.sequence)
        if not told or self.on_decoded is not None:
            self._loop.call_soon_threadsafe(self._announce, self.sequence, frame, received, told)

    def _close_ring(self) -> None:
        if self._ring is not None:
            self._ring.close()
            self._ring = None

    # --- on the event loop -----------------------------------------------------------------------------

    def _tell_ring(self, ring: RingWriter) -> None:
        self._on_ring(str(ring.path))
        self._ring_told = ring

    def _announce(self, sequence: int, frame: Any, received: ReceivedFrame, told: bool) -> None:
        if self._closed:
            return
        if not told:
            self._on_frame(sequence)
        if self.on_decoded is None:
            return
        if isinstance(frame, av.VideoFrame):
            times = received.timestamp, received.captured, received.arrived
            self.on_decoded(DecodedPicture(sequence, frame, *times))
        else:
            self.on_decoded(DecodedSound(sequence, frame, received.timestamp, received.captured))


class _Source:
    """What one publication's frames need from one to the next; in the decoder's thread."""

    def __init__(self) -> None:
        self._decoders: dict[str, Any] = {}
        self._expected: int | None = None

    def decoder(self, codec: Any) -> Any:
        """Return the decoder that has had everything so far."""
        if codec.mimeType not in self._decoders:
            self._decoders[codec.mimeType] = get_decoder(codec)
        return self._decoders[codec.mimeType]

    def missing(self, timestamp: int, samples: int) -> int:
        """Return how many samples were lost before those that begin at ``timestamp`` (48 kHz)."""
        expected, self._expected = self._expected, timestamp + samples
        gap = 0 if expected is None else timestamp - expected
        return gap if 0 < gap <= LONGEST_SILENCE else 0


def _samples(frame: av.AudioFrame) -> NDArray[np.float32]:
    """Return sound as float32 (samples, channels) in -1..1."""
    array = frame.to_ndarray()
    channels = frame.layout.nb_channels
    array = array.reshape(-1, channels) if not frame.format.is_planar else array.T
    if array.dtype == np.int16:
        return np.divide(array, np.float32(32768), dtype=np.float32)
    return np.ascontiguousarray(array, np.float32)
