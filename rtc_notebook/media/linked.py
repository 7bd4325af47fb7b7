"""What the kernel publishes and receives over its media link, with the faces of `Publishing` and `Subscribing`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import aiortc.codecs
from aiortc.mediastreams import MediaStreamError

from ..link import wire
from ..protocol import Candidate, ClientMessage, Error, Kind, Offer, PublishAnswer, PublishLink
from ..rtp import vp8
from ..rtp.assembler import EncodedFrame
from ..rtp.clocks import SenderClock
from ..rtp.seam import FORWARDED
from .encoder import RealtimeVp8Encoder
from .link import MediaLink
from .outgoing import OutgoingVideo
from .publishing import Offered, Outgoing
from .receiver import ReceivedFrame
from .sound import OpusEncoder, OutgoingSound

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
CLOCK_RATES = {"audio": 48_000, "video": 90_000}


class _Sending:
    """One track on its way out; ``id`` is None until the server has told it."""

    def __init__(self, kind: Kind) -> None:
        self.track: Outgoing = OutgoingVideo() if kind == "video" else OutgoingSound()
        self.id: str | None = None
        self.keyframe = True
        self.task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        self.track.stop()
        if self.task is not None:
            self.task.cancel()
            self.task = None  # or its traceback keeps the encoder and the pictures, until garbage is collected


class LinkPublishing:
    """Publishes what is wanted over a media link."""

    def __init__(self, send: Callable[[ClientMessage], None], on_change: Callable[[], None], link: MediaLink) -> None:
        self._send = send
        self._on_change = on_change
        self._link = link
        self._wanted: dict[str, Offered] = {}
        self._sendings: dict[str, _Sending] = {}
        self._requests = 0
        self._retry: asyncio.TimerHandle | None = None
        link.on_wanted = self._keyframe
        link.on_open = self._opened

    def want(self, tracks: Mapping[str, Offered]) -> None:
        """Set what is to be published, whole, under names by which `track` finds it."""
        if dict(tracks) == self._wanted:
            return
        self._wanted = dict(tracks)
        for name in [name for name in self._sendings if name not in tracks]:
            self._sendings.pop(name).stop()
        for name, offered in tracks.items():
            if name not in self._sendings:
                self._sendings[name] = _Sending(offered.kind)
        self._ask()
        self._on_change()

    def track(self, name: str) -> Outgoing | None:
        """Return the outgoing track that carries what is wanted under this name."""
        sending = self._sendings.get(name)
        return None if sending is None else sending.track

    def answered(self, answer: PublishAnswer) -> None:
        """Take the server's answer: tracks' ids, by which their frames go."""
        if answer.id != self._requests:
            return
        for name, id in answer.tracks.items():
            if (sending := self._sendings.get(name)) is not None:
                sending.id, sending.keyframe = id, True
                if sending.task is None:
                    sending.task = asyncio.ensure_future(self._send_all(sending))

    def refused(self, error: Error) -> None:
        """Take the server's refusal; what is wanted may be had in a moment."""
        if error.id in (None, self._requests) and self._retry is None:
            self._retry = asyncio.get_running_loop().call_later(RETRY_SECONDS, self._ask)

    async def candidate(self, message: Candidate) -> None:
        """Do nothing: there is no ICE here."""

    def resume(self) -> None:
        """Go on after the signaling socket was replaced: an answer may have been lost with it."""
        self._ask()

    def start_over(self) -> None:
        """Publish everything afresh: the SFU has lost it."""
        self._ask()

    async def close(self) -> None:
        """Publish nothing any more."""
        if self._retry is not None:
            self._retry.cancel()
        for sending in self._sendings.values():
            sending.stop()
        self._sendings.clear()

    def _ask(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
        self._retry = None
        self._requests += 1
        kinds = {name: offered.kind for name, offered in self._wanted.items()}
        tracks = {name: offered.description for name, offered in self._wanted.items()}
        self._send(PublishLink(id=self._requests, kinds=kinds, tracks=tracks))

    def _opened(self) -> None:
        for sending in self._sendings.values():
            sending.keyframe = True

    def _keyframe(self, track: str) -> None:
        for sending in self._sendings.values():
            if sending.id == track:
                sending.keyframe = True
                if isinstance(sending.track, OutgoingVideo):
                    sending.track.repeat()

    async def _send_all(self, sending: _Sending) -> None:
        try:
            if isinstance(sending.track, OutgoingVideo):
                await self._send_pictures(sending, sending.track)
            else:
                await self._send_sound(sending, sending.track)
        except MediaStreamError:
            pass
        except Exception:
            logger.exception("A track cannot be sent over the media link any more")

    async def _send_pictures(self, sending: _Sending, track: OutgoingVideo) -> None:
        media = self._link.media
        encoder = RealtimeVp8Encoder(media.start_bitrate, media.max_bitrate, track.tap)
        loop = asyncio.get_running_loop()
        while True:
            frame = await track.recv()
            captured = track.tap.captured_at(frame.pts) or time.time()  # a filtered one: when its original was
            if not self._link.ready():
                continue
            pictures = sum(isinstance(other.track, OutgoingVideo) for other in self._sendings.values())
            encoder.target_bitrate = self._link.share(pictures)
            keyframe, sending.keyframe = sending.keyframe, False
            payloads, timestamp = await loop.run_in_executor(None, encoder.encode, frame, keyframe)
            data = b"".join(map(vp8.depacketize, payloads))
            self._give(sending, "video", bool(data) and not data[0] & 1, timestamp, captured, data)

    async def _send_sound(self, sending: _Sending, track: OutgoingSound) -> None:
        encoder = OpusEncoder(track.tap)
        while True:
            frame = await track.recv()
            packets, timestamp = encoder.encode(frame)
            captured = track.tap.captured_at(frame.pts) or time.time()
            for data in packets:
                self._give(sending, "audio", False, timestamp, captured, data)

    def _give(
        self, sending: _Sending, kind: Kind, keyframe: bool, timestamp: int, captured: float, data: bytes
    ) -> None:
        if sending.id is not None and data:
            self._link.send(wire.Frame(sending.id, kind, keyframe, timestamp & 0xFFFFFFFF, captured, data))


class LinkReceiver:
    """Gives one track's frames out as a `FrameReceiver` does."""

    packets_lost = 0  # TCP loses none

    def __init__(self, want: Callable[[], None]) -> None:
        self.wish_keyframe = want
        self.jitter = 0.0
        """How unevenly frames arrive, seconds (RFC 3550, 6.4.1)."""
        self._clock = SenderClock()
        self._trip: float | None = None
        self._lost = False
        self._on_frame: Callable[[ReceivedFrame], None] | None = None
        self._timestamp: int | None = None

    def bind(self, on_frame: Callable[[ReceivedFrame], None] | None, clock: SenderClock | None = None) -> None:
        """Hand frames to ``on_frame`` from now on. ``clock`` is the sender's, by which each frame says its time."""
        self._on_frame = on_frame
        self._clock = clock or SenderClock()

    def request_keyframe(self) -> None:
        """Drop what comes until the next keyframe and ask for one: the decoder is lost."""
        self._lost = True
        self.wish_keyframe()

    def take(self, frame: wire.Frame) -> None:
        """Take a frame that came."""
        self._lost = self._lost and frame.kind == "video" and not frame.keyframe
        if self._on_frame is None or not frame.data or self._lost:
            return
        arrived = time.time()
        if self._timestamp is None:
            self._timestamp = frame.timestamp
        self._timestamp += ((frame.timestamp - self._timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        self._measure(arrived - self._timestamp / CLOCK_RATES[frame.kind])
        captured = self._clock.here(frame.captured, arrived) if frame.captured else arrived
        encoded = EncodedFrame(frame.data, frame.timestamp, frame.keyframe or frame.kind == "audio")
        self._on_frame(ReceivedFrame(encoded, _codec(frame.kind), self._timestamp, captured, arrived))

    def _measure(self, trip: float) -> None:
        if self._trip is not None:
            self.jitter += (abs(trip - self._trip) - self.jitter) / 16
        self._trip = trip


class LinkSubscribing:
    """Takes wanted tracks' frames from a media link."""

    def __init__(self, bind: Callable[[str, Any], None], link: MediaLink) -> None:
        self._bind = bind
        self._link = link
        self._receivers: dict[str, LinkReceiver] = {}
        link.on_frame = self._take

    def want(self, tracks: Iterable[str]) -> None:
        """Take the frames of these tracks, and no others'."""
        wanted = set(tracks)
        for track in set(self._receivers) - wanted:
            self._receivers.pop(track).bind(None)  # or decoders stay, each with a thread, until garbage is collected
        for track in wanted - set(self._receivers):
            self._receivers[track] = receiver = LinkReceiver(lambda track=track: self._link.want(track))  # type: ignore[misc]
            self._bind(track, receiver)

    def offered(self, offer: Offer) -> None:
        """Do nothing: an offer was on its way when the link was taken."""

    async def candidate(self, message: Candidate) -> None:
        """Do nothing: there is no ICE here."""

    async def start_over(self) -> None:
        """Do nothing: the server knows what is wanted."""

    async def close(self) -> None:
        """Take nothing any more."""
        self.want(())

    def _take(self, frame: wire.Frame) -> None:
        if (receiver := self._receivers.get(frame.track)) is not None:
            receiver.take(frame)


def _codec(kind: Kind) -> Any:
    return next(codec for codec in aiortc.codecs.CODECS[kind] if codec.mimeType == FORWARDED[kind])
