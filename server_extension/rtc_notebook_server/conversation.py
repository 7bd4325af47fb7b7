"""What a participant says, brought to its room and its seat."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Awaitable, Callable
from typing import Any

from rtc_notebook import protocol
from rtc_notebook.errors import ProtocolError, SfuError

from . import asking, going, inviting, moderation
from .centre import within
from .live import LiveRoom
from .place import Place


async def hear(live: LiveRoom, place: Place, message: protocol.ClientMessage) -> None:
    """Do what a participant's message asks; what changes the room for everybody, at a person's pace.

    Raises
    ------
    ProtocolError, SfuError
        If it is refused; nothing has changed then.
    """
    if type(message) in _PACED and (early := place.changes.wait()):
        await sleep(early)  # their socket is not read meanwhile
    async with place.lock:
        if live.places.get(place.id) is not place:  # taken out while this waited
            raise ProtocolError("not-in-room", "You are no longer in this room. Join again.")
        await _HEAR[type(message)](live, place, message)


async def _publish(live: LiveRoom, place: Place, message: protocol.Publish | protocol.PublishLink) -> None:
    planned = live.room.plan(place.id, message)
    seat = place.seated()
    # No audience is set for a new track yet, so until the room has settled it goes to nobody.
    if isinstance(message, protocol.PublishLink):
        sdp = ""
        await within(seat.publish_link({track.id: track.kind for track in planned.values()}))
    else:
        sdp = await within(seat.publish(message.sdp, {mid: (track.id, track.kind) for mid, track in planned.items()}))
    async with live.changing(place) as room:
        if place.seat is not seat:
            raise SfuError(
                "sfu-restarting", "The SFU stopped while you published. Publish anew when 'restarted' comes."
            )
        before = set(room.participants[place.id].tracks)
        room.published(place.id, planned, linked=isinstance(message, protocol.PublishLink))
        for track in planned.values():
            if track.muted or track.id in before:  # an SFU that was started anew knows of no muting
                await within(seat.set_muted(track.id, track.muted))
        tracks = {mid: track.id for mid, track in planned.items()}
        place.send(protocol.PublishAnswer(id=message.id, sdp=sdp, tracks=tracks))


async def _subscribe(live: LiveRoom, place: Place, message: protocol.Subscribe) -> None:
    place.wanted, place.linked = message.tracks, message.link
    await within(place.subscribe())


async def _offer_answer(live: LiveRoom, place: Place, message: protocol.OfferAnswer) -> None:
    await within(place.seated().answer(message.id, message.sdp))


async def _candidate(live: LiveRoom, place: Place, message: protocol.Candidate) -> None:
    await within(place.seated().candidate(message.connection, message.candidate))


async def _mute(live: LiveRoom, place: Place, message: protocol.Mute) -> None:
    async with live.changing(place) as room:
        room.mute(place.id, message)
        published = room.participants[place.id].tracks[message.track].mid is not None
        if place.seat is not None and published:  # else the SFU is told when it is published anew
            await within(place.seat.set_muted(message.track, message.muted))


async def _set_filter(live: LiveRoom, place: Place, message: protocol.SetFilter) -> None:
    async with live.changing(place) as room:
        room.set_filter(place.id, message)


async def _clear_filter(live: LiveRoom, place: Place, message: protocol.ClearFilter) -> None:
    async with live.changing(place) as room:
        room.clear_filter(place.id, message)


async def _draw_overlay(live: LiveRoom, place: Place, message: protocol.DrawOverlay) -> None:
    overlay = live.room.overlay(place.id, message)
    for other in live.places.values():
        if live.room.participants[other.id].client == "browser" and not other.behind:
            other.send(overlay)  # to who is behind it would be old news


async def _send_data(live: LiveRoom, place: Place, message: protocol.SendData) -> None:
    data, to = live.room.data(place.id, message)
    late = [id for id in to if id not in live.places or live.places[id].behind]  # some are still on the way in
    for id in to:
        if id not in late:
            live.places[id].send(data)
    if late:
        names = ", ".join(live.room.participants[id].name for id in late)
        raise ProtocolError("behind", f"A message did not reach {names}: not connected, or too slow. Send fewer.")


async def _set_recording(live: LiveRoom, place: Place, message: protocol.SetRecording) -> None:
    async with live.changing(place) as room:
        room.set_recording(place.id, message.active)


async def _get_stats(live: LiveRoom, place: Place, message: protocol.GetStats) -> None:
    if live.room.participants[place.id].guest is not None:
        raise ProtocolError("not-allowed", "The server's counters are not for guests.")
    place.send(protocol.Stats(id=message.id, stats=await live.centre.stats()))


async def _restart(live: LiveRoom, place: Place, message: protocol.Restart) -> None:
    async with live.changing(place) as room:
        if message.connection == "publish":
            room.connection_lost(place.id)
        await within(place.seated().restart(message.connection))


async def _pair(live: LiveRoom, place: Place, message: protocol.Pair) -> None:
    async with live.changing(place) as room:
        room.pair(place.id, message.call)


async def _hello_again(live: LiveRoom, place: Place, message: protocol.Hello) -> None:
    raise ProtocolError("hello-again", "This socket has said hello already. Open another socket to join again.")


async def _leave(live: LiveRoom, place: Place, message: protocol.Leave) -> None:
    outlet = place.outlet
    await going.leave(live, place)
    if outlet is not None:
        outlet.close(1000, "left")


_PACED = {
    protocol.Publish,
    protocol.PublishLink,
    protocol.Mute,
    protocol.SetFilter,
    protocol.ClearFilter,
    protocol.SetRecording,
    protocol.Restart,
    protocol.Pair,
    protocol.SetRole,
    protocol.Moderate,
    protocol.MuteAll,
    protocol.SetLock,
    protocol.SetHand,
    protocol.LowerHand,
    protocol.CreateInvite,
    protocol.RevokeInvite,
}

_HEAR: dict[type, Callable[[LiveRoom, Place, Any], Awaitable[None]]] = {
    protocol.Publish: _publish,
    protocol.PublishLink: _publish,
    protocol.Subscribe: _subscribe,
    protocol.OfferAnswer: _offer_answer,
    protocol.Candidate: _candidate,
    protocol.Mute: _mute,
    protocol.SetFilter: _set_filter,
    protocol.ClearFilter: _clear_filter,
    protocol.DrawOverlay: _draw_overlay,
    protocol.SendData: _send_data,
    protocol.SetRecording: _set_recording,
    protocol.GetStats: _get_stats,
    protocol.Restart: _restart,
    protocol.Pair: _pair,
    protocol.SetRole: moderation.set_role,
    protocol.Moderate: moderation.moderate,
    protocol.MuteAll: moderation.mute_all,
    protocol.SetLock: moderation.set_lock,
    protocol.SetHand: moderation.set_hand,
    protocol.LowerHand: moderation.lower_hand,
    protocol.EndRoom: moderation.end_room,
    protocol.SendChat: moderation.send_chat,
    protocol.SendReaction: asking.react,
    protocol.AskKernel: asking.ask,
    protocol.AnswerAsk: asking.answer,
    protocol.CreateInvite: inviting.create,
    protocol.RevokeInvite: inviting.revoke,
    protocol.Hello: _hello_again,
    protocol.Leave: _leave,
}
