"""Reactions, and what people ask of kernels: checked here, passed on, and answered."""

from __future__ import annotations

import msgspec

from rtc_notebook import protocol
from rtc_notebook.errors import ProtocolError

from .live import LiveRoom
from .place import Place
from .rooms import roles


async def react(live: LiveRoom, place: Place, message: protocol.SendReaction) -> None:
    """Show a reaction to everybody."""
    if not place.reactions.take():
        raise ProtocolError("reaction-rate", "That is too much at once. Wait a moment.")
    for other in live.places.values():
        if not other.behind:
            other.send(protocol.Reaction(by=place.id, emoji=message.emoji))


async def ask(live: LiveRoom, place: Place, message: protocol.AskKernel) -> None:
    """Pass on what somebody may ask of a kernel."""
    room, wanted = live.room, message.ask
    who, kernel = room.participants[place.id], room.participants.get(message.kernel)
    if kernel is None or kernel.client != "kernel" or not kernel.connected or kernel.id not in live.places:
        raise ProtocolError("no-such-kernel", "That kernel is not in the room now.")
    roles.no_viewer(who, "A viewer filters and records nothing. Ask a host to make you a member.")
    if isinstance(wanted, protocol.Record):
        roles.only_host(who)
    elif not isinstance(wanted, protocol.ListFilters):
        target = room.participants.get(wanted.participant)
        if target is None:
            raise ProtocolError("no-such-participant", "They are not in the room any more.")
        roles.check_filter(who, target, room.participants, "filter")
        if isinstance(wanted, protocol.PutFilter):
            roles.check_filter(kernel, target, room.participants, "filter")
    number = live.asks.add(place.id, kernel.id, message.id)
    live.places[kernel.id].send(protocol.Asked(id=number, by=place.id, ask=wanted, host=who.role == "host"))


async def answer(live: LiveRoom, place: Place, message: protocol.AnswerAsk) -> None:
    """Bring a kernel's answer to who asked, if they are still there."""
    asker = live.asks.answered(message.id, place.id, open=message.open)
    if asker is not None and asker[0] in live.places:
        fields = {name: getattr(message, name) for name in ("error", "offers", "on", "recording")}
        live.places[asker[0]].send(msgspec.structs.replace(protocol.Answer(id=asker[1]), **fields))
