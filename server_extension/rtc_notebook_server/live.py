"""A room at work: the pure `Room`, its SFU and the sockets of its participants."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from rtc_notebook import __version__, protocol
from rtc_notebook.errors import ProtocolError, SfuError
from rtc_notebook.protocol import Bye, Chat, Hello, MediaSettings, Waiting, Welcome

from . import addresses
from .centre import Centre, within
from .ice import IceSettings
from .identity import Identity
from .invites import Invites
from .place import Outlet, Place
from .rooms import Room, view
from .sfu.base import CandidateFound, ConnectionLost, Engine, OfferMade, SeatEvent

log = logging.getLogger(__name__)

POLICY_VIOLATION = 1008
GOING_AWAY = 1001
TRY_AGAIN_LATER = 1013


_WAITING = {
    False: "A host of this room has to let you in. They have been told that you are here.",
    True: "Nobody who can let you in is here yet. You come in as soon as somebody is.",
}


class RoomClosed(Exception):
    """The room closed while somebody was on the way in."""


@dataclass(frozen=True)
class Settings:
    """What rooms are made with; times in seconds."""

    make_engine: Callable[[], Engine]
    media: MediaSettings = field(default_factory=MediaSettings)
    ice: IceSettings = field(default_factory=IceSettings)
    resume_grace: float = 30.0
    kernel_grace: float = 5.0
    max_participants: int = 50
    max_rooms: int = 100
    linger: float = 10.0
    invites: Invites = field(default_factory=Invites)
    public_url: str = ""
    inner_url: Callable[[], str] = lambda: "/"
    base_url: str = "/"


class LiveRoom:
    """Serialises what changes the room: state first, then the SFU, then everybody is told."""

    def __init__(self, name: str, settings: Settings, on_closed: Callable[[LiveRoom], None]) -> None:
        self.room = Room(name)
        self.places: dict[str, Place] = {}
        self.waiting: dict[str, tuple[Hello, Identity, Outlet]] = {}
        self.centre = Centre(settings.make_engine, self._sfu_died)
        self.settings = settings
        self._on_closed = on_closed
        self._lock = asyncio.Lock()
        self._closed = False
        self._linger: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- coming and going ---

    async def join(self, hello: Hello, identity: Identity, outlet: Outlet) -> Place | None:
        """Let a client in, or back into its place; None: it waits at the door.

        Raises
        ------
        RoomClosed
            If the room closed meanwhile; open it again.
        ProtocolError, SfuError
            If the room is full, or has no SFU.
        """
        async with self._lock:
            if self._closed:
                raise RoomClosed
            back = self._back(hello, identity, outlet)
            if back is None:
                name = identity.name_for(hello)
                waiting = self.room.knock(name, identity.user, identity.guest)
                if waiting is not None:
                    self.waiting[waiting.id] = (hello, identity, outlet)
                    outlet.send(Waiting(room=self.room.name, message=_WAITING[waiting.hosted]))
                    await self.settle()
                    return None
            place = await self._enter(hello, identity, outlet, back)
            await self._enter_who_may()
            return place

    async def _enter(self, hello: Hello, identity: Identity, outlet: Outlet, back: Place | None = None) -> Place:
        place = back or await self._new(hello, identity, outlet)
        who = self.room.participants[place.id]
        welcome = Welcome(
            version=protocol.VERSION,
            server_version=__version__,
            participant=place.id,
            session=who.session,
            resumed=back is not None,
            room=self.room.name,
            media=self._media(place.id),
        )
        place.send(welcome)
        await self.settle()
        place.send(Chat(lines=tuple(self.room.chat.lines)))
        if back is not None:
            place.lose()
            if place.seat is not None:
                with contextlib.suppress(SfuError):
                    await within(place.seat.resend_offer())
        return place

    async def _enter_who_may(self) -> None:
        for id in self.room.door.may_enter(self.room.participants):
            await self.admit(id)

    async def admit(self, id: str) -> None:
        """Let somebody in who waits; with the lock held."""
        self.room.door.waiting.pop(id)
        hello, identity, outlet = self.waiting.pop(id)
        try:
            place = await self._enter(hello, identity, outlet)
        except (ProtocolError, SfuError) as error:
            _say_bye(outlet, error.code, str(error))
            return
        outlet.admitted(place)

    async def gone(self, outlet: Outlet) -> None:
        """Forget a client that waited and has gone, also if it was let in at that moment."""
        async with self._lock:
            for place in [place for place in self.places.values() if place.outlet is outlet]:
                await self._remove(place)
            for id in [id for id, (_, _, theirs) in self.waiting.items() if theirs is outlet]:
                del self.waiting[id], self.room.door.waiting[id]
            await self.settle()
            self._close_when_empty()

    async def dismiss(self, id: str, code: str, message: str) -> None:
        """Take out for good whoever is in the room, or waits, under this id; with the lock held."""
        if id in self.waiting:
            _, _, outlet = self.waiting.pop(id)
            del self.room.door.waiting[id]
            _say_bye(outlet, code, message)
        elif id in self.places:
            place = self.places[id]
            outlet_now, place.outlet = place.outlet, None
            if outlet_now is not None:
                _say_bye(outlet_now, code, message)
            await self._remove(place)

    async def dismiss_invited(self, invite: str, *, code: str, message: str) -> None:
        """Take out everybody who came by an invite."""
        async with self._lock:
            theirs = [one.id for one in self.room.participants.values() if one.guest and one.guest.invite == invite]
            theirs += [one.id for one in self.room.door.waiting.values() if one.guest and one.guest.invite == invite]
            for id in theirs:
                await self.dismiss(id, code, message)
            await self.settle()

    async def disconnected(self, place: Place, outlet: Outlet, *, went_away: bool = False) -> None:
        """Keep the place of a participant whose socket broke, for the grace time.

        A browser that ``went_away`` (its page was closed) is not waited for: Firefox may not get its ``leave`` out.
        """
        async with self._lock:
            if place.outlet is not outlet or self.places.get(place.id) is not place:
                return
            kernel = self.room.participants[place.id].client == "kernel"
            if went_away and not kernel:
                await self._remove(place)
                return
            place.outlet = None
            self.room.disconnect(place.id)
            grace = self.settings.kernel_grace if kernel else self.settings.resume_grace
            place.timer = asyncio.get_running_loop().call_later(grace, lambda: self._spawn(self._expire(place)))
            await self.settle()

    async def leave(self, place: Place) -> None:
        """Take a participant out for good."""
        async with self._lock:
            await self._remove(place)

    async def close(self, code: str, message: str) -> None:
        """End the room for everybody in it."""
        async with self._lock:
            await self._close(code, message)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- for what participants say, see `conversation` ---

    @contextlib.asynccontextmanager
    async def changing(self, place: Place) -> AsyncIterator[Room]:
        """Hold the room while its state is changed on a participant's behalf; settle it and tell everybody after."""
        async with self._lock:
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

    def tell_invites(self, *places: Place) -> None:
        """Send the room's invites to these participants, as far as they are hosts; to all hosts if none is named."""
        for place in places or tuple(self.places.values()):
            if self.room.participants[place.id].role == "host":
                url, hint = addresses.of_guests(self, place)
                invites = self.settings.invites.of_room(self.room.name)
                place.send(protocol.Invites(invites=tuple(one.info(url, hint) for one in invites)))

    async def settle(self) -> None:
        """Bring the SFU to the room's policy, then tell everybody what the room is now."""
        try:
            if self.places or self.centre.running:
                await self.centre.apply(self.room.audiences())
        except SfuError:
            return  # everybody is told once the SFU is back
        state = self.room.state()
        for place in self.places.values():
            who = self.room.participants[place.id]
            place.send(view.for_participant(state, who))
            if who.role == "host" and not place.knows_invites:
                self.tell_invites(place)
            place.knows_invites = who.role == "host"

    # --- inside, with the lock held ---

    def _media(self, participant: str) -> MediaSettings:
        servers = self.settings.ice.for_participant(participant, time.time())
        return msgspec.structs.replace(self.settings.media, ice_servers=servers)

    def _back(self, hello: Hello, identity: Identity, outlet: Outlet) -> Place | None:
        who = self.room.resume(hello.session, identity.user, identity.guest) if hello.session else None
        if who is None:
            return None
        place = self.places[who.id]
        if place.timer is not None:
            place.timer.cancel()
            place.timer = None
        old, place.outlet, place.knows_invites = place.outlet, outlet, False
        if old is not None:
            old.send(Bye(code="replaced", message="The call goes on in another window or connection."))
            old.close(POLICY_VIOLATION, "replaced")
        if hello.call:
            who.call = hello.call
        return place

    async def _new(self, hello: Hello, identity: Identity, outlet: Outlet) -> Place:
        if len(self.places) >= self.settings.max_participants:
            raise ProtocolError("room-full", f"{len(self.places)} are in this room; no more fit in.")
        self._stay()
        try:
            if not self.centre.running:
                await self.centre.start()
            who = self.room.join(hello.client, identity.name_for(hello), identity.user, hello.call, identity.guest)
            place = Place(who.id, outlet)
            try:
                place.seat = await self.centre.join(who.id, partial(self._event, place))
            except BaseException:
                self.room.leave(who.id)
                raise
            self.places[who.id] = place
        finally:
            self._close_when_empty()
        return place

    async def _remove(self, place: Place) -> None:
        if self.places.get(place.id) is not place:
            return
        del self.places[place.id]
        if place.timer is not None:
            place.timer.cancel()
        if place.media is not None:
            place.media.end(1000, "left")
        self.room.leave(place.id)
        if place.seat is not None:
            with contextlib.suppress(SfuError):
                await within(place.seat.leave())
        await self.settle()
        self._close_when_empty()

    async def _close(self, code: str, message: str) -> None:
        if self._closed:
            return
        self._closed = True
        self._stay()
        self._on_closed(self)
        for place in self.places.values():
            if place.timer is not None:
                place.timer.cancel()
            place.send(Bye(code=code, message=message))
            if place.media is not None:
                place.media.end(GOING_AWAY, code)
            if place.outlet is not None:
                place.outlet.close(GOING_AWAY, code)
        for _, _, outlet in self.waiting.values():
            _say_bye(outlet, code, message)
        self.places.clear()
        self.waiting.clear()
        await self.centre.close()

    # --- the SFU speaks ---

    def _event(self, place: Place, event: SeatEvent) -> None:
        if isinstance(event, OfferMade):
            place.send(
                protocol.Offer(id=event.id, connection_id=event.connection_id, sdp=event.sdp, tracks=dict(event.tracks))
            )
        elif isinstance(event, CandidateFound):
            place.send(protocol.Candidate(connection=event.connection, candidate=event.candidate))
        elif isinstance(event, ConnectionLost):
            self._spawn(self._connection_lost(place, event))

    async def _connection_lost(self, place: Place, event: ConnectionLost) -> None:
        async with self._lock:
            if self.places.get(place.id) is not place:
                return
            who = self.room.participants[place.id]
            if who.client == "kernel" and place.outlet is None:
                await self._remove(place)  # neither socket nor media: its process is gone
                return
            if event.connection == "publish":
                self.room.connection_lost(place.id)
            place.lose(event.connection)

    def _sfu_died(self, reason: str) -> None:
        log.warning("The SFU of room %r stopped (%s); starting it again.", self.room.name, reason)
        for place in self.places.values():
            place.seat = None
            self.room.connection_lost(place.id)
        self._spawn(self._revive())

    async def _revive(self) -> None:
        async with self._lock:
            while not self._closed and self.places and not self.centre.running:
                if self.centre.hopeless:
                    await self._close(
                        "sfu-failed",
                        "The part of the server that forwards pictures and sound stopped again and again. "
                        "Look in the Jupyter server's log, then join again.",
                    )
                    return
                with contextlib.suppress(SfuError):
                    await self._start_again()

    async def _start_again(self) -> None:
        await self.centre.start()
        places = list(self.places.values())
        for place in places:
            place.seat = await self.centre.join(place.id, partial(self._event, place))
        await self.settle()
        if not self.centre.running:
            return
        for place in places:
            place.lose("publish", "subscribe")
            if place.seat is not None:
                with contextlib.suppress(SfuError):
                    await within(place.subscribe())

    # --- time passes ---

    async def _expire(self, place: Place) -> None:
        async with self._lock:
            if place.outlet is None:
                await self._remove(place)

    def _stay(self) -> None:
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None

    def _close_when_empty(self) -> None:
        self._stay()
        if not self.places and not self.waiting and not self._closed:
            self._linger = asyncio.get_running_loop().call_later(
                self.settings.linger, lambda: self._spawn(self._close_empty())
            )

    async def _close_empty(self) -> None:
        async with self._lock:
            if not self.places and not self.waiting:
                await self._close("empty", "The room is empty.")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("Room %r: %s", self.room.name, error, exc_info=error)


def _say_bye(outlet: Outlet, code: str, message: str) -> None:
    outlet.send(Bye(code=code, message=message))
    outlet.close(POLICY_VIOLATION, code)
