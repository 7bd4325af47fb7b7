"""A participant for tests: plain aiortc connections against an engine's seat, real VP8 both ways."""

from __future__ import annotations

import asyncio
import fractions
import os
from collections.abc import Awaitable, Callable
from typing import Any

import av
import numpy as np
from aiortc import (
    AudioStreamTrack,
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from rtc_notebook_server.sfu.base import ConnectionLost, OfferMade

from rtc_notebook.rtp import seam

seam.use_mid_router()

CONFIGURATION = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)


class Picture(VideoStreamTrack):
    """A plain picture of one grey level, with a moving bar so that every frame differs."""

    def __init__(self, level: int, size: tuple[int, int] = (320, 240)) -> None:
        super().__init__()
        self.level = level
        self._size = size
        self.taken = 0

    async def recv(self) -> av.VideoFrame:
        pts, _ = await self.next_timestamp()
        width, height = self._size
        image = np.full((height, width, 3), self.level, np.uint8)
        image[:8, (8 * self.taken) % width :][:, :8] = 255
        self.taken += 1
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts, frame.time_base = pts, fractions.Fraction(1, 90000)
        return frame


class Noise(AudioStreamTrack):
    """Sound of which no two packets are alike."""

    async def recv(self) -> av.AudioFrame:
        frame = await super().recv()
        frame.planes[0].update(os.urandom(frame.planes[0].buffer_size))
        return frame


class Screen:
    """What one m-line of a subscribe connection shows: the newest decoded frame."""

    def __init__(self, track: MediaStreamTrack) -> None:
        self.frames = 0
        self.level: float | None = None
        self.size: tuple[int, int] | None = None
        self._news = asyncio.Condition()
        self._task = asyncio.ensure_future(self._watch(track))

    async def _watch(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame: Any = await track.recv()
            except Exception:
                return
            async with self._news:
                self.frames += 1
                if isinstance(frame, av.VideoFrame):
                    self.level = float(frame.to_ndarray(format="bgr24")[frame.height // 2 :].mean())
                    self.size = (frame.width, frame.height)
                self._news.notify_all()

    async def more(self, count: int = 1, timeout: float = 20.0) -> None:
        """Wait for that many more frames."""
        target = self.frames + count
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(lambda: self.frames >= target), timeout)

    async def shows(self, level: int, timeout: float = 20.0) -> None:
        """Wait until the picture is of this grey level."""
        async with self._news:
            await asyncio.wait_for(
                self._news.wait_for(lambda: self.level is not None and abs(self.level - level) < 12), timeout
            )

    def close(self) -> None:
        self._task.cancel()


class Peer:
    """One participant. It answers every offer by itself, unless told not to."""

    def __init__(self, engine: Any, name: str) -> None:
        self.engine, self.name = engine, name
        self.publisher = RTCPeerConnection(CONFIGURATION)
        self.subscriber: RTCPeerConnection | None = None
        self.connection_id = 0
        self.offers: list[OfferMade] = []
        self.lost: list[str] = []
        self.carries: dict[str, str] = {}
        self.answering = True
        self._screens: dict[str, Screen] = {}
        self._changed = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def join(cls, engine: Any, name: str) -> Peer:
        peer = cls(engine, name)
        peer.seat = await engine.join(name, peer._on_event)
        return peer

    async def publish(self, tracks: dict[str, MediaStreamTrack | None]) -> dict[str, str]:
        """Publish these tracks, whole, by id; None keeps the m-line of a track published before."""
        for track in tracks.values():
            if track is not None:
                self.publisher.addTrack(track)
        self._ids = {**getattr(self, "_ids", {}), **{t.id: id for id, t in tracks.items() if t is not None}}
        await self.publisher.setLocalDescription()
        named = {}
        for transceiver in self.publisher.getTransceivers():
            track = transceiver.sender.track
            if track is not None and self._ids.get(track.id) in tracks:
                named[transceiver.mid] = (self._ids[track.id], track.kind)
        answer = await self.seat.publish(self.publisher.localDescription.sdp, named)
        await self.publisher.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        return {id: mid for mid, (id, _) in named.items()}

    async def subscribe(self, *tracks: str) -> None:
        await self.seat.subscribe(tracks)

    async def screen(self, track: str, timeout: float = 20.0) -> Screen:
        """Wait until a track has been offered and answered; return what shows it."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: track in self.carries.values()), timeout)
        mid = next(mid for mid, carried in self.carries.items() if carried == track)
        return self._screens[mid]

    async def carrying(self, *tracks: str, timeout: float = 20.0) -> None:
        """Wait until the answered m-lines carry exactly these tracks."""
        async with self._changed:
            await asyncio.wait_for(
                self._changed.wait_for(lambda: sorted(self.carries.values()) == sorted(tracks)), timeout
            )

    async def reaches(self) -> None:
        """Wait until the subscribe connection has a way to the SFU."""
        connection, reached = self.subscriber, asyncio.Event()
        assert connection is not None

        def look() -> None:
            if connection.connectionState == "connected":
                reached.set()

        connection.on("connectionstatechange", look)
        look()
        await asyncio.wait_for(reached.wait(), 20)

    async def answer(self, offer: OfferMade) -> None:
        if offer.connection_id != self.connection_id:
            await self._reset(offer.connection_id)
        assert self.subscriber is not None
        await self.subscriber.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        await self.subscriber.setLocalDescription()
        for transceiver in self.subscriber.getTransceivers():
            if transceiver.mid not in self._screens and transceiver.receiver.track is not None:
                self._screens[transceiver.mid] = Screen(transceiver.receiver.track)
        await self.seat.answer(offer.id, self.subscriber.localDescription.sdp)
        async with self._changed:
            self.carries = dict(offer.tracks)
            self._changed.notify_all()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for screen in self._screens.values():
            screen.close()
        await self.publisher.close()
        if self.subscriber is not None:
            await self.subscriber.close()

    async def _reset(self, connection_id: int) -> None:
        if self.subscriber is not None:
            await self.subscriber.close()
        for screen in self._screens.values():
            screen.close()
        self._screens = {}
        self.subscriber, self.connection_id = RTCPeerConnection(CONFIGURATION), connection_id

    def _on_event(self, event: Any) -> None:
        if isinstance(event, OfferMade):
            self.offers.append(event)
            if self.answering:
                self._tasks.append(asyncio.ensure_future(self.answer(event)))
        elif isinstance(event, ConnectionLost):
            self.lost.append(event.connection)


Join = Callable[[str], Awaitable[Peer]]

__all__ = ["AudioStreamTrack", "Join", "Noise", "Peer", "Picture", "Screen"]
