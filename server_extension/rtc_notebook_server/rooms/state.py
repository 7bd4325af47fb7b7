"""What a room consists of."""

from __future__ import annotations

from dataclasses import dataclass, field

from rtc_notebook.protocol import ClientKind, Kind, OnError, Role, Source


@dataclass
class Track:
    """A published track; ``mid`` is its m-line, None once its connection was lost."""

    id: str
    kind: Kind
    source: Source
    mid: str | None
    muted: bool = False
    silenced: bool = False
    """Whether a host muted it: then only the owner's own ``mute`` takes that back, no new offer does."""
    of: str | None = None
    label: str = ""


@dataclass
class Filter:
    """A kernel's hold on somebody's picture or sound. ``held``: the kernel is gone and nobody gets the picture."""

    by: str
    on_error: OnError
    label: str = ""
    held: bool = False


@dataclass(frozen=True)
class Guest:
    """Somebody without an account, in by an invite. ``since``: seconds since the epoch."""

    id: str
    invite: str
    role: Role
    since: float = 0.0


def person(user: str | None, guest: Guest | None, login: str | None = None) -> str | None:
    """Return what somebody is known by who comes again: as a user, a guest, or in the browser that was logged in."""
    if guest is not None:
        return f"guest {guest.id}"
    return f"user {user}" if user is not None else None if login is None else f"login {login}"


@dataclass(frozen=True)
class Waiting:
    """Somebody at the door. ``hosted``: waits only until somebody who is no guest is in the room."""

    id: str
    name: str
    user: str | None = None
    guest: Guest | None = None
    hosted: bool = False
    login: str | None = None

    @property
    def person(self) -> str | None:
        """What they are known by; see `person`."""
        return person(self.user, self.guest, self.login)


@dataclass
class Participant:
    """Somebody in the room. ``session`` and ``call`` are secrets between this client and the server.

    ``login``: the login of a browser whose user the server does not know.

    Of who was in the room before the server was started again only ``sealed`` is known, until they come back.
    """

    id: str
    name: str
    client: ClientKind
    user: str | None
    session: str
    call: str | None = None
    connected: bool = True
    recording: bool = False
    linked: bool = False
    guest: Guest | None = None
    role: Role = "member"
    may_filter: bool = False
    hand: bool = False
    sealed: str = ""
    login: str | None = None
    tracks: dict[str, Track] = field(default_factory=dict)

    @property
    def person(self) -> str | None:
        """What they are known by; see `person`."""
        return person(self.user, self.guest, self.login)
