"""Out of a room: for good, for a while, or because a host says so."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from rtc_notebook.errors import SfuError

from .centre import within
from .place import Outlet, Place, say_bye

if TYPE_CHECKING:
    from .live import LiveRoom


SPEAKS_SECONDS = 3.0  # RTCP comes every second or so (RFC 3550, 6.2)


async def leave(live: LiveRoom, place: Place) -> None:
    """Take a participant out for good."""
    async with live.lock:
        await remove(live, place)


async def gone(live: LiveRoom, outlet: Outlet) -> None:
    """Forget a client that waited and has gone, also if it was let in at that moment."""
    async with live.lock:
        for place in [place for place in live.places.values() if place.outlet is outlet]:
            await remove(live, place)
        for id in [id for id, (_, _, theirs) in live.waiting.items() if theirs is outlet]:
            del live.waiting[id], live.room.door.waiting[id]
        await live.settle()
        live.close_when_empty()


async def disconnected(live: LiveRoom, place: Place, outlet: Outlet, *, went_away: bool = False) -> None:
    """Keep the place of a participant whose socket broke, for the grace time.

    A browser that ``went_away`` (its page was closed, or is being loaded again) is not waited for long.
    """
    async with live.lock:
        if place.outlet is not outlet or live.places.get(place.id) is not place:
            return
        expect(live, place, went_away=went_away)
        await live.settle()


def expect(live: LiveRoom, place: Place, *, went_away: bool = False) -> None:
    """Keep the place of somebody who has no socket, for the grace time."""
    place.outlet = None
    place.alone_since = time.monotonic()
    live.room.disconnect(place.id)
    place.timer = live.background.after(_grace(live, place, went_away), lambda: _expire(live, place))


def _grace(live: LiveRoom, place: Place, went_away: bool) -> float:
    who, settings = live.room.participants[place.id], live.settings
    if who.client == "kernel":
        return settings.kernel_grace
    if went_away:  # JupyterLab takes its time to show its widgets again
        return min(settings.resume_grace, settings.widget_grace if who.call else settings.reload_grace)
    return settings.resume_grace


async def dismiss(live: LiveRoom, id: str, code: str, message: str) -> None:
    """Take out for good whoever is in the room, or waits, under this id; with the lock held."""
    if id in live.waiting:
        _, _, outlet = live.waiting.pop(id)
        del live.room.door.waiting[id]
        say_bye(outlet, code, message)
    elif id in live.places:
        place = live.places[id]
        outlet_now, place.outlet = place.outlet, None
        if outlet_now is not None:
            say_bye(outlet_now, code, message)
        await remove(live, place)


async def dismiss_invited(live: LiveRoom, invite: str, *, code: str, message: str) -> None:
    """Take out everybody who came by an invite."""
    async with live.lock:
        theirs = [one.id for one in live.room.participants.values() if one.guest and one.guest.invite == invite]
        theirs += [one.id for one in live.room.door.waiting.values() if one.guest and one.guest.invite == invite]
        for id in theirs:
            await dismiss(live, id, code, message)
        await live.settle()


async def remove(live: LiveRoom, place: Place) -> None:
    """Take a participant out; with the lock held."""
    if live.places.get(place.id) is not place:
        return
    del live.places[place.id]
    if place.timer is not None:
        place.timer.cancel()
    if place.media is not None:
        place.media.end(1000, "left")
    live.room.leave(place.id)
    if place.seat is not None:
        with contextlib.suppress(SfuError):
            await within(place.seat.leave())
    await live.settle()
    live.close_when_empty()


async def _expire(live: LiveRoom, place: Place) -> None:
    async with live.lock:
        if place.outlet is not None or live.places.get(place.id) is not place:
            return
        left = place.alone_since + live.settings.resume_grace - time.monotonic()
        if live.room.participants[place.id].client == "kernel" and left > 0 and await _speaks(live, place):
            place.timer = live.background.after(min(left, live.settings.kernel_grace), lambda: _expire(live, place))
            return
        await remove(live, place)


async def _speaks(live: LiveRoom, place: Place) -> bool:
    """Whether media still comes from a kernel: it lives, and only its socket is broken."""
    if place.media is not None:
        return True
    with contextlib.suppress(SfuError):
        connections = (await live.centre.stats())["participants"].get(place.id, {}).get("connections", {})
        return bool(connections.get("silent", SPEAKS_SECONDS) < SPEAKS_SECONDS)
    return False
