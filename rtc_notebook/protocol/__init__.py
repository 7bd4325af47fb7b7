"""The signaling protocol: every message that crosses a room's WebSocket, without I/O.

The server and the kernel use these types; ``protocol.js`` is the same for browsers, and
``tests/vectors/*.json`` holds messages that both must accept and messages that both must refuse.
Messages are JSON objects, one a WebSocket text frame, told apart by ``"type"``; field names are camelCase
on the wire. Unknown types and unknown fields are refused: a silent drop would hide a version mismatch.

WebRTC nouns are used as in the W3C's WebRTC 1.0. Each participant has two peer connections, so that offers
never collide: on ``publish`` the participant offers, on ``subscribe`` the SFU offers.
"""

from __future__ import annotations

from .asks import (
    Answer,
    AnswerAsk,
    Ask,
    Asked,
    AskKernel,
    FilterControl,
    FilterOffer,
    FilterOn,
    ListFilters,
    PutFilter,
    Record,
    SetControl,
    TakeOff,
)
from .base import MAX_MESSAGE_BYTES, VERSION
from .chat import MAX_CHAT_TEXT, Chat, ChatLine, SendChat
from .codec import ClientMessage, ServerMessage, counted, decode_client, decode_server, encode, fits
from .connections import (
    Candidate,
    Connection,
    IceCandidate,
    IceServer,
    IceTransportPolicy,
    MediaLinkPolicy,
    MediaSettings,
    Offer,
    OfferAnswer,
    Restart,
    Restarted,
)
from .data import Data, SendData
from .filters import ClearFilter, Filterable, FilterInfo, FilterState, OnError, SetFilter
from .invites import MAX_INVITE_MINUTES, MAX_INVITE_USES, CreateInvite, Invited, InviteInfo, Invites, RevokeInvite
from .names import room_name
from .overlays import Box, DrawOverlay, Mask, Overlay, Polyline, Shape, Text
from .people import (
    EndRoom,
    LowerHand,
    Moderate,
    ModerationAction,
    MuteAll,
    ParticipantInfo,
    Role,
    RoomState,
    SetHand,
    SetLock,
    SetRole,
    WaitingInfo,
)
from .reactions import Emoji, Reaction, SendReaction
from .recording import SetRecording
from .session import COMES_BACK, Bye, ClientKind, Error, Heard, Hello, Leave, Pair, Waiting, Welcome
from .statistics import GetStats, Stats
from .tracks import Kind, Mute, Publish, PublishAnswer, PublishLink, Source, Subscribe, TrackDescription, TrackInfo

__all__ = [
    "COMES_BACK",
    "MAX_CHAT_TEXT",
    "MAX_INVITE_MINUTES",
    "MAX_INVITE_USES",
    "MAX_MESSAGE_BYTES",
    "VERSION",
    "Answer",
    "AnswerAsk",
    "Ask",
    "AskKernel",
    "Asked",
    "Box",
    "Bye",
    "Candidate",
    "Chat",
    "ChatLine",
    "ClearFilter",
    "ClientKind",
    "ClientMessage",
    "Connection",
    "CreateInvite",
    "Data",
    "DrawOverlay",
    "Emoji",
    "EndRoom",
    "Error",
    "FilterControl",
    "FilterInfo",
    "FilterOffer",
    "FilterOn",
    "FilterState",
    "Filterable",
    "GetStats",
    "Heard",
    "Hello",
    "IceCandidate",
    "IceServer",
    "IceTransportPolicy",
    "InviteInfo",
    "Invited",
    "Invites",
    "Kind",
    "Leave",
    "ListFilters",
    "LowerHand",
    "Mask",
    "MediaLinkPolicy",
    "MediaSettings",
    "Moderate",
    "ModerationAction",
    "Mute",
    "MuteAll",
    "Offer",
    "OfferAnswer",
    "OnError",
    "Overlay",
    "Pair",
    "ParticipantInfo",
    "Polyline",
    "Publish",
    "PublishAnswer",
    "PublishLink",
    "PutFilter",
    "Reaction",
    "Record",
    "Restart",
    "Restarted",
    "RevokeInvite",
    "Role",
    "RoomState",
    "SendChat",
    "SendData",
    "SendReaction",
    "ServerMessage",
    "SetControl",
    "SetFilter",
    "SetHand",
    "SetLock",
    "SetRecording",
    "SetRole",
    "Shape",
    "Source",
    "Stats",
    "Subscribe",
    "TakeOff",
    "Text",
    "TrackDescription",
    "TrackInfo",
    "Waiting",
    "WaitingInfo",
    "Welcome",
    "counted",
    "decode_client",
    "decode_server",
    "encode",
    "fits",
    "room_name",
]
