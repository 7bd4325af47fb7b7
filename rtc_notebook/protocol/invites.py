"""Links that let somebody without an account in."""

from __future__ import annotations

from .base import Message, Struct
from .people import Role

MAX_INVITE_MINUTES = 60 * 24 * 366
MAX_INVITE_USES = 100_000


class InviteInfo(Struct, frozen=True):
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


class CreateInvite(Message, frozen=True, tag="create-invite"):
    """A host asks for a link that lets somebody without an account in."""

    id: int
    role: Role = "member"
    minutes: float = 60.0
    uses: int | None = None
    name: str = ""


class RevokeInvite(Message, frozen=True, tag="revoke-invite"):
    """A host ends an invite at once; ``remove`` also removes who came in by it."""

    invite: str
    remove: bool = False


class Invites(Message, frozen=True, tag="invites"):
    """The room's invites, whole; to hosts, after ``welcome`` and at every change."""

    invites: tuple[InviteInfo, ...]


class Invited(Message, frozen=True, tag="invited"):
    """Answer to ``create-invite`` with this id."""

    id: int
    invite: InviteInfo
