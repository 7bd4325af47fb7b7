"""What of a room outlasts the server: a plain record, and the room that is made of it again."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from rtc_notebook.protocol import MAX_CHAT_TEXT, ChatLine, ClientKind, Filterable, Role

from . import names
from .room import Room
from .state import Filter, Guest, Participant

MAX_LINES = 100
MAX_CHAT_CHARACTERS = 64_000
MAX_KNOWN = 1_000


class KeptParticipant(msgspec.Struct, frozen=True):
    """Somebody in the room. ``sealed`` is the SHA-256 of their session: what is read here lets nobody in."""

    id: str
    name: str
    client: ClientKind
    sealed: str
    user: str | None = None
    guest: Guest | None = None
    role: Role = "member"
    may_filter: bool = False
    login: str | None = None


class KeptFilter(msgspec.Struct, frozen=True):
    """A filter under which nothing raw may pass while its kernel is away."""

    participant: str
    source: Filterable
    by: str
    label: str = ""
    held: bool = False


class KeptRoom(msgspec.Struct, frozen=True):
    """A room as it was last; ``roles`` and the lists of the door are by `person`, ``at`` is seconds since the epoch."""

    name: str
    at: float
    participants: tuple[KeptParticipant, ...] = ()
    filters: tuple[KeptFilter, ...] = ()
    chat: tuple[ChatLine, ...] = ()
    roles: dict[str, Role] = {}
    locked: bool = False
    admitted: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()
    barred_invites: dict[str, float] = {}


def seal(session: str) -> str:
    """Return what is kept of a session."""
    return sha256(session.encode()).hexdigest()


def keep(room: Room, now: float) -> KeptRoom:
    """Return what is to be kept of a room."""
    admitted, barred, barred_invites = room.door.lists
    return KeptRoom(
        name=room.name,
        at=now,
        participants=tuple(_kept(one) for one in room.participants.values()),
        filters=tuple(
            KeptFilter(participant=participant, source=source, by=its.by, label=its.label, held=its.held)
            for (participant, source), its in room.filters.items()
            if its.on_error != "pass" and participant in room.participants
        ),
        chat=tuple(_newest(list(room.chat.lines))),
        roles=dict(list(room.known_roles.items())[-MAX_KNOWN:]),
        locked=room.door.locked,
        admitted=tuple(sorted(admitted)[:MAX_KNOWN]),
        barred=tuple(sorted(barred)[:MAX_KNOWN]),
        barred_invites=dict(list(barred_invites.items())[-MAX_KNOWN:]),
    )


def restore(room: Room, kept: KeptRoom) -> None:
    """Fill a new room with what was kept of one; everybody in it is away."""
    for one in kept.participants:
        name = names.unique(one.name, [who.name for who in room.participants.values()])
        room.participants[one.id] = Participant(
            id=one.id,
            name=name,
            client=one.client,
            user=one.user,
            session="",
            sealed=one.sealed,
            connected=False,
            guest=one.guest,
            role=one.role,
            may_filter=one.may_filter,
            login=one.login,
        )
    for its in kept.filters:
        if its.participant in room.participants:
            held = its.held or its.by not in room.participants
            room.filters[its.participant, its.source] = Filter(by=its.by, on_error="hold", label=its.label, held=held)
    room.chat.take_over(line for line in kept.chat if len(line.text) <= MAX_CHAT_TEXT)
    room.known_roles.update(kept.roles)
    room.door.locked = kept.locked
    room.door.take_over(kept.admitted, kept.barred, kept.barred_invites)


def _kept(one: Participant) -> KeptParticipant:
    return KeptParticipant(
        id=one.id,
        name=one.name,
        client=one.client,
        sealed=seal(one.session) if one.session else one.sealed,
        user=one.user,
        guest=one.guest,
        role=one.role,
        may_filter=one.may_filter,
        login=one.login,
    )


def _newest(lines: list[ChatLine]) -> list[ChatLine]:
    kept: list[ChatLine] = []
    left = MAX_CHAT_CHARACTERS
    for line in reversed(lines[-MAX_LINES:]):
        left -= len(line.text)
        if left < 0:
            break
        kept.append(line)
    return kept[::-1]
