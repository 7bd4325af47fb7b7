"""How somebody is found: by an id, by their session, by the secret of a kernel and its widget."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import NoReturn

from rtc_notebook.errors import ProtocolError

from .state import Guest, Participant


def by_id(id: str, participants: Mapping[str, Participant]) -> Participant:
    """Return who has this id.

    Raises
    ------
    ProtocolError
        If nobody in the room has it.
    """
    if id not in participants:
        nobody(id)
    return participants[id]


def nobody(id: str) -> NoReturn:
    """Refuse what concerns somebody who is not there."""
    raise ProtocolError("no-such-participant", f"Nobody with the id {id!r} is in the room.")


def by_session(
    session: str, user: str | None, guest: Guest | None, participants: Mapping[str, Participant]
) -> Participant | None:
    """Return who has this session, and is the same user or guest."""
    sealed = sha256(session.encode()).hexdigest()
    for participant in participants.values():
        known, said = (participant.session, session) if participant.session else (participant.sealed, sealed)
        same = secrets.compare_digest(known.encode(), said.encode())
        if same and (participant.user, participant.guest) == (user, guest):
            return participant
    return None


def pairing(call: str | None, guest: Guest | None) -> str | None:
    """Return the secret by which a kernel and its widget find each other; a guest's find only each other."""
    return f"guest {guest.id} {call}" if call and guest is not None else call or None
