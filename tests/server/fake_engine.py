"""The engine without media, which also writes down what it is asked; tests steer it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from rtc_notebook_server.sfu.base import OfferMade, SeatEvent
from rtc_notebook_server.sfu.memory import MemoryEngine, MemorySeat

from rtc_notebook.errors import SfuError
from rtc_notebook.protocol import Connection, IceCandidate, Kind

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\n"
)


class FakeSeat(MemorySeat):
    def __init__(self, engine: FakeEngine, participant: str, on_event: Callable[[SeatEvent], None]) -> None:
        super().__init__(engine, participant, self._tell)
        self.engine, self.on_event = engine, on_event
        self.offers: list[OfferMade] = []
        self.log: list[tuple[Any, ...]] = []

    async def publish(self, sdp: str, tracks: Mapping[str, tuple[str, Kind]]) -> str:
        if "refuse" in sdp:
            raise SfuError("bad-sdp", "The SFU cannot read this SDP.")
        answer = await super().publish(sdp, tracks)
        self._did("publish", dict(tracks))
        return answer

    async def subscribe(self, tracks: Collection[str]) -> None:
        self._did("subscribe", tuple(tracks))
        await super().subscribe(tracks)

    async def answer(self, offer_id: int, sdp: str) -> None:
        self._did("answer", offer_id)
        await super().answer(offer_id, sdp)

    async def candidate(self, connection: Connection, candidate: IceCandidate) -> None:
        self._did("candidate", connection, candidate.candidate)
        await super().candidate(connection, candidate)

    async def set_muted(self, track: str, muted: bool) -> None:
        self._did("set_muted", track, muted)
        await super().set_muted(track, muted)

    async def restart(self, connection: Connection) -> None:
        self._did("restart", connection)
        await super().restart(connection)

    def stats(self) -> dict[str, Any]:
        told = super().stats()
        silent = self.engine.silent.get(self.participant)
        return told if silent is None else {**told, "connections": {"silent": silent}}

    def _tell(self, event: SeatEvent) -> None:
        if isinstance(event, OfferMade):
            self.offers.append(event)
        self.on_event(event)

    def _did(self, *what: Any) -> None:
        self.log.append(what)


class FakeEngine(MemoryEngine):
    seat_class = FakeSeat
    made: ClassVar[list[FakeEngine]] = []
    refuse_start = False
    starting: asyncio.Event | None = None
    go_on: asyncio.Event | None = None

    def __init__(self, media: Any = None, network: Any = None) -> None:
        super().__init__()
        FakeEngine.made.append(self)
        self.closed = False
        self.silent: dict[str, float] = {}
        self.hold: asyncio.Event | None = None
        self.ended = asyncio.Event()

    async def start(self, on_exit: Callable[[str], None]) -> None:
        if FakeEngine.starting is not None and FakeEngine.go_on is not None:
            FakeEngine.starting.set()
            await FakeEngine.go_on.wait()
        if FakeEngine.refuse_start:
            raise SfuError("sfu-failed", "The SFU does not start.")
        await super().start(on_exit)

    async def set_audience(self, track: str, participants: Collection[str]) -> None:
        if self.hold is not None:
            await self.hold.wait()
        await super().set_audience(track, participants)

    async def close(self) -> None:
        await super().close()
        self.closed = True
        self.ended.set()
