"""The rooms of one Jupyter server."""

from __future__ import annotations

import asyncio

from rtc_notebook import protocol
from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import Hello

from . import coming
from .coming import RoomClosed
from .identity import Identity
from .limits import Buckets, Slots
from .live import LiveRoom
from .place import Outlet, Place
from .settings import Settings

EXCHANGES = (5.0, 60.0)  # a second, and at once
HELLOS = (0.5, 20.0)
OF_ALL = (50.0, 600.0)
SILENT_SOCKETS = 3
SILENT_SOCKETS_OF_ALL = 200


class RoomManager:
    """Opens a room when the first client joins it, and forgets it when it has closed.

    Guests, who may be anybody that a link came to, are held to limits: by address in exchanging invites, each and all
    of them in saying hello, and in sockets that have said none yet.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.rooms: dict[str, LiveRoom] = {}
        self.exchanges = Buckets(EXCHANGES, OF_ALL)
        self.hellos = Buckets(HELLOS, OF_ALL)
        self.silent = Slots(SILENT_SOCKETS, SILENT_SOCKETS_OF_ALL)
        self._stopped = False

    async def join(self, name: str, hello: Hello, identity: Identity, outlet: Outlet) -> tuple[LiveRoom, Place | None]:
        """Let a client into a room; without a place it waits at the door.

        Raises
        ------
        RoomNameError
            If no room can have that name.
        ProtocolError, SfuError
            If the room is full, there are too many rooms, or the room has no SFU.
        """
        name = protocol.room_name(name)
        if identity.guest is not None and not self.hellos.take(identity.guest.id):
            raise ProtocolError("too-many", "You come and go too often. Wait a minute, then try again.")
        while True:
            if self._stopped:
                raise ProtocolError("server-stopped", "The Jupyter server is stopping.")
            live = self.rooms.get(name)
            if live is None:
                if len(self.rooms) >= self.settings.max_rooms:
                    raise ProtocolError("too-many-rooms", f"{len(self.rooms)} rooms are open; join one of those.")
                live = self.rooms[name] = LiveRoom(name, self.settings, self._closed)
            try:
                return live, await coming.join(live, hello, identity, outlet)
            except RoomClosed:
                continue

    def find(self, name: str, session: str, identity: Identity) -> Place:
        """Return the place that has this session, of who is the same user if the server knows its users.

        Raises
        ------
        ProtocolError
            If there is none.
        """
        live = self.rooms.get(protocol.room_name(name))
        who = live.room.find(session, identity.user, identity.guest) if live is not None else None
        if live is None or who is None:
            raise ProtocolError("no-session", "There is no participant with this session. Join first.")
        return live.places[who.id]

    def tell_invites(self, room: str) -> None:
        """Tell the hosts of a room how its invites stand."""
        if room in self.rooms:
            self.rooms[room].tell_invites()

    async def stop(self) -> None:
        """Say goodbye to everybody and end every SFU."""
        self._stopped = True
        self.settings.kept.close()
        message = "The Jupyter server has been stopped. Start it again to go on."
        await asyncio.gather(*(live.close("server-stopped", message) for live in list(self.rooms.values())))

    def _closed(self, live: LiveRoom) -> None:
        if self.rooms.get(live.room.name) is live:
            del self.rooms[live.room.name]
