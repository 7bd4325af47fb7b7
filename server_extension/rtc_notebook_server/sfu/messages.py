"""What the engine and its SFU process say to each other, one JSON object a line."""

from __future__ import annotations

from typing import Any

import msgspec

from rtc_notebook.protocol import Connection, IceCandidate, Kind, MediaSettings

from .base import Network


class _Message(msgspec.Struct, kw_only=True, tag=True):
    pass


class _Request(_Message):
    id: int


# --- from the engine to the process --------------------------------------------------------------------


class Configure(_Request):
    """First of all; answered when the process is ready."""

    media: MediaSettings
    network: Network = Network()


class Join(_Request):
    """See `Engine.join`."""

    participant: str


class Publish(_Request):
    """See `Seat.publish`; the result is the answer's SDP."""

    participant: str
    sdp: str
    tracks: dict[str, tuple[str, Kind]]


class Subscribe(_Request):
    """See `Seat.subscribe`."""

    participant: str
    tracks: list[str]


class PublishLink(_Request):
    """See `Seat.publish_link`."""

    participant: str
    tracks: dict[str, Kind]


class SubscribeLink(_Request):
    """See `Seat.subscribe_link`."""

    participant: str
    tracks: list[str]


class OpenLink(_Request):
    """The participant's media link is open; ``link`` is what its messages are marked with on the channel."""

    participant: str
    link: int


class CloseLink(_Request):
    """The participant's media link with this number is closed."""

    participant: str
    link: int


class Answer(_Request):
    """See `Seat.answer`."""

    participant: str
    offer: int
    sdp: str


class Candidate(_Request):
    """See `Seat.candidate`."""

    participant: str
    connection: Connection
    candidate: IceCandidate


class SetMuted(_Request):
    """See `Seat.set_muted`."""

    participant: str
    track: str
    muted: bool


class Restart(_Request):
    """See `Seat.restart`."""

    participant: str
    connection: Connection


class ResendOffer(_Request):
    """See `Seat.resend_offer`."""

    participant: str


class Leave(_Request):
    """See `Seat.leave`."""

    participant: str


class SetAudience(_Request):
    """See `Engine.set_audience`."""

    track: str
    participants: list[str]


class ForgetTrack(_Request):
    """See `Engine.forget_track`."""

    track: str


class Stats(_Request):
    """See `Engine.stats`; the result is the statistics."""


LinkRequest = PublishLink | SubscribeLink | OpenLink | CloseLink
SeatRequest = LinkRequest | Publish | Subscribe | Answer | Candidate | SetMuted | Restart | ResendOffer | Leave
Request = Configure | Join | SetAudience | ForgetTrack | Stats | SeatRequest


# --- from the process to the engine --------------------------------------------------------------------


class Result(_Message):
    """Answer to the request with this id."""

    id: int
    value: Any = None


class Refusal(_Message):
    """The request with this id was refused; becomes an `rtc_notebook.errors.SfuError`."""

    id: int
    code: str
    message: str


class Offered(_Message):
    """`rtc_notebook_server.sfu.base.OfferMade`, for this participant."""

    participant: str
    offer: int
    connection_id: int
    sdp: str
    tracks: dict[str, str]


class Lost(_Message):
    """`rtc_notebook_server.sfu.base.ConnectionLost`, for this participant."""

    participant: str
    connection: Connection


class LinkEnded(_Message):
    """The SFU ends the media link with this number; see `Seat.open_link`."""

    link: int
    code: str
    message: str


Reply = Result | Refusal | Offered | Lost | LinkEnded

read_request: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Request)
read_reply: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Reply)
