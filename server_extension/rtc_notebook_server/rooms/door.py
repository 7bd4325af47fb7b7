"""Who may come in at once, who waits until a host admits them, and who was removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import Role

from .state import Guest, Participant, Waiting

MAX_WAITING = 30


class Door:
    """A room's door.

    While it is locked, whoever is no host waits. Who was removed waits, too, even where it is open: as that user, that
    guest, or as somebody who came by the same invite since. Guests also wait while nobody else is in the room.
    """

    def __init__(self) -> None:
        self.locked = False
        self.waiting: dict[str, Waiting] = {}
        self._admitted: set[str] = set()
        self._barred: set[str] = set()
        self._barred_invites: dict[str, float] = {}

    def knock(
        self,
        id: str,
        name: str,
        user: str | None,
        guest: Guest | None,
        participants: Mapping[str, Participant],
        role: Role,
    ) -> Waiting | None:
        """Return somebody's place at the door, or None if they may come in at once.

        Raises
        ------
        ProtocolError
            If too many wait already.
        """
        key = _key(user, guest)
        locked = self.locked and role != "host" and not _here(user, guest, participants)
        shut = key not in self._admitted and (self._is_barred(user, guest) or locked)
        alone = guest is not None and all(one.guest is not None for one in participants.values())
        if not shut and not alone:
            return None
        if len(self.waiting) >= MAX_WAITING:
            raise ProtocolError("room-full", f"{MAX_WAITING} people are waiting to be let in. Try again later.")
        self.waiting[id] = waiting = Waiting(id=id, name=name, user=user, guest=guest, hosted=alone and not shut)
        return waiting

    def bar(self, who: Participant | Waiting) -> None:
        """Have somebody knock from now on."""
        key = _key(who.user, who.guest)
        if key is not None:
            self._barred.add(key)
            self._admitted.discard(key)
        if who.guest is not None:
            self._barred_invites[who.guest.invite] = who.guest.since

    def admit(self, id: str) -> None:
        """Let somebody in who waits, now and when they come back."""
        key = _key(self.waiting[id].user, self.waiting[id].guest)
        if key is not None:
            self._admitted.add(key)

    @property
    def lists(self) -> tuple[frozenset[str], frozenset[str], Mapping[str, float]]:
        """Who was admitted, who was removed, and by which invites they came."""
        return frozenset(self._admitted), frozenset(self._barred), dict(self._barred_invites)

    def take_over(self, admitted: Iterable[str], barred: Iterable[str], barred_invites: Mapping[str, float]) -> None:
        """Begin with the lists of a former door."""
        self._admitted.update(admitted)
        self._barred.update(barred)
        self._barred_invites.update(barred_invites)

    def may_enter(self, participants: Mapping[str, Participant]) -> list[str]:
        """Return the ids of those who wait for nothing any more."""
        hosted = any(one.guest is None for one in participants.values())
        return [one.id for one in self.waiting.values() if one.hosted and hosted and not self.locked]

    def _is_barred(self, user: str | None, guest: Guest | None) -> bool:
        since = None if guest is None else self._barred_invites.get(guest.invite)
        return _key(user, guest) in self._barred or (guest is not None and since is not None and guest.since > since)


def _key(user: str | None, guest: Guest | None) -> str | None:
    return f"guest {guest.id}" if guest is not None else None if user is None else f"user {user}"


def _here(user: str | None, guest: Guest | None, participants: Mapping[str, Participant]) -> bool:
    """Whether somebody has another client in the room already."""
    if guest is not None:
        return any(one.guest == guest for one in participants.values())
    return user is not None and any(one.user == user for one in participants.values())
