"""What a room's SFU says by itself: its offers, a connection that is lost, and its own end."""

from __future__ import annotations

import contextlib
import logging
from functools import partial
from typing import TYPE_CHECKING

from rtc_notebook import protocol
from rtc_notebook.errors import SfuError

from . import going
from .centre import within
from .place import Place
from .sfu.base import CandidateFound, ConnectionLost, OfferMade, SeatEvent

if TYPE_CHECKING:
    from .live import LiveRoom

log = logging.getLogger(__name__)


def heard(live: LiveRoom, place: Place, event: SeatEvent) -> None:
    """Pass on what the SFU says to one participant."""
    if isinstance(event, OfferMade):
        place.send(
            protocol.Offer(id=event.id, connection_id=event.connection_id, sdp=event.sdp, tracks=dict(event.tracks))
        )
    elif isinstance(event, CandidateFound):
        place.send(protocol.Candidate(connection=event.connection, candidate=event.candidate))
    elif isinstance(event, ConnectionLost):
        live.background.spawn(_connection_lost(live, place, event))


def sfu_died(live: LiveRoom, reason: str) -> None:
    """Take note that the SFU has ended by itself, and start it again."""
    log.warning("The SFU of room %r stopped (%s); starting it again.", live.room.name, reason)
    for place in live.places.values():
        place.seat = None
        live.room.connection_lost(place.id)
    live.background.spawn(_revive(live))


async def _connection_lost(live: LiveRoom, place: Place, event: ConnectionLost) -> None:
    async with live.lock:
        if live.places.get(place.id) is not place:
            return
        who = live.room.participants[place.id]
        if who.client == "kernel" and place.outlet is None:
            await going.remove(live, place)  # neither socket nor media: its process is gone
            return
        if event.connection == "publish":
            live.room.connection_lost(place.id)
        place.lose(event.connection)


async def _revive(live: LiveRoom) -> None:
    async with live.lock:
        while not live.closed and _without_seat(live):
            if live.centre.hopeless:
                await live.close_now(
                    "sfu-failed",
                    "The part of the server that forwards pictures and sound stopped again and again. "
                    "Look in the Jupyter server's log, then join again.",
                )
                return
            with contextlib.suppress(SfuError):
                await _seat_again(live)


def _without_seat(live: LiveRoom) -> list[Place]:
    """Return whose seat was lost; who has not come back to this server yet gets one on coming."""
    return [place for place in live.places.values() if place.seat is None and not place.unseated]


async def _seat_again(live: LiveRoom) -> None:
    if not live.centre.running:  # else somebody who came meanwhile has started it
        await live.centre.start()
    places = _without_seat(live)
    for place in places:
        place.seat = await live.centre.join(place.id, partial(heard, live, place))
    await live.settle()
    if not live.centre.running:
        return
    for place in places:
        place.lose("publish", "subscribe")
        if place.seat is not None:
            with contextlib.suppress(SfuError):
                await within(place.subscribe())
