"""Who speaks with ``aiortc_echo.py``: plain aiortc, with footage instead of an encoder.

``python -m peers.aiortc_client FOOTAGE``: offer out on stdout, answer in on stdin; then as ``footage_peer``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from rtc_notebook.rtp import seam

from . import footage
from .told import told


class Blank(MediaStreamTrack):
    """Thirty pictures a second that nobody looks at."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._start, self._count = 0.0, 0
        self._frame = av.VideoFrame(footage.WIDTH, footage.HEIGHT, "yuv420p")

    async def recv(self) -> av.VideoFrame:
        self._start = self._start or time.monotonic()
        self._count += 1
        await asyncio.sleep(max(0.0, self._start + self._count / footage.FPS - time.monotonic()))
        self._frame.pts, self._frame.time_base = 3000 * self._count, Fraction(1, 90_000)
        return self._frame


async def main() -> None:
    """Call the echo until stdin closes."""
    connection, times = RTCPeerConnection(), list[float]()

    async def watch(track: MediaStreamTrack) -> None:
        try:
            while True:
                await track.recv()
                times.append(time.monotonic())
        except MediaStreamError:
            return

    tasks: list[asyncio.Future[None]] = []
    connection.on("track", lambda track: tasks.append(asyncio.ensure_future(watch(track))))
    connection.addTransceiver(Blank(), "sendrecv")
    await connection.setLocalDescription(await connection.createOffer())
    print(json.dumps({"type": "offer", "sdp": connection.localDescription.sdp}), flush=True)
    answer = json.loads(await asyncio.to_thread(sys.stdin.readline))
    await connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
    while await asyncio.to_thread(sys.stdin.readline):
        since, times[:-1] = list(times), []
        print(json.dumps(told([*since, time.monotonic()])), flush=True)


if __name__ == "__main__":
    streams = footage.load(Path(sys.argv[1]))
    seam.use_only_forwarded_codecs()
    seam.use_encoders(video=lambda: footage.Encoder(streams))
    asyncio.run(main())
