"""What it takes to connect: ICE, the two peer connections' offers and answers, and starting them afresh."""

from __future__ import annotations

from typing import Literal

import msgspec

from .base import Message, Struct

Connection = Literal["publish", "subscribe"]
IceTransportPolicy = Literal["all", "relay"]
MediaLinkPolicy = Literal["auto", "webrtc", "websocket"]


class IceServer(Struct, frozen=True):
    """As W3C ``RTCIceServer``."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


class MediaSettings(Struct, frozen=True):
    """What a participant needs to know to connect and send well; bitrates in bits per second."""

    ice_servers: tuple[IceServer, ...] = ()
    ice_transport_policy: IceTransportPolicy = "all"
    media_link: MediaLinkPolicy = "auto"
    start_bitrate: int = 1_500_000
    max_bitrate: int = 2_500_000


class IceCandidate(Struct, frozen=True):
    """As W3C ``RTCIceCandidateInit``; an empty ``candidate`` says that there are no more."""

    candidate: str
    sdp_mid: str | None = None
    sdp_m_line_index: int | None = msgspec.field(default=None, name="sdpMLineIndex")
    username_fragment: str | None = None


class OfferAnswer(Message, frozen=True, tag="offer-answer"):
    """The answer to the ``offer`` with this id."""

    id: int
    sdp: str


class Offer(Message, frozen=True, tag="offer"):
    """An offer on the subscribe connection. ``tracks``: which mid carries which track; other mids are idle.

    ``connection_id`` changes when the SFU started this connection afresh: the participant then answers on a
    new peer connection.
    """

    id: int
    connection_id: int
    sdp: str
    tracks: dict[str, str]


class Candidate(Message, frozen=True, tag="candidate"):
    """An ICE candidate of the sender's, for one of the two connections. Goes both ways."""

    connection: Connection
    candidate: IceCandidate


class Restart(Message, frozen=True, tag="restart"):
    """Drops one connection at the SFU; the participant publishes anew, or gets a fresh offer."""

    connection: Connection


class Restarted(Message, frozen=True, tag="restarted"):
    """The SFU has lost or dropped these connections. For ``publish`` the participant publishes anew."""

    connections: tuple[Connection, ...]
