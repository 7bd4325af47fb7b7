"""The media worker's half of ``frames.py``: encoded pictures in, thirty a second, through the worker's own classes.

Only the network is missing: frames come from a file, and what is encoded is thrown away.
"""

from __future__ import annotations

import asyncio
import pickle
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import msgspec
from aiortc.codecs import get_decoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from rtc_notebook.media import control
from rtc_notebook.media.encoder import TIME_BASE, RealtimeVp8Encoder
from rtc_notebook.media.filtered import FilteredTrack
from rtc_notebook.media.incoming import IncomingTrack
from rtc_notebook.media.outgoing import OutgoingVideo
from rtc_notebook.media.receiver import ReceivedFrame
from rtc_notebook.media.ring import RingReader
from rtc_notebook.pixels import opencv
from rtc_notebook.process.child import Parent
from rtc_notebook.rtp.assembler import EncodedFrame

KEY = control.TrackKey("bench", "camera")
CODEC = RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90_000, payloadType=97)
BITRATE = 2_500_000
FPS = 30


async def feed(frames: list[bytes], count: int, take: Callable[[ReceivedFrame], None]) -> None:
    """Hand over ``count`` encoded frames at their pace."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    for number in range(count):
        await asyncio.sleep(max(0.0, start + number / FPS - loop.time()))
        now = time.time()
        data = frames[number % len(frames)]
        encoded = EncodedFrame(data, number * 3000, number % len(frames) == 0)
        take(ReceivedFrame(encoded, CODEC, number * 3000, now, now))


async def alone(frames: list[bytes], count: int, encode: bool, bgr: bool) -> list[float]:
    """Decode (and encode) in one thread, which nobody can do without; with ``bgr`` by way of PyAV's arrays."""
    decoder, encoding, delays = get_decoder(CODEC), RealtimeVp8Encoder(BITRATE, BITRATE), []
    loop = asyncio.get_running_loop()

    def one(received: ReceivedFrame) -> None:
        for frame in decoder.decode(JitterFrame(received.encoded.data, received.timestamp)):
            if bgr:
                array = frame.to_ndarray(format="bgr24")
                array[:8, :8] = 255
            if bgr and encode:
                frame = av.VideoFrame.from_ndarray(array, "bgr24").reformat(format="yuv420p")
            if encode:
                frame.pts, frame.time_base = received.timestamp, TIME_BASE
                encoding.encode(frame)
        delays.append(time.time() - received.arrived)

    with ThreadPoolExecutor(1) as thread:
        await feed(frames, count, lambda received: loop.run_in_executor(thread, one, received) and None)
    return delays


async def hand_over(
    frames: list[bytes], count: int, parent: Parent, lines: Any, directory: str, back: bool
) -> list[float]:
    """Decode and hand to the kernel; with ``back``, encode the filter's results too."""
    loop = asyncio.get_running_loop()
    track = IncomingTrack(
        directory,
        lambda path: parent.send(control.Frames(track=KEY, path=path)),
        lambda sequence: parent.send_latest("frame", control.Frame(track=KEY, sequence=sequence)),
        lambda sequence: parent.send_at_once(control.Frame(track=KEY, sequence=sequence)),
    )
    arrived: dict[int, float] = {}
    delays: list[float] = []
    tasks = []
    if back:
        filtered, outgoing = FilteredTrack(KEY, "pass", "bench"), OutgoingVideo()
        filtered.carry(outgoing)
        track.on_decoded = filtered.picture
        put = outgoing.put
        waiting: list[int] = []

        def noted(picture: Any, timestamp: int) -> None:
            waiting[:] = [timestamp]
            put(picture, timestamp)

        outgoing.put = noted  # type: ignore[method-assign]
        encoder = RealtimeVp8Encoder(BITRATE, BITRATE)

        async def send() -> None:
            while True:
                frame = await outgoing.recv()
                timestamp = waiting[0]
                await loop.run_in_executor(None, encoder.encode, frame)
                delays.append(time.time() - arrived[timestamp])

        async def obey() -> None:
            async for line in lines:
                command = control.decode_command(line)
                if isinstance(command, control.Results):
                    filtered.results = RingReader.open(command.path)
                elif isinstance(command, control.Result):
                    filtered.result(command.sequence, command.failed)

        tasks = [asyncio.ensure_future(send()), asyncio.ensure_future(obey())]
    source = track.source(lambda: None)

    def take(received: ReceivedFrame) -> None:
        arrived[received.timestamp] = received.arrived
        source(received)

    await feed(frames, count, take)
    await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    track.close()
    return delays


async def main() -> None:
    parent = await Parent.attach()
    lines = parent.__aiter__()
    order = msgspec.json.decode(await lines.__anext__())
    frames = pickle.loads(Path(order["frames"]).read_bytes())  # noqa: ASYNC240
    mode, count = order["mode"], order["count"]
    cv2 = opencv()
    cv2.setNumThreads(1)  # as the worker does
    await asyncio.sleep(0.5)
    cpu = time.process_time()
    if mode.startswith("decode"):
        delays = await alone(frames, count, "encode" in mode, "BGR" in mode)
    else:
        delays = await hand_over(frames, count, parent, lines, order["directory"], mode == "filtered")
    cpu = time.process_time() - cpu
    parent.send({"type": "done", "delays": delays, "cpu": cpu})
    await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main())
