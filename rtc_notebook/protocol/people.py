"""Who is in the room, in which role, and what hosts may do."""

from __future__ import annotations

from typing import Literal

from .base import Message, Struct
from .session import ClientKind
from .tracks import TrackInfo

Role = Literal["host", "member", "viewer"]
ModerationAction = Literal["mute", "remove", "admit"]


class ParticipantInfo(Struct, frozen=True):
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


class WaitingInfo(Struct, frozen=True):
    """Somebody at the door; hosts see them and admit or remove them."""

    id: str
    name: str


class RoomState(Message, frozen=True, tag="room"):
    """Everybody in the room as this participant may see it; whole, so that a lost one costs nothing."""

    revision: int
    participants: tuple[ParticipantInfo, ...]
    locked: bool = False
    waiting: tuple[WaitingInfo, ...] = ()
    """Told to hosts alone."""
    hands: tuple[str, ...] = ()
    """Whose hands are raised, in the order in which they were."""


class SetRole(Message, frozen=True, tag="set-role"):
    """A host gives somebody a role, or allows a member to filter others; None leaves it as it is."""

    participant: str
    role: Role | None = None
    may_filter: bool | None = None


class Moderate(Message, frozen=True, tag="moderate"):
    """A host mutes somebody (who unmutes themselves), removes them, or admits who waits at the door."""

    action: ModerationAction
    participant: str


class MuteAll(Message, frozen=True, tag="mute-all"):
    """A host mutes everybody but themselves; each unmutes themselves."""


class SetLock(Message, frozen=True, tag="set-lock"):
    """A host locks the room: who comes then waits at the door until admitted."""

    locked: bool


class SetHand(Message, frozen=True, tag="set-hand"):
    """Raises or lowers the own hand."""

    raised: bool


class LowerHand(Message, frozen=True, tag="lower-hand"):
    """A host lowers somebody's hand."""

    participant: str


class EndRoom(Message, frozen=True, tag="end-room"):
    """A host ends the room for everybody in it and at its door; ``bye`` has the code ``ended``."""
