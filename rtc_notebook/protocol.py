"""The signaling protocol: every message that crosses a room's WebSocket, without I/O.

The server and the kernel use these types; ``protocol.js`` is the same for browsers, and
``tests/vectors/*.json`` holds messages that both must accept and messages that both must refuse.
Messages are JSON objects, one a WebSocket text frame, told apart by ``"type"``; field names are camelCase
on the wire. Unknown types and unknown fields are refused: a silent drop would hide a version mismatch.

WebRTC nouns are used as in the W3C's WebRTC 1.0. Each participant has two peer connections, so that offers
never collide: on ``publish`` the participant offers, on ``subscribe`` the SFU offers.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Literal

import msgspec

from .errors import ProtocolError, RoomNameError

VERSION = 1
"""Version of the protocol; both sides must have the same."""

MAX_MESSAGE_BYTES = 256 * 1024
"""Largest message, bytes; a larger one closes the socket with code 1009 (RFC 6455, 7.4.1)."""

Kind = Literal["audio", "video"]
Source = Literal["camera", "microphone", "screen", "kernel"]
OnError = Literal["pass", "hold"]
Connection = Literal["publish", "subscribe"]
ClientKind = Literal["browser", "kernel"]
FilterState = Literal["starting", "active", "held"]
IceTransportPolicy = Literal["all", "relay"]
MediaLinkPolicy = Literal["auto", "webrtc", "websocket"]
Filterable = Literal["camera", "screen", "microphone"]
Role = Literal["host", "member", "viewer"]
ModerationAction = Literal["mute", "remove", "admit"]


class _Struct(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Message(_Struct, frozen=True, tag_field="type"):
    pass


# --- what a room looks like to one participant ---------------------------------------------------------


class FilterInfo(_Struct, frozen=True):
    """A filter on a camera or screen: ``by`` gets the raw picture, everybody else track ``track``.

    ``state`` is ``starting`` until the processed track is published, then ``active``; ``held`` when the
    kernel is gone and ``on_error`` is ``hold``: then nobody gets the picture until it is filtered again or
    the filter is cleared.
    """

    by: str
    on_error: OnError
    state: FilterState
    track: str | None = None
    label: str = ""


class TrackInfo(_Struct, frozen=True):
    """A published track. ``of`` names the raw track that this one is the processed version of.

    ``label`` is what a kernel calls one of the several it may publish.
    """

    id: str
    kind: Kind
    source: Source
    muted: bool = False
    of: str | None = None
    label: str = ""
    filter: FilterInfo | None = None


class ParticipantInfo(_Struct, frozen=True):
    """A participant. ``widget_of`` is the kernel participant whose notebook shows this browser's widget.

    ``recording``: it keeps what it sees and hears. ``link``: how what it publishes comes to the server. A ``host`` may
    change the room and filter anybody, a ``member`` talks, a ``viewer`` watches and chats; ``may_filter``: a host
    allowed this member to filter others. ``guest``: came in by an invite, without an account.
    """

    id: str
    name: str
    client: ClientKind
    user: str | None = None
    connected: bool = True
    widget_of: str | None = None
    recording: bool = False
    link: Literal["webrtc", "websocket"] = "webrtc"
    role: Role = "member"
    may_filter: bool = False
    guest: bool = False
    hand: bool = False
    """Whether the hand is raised."""
    tracks: tuple[TrackInfo, ...] = ()


class WaitingInfo(_Struct, frozen=True):
    """Somebody at the door; hosts see them and admit or remove them."""

    id: str
    name: str


class InviteInfo(_Struct, frozen=True):
    """An invite; only hosts see it. ``url`` carries its secret in the fragment; ``hint`` says what the link lacks."""

    id: str
    role: Role
    name: str
    expires: float
    """Seconds since the epoch."""
    uses: int | None
    """How often it may be used; None for any number of times."""
    used: int
    url: str
    hint: str = ""
    qr: str = ""
    """The link as a QR code without its quiet zone: a line for each row, ``1`` for dark."""


class ChatLine(_Struct, frozen=True):
    """What somebody wrote. ``by`` is the participant, who may have left; ids grow; ``time`` is seconds since the epoch.

    The text is plain: whoever shows it escapes it.
    """

    id: int
    by: str
    name: str
    text: str
    time: float


class IceServer(_Struct, frozen=True):
    """As W3C ``RTCIceServer``."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


class MediaSettings(_Struct, frozen=True):
    """What a participant needs to know to connect and send well; bitrates in bits per second."""

    ice_servers: tuple[IceServer, ...] = ()
    ice_transport_policy: IceTransportPolicy = "all"
    media_link: MediaLinkPolicy = "auto"
    start_bitrate: int = 1_500_000
    max_bitrate: int = 2_500_000


class IceCandidate(_Struct, frozen=True):
    """As W3C ``RTCIceCandidateInit``; an empty ``candidate`` says that there are no more."""

    candidate: str
    sdp_mid: str | None = None
    sdp_m_line_index: int | None = msgspec.field(default=None, name="sdpMLineIndex")
    username_fragment: str | None = None


class TrackDescription(_Struct, frozen=True):
    """What a participant says of a track it offers; ``of`` is the raw track's id if this is its filtered version.

    ``label`` tells several of one kernel's tracks apart.
    """

    source: Source
    muted: bool = False
    of: str | None = None
    label: str = ""


class Box(_Struct, frozen=True, tag_field="shape", tag="box"):
    """A rectangle. Positions and sizes here and below are shares of the picture's width and height, from the top left.

    ``colour`` is CSS ``#rrggbb``; ``line`` is in thousandths of the picture's width, 0 for none.
    """

    x: float
    y: float
    width: float
    height: float
    label: str = ""
    colour: str = "#00e676"
    line: float = 3.0
    fill: float = 0.0
    """Opacity of the inside."""


class Polyline(_Struct, frozen=True, tag_field="shape", tag="polyline"):
    """Points joined by straight lines; ``closed`` makes it a polygon."""

    points: tuple[tuple[float, float], ...]
    closed: bool = False
    colour: str = "#00e676"
    line: float = 3.0
    fill: float = 0.0


class Text(_Struct, frozen=True, tag_field="shape", tag="text"):
    """Words with their lower left corner at (x, y); ``size`` is the letters' height as a share of the picture's."""

    x: float
    y: float
    text: str
    colour: str = "#ffffff"
    size: float = 0.05


class Mask(_Struct, frozen=True, tag_field="shape", tag="mask"):
    """Where something is: a one-channel PNG (base64) stretched over the rectangle, as opaque as ``opacity`` at 255."""

    png: str
    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0
    colour: str = "#00e676"
    opacity: float = 0.5


Shape = Box | Polyline | Text | Mask


# --- from a participant to the server ------------------------------------------------------------------


class Hello(_Message, frozen=True, tag="hello"):
    """First message on every socket. ``session`` takes a place up again; ``call`` pairs widget and kernel."""

    version: int
    client: ClientKind
    client_version: str
    name: str | None = None
    session: str | None = None
    call: str | None = None


class Publish(_Message, frozen=True, tag="publish"):
    """An offer on the publish connection. ``tracks`` names every mid that sends, whole, not what changed."""

    id: int
    sdp: str
    tracks: dict[str, TrackDescription]


class PublishLink(_Message, frozen=True, tag="publish-link"):
    """What is published over the media link (`rtc_notebook.link`), whole, in the place of the publish connection.

    ``tracks`` and ``kinds`` are by names of the participant's own, which stand for mids; ``publish-answer`` says the
    tracks' ids, by which their frames go over the link, and has no SDP.
    """

    id: int
    kinds: dict[str, Kind]
    tracks: dict[str, TrackDescription]


class Subscribe(_Message, frozen=True, tag="subscribe"):
    """The set of tracks wanted from now on, whole. What may not be had yet is sent once it may.

    ``link``: over the media link, in the place of the subscribe connection.
    """

    tracks: tuple[str, ...]
    link: bool = False


class OfferAnswer(_Message, frozen=True, tag="offer-answer"):
    """The answer to the ``offer`` with this id."""

    id: int
    sdp: str


class Candidate(_Message, frozen=True, tag="candidate"):
    """An ICE candidate of the sender's, for one of the two connections. Goes both ways."""

    connection: Connection
    candidate: IceCandidate


class Mute(_Message, frozen=True, tag="mute"):
    """Says that an own track is muted or not; announced to the others."""

    track: str
    muted: bool


class SetFilter(_Message, frozen=True, tag="set-filter"):
    """A kernel takes somebody's picture or sound for filtering; kept while it is there, whatever track carries it."""

    participant: str
    source: Filterable = "camera"
    on_error: OnError = "pass"
    label: str = ""


class ClearFilter(_Message, frozen=True, tag="clear-filter"):
    """Takes a filter off: the raw picture is everybody's again."""

    participant: str
    source: Filterable = "camera"


class DrawOverlay(_Message, frozen=True, tag="draw-overlay"):
    """A kernel's drawing over somebody's picture, in place of its last one there; browsers draw it.

    ``captured`` is when the picture that it was made for was captured, by its sender's clock (seconds since the epoch,
    as its RTCP sender reports tell it), 0 if it belongs to none; it is stale ``seconds`` after that.
    """

    participant: str
    shapes: tuple[Shape, ...]
    source: Literal["camera", "screen", "kernel"] = "camera"
    label: str = ""
    captured: float = 0.0
    seconds: float = 1.0


class SendData(_Message, frozen=True, tag="send-data"):
    """One part of a kernel's message to the other kernels, or to the one ``to``; base64."""

    id: int
    part: int
    parts: int
    data: str
    to: str | None = None


class SetRecording(_Message, frozen=True, tag="set-recording"):
    """Says that this kernel keeps what it sees and hears, or no longer; announced to the others."""

    active: bool


class GetStats(_Message, frozen=True, tag="get-stats"):
    """Asks for the SFU's counters."""

    id: int


class Restart(_Message, frozen=True, tag="restart"):
    """Drops one connection at the SFU; the participant publishes anew, or gets a fresh offer."""

    connection: Connection


class Pair(_Message, frozen=True, tag="pair"):
    """A widget that stayed in the room while its kernel was started anew pairs with the new call."""

    call: str


class SetRole(_Message, frozen=True, tag="set-role"):
    """A host gives somebody a role, or allows a member to filter others; None leaves it as it is."""

    participant: str
    role: Role | None = None
    may_filter: bool | None = None


class Moderate(_Message, frozen=True, tag="moderate"):
    """A host mutes somebody (who unmutes themselves), removes them, or admits who waits at the door."""

    action: ModerationAction
    participant: str


class SetLock(_Message, frozen=True, tag="set-lock"):
    """A host locks the room: who comes then waits at the door until admitted."""

    locked: bool


class SetHand(_Message, frozen=True, tag="set-hand"):
    """Raises or lowers the own hand."""

    raised: bool


class SendChat(_Message, frozen=True, tag="send-chat"):
    """Writes to everybody in the room."""

    text: str


class CreateInvite(_Message, frozen=True, tag="create-invite"):
    """A host asks for a link that lets somebody without an account in."""

    id: int
    role: Role = "member"
    minutes: float = 60.0
    uses: int | None = None
    name: str = ""


class RevokeInvite(_Message, frozen=True, tag="revoke-invite"):
    """A host ends an invite at once; ``remove`` also removes who came in by it."""

    invite: str
    remove: bool = False


class Leave(_Message, frozen=True, tag="leave"):
    """Leaves for good; the server closes the socket with code 1000."""


ClientMessage = (
    Hello
    | Publish
    | PublishLink
    | Subscribe
    | OfferAnswer
    | Candidate
    | Mute
    | SetFilter
    | ClearFilter
    | DrawOverlay
    | SendData
    | SetRecording
    | GetStats
    | Restart
    | Pair
    | SetRole
    | Moderate
    | SetLock
    | SetHand
    | SendChat
    | CreateInvite
    | RevokeInvite
    | Leave
)


# --- from the server to a participant ------------------------------------------------------------------


class Welcome(_Message, frozen=True, tag="welcome"):
    """Answer to ``hello``. ``session`` is secret and takes this place up again on the next socket."""

    version: int
    server_version: str
    participant: str
    session: str
    resumed: bool
    room: str
    media: MediaSettings


class RoomState(_Message, frozen=True, tag="room"):
    """Everybody in the room as this participant may see it; whole, so that a lost one costs nothing."""

    revision: int
    participants: tuple[ParticipantInfo, ...]
    locked: bool = False
    waiting: tuple[WaitingInfo, ...] = ()
    """Told to hosts alone."""


class PublishAnswer(_Message, frozen=True, tag="publish-answer"):
    """Answer to ``publish`` with this id, and the id that each mid's track now has."""

    id: int
    sdp: str
    tracks: dict[str, str]


class Offer(_Message, frozen=True, tag="offer"):
    """An offer on the subscribe connection. ``tracks``: which mid carries which track; other mids are idle.

    ``connection_id`` changes when the SFU started this connection afresh: the participant then answers on a
    new peer connection.
    """

    id: int
    connection_id: int
    sdp: str
    tracks: dict[str, str]


class Restarted(_Message, frozen=True, tag="restarted"):
    """The SFU has lost or dropped these connections. For ``publish`` the participant publishes anew."""

    connections: tuple[Connection, ...]


class Overlay(_Message, frozen=True, tag="overlay"):
    """What a kernel draws over a picture; see `DrawOverlay`. ``by`` is the kernel's participant."""

    by: str
    participant: str
    shapes: tuple[Shape, ...]
    source: Literal["camera", "screen", "kernel"] = "camera"
    label: str = ""
    captured: float = 0.0
    seconds: float = 1.0


class Data(_Message, frozen=True, tag="data"):
    """One part of a message that kernel ``by`` sent; see `SendData`."""

    by: str
    id: int
    part: int
    parts: int
    data: str


class Stats(_Message, frozen=True, tag="stats"):
    """Answer to ``get-stats`` with this id: `rtc_notebook_server.sfu.base.Engine.stats` as it is."""

    id: int
    stats: dict[str, Any]


class Waiting(_Message, frozen=True, tag="waiting"):
    """In place of ``welcome``, which comes once the participant is admitted; ``message`` says what it waits for."""

    room: str
    message: str


class Chat(_Message, frozen=True, tag="chat"):
    """Lines of the chat: after ``welcome`` those there are, then each as it is written."""

    lines: tuple[ChatLine, ...]


class Invites(_Message, frozen=True, tag="invites"):
    """The room's invites, whole; to hosts, after ``welcome`` and at every change."""

    invites: tuple[InviteInfo, ...]


class Invited(_Message, frozen=True, tag="invited"):
    """Answer to ``create-invite`` with this id."""

    id: int
    invite: InviteInfo


class Error(_Message, frozen=True, tag="error"):
    """A refusal: what happened and what to do about it. ``about`` is the type (and ``id``) refused."""

    code: str
    message: str
    about: str | None = None
    id: int | None = None


class Bye(_Message, frozen=True, tag="bye"):
    """Last message before the server closes the socket for good; do not reconnect."""

    code: str
    message: str


ServerMessage = (
    Welcome
    | RoomState
    | PublishAnswer
    | Offer
    | Candidate
    | Restarted
    | Overlay
    | Data
    | Stats
    | Waiting
    | Chat
    | Invites
    | Invited
    | Error
    | Bye
)


# --- on the wire ---------------------------------------------------------------------------------------

_encoder = msgspec.json.Encoder()
_client_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(ClientMessage)
_server_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(ServerMessage)


def encode(message: ClientMessage | ServerMessage) -> str:
    """Return a message as the text of a WebSocket frame."""
    return _encoder.encode(message).decode()


def decode_client(data: str | bytes) -> ClientMessage:
    """Read a message that a participant sent.

    Raises
    ------
    ProtocolError
        If the text is no JSON, the type unknown, or a field missing, unknown or of the wrong type.
    """
    return _decode(_client_decoder, data)  # type: ignore[no-any-return]


def decode_server(data: str | bytes) -> ServerMessage:
    """Read a message that the server sent.

    Raises
    ------
    ProtocolError
        If the text is no JSON, the type unknown, or a field missing, unknown or of the wrong type.
    """
    return _decode(_server_decoder, data)  # type: ignore[no-any-return]


def _decode(decoder: msgspec.json.Decoder[Any], data: str | bytes) -> Any:
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise ProtocolError("bad-message", f"The message does not fit the protocol: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError("bad-json", f"The message is not JSON: {error}.") from None


_ROOM_NAME = re.compile(r"\w(?:[\w .\-]{0,62}[\w.\-])?")


def room_name(name: str) -> str:
    """Return a room's name in its one spelling (Unicode NFC).

    Names are 1 to 64 letters, digits, spaces, ``.``, ``-`` and ``_``, of any script; they begin with a letter,
    digit or ``_`` and do not end with a space.

    Raises
    ------
    RoomNameError
        If the name is none.
    """
    normal = unicodedata.normalize("NFC", name)
    if not _ROOM_NAME.fullmatch(normal) or ".." in normal:
        raise RoomNameError(name)
    return normal
