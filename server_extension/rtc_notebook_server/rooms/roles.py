"""Who may do what, from the participants alone.

A host may change the room and filter anybody; a member talks, and filters themselves or, where a host allowed it,
others; a viewer watches and chats. One person's clients share a role: the browsers and kernels of one user, and a
kernel and the browser of its widget.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import Role

from .state import Guest, Participant, person

Participants = Mapping[str, Participant]
_RANK: Mapping[Role, int] = {"viewer": 0, "member": 1, "host": 2}


def first(user: str | None, guest: Guest | None) -> Role:
    """Return the role that somebody has who was given no other.

    A guest has the invite's. A server that tells its users not apart has one, who is host. Several are members.
    """
    return guest.role if guest is not None else "host" if user is None else "member"


def newcomers(
    user: str | None, guest: Guest | None, login: str | None, participants: Participants, known: Mapping[str, Role]
) -> Role:
    """Return the role that somebody comes in with: what a host gave them, else the `first`.

    Whoever opens the room is host; so is a member who comes back to a room that all hosts have left.
    """
    role = known.get(person(user, guest, login) or "", first(user, guest))
    if guest is not None or role != "member":
        return role
    return role if any(one.role == "host" for one in participants.values()) else "host"


def heir(participants: Participants) -> Participant | None:
    """Return who becomes host because there is none left: who is there longest and is no guest and no viewer."""
    if any(one.role == "host" for one in participants.values()):
        return None
    return next((one for one in participants.values() if one.guest is None and one.role == "member"), None)


def highest(roles: Iterable[Role]) -> Role:
    """Return the role that may do most."""
    return max(roles, key=_RANK.__getitem__)


def clients_of(who: Participant, participants: Participants) -> list[Participant]:
    """Return all clients of the same person, this one included."""
    return [one for one in participants.values() if one.id == who.id or _same_person(one, who)]


def may_filter(by: Participant, target: Participant, participants: Participants) -> bool:
    """Whether a kernel may have somebody's raw picture or sound to itself."""
    if by.role == "viewer":
        return False
    return by.role == "host" or by.may_filter or target in clients_of(by, participants)


def check_filter(by: Participant, target: Participant, participants: Participants, verb: str) -> None:
    """Refuse a kernel that may not filter (or draw on) somebody."""
    if not may_filter(by, target, participants):
        raise ProtocolError(
            "not-allowed", f"Only a host may {verb} others. Ask a host to allow it, or be made a host yourself."
        )


def only_host(who: Participant) -> None:
    """Refuse everybody but hosts."""
    if who.role != "host":
        raise ProtocolError("hosts-only", "Only a host of this room may do that. Ask one of them.")


def no_viewer(who: Participant, otherwise: str) -> None:
    """Refuse viewers."""
    if who.role == "viewer":
        raise ProtocolError("viewers-watch", otherwise)


def _same_person(one: Participant, other: Participant) -> bool:
    if one.guest is not None or other.guest is not None:
        return one.guest is not None and other.guest is not None and one.guest.id == other.guest.id
    if one.user is not None and other.user is not None:
        return one.user == other.user
    return one.call is not None and one.call == other.call and one.client != other.client
