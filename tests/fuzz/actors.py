"""Who plays: an engine without media, and clients without sockets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rtc_notebook_server.identity import Identity
from rtc_notebook_server.live import LiveRoom
from rtc_notebook_server.place import Place
from rtc_notebook_server.sfu.memory import MemoryEngine, MemorySeat

from rtc_notebook import protocol
from rtc_notebook.protocol import Kind, ServerMessage


class FuzzSeat(MemorySeat):
    """Also takes what is published over a link."""

    async def publish_link(self, tracks: Mapping[str, Kind]) -> None:
        await self.publish("v=0", {id: (id, kind) for id, kind in tracks.items()})


class FuzzEngine(MemoryEngine):
    seat_class = FuzzSeat


@dataclass(eq=False)
class Client:
    """Somebody's socket. ``mark`` stands in all that is said in its room; who hears it elsewhere has overheard."""

    room: str
    identity: Identity
    kind: str
    place: Place | None = None
    live: LiveRoom | None = None
    closed: bool = False
    heard: list[ServerMessage] = field(default_factory=list)
    told: protocol.RoomState | None = None
    origin: str = ""
    unsent: int = 0

    @property
    def mark(self) -> str:
        return f"<{self.room}>"

    def admitted(self, place: Place) -> None:
        self.place = place

    def send(self, message: ServerMessage) -> None:
        if not self.closed:
            self.heard.append(message)
            if isinstance(message, protocol.RoomState):
                self.told = message

    def close(self, code: int, reason: str) -> None:
        self.closed = True
