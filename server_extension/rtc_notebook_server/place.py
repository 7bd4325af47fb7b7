"""A participant's place in a room: its socket, its seat in the SFU and what outlasts both."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from rtc_notebook.errors import SfuError
from rtc_notebook.ledger import Ledger
from rtc_notebook.protocol import Bye, Connection, Restarted, ServerMessage

from .limits import Bucket
from .sfu.base import Seat

POLICY_VIOLATION = 1008
GOING_AWAY = 1001
TRY_AGAIN_LATER = 1013

CHAT_PER_SECOND = 1.0
CHAT_AT_ONCE = 10.0

REACTIONS_PER_SECOND = 2.0
REACTIONS_AT_ONCE = 8.0

CHANGES_PER_SECOND = 4.0
CHANGES_AT_ONCE = 40.0

MAX_BEHIND_BYTES = 1024 * 1024


class MediaOutlet(Protocol):
    """One client's media socket."""

    def end(self, code: int, reason: str) -> None:
        """Close with a WebSocket close code (RFC 6455, 7.4.1)."""


class Outlet(Protocol):
    """The way to one client; sending never blocks and never fails, whatever has become of the client."""

    @property
    def origin(self) -> str:
        """Where the client's page comes from, as its browser says; empty for kernels."""

    def admitted(self, place: Place) -> None:
        """Take note that the client, which waited, has a place now."""

    def send(self, message: ServerMessage) -> None:
        """Send a message."""

    @property
    def unsent(self) -> int:
        """Bytes that wait for the client to read."""

    def close(self, code: int, reason: str) -> None:
        """Close with a WebSocket close code (RFC 6455, 7.4.1), once what was sent is out."""


@dataclass
class Place:
    """A participant's place.

    ``wanted`` is what the participant last subscribed to, ``linked`` whether over its media link (``media`` is that
    link's socket); ``lost`` the connections it must still hear were lost. ``told``: has had the room's state since it
    came. ``alone_since``: when its socket broke, on the monotonic clock. ``unseated``: of who was in the room before
    the server was started again, and has not come back yet.
    """

    id: str
    outlet: Outlet | None
    seat: Seat | None = None
    wanted: tuple[str, ...] = ()
    linked: bool = False
    media: MediaOutlet | None = None
    lost: set[Connection] = field(default_factory=set)
    ledger: Ledger[ServerMessage] = field(default_factory=Ledger)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    timer: asyncio.TimerHandle | None = None
    told: bool = False
    knows_invites: bool = False
    unseated: bool = False
    alone_since: float = 0.0
    chat: Bucket = field(default_factory=lambda: Bucket(CHAT_PER_SECOND, CHAT_AT_ONCE))
    reactions: Bucket = field(default_factory=lambda: Bucket(REACTIONS_PER_SECOND, REACTIONS_AT_ONCE))
    changes: Bucket = field(default_factory=lambda: Bucket(CHANGES_PER_SECOND, CHANGES_AT_ONCE))

    @property
    def origin(self) -> str:
        """Where the participant's page comes from, if its browser says so and others could open it."""
        origin = "" if self.outlet is None else self.outlet.origin
        return origin if origin.startswith(("http://", "https://")) else ""

    def send(self, message: ServerMessage) -> None:
        """Send to the participant, now or when it is back."""
        self.ledger.say(message)
        if self.outlet is not None:
            self.outlet.send(message)

    @property
    def behind(self) -> bool:
        """Whether the participant has much to read yet: what may be left out then is."""
        return self.outlet is None or self.outlet.unsent > MAX_BEHIND_BYTES

    def lose(self, *connections: Connection) -> None:
        """Tell the participant that the SFU lost connections, now or when it is back."""
        self.lost.update(connections)
        if self.outlet is not None and self.lost:
            ordered: tuple[Connection, ...] = ("publish", "subscribe")
            self.send(Restarted(connections=tuple(c for c in ordered if c in self.lost)))
            self.lost.clear()

    async def subscribe(self) -> None:
        """Tell the seat, if there is one, what is wanted; a new SFU is told as soon as it runs."""
        if self.seat is not None:
            await (self.seat.subscribe_link if self.linked else self.seat.subscribe)(self.wanted)

    def seated(self) -> Seat:
        """Return the seat, or raise `SfuError` while the SFU is being started again."""
        if self.seat is None:
            raise SfuError("sfu-restarting", "The SFU is being started again. Wait for 'restarted', then publish anew.")
        return self.seat


def say_bye(outlet: Outlet, code: str, message: str) -> None:
    """Tell a client why it has to go, and close its socket."""
    outlet.send(Bye(code=code, message=message))
    outlet.close(POLICY_VIOLATION, code)
