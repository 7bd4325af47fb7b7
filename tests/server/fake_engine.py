"""An SFU that writes down what it is asked; tests steer it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from rtc_notebook_server.sfu.base import Engine, OfferMade, Seat, SeatEvent

from rtc_notebook.errors import SfuError
from rtc_notebook.protocol import Connection, IceCandidate, Kind

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\n"
)


class FakeSeat(Seat):
    def __init__(self, engine: FakeEngine, who: str, on_event: Callable[[SeatEvent], None]) -> None:
        self.engine, self.who, self.on_event = engine, who, on_event
        self.log: list[tuple[Any, ...]] = []
        self.offers = 0

    async def _did(self, *what: Any) -> None:
        if self.engine.dead:
            raise SfuError("sfu-gone", "The SFU is gone.")
        self.log.append(what)
        self.engine.log.append((self.who, *what))

    async def publish(self, sdp: str, tracks: Mapping[str, tuple[str, Kind]]) -> str:
        if "refuse" in sdp:
            raise SfuError("bad-sdp", "The SFU cannot read this SDP.")
        await self._did("publish", dict(tracks))
        return "v=0\r\nanswer"

    async def subscribe(self, tracks: Collection[str]) -> None:
        await self._did("subscribe", tuple(tracks))
        await self.resend_offer()

    async def answer(self, offer_id: int, sdp: str) -> None:
        await self._did("answer", offer_id)

    async def candidate(self, connection: Connection, candidate: IceCandidate) -> None:
        await self._did("candidate", connection, candidate.candidate)

    async def set_muted(self, track: str, muted: bool) -> None:
        await self._did("set_muted", track, muted)

    async def restart(self, connection: Connection) -> None:
        await self._did("restart", connection)

    async def resend_offer(self) -> None:
        self.offers += 1
        self.on_event(OfferMade(id=self.offers, connection_id=1, sdp="v=0\r\noffer", tracks={}))

    async def leave(self) -> None:
        await self._did("leave")


class FakeEngine(Engine):
    made: ClassVar[list[FakeEngine]] = []
    refuse_start = False
    starting: asyncio.Event | None = None
    go_on: asyncio.Event | None = None

    def __init__(self, media: Any = None, network: Any = None) -> None:
        FakeEngine.made.append(self)
        self.seats: dict[str, FakeSeat] = {}
        self.audiences: dict[str, frozenset[str]] = {}
        self.log: list[tuple[Any, ...]] = []
        self.dead = self.closed = False
        self.silent: dict[str, float] = {}
        self.hold: asyncio.Event | None = None
        self.ended = asyncio.Event()

    async def start(self, on_exit: Callable[[str], None]) -> None:
        self.on_exit = on_exit
        if FakeEngine.starting is not None and FakeEngine.go_on is not None:
            FakeEngine.starting.set()
            await FakeEngine.go_on.wait()
        if FakeEngine.refuse_start:
            raise SfuError("sfu-failed", "The SFU does not start.")

    async def join(self, participant: str, on_event: Callable[[SeatEvent], None]) -> Seat:
        self._check()
        self.seats[participant] = FakeSeat(self, participant, on_event)
        return self.seats[participant]

    async def set_audience(self, track: str, participants: Collection[str]) -> None:
        self._check()
        if self.hold is not None:
            await self.hold.wait()
        self.audiences[track] = frozenset(participants)
        self.log.append(("set_audience", track, frozenset(participants)))

    async def forget_track(self, track: str) -> None:
        self._check()
        self.audiences.pop(track, None)

    async def stats(self) -> dict[str, Any]:
        self._check()
        participants = {who: {"connections": {"silent": seconds}} for who, seconds in self.silent.items()}
        return {"process": {"pid": 0}, "participants": participants}

    async def close(self) -> None:
        self.closed = True
        self.ended.set()

    def die(self, reason: str = "killed") -> None:
        self.dead = True
        self.on_exit(reason)

    def _check(self) -> None:
        if self.dead:
            raise SfuError("sfu-gone", "The SFU is gone.")
