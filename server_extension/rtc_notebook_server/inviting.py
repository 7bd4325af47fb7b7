"""What hosts ask about invites."""

from __future__ import annotations

from rtc_notebook import protocol

from . import addresses, going
from .live import LiveRoom
from .place import Place
from .rooms import roles

_WITHDRAWN = "The invite by which you came was withdrawn."


async def create(live: LiveRoom, place: Place, message: protocol.CreateInvite) -> None:
    """Make an invite and tell who asked, and the other hosts."""
    roles.only_host(live.room.participants[place.id])
    invite = live.settings.invites.create(live.room.name, message)
    place.send(protocol.Invited(id=message.id, invite=invite.info(*addresses.of_guests(live, place))))
    live.tell_invites()


async def revoke(live: LiveRoom, place: Place, message: protocol.RevokeInvite) -> None:
    """End an invite at once, and take out who came by it if asked."""
    roles.only_host(live.room.participants[place.id])
    live.settings.invites.revoke(live.room.name, message.invite)
    if message.remove:
        await going.dismiss_invited(live, message.invite, code="invite-revoked", message=_WITHDRAWN)
    live.tell_invites()
