"""What hosts ask of a room, and what everybody writes in it, brought to its state, its SFU and its sockets."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping

from rtc_notebook import protocol
from rtc_notebook.errors import ProtocolError, SfuError

from . import coming, going
from .centre import together, within
from .live import LiveRoom
from .place import Place
from .rooms import roles

_REMOVED = "A host removed you from this room."
_DENIED = "A host of this room did not let you in."
_ENDED = "A host ended the call for everybody."


async def set_role(live: LiveRoom, place: Place, message: protocol.SetRole) -> None:
    """Give somebody a role; who becomes a viewer stops sending at once."""
    async with live.changing(place) as room:
        for id in room.set_role(place.id, message):
            other = live.places[id]
            other.lose("publish")
            if other.seat is not None:
                with contextlib.suppress(SfuError):
                    await within(other.seat.restart("publish"))


async def moderate(live: LiveRoom, place: Place, message: protocol.Moderate) -> None:
    """Mute, remove or admit."""
    async with live.changing(place) as room:
        if message.action == "mute":
            await _mute(live, {message.participant: room.silence(place.id, message.participant)})
        elif message.action == "remove":
            room.remove(place.id, message.participant)
            waits = message.participant in live.waiting
            await going.dismiss(live, message.participant, *(("denied", _DENIED) if waits else ("removed", _REMOVED)))
        else:
            room.admit(place.id, message.participant)
            await coming.admit(live, message.participant)


async def mute_all(live: LiveRoom, place: Place, message: protocol.MuteAll) -> None:
    """Mute everybody but the host who asks."""
    async with live.changing(place) as room:
        await _mute(live, room.silence_others(place.id))


async def end_room(live: LiveRoom, place: Place, message: protocol.EndRoom) -> None:
    """End the room for everybody."""
    async with live.changing(place) as room:
        roles.only_host(room.participants[place.id])
        await live.close_now("ended", _ENDED)


async def set_lock(live: LiveRoom, place: Place, message: protocol.SetLock) -> None:
    """Lock the room, or open it again."""
    async with live.changing(place) as room:
        room.set_lock(place.id, message.locked)


async def set_hand(live: LiveRoom, place: Place, message: protocol.SetHand) -> None:
    """Raise or lower a hand."""
    async with live.changing(place) as room:
        room.raise_hand(place.id, message.raised)


async def lower_hand(live: LiveRoom, place: Place, message: protocol.LowerHand) -> None:
    """Lower somebody's hand."""
    async with live.changing(place) as room:
        room.lower_hand(place.id, message.participant)


async def send_chat(live: LiveRoom, place: Place, message: protocol.SendChat) -> None:
    """Pass a line on to everybody, its writer included."""
    if not place.chat.take():
        raise ProtocolError("chat-rate", "That is too much at once for the chat. Wait a moment.")
    who = live.room.participants[place.id]
    line = live.room.chat.write(who.id, who.name, message.text, time.time())
    live.settings.kept.changed(live.room)
    for other in live.places.values():
        other.send(protocol.Chat(lines=(line,)))


async def _mute(live: LiveRoom, muted: Mapping[str, list[str]]) -> None:
    seats = {id: live.places[id].seat for id in muted}
    await together(
        [within(seat.set_muted(track, True)) for id, seat in seats.items() if seat is not None for track in muted[id]]
    )
