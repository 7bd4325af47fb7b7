"""What the rooms ask of an SFU, whichever it is.

An engine serves one room. The room's policy alone says who may receive a track (`Engine.set_audience`); a
participant's wishes are only ever granted within it. Everything fails closed: a track that no audience was set
for goes to nobody.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from rtc_notebook.errors import SfuError
from rtc_notebook.protocol import Connection, IceCandidate, IceServer, Kind


class Network(msgspec.Struct, frozen=True):
    """Where an SFU can be reached.

    ``announced`` are addresses that a NAT maps one to one to this machine; ``ports`` bounds its UDP ports, both ends
    included; ``ice_servers`` are those that the SFU itself asks for addresses.
    """

    ice_servers: tuple[IceServer, ...] = ()
    announced: tuple[str, ...] = ()
    ports: tuple[int, int] | None = None


@dataclass(frozen=True)
class OfferMade:
    """The SFU offers on a participant's subscribe connection; see `rtc_notebook.protocol.Offer`."""

    id: int
    connection_id: int
    sdp: str
    tracks: Mapping[str, str]


@dataclass(frozen=True)
class CandidateFound:
    """The SFU has an ICE candidate for one of a participant's connections."""

    connection: Connection
    candidate: IceCandidate


@dataclass(frozen=True)
class ConnectionLost:
    """A connection failed for good (ICE consent expired, DTLS closed); the participant must start it afresh."""

    connection: Connection


SeatEvent = OfferMade | CandidateFound | ConnectionLost


class MediaLink(Protocol):
    """The way to the SFU for one participant's encoded frames."""

    async def send(self, data: bytes) -> None:
        """Send what the participant said, and wait while the SFU is behind."""

    async def close(self) -> None:
        """Close it; idempotent."""


class Seat(ABC):
    """One participant's place in the SFU: a publish and a subscribe connection.

    Every method may raise `rtc_notebook.errors.SfuError`; the seat then stands as it stood before.
    """

    @abstractmethod
    async def publish(self, sdp: str, tracks: Mapping[str, tuple[str, Kind]]) -> str:
        """Take an offer on the publish connection and return the answer's SDP.

        ``tracks`` maps each mid that sends to the track's id and kind, whole. A track that is no longer named
        has ended; its subscribers get a new offer without it.
        """

    @abstractmethod
    async def subscribe(self, tracks: Collection[str]) -> None:
        """Set the tracks this participant wants, whole.

        Offers follow as `OfferMade` events, at most one unanswered. Tracks it may not have, or that are not
        published yet, are sent as soon as they are and may be.
        """

    @abstractmethod
    async def answer(self, offer_id: int, sdp: str) -> None:
        """Take the participant's answer. An answer to an offer that is no longer open is ignored."""

    @abstractmethod
    async def candidate(self, connection: Connection, candidate: IceCandidate) -> None:
        """Take an ICE candidate of the participant's; one that comes before the description waits for it."""

    @abstractmethod
    async def set_muted(self, track: str, muted: bool) -> None:
        """Stop or go on forwarding an own track; going on starts at a keyframe."""

    @abstractmethod
    async def restart(self, connection: Connection) -> None:
        """Drop a connection. A dropped subscribe connection is offered afresh (new ``connection_id``)."""

    @abstractmethod
    async def resend_offer(self) -> None:
        """Send the unanswered offer again, if there is one: the participant's socket was replaced."""

    async def publish_link(self, tracks: Mapping[str, Kind]) -> None:
        """Publish these tracks (id: kind), whole, over the media link in the place of the publish connection."""
        raise SfuError("no-link", "This SFU has no media link.")

    async def subscribe_link(self, tracks: Collection[str]) -> None:
        """Set the tracks wanted, whole, and send them over the media link; `subscribe` sends by WebRTC again."""
        raise SfuError("no-link", "This SFU has no media link.")

    async def open_link(self, on_data: Callable[[bytes], None], on_end: Callable[[SfuError], None]) -> MediaLink:
        """Open this participant's media link, in the place of one that was open before.

        ``on_data`` gets what is to be sent to the participant, ``on_end`` is called if the SFU ends the link, with the
        reason: code ``"sfu-gone"``, or what the participant did there (``"bad-media"``, ``"rate-limit"``). See
        `rtc_notebook.link.wire` for what is said.
        """
        raise SfuError("no-link", "This SFU has no media link.")

    @abstractmethod
    async def leave(self) -> None:
        """Close both connections and end this participant's tracks."""


class Engine(ABC):
    """An SFU as one room sees it."""

    @abstractmethod
    async def start(self, on_exit: Callable[[str], None]) -> None:
        """Make the engine ready. ``on_exit(reason)`` is called if it dies by itself, not after `close`."""

    @abstractmethod
    async def join(self, participant: str, on_event: Callable[[SeatEvent], None]) -> Seat:
        """Give a participant a seat. Events come on the caller's event loop, in order."""

    @abstractmethod
    async def set_audience(self, track: str, participants: Collection[str]) -> None:
        """Say who may receive a track. May be called before the track is published.

        Returns only when nobody else is being sent it any more.
        """

    @abstractmethod
    async def forget_track(self, track: str) -> None:
        """Drop what is known of a track's audience; it goes to nobody."""

    @abstractmethod
    async def stats(self) -> dict[str, Any]:
        """Return counters as plain data.

        ``{"process": {"pid", "cpu_seconds", "rss_bytes"}, "participants": {id: {"publish": {track: {"kind",
        "packets", "bytes", "lost", "jitter", "frames", "keyframes", "width", "height", "bitrate", "plis_sent"}},
        "subscribe": {track: {"packets", "bytes", "retransmitted", "frames", "paused", "loss", "jitter", "rtt"}},
        "connections": {...}}}}``. Times in seconds, bitrates in bits per second; ``loss`` is a share, and this, jitter
        and round trip are what the viewer reported last, absent before.
        """

    @abstractmethod
    async def close(self) -> None:
        """End the engine and everything it runs; idempotent."""
