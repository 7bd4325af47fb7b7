"""Who may come in at once, who waits until a host admits them, and who was removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import Role

from .state import Guest, Participant, Waiting, person

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
        login: str | None = None,
    ) -> Waiting | None:
        """Return somebody's place at the door, or None if they may come in at once.

        Raises
        ------
        ProtocolError
            If too many wait already.
        """
        key = person(user, guest, login)
        here = key is not None and any(one.person == key for one in participants.values())
        locked = self.locked and role != "host" and not here
        shut = key not in self._admitted and (key in self._barred or self._came_by_barred(guest) or locked)
        alone = guest is not None and all(one.guest is not None for one in participants.values())
        if not shut and not alone:
            return None
        if len(self.waiting) >= MAX_WAITING:
            raise ProtocolError("room-full", f"{MAX_WAITING} people are waiting to be let in. Try again later.")
        self.waiting[id] = waiting = Waiting(id, name, user, guest, hosted=alone and not shut, login=login)
        return waiting

    def bar(self, who: Participant | Waiting) -> None:
        """Have somebody knock from now on."""
        key = who.person
        if key is not None:
            self._barred.add(key)
            self._admitted.discard(key)
        if who.guest is not None:
            since = self._barred_invites.get(who.guest.invite, who.guest.since)
            self._barred_invites[who.guest.invite] = min(since, who.guest.since)

    def admit(self, id: str) -> None:
        """Let somebody in who waits, now and when they come back."""
        key = self.waiting[id].person
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

    def _came_by_barred(self, guest: Guest | None) -> bool:
        since = None if guest is None else self._barred_invites.get(guest.invite)
        return guest is not None and since is not None and guest.since > since
