"""Telling everybody what the room is: at once where it was quiet, else the newest of what changed, now and then.

A state of a full room is ten kilobytes, and goes to everybody in it; so that whoever changes something twenty times a
second has it told no more often than this.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rtc_notebook.protocol import RoomState

from .rooms import view

if TYPE_CHECKING:
    from .live import LiveRoom
    from .place import Place


class Telling:
    """What was told last of one room, and when."""

    def __init__(self, live: LiveRoom) -> None:
        self._live = live
        self._told: RoomState | None = None
        self._at = float("-inf")
        self.timer: asyncio.TimerHandle | None = None

    def settled(self) -> None:
        """Tell what has changed, now or in a moment; with the lock held, and the SFU as the room's policy says."""
        state = self._live.room.state()
        places = self._live.places.values()
        known, new = ([place for place in places if place.told is told] for told in (True, False))
        for place in new:
            self._tell(place, state)
        if self._told is not None and _same(state, self._told):
            return
        if new:
            self._told = None  # not all know the same: whatever it will be, they are to be told
        now = asyncio.get_running_loop().time()
        wait = self._at + self._live.settings.tell_seconds - now
        if wait <= 0:
            self._at, self._told = now, state
            self.stop()
            for place in known:
                self._tell(place, state)
        elif self.timer is None:
            self.timer = self._live.background.after(wait, self.later)

    async def later(self) -> None:
        """Tell what has changed meanwhile."""
        async with self._live.lock:
            self.stop()
            self._at = float("-inf")
            if not self._live.closed:
                await self._live.settle()

    def stop(self) -> None:
        """Tell nothing later."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def _tell(self, place: Place, state: RoomState) -> None:
        who = self._live.room.participants[place.id]
        place.told = True
        place.send(view.for_participant(state, who))
        if who.role == "host" and not place.knows_invites:
            self._live.tell_invites(place)
        place.knows_invites = who.role == "host"


def _same(one: RoomState, other: RoomState) -> bool:
    return (one.participants, one.locked, one.waiting, one.hands) == (
        other.participants,
        other.locked,
        other.waiting,
        other.hands,
    )
