"""Into a room: a client takes a place, takes its own up again, or waits at the door until it is let in."""

from __future__ import annotations

import asyncio
import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from rtc_notebook import __version__, protocol
from rtc_notebook.errors import ProtocolError, SfuError
from rtc_notebook.ledger import Ledger
from rtc_notebook.protocol import Bye, Chat, Hello, MediaSettings, Waiting, Welcome

from . import going, recovery
from .centre import within
from .identity import Identity
from .place import GOING_AWAY, POLICY_VIOLATION, Outlet, Place, say_bye
from .rooms import pairing

if TYPE_CHECKING:
    from .live import LiveRoom

_WAITING = {
    False: "A host of this room has to let you in. They have been told that you are here.",
    True: "Nobody who can let you in is here yet. You come in as soon as somebody is.",
}


class RoomClosed(Exception):
    """The room closed while somebody was on the way in."""


async def join(live: LiveRoom, hello: Hello, identity: Identity, outlet: Outlet) -> Place | None:
    """Let a client in, or back into its place; None: it waits at the door.

    Raises
    ------
    RoomClosed
        If the room closed meanwhile; open it again.
    ProtocolError, SfuError
        If the room is full, or has no SFU.
    """
    async with live.lock:
        if live.closed:
            raise RoomClosed
        back = _back(live, hello, identity, outlet)
        if back is None:
            await _make_way(live, identity)
            waiting = live.room.knock(identity.name_for(hello), identity.user, identity.guest, identity.login)
            if waiting is not None:
                live.waiting[waiting.id] = (hello, identity, outlet)
                outlet.send(Waiting(room=live.room.name, message=_WAITING[waiting.hosted]))
                await live.settle()
                return None
        try:
            place = await _enter(live, hello, identity, outlet, back)
        except BaseException:
            if back is not None:  # away as before, and waited for as long again
                going.expect(live, back)
                await live.settle()
            raise
        for id in live.room.door.may_enter(live.room.participants):
            await admit(live, id)
        return place


async def _make_way(live: LiveRoom, identity: Identity) -> None:
    """Hold a guest to so many places: who has as many loses the one that is left alone longest, or gets no other."""
    if identity.guest is None:
        return
    most, guest = live.settings.max_places_of_a_guest, identity.guest.id
    theirs = [one for one in live.room.participants.values() if one.guest is not None and one.guest.id == guest]
    waiting = sum(one.guest is not None and one.guest.id == guest for one in live.room.door.waiting.values())
    if len(theirs) + waiting < most:
        return
    alone = [live.places[one.id] for one in theirs if not one.connected]
    if not alone:
        raise ProtocolError("too-many-places", f"You are in this room {most} times already. Close one of your windows.")
    await going.remove(live, min(alone, key=lambda place: place.alone_since))


async def admit(live: LiveRoom, id: str) -> None:
    """Let somebody in who waits; with the lock held."""
    live.room.door.waiting.pop(id)
    hello, identity, outlet = live.waiting.pop(id)
    try:
        place = await _enter(live, hello, identity, outlet)
    except (ProtocolError, SfuError) as error:
        say_bye(outlet, error.code, str(error))
        return
    outlet.admitted(place)


async def _enter(live: LiveRoom, hello: Hello, identity: Identity, outlet: Outlet, back: Place | None = None) -> Place:
    place = back or await _new(live, hello, identity, outlet)
    await _seat(live, place)
    who = live.room.participants[place.id]
    resumed = back is not None and hello.heard is not None and place.ledger.whole
    if not resumed:
        await _begin_anew(live, place)
    place.ledger.acknowledge(hello.heard or 0)
    unheard = place.ledger.unheard
    welcome = Welcome(
        version=protocol.VERSION,
        server_version=__version__,
        participant=place.id,
        session=who.session,
        resumed=resumed,
        room=live.room.name,
        media=_media(live, place.id),
        heard=place.ledger.heard,
    )
    place.outlet = outlet
    for message in (welcome, *unheard):
        outlet.send(message)
    await live.settle()
    place.send(Chat(lines=tuple(live.room.chat.lines)))
    if resumed:
        place.lose()
        if place.seat is not None and not any(isinstance(one, protocol.Offer) for one in unheard):
            with contextlib.suppress(SfuError):
                await within(place.seat.resend_offer())
    return place


async def _begin_anew(live: LiveRoom, place: Place) -> None:
    """Forget what was said to somebody who knows nothing of it, and the connections with it."""
    place.ledger = Ledger()
    place.lost.clear()
    live.room.came_back_anew(place.id)
    if not place.wanted and not live.room.participants[place.id].tracks:
        return
    place.wanted, place.linked = (), False
    if place.media is not None:
        place.media.end(GOING_AWAY, "anew")
    live.room.connection_lost(place.id)
    if place.seat is not None:
        # The SFU serves one participant's requests in the order in which they come: nothing waits here in between.
        asked = (place.seat.subscribe(()), place.seat.restart("publish"), place.seat.restart("subscribe"))
        for refusal in await asyncio.gather(*map(within, asked), return_exceptions=True):
            if isinstance(refusal, BaseException) and not isinstance(refusal, SfuError):
                raise refusal


def _media(live: LiveRoom, participant: str) -> MediaSettings:
    servers = live.settings.ice.for_participant(participant, time.time())
    return msgspec.structs.replace(live.settings.media, ice_servers=servers)


def _back(live: LiveRoom, hello: Hello, identity: Identity, outlet: Outlet) -> Place | None:
    who = live.room.resume(hello.session, identity.user, identity.guest) if hello.session else None
    if who is None:
        return None
    place = live.places[who.id]
    if place.timer is not None:
        place.timer.cancel()
        place.timer = None
    # Without an outlet until the welcome is out, so that nothing comes before it.
    old, place.outlet, place.told, place.knows_invites = place.outlet, None, False, False
    if old is not None:
        old.send(Bye(code="replaced", message="The call goes on in another window or connection."))
        old.close(POLICY_VIOLATION, "replaced")
    if hello.call:
        who.call = pairing(hello.call, who.guest)
    return place


async def _seat(live: LiveRoom, place: Place) -> None:
    """Give a seat to somebody who comes back to a server that was started again meanwhile."""
    if not place.unseated:
        return
    if not live.centre.running:
        await live.centre.start()
    place.seat = await live.centre.join(place.id, partial(recovery.heard, live, place))
    place.unseated = False
    place.ledger.whole = False  # the counts of the sockets before are nobody's any more


async def _new(live: LiveRoom, hello: Hello, identity: Identity, outlet: Outlet) -> Place:
    if len(live.places) >= live.settings.max_participants:
        raise ProtocolError("room-full", f"{len(live.places)} are in this room; no more fit in.")
    live.stay()
    try:
        if not live.centre.running:
            await live.centre.start()
        name = identity.name_for(hello)
        who = live.room.join(hello.client, name, identity.user, hello.call, identity.guest, identity.login)
        place = Place(who.id, outlet)
        try:
            place.seat = await live.centre.join(who.id, partial(recovery.heard, live, place))
        except BaseException:
            live.room.leave(who.id)
            raise
        live.places[who.id] = place
    finally:
        live.close_when_empty()
    return place
