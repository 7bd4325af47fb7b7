"""What only kernels may do, and what the others are told of it."""

from __future__ import annotations

from collections.abc import Mapping

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import Data, DrawOverlay, Overlay, SendData

from . import lookup, roles
from .state import Participant

MAX_SHAPES = 500


def only_kernel(who: Participant, otherwise: str) -> None:
    """Refuse everybody but kernels."""
    if who.client != "kernel":
        raise ProtocolError("kernels-only", otherwise)


def overlay(who: Participant, message: DrawOverlay, participants: Mapping[str, Participant]) -> Overlay:
    """Return what the others are told of a kernel's drawing."""
    only_kernel(who, "Only a kernel draws over pictures; use call.overlay in a notebook.")
    target = lookup.by_id(message.participant, participants)
    if target.id != who.id:
        roles.check_filter(who, target, participants, "draw on")
    else:
        roles.no_viewer(target, "A viewer draws nothing. Ask a host to make you a member.")
    if len(message.shapes) > MAX_SHAPES:
        raise ProtocolError("too-many-shapes", f"{len(message.shapes)} shapes at once; {MAX_SHAPES} are the most.")
    return Overlay(
        by=who.id,
        participant=message.participant,
        shapes=message.shapes,
        source=message.source,
        label=message.label,
        captured=message.captured,
        seconds=message.seconds,
    )


def data(who: Participant, message: SendData, participants: Mapping[str, Participant]) -> tuple[Data, list[str]]:
    """Return one part of a kernel's message as the others get it, and the ids of those who do."""
    only_kernel(who, "Only kernels send each other data; use call.send in a notebook.")
    roles.no_viewer(who, "A viewer sends nothing. Ask a host to make you a member.")
    if message.to is not None and message.to not in participants:
        lookup.nobody(message.to)
    to = [
        one.id
        for one in participants.values()
        if one.client == "kernel" and one.id != who.id and message.to in (None, one.id)
    ]
    return Data(by=who.id, id=message.id, part=message.part, parts=message.parts, data=message.data), to
