"""A room at work: the pure `Room`, its SFU and the sockets of its participants.

Who comes is in `coming`, who goes in `going`, what the SFU does by itself in `recovery`, and what participants say in
`conversation`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from functools import partial

from rtc_notebook import protocol
from rtc_notebook.errors import ProtocolError, SfuError
from rtc_notebook.protocol import Bye, Hello

from . import addresses, going, recovery
from .asks import OpenAsks
from .background import Background
from .centre import Centre
from .identity import Identity
from .place import GOING_AWAY, Outlet, Place, say_bye
from .rooms import Room, keeping
from .settings import Settings
from .telling import Telling


class LiveRoom:
    """Serialises what changes the room: state first, then the SFU, then everybody is told."""

    def __init__(self, name: str, settings: Settings, on_closed: Callable[[LiveRoom], None]) -> None:
        self.room = Room(name)
        self.places: dict[str, Place] = {}
        self.waiting: dict[str, tuple[Hello, Identity, Outlet]] = {}
        self.asks = OpenAsks()
        self.telling = Telling(self)
        self.centre = Centre(settings.make_engine, partial(recovery.sfu_died, self))
        self.settings = settings
        self.lock = asyncio.Lock()
        self.background = Background(name)
        self.closed = False
        self._on_closed = on_closed
        self._linger: asyncio.TimerHandle | None = None
        self._take_up()

    def _take_up(self) -> None:
        """Go on with the room that a server before this one had under this name, if there was one just now."""
        kept = self.settings.kept.take(self.room.name)
        if kept is None:
            return
        keeping.restore(self.room, kept)
        for who in self.room.participants.values():
            place = self.places[who.id] = Place(who.id, None, unseated=True)
            going.expect(self, place)

    @contextlib.asynccontextmanager
    async def changing(self, place: Place) -> AsyncIterator[Room]:
        """Hold the room while its state is changed on a participant's behalf; settle it and tell everybody after."""
        async with self.lock:
            if self.places.get(place.id) is not place:
                raise ProtocolError("not-in-room", "You are no longer in this room. Join again.")
            try:
                yield self.room
            except ProtocolError:
                raise  # the room is as it was
            except BaseException:
                await self.settle()
                raise
            await self.settle()

    async def settle(self) -> None:
        """Bring the SFU to the room's policy, then have everybody told what the room is now."""
        if not self.closed:
            self.settings.kept.changed(self.room)
        try:
            if self.places or self.centre.running:
                await self.centre.apply(self.room.audiences())
        except SfuError:
            return  # everybody is told once the SFU is back
        self.telling.settled()

    def tell_invites(self, *places: Place) -> None:
        """Send the room's invites to these participants, as far as they are hosts; to all hosts if none is named."""
        for place in places or tuple(self.places.values()):
            if self.room.participants[place.id].role == "host":
                url, hint = addresses.of_guests(self, place)
                invites = self.settings.invites.of_room(self.room.name)
                place.send(protocol.Invites(invites=tuple(one.info(url, hint) for one in invites)))

    # --- its end ---

    async def close(self, code: str, message: str) -> None:
        """End the room for everybody in it."""
        async with self.lock:
            await self.close_now(code, message)
        await self.background.end()

    async def close_now(self, code: str, message: str) -> None:
        """End the room; with the lock held."""
        if self.closed:
            return
        self.closed = True
        self.stay()
        self.telling.stop()
        self._on_closed(self)
        self.settings.kept.forget(self.room)
        for place in self.places.values():
            if place.timer is not None:
                place.timer.cancel()
            place.send(Bye(code=code, message=message))
            if place.media is not None:
                place.media.end(GOING_AWAY, code)
            if place.outlet is not None:
                place.outlet.close(GOING_AWAY, code)
        for _, _, outlet in self.waiting.values():
            say_bye(outlet, code, message)
        self.places.clear()
        self.waiting.clear()
        await self.centre.close()

    def stay(self) -> None:
        """Stop waiting for the room to have been empty for long."""
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None

    def close_when_empty(self) -> None:
        """End the room, if it is empty, once it has been so for a while."""
        self.stay()
        if not self.places and not self.waiting and not self.closed:
            self._linger = self.background.after(self.settings.linger, self._close_empty)

    async def _close_empty(self) -> None:
        async with self.lock:
            if not self.places and not self.waiting:
                await self.close_now("empty", "The room is empty.")
