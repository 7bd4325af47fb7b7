"""A room with Ana in it, as a media worker sees it: signaling over a real WebSocket, media from plain aiortc peers."""

from __future__ import annotations

import asyncio
import fractions
from collections.abc import Callable
from typing import Any

import av
import numpy as np
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack
from websockets.asyncio.server import ServerConnection, serve

from rtc_notebook import protocol
from rtc_notebook.protocol import FilterInfo, Offer, ParticipantInfo, PublishAnswer, TrackInfo

SECONDS = 15


def connection() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


class Camera(MediaStreamTrack):
    """30 pictures a second, all of one brightness at a time."""

    kind = "video"

    def __init__(self, width: int = 320, height: int = 240, grey: int = 60) -> None:
        super().__init__()
        self.width, self.height, self.grey = width, height, grey
        self._count = 0
        self._start: float | None = None
        self.times: list[float] = []
        """When each picture was taken."""

    async def recv(self) -> av.VideoFrame:
        loop = asyncio.get_running_loop()
        self._start = self._start or loop.time()
        self._count += 1
        await asyncio.sleep(max(0.0, self._start + self._count / 30 - loop.time()))
        self.times.append(loop.time())
        picture = np.full((self.height, self.width, 3), self.grey, np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, "bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = self._count * 3000, fractions.Fraction(1, 90000)
        return frame


class FakeRoom:
    """One server for one worker. Ana's camera is track ``cam``, her microphone ``mic``."""

    def __init__(self) -> None:
        self.camera = Camera()
        self.messages: list[protocol.ClientMessage] = []
        self.hellos: list[protocol.Hello] = []
        self.published: dict[str, protocol.TrackDescription] = {}
        self.received: asyncio.Queue[av.VideoFrame] = asyncio.Queue()
        self.filter: FilterInfo | None = None
        self.cameras: tuple[str, ...] = ("cam",)
        self.others: tuple[ParticipantInfo, ...] = ()
        self.resumed = False
        self.authorizations: list[str | None] = []
        self._socket: ServerConnection | None = None
        self._changed = asyncio.Condition()
        self._down: RTCPeerConnection | None = None
        self._up: RTCPeerConnection | None = None
        self._senders: dict[str, Any] = {}
        self._offers = 0
        self._connection_id = 1
        self._wanted: tuple[str, ...] = ()
        self._frozen = ""
        self._offered: tuple[str, ...] = ()
        self._tasks: list[asyncio.Future[None]] = []
        self._revision = 0

    async def __aenter__(self) -> FakeRoom:
        self._server = await serve(self._serve, "127.0.0.1", 0)
        port = next(iter(self._server.sockets)).getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}/socket"
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        for peer in (self._down, self._up):
            if peer is not None:
                await peer.close()
        self._server.close()

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait until something holds; asked again at every message of the worker's."""

        async def wait() -> None:
            async with self._changed:
                await self._changed.wait_for(holds)

        await asyncio.wait_for(wait(), SECONDS)

    def sent(self, kind: type) -> list[Any]:
        return [message for message in self.messages if isinstance(message, kind)]

    async def say(self, message: protocol.ServerMessage) -> None:
        assert self._socket is not None
        await self._socket.send(protocol.encode(message))

    async def describe(self) -> None:
        """Send the room."""
        camera = tuple(TrackInfo(id=track, kind="video", source="camera", filter=self.filter) for track in self.cameras)
        tracks = (*camera, TrackInfo(id="mic", kind="audio", source="microphone"))
        ana = ParticipantInfo(id="ana", name="Ana", client="browser", tracks=tracks)
        me = ParticipantInfo(id="kernel", name="kernel", client="kernel")
        self._revision += 1
        await self.say(protocol.RoomState(revision=self._revision, participants=(me, ana, *self.others)))

    async def drop_socket(self) -> None:
        assert self._socket is not None
        self._socket.transport.abort()

    def silence(self) -> None:
        """Send nothing any more over either connection, though ICE goes on."""

        async def swallow(data: bytes) -> None: ...

        for peer in (self._down, self._up):
            if peer is not None:
                for transceiver in peer.getTransceivers():
                    transceiver.sender.transport._send_rtp = swallow  # type: ignore[method-assign]

    def freeze(self, track: str) -> None:
        """Send nothing of one track any more, until it is no longer subscribed to."""
        sender = self._senders[track].sender
        transport, self._frozen = sender.transport, track
        send, ssrc = transport._send_rtp, sender._ssrc.to_bytes(4, "big")

        async def without(data: bytes) -> None:
            if self._frozen != track or data[8:12] != ssrc:
                await send(data)

        transport._send_rtp = without

    async def next_grey(self) -> float:
        """Return the mean brightness of the next picture that the worker sends."""
        frame = await asyncio.wait_for(self.received.get(), SECONDS)
        return float(frame.to_ndarray(format="gray").mean())

    async def grey_becomes(self, grey: float) -> None:
        """Wait until the worker sends pictures of this brightness."""

        async def wait() -> None:
            while abs(await self.next_grey() - grey) > 12:
                pass

        await asyncio.wait_for(wait(), SECONDS)

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.authorizations.append(socket.request.headers.get("Authorization"))
        self._socket = socket
        async for data in socket:
            message = protocol.decode_client(data)
            await self._handle(message)
            async with self._changed:
                self.messages.append(message)
                self._changed.notify_all()

    async def _handle(self, message: protocol.ClientMessage) -> None:
        if isinstance(message, protocol.Hello):
            self.hellos.append(message)
            self.resumed = message.session == "secret"
            await self.say(
                protocol.Welcome(
                    version=protocol.VERSION,
                    server_version="0",
                    participant="kernel",
                    session="secret",
                    resumed=self.resumed,
                    room="demo",
                    media=protocol.MediaSettings(),
                )
            )
            await self.describe()
        elif isinstance(message, protocol.SetFilter):
            self.filter = FilterInfo(by="kernel", on_error=message.on_error, state="starting", label=message.label)
            await self.describe()
        elif isinstance(message, protocol.ClearFilter):
            self.filter = None
            await self.describe()
        elif isinstance(message, protocol.Subscribe):
            self._wanted = message.tracks
            if self._frozen not in message.tracks:
                self._frozen = ""
            await self._offer()
        elif isinstance(message, protocol.OfferAnswer):
            assert self._down is not None
            await self._down.setRemoteDescription(RTCSessionDescription(message.sdp, "answer"))
            await self._offer()
        elif isinstance(message, protocol.Publish):
            await self._take(message)
        elif isinstance(message, protocol.Heard):
            await self.say(protocol.Heard(count=0))
        elif isinstance(message, protocol.Restart):
            await self._restart(message.connection)
        elif isinstance(message, protocol.Leave):
            assert self._socket is not None
            await self._socket.close()

    async def _offer(self) -> None:
        """Offer what is wanted, unless that was offered already or an offer is still unanswered."""
        self._down = self._down or connection()
        tracks = self._wanted
        if tracks == self._offered or self._down.signalingState != "stable":
            return
        self._offered = tracks
        for track in tracks:
            if track not in self._senders:
                source = AudioStreamTrack() if track == "mic" else self.camera
                self._senders[track] = self._down.addTransceiver(source, "sendonly")
        for track, sender in self._senders.items():
            sender.direction = "sendonly" if track in tracks else "inactive"
        if not self._senders:
            return
        await self._down.setLocalDescription(await self._down.createOffer())
        self._offers += 1
        mids = {sender.mid: track for track, sender in self._senders.items() if track in tracks}
        sdp = self._down.localDescription.sdp
        await self.say(Offer(id=self._offers, connection_id=self._connection_id, sdp=sdp, tracks=mids))

    async def _restart(self, name: protocol.Connection) -> None:
        if name == "publish":
            peer, self._up = self._up, None
        else:
            peer, self._down = self._down, None
            self._senders, self._offered = {}, ()
            self._connection_id += 1
            await self._offer()
        if peer is not None:
            self._tasks.append(asyncio.ensure_future(peer.close()))

    async def _take(self, message: protocol.Publish) -> None:
        self.published = dict(message.tracks)
        if self._up is None:
            self._up = connection()
            self._up.on("track", lambda track: self._tasks.append(asyncio.ensure_future(self._watch(track))))
        await self._up.setRemoteDescription(RTCSessionDescription(message.sdp, "offer"))
        await self._up.setLocalDescription(await self._up.createAnswer())
        ids = {mid: f"processed-{mid}" for mid in message.tracks}
        await self.say(PublishAnswer(id=message.id, sdp=self._up.localDescription.sdp, tracks=ids))

    async def _watch(self, track: Any) -> None:
        if track.kind != "video":
            await MediaBlackhole().start()
            return
        while True:
            self.received.put_nowait(await track.recv())
