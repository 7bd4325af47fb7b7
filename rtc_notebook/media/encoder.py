"""VP8 for a live call: as fast as it can, at the bitrate that the path takes."""

from __future__ import annotations

import os
import random
from fractions import Fraction
from typing import Any

import av
from av.video.frame import PictureType

from ..rtp import vp8, vp8_header
from .governor import Governor
from .tap import Tap

CLOCK_RATE = 90_000
TIME_BASE = Fraction(1, CLOCK_RATE)
MIN_BITRATE = 150_000
RISE = 1.25
FALL = 0.9
FINE, COARSE = 40, 63
"""Coarsest quantizer that an encoder may use: as a rule, and where that took too much."""
THREADS_FROM_PIXELS = 640 * 480


class RealtimeVp8Encoder:
    """Encodes one stream, in the place of aiortc's encoder, which stops at 1.5 Mbps.

    libvpx cannot be told a new bitrate here without starting over at a keyframe, so a better path is believed only when
    it is much better. Pictures that take too much even so, such as noise, are sent smaller and fewer.

    Parameters
    ----------
    start_bitrate, max_bitrate : int
        Bits per second.
    tap : Tap, optional
        Gets every picture's bytes too.
    """

    def __init__(self, start_bitrate: int, max_bitrate: int, tap: Tap | None = None) -> None:
        self._tap = tap
        self._bitrate = start_bitrate
        self._max_bitrate = max_bitrate
        self._codec: Any = None
        self._codec_bitrate = 0
        self._codec_coarse = False
        self._picture_id = random.getrandbits(15)
        self._governor = Governor()
        self._keyframe_owed = False

    @property
    def target_bitrate(self) -> int:
        """Bits per second; aiortc sets it when the other side reports its estimate (REMB)."""
        return self._bitrate

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        bitrate = max(MIN_BITRATE, min(bitrate, self._max_bitrate))
        if bitrate < FALL * self._bitrate or bitrate > RISE * self._bitrate or bitrate == self._max_bitrate:
            self._bitrate = bitrate

    def encode(self, frame: av.VideoFrame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Return a picture's RTP payloads (none if it was left out) and its timestamp (90 kHz)."""
        bitrate, governor = self._bitrate, self._governor
        assert frame.pts is not None
        if self._tap is not None:
            force_keyframe |= self._tap.take_keyframe_wish()
        force_keyframe |= self._keyframe_owed
        due = governor.due(frame.pts / CLOCK_RATE, (frame.width, frame.height), bitrate)
        self._keyframe_owed = force_keyframe and not due
        if not due:
            return [], frame.pts
        data, keyframe, size = self._encode(frame, force_keyframe, bitrate)
        while not governor.encoded(8 * len(data), keyframe, bitrate):
            self._codec = None
            data, keyframe, size = self._encode(frame, True, bitrate)
        if governor.coarse and (index := vp8_header.quantizer(data)) is not None:
            governor.quantized(index)
        payloads = vp8.packetize(data, self._picture_id)
        self._picture_id = (self._picture_id + 1) & 0x7FFF
        if self._tap is not None:
            self._tap.encoded(data, frame.pts, keyframe, *size)
        return payloads, frame.pts

    def _encode(self, frame: av.VideoFrame, force_keyframe: bool, bitrate: int) -> tuple[bytes, bool, tuple[int, int]]:
        """Return a picture encoded at the size that it is to have now, whether that is a keyframe, and the size."""
        if self._governor.scale > 1:
            frame = _reduced(frame, self._governor.scale)
        size = (frame.width, frame.height)
        codec, coarse = self._codec, self._governor.coarse
        changed = codec is None or size != (codec.width, codec.height) or bitrate != self._codec_bitrate
        if changed or (coarse and not self._codec_coarse):
            self._codec = _open(*size, bitrate, COARSE if coarse else FINE)
            self._codec_bitrate, self._codec_coarse = bitrate, coarse
        frame.pict_type = PictureType.I if force_keyframe else PictureType.NONE
        packets = self._codec.encode(frame)
        return b"".join(map(bytes, packets)), any(packet.is_keyframe for packet in packets), size

    def pack(self, packet: Any) -> tuple[list[bytes], int]:
        """Refuse: nothing that is encoded already is sent from here."""
        raise NotImplementedError


def _reduced(frame: av.VideoFrame, scale: int) -> av.VideoFrame:
    width, height = frame.width // scale & ~1, frame.height // scale & ~1
    reduced = frame.reformat(width, height, interpolation="AREA")
    reduced.pts, reduced.time_base = frame.pts, TIME_BASE
    return reduced


def _open(width: int, height: int, bitrate: int, coarsest: int) -> Any:
    codec: Any = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.bit_rate = bitrate
    codec.time_base = TIME_BASE
    codec.gop_size = 3000
    codec.qmin, codec.qmax = 2, coarsest
    codec.thread_count = max(1, min(4, (os.cpu_count() or 1) // 2)) if width * height > THREADS_FROM_PIXELS else 1
    codec.options = {
        "deadline": "realtime",
        "cpu-used": "-12",  # 9 ms of CPU at 720p instead of 13, for 0.3 dB
        "lag-in-frames": "0",
        "minrate": str(bitrate),  # as is maxrate: constant bitrate
        "maxrate": str(bitrate),
        "bufsize": str(bitrate),  # one second
        "error-resilient": "0",
        "static-thresh": "1",
        "max-intra-rate": "600",  # a keyframe takes no more than six other pictures
        "overshoot-pct": "15",
        "undershoot-pct": "100",
        "noise-sensitivity": "0",
    }
    return codec
