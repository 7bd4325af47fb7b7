"""aiortc's own echo pattern in one process: decode, numpy, a filter, encode. Offer in on stdin, answer out on stdout.

Arguments: ``busy`` runs a thread like a busy cell, ``slow`` makes the filter take 100 ms, ``raise`` lets it raise once
after 5 s, ``wide`` lifts the encoder's caps so that it sends 1280 wide like its peer.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time

from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.codecs import vpx
from av import VideoFrame

MODES = set(sys.argv[1:])


class Filtered(MediaStreamTrack):
    kind = "video"

    def __init__(self, source: MediaStreamTrack) -> None:
        super().__init__()
        self.source = source
        self.start = time.monotonic()
        self.raised = False

    async def recv(self) -> VideoFrame:
        frame = await self.source.recv()
        picture = frame.to_ndarray(format="bgr24")
        if "slow" in MODES:
            await asyncio.get_running_loop().run_in_executor(None, time.sleep, 0.1)
        if "raise" in MODES and not self.raised and time.monotonic() - self.start > 5:
            self.raised = True
            raise ValueError("the filter raised")
        picture[-8:, -8:] = 255
        result = VideoFrame.from_ndarray(picture, format="bgr24")
        result.pts, result.time_base = frame.pts, frame.time_base
        return result


async def main() -> None:
    if "wide" in MODES:
        vpx.DEFAULT_BITRATE, vpx.MAX_BITRATE = 1_500_000, 2_500_000
    connection = RTCPeerConnection()
    connection.on("track", lambda track: connection.addTrack(Filtered(track)))
    loop = asyncio.get_running_loop()
    offer = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    await connection.setRemoteDescription(RTCSessionDescription(offer["sdp"], "offer"))
    await connection.setLocalDescription(await connection.createAnswer())
    sdp = connection.localDescription.sdp
    if "wide" in MODES:
        lines = []
        for line in sdp.split("\r\n"):
            lines.append(line)
            if line.startswith("a=rtpmap:") and "VP8/90000" in line:
                payload = line.split(":")[1].split()[0]
                lines.append(f"a=fmtp:{payload} x-google-start-bitrate=1500;x-google-min-bitrate=1500")
        sdp = "\r\n".join(lines)
    print(json.dumps({"type": "answer", "sdp": sdp}), flush=True)
    if "busy" in MODES:
        threading.Thread(target=_busy, daemon=True).start()
    await loop.run_in_executor(None, sys.stdin.read)
    await connection.close()


def _busy() -> None:
    x = 0
    while True:
        x += 1


asyncio.run(main())
