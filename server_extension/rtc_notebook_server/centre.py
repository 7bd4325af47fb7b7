"""The SFU of one room: brought up, brought back when it dies, and held to the audiences that the room's policy says."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from rtc_notebook.errors import SfuError

from .rooms import policy
from .sfu.base import Engine, Seat, SeatEvent

T = TypeVar("T")

CALL_SECONDS = 15.0
START_SECONDS = 40.0
MAX_DEATHS = 5
DEATHS_SECONDS = 60.0


async def within(call: Awaitable[T], seconds: float = CALL_SECONDS) -> T:
    """Await a call to the SFU; one that takes too long is an `SfuError` too."""
    try:
        return await asyncio.wait_for(call, seconds)
    except asyncio.TimeoutError:
        raise SfuError("sfu-timeout", f"The SFU did not answer within {seconds:g} seconds. Try again.") from None
    except OSError as error:
        raise SfuError("sfu-failed", f"The SFU cannot be reached: {error}.") from error


async def together(calls: list[Awaitable[None]]) -> None:
    """Await all calls, then raise the first that failed: none is left running behind an error."""
    for result in await asyncio.gather(*calls, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


class Centre:
    """One room's engine at a time. ``on_death`` is called with the reason when it dies by itself."""

    def __init__(self, make: Callable[[], Engine], on_death: Callable[[str], None]) -> None:
        self._make = make
        self._on_death = on_death
        self._engine: Engine | None = None
        self._applied: policy.Audiences = {}
        self._deaths: deque[float] = deque(maxlen=MAX_DEATHS)
        self._closing: set[asyncio.Future[None]] = set()

    @property
    def running(self) -> bool:
        """Whether there is an engine that is not known to be dead."""
        return self._engine is not None

    @property
    def hopeless(self) -> bool:
        """Whether it died so often lately that starting it again helps nobody."""
        return len(self._deaths) == MAX_DEATHS and self._deaths[-1] - self._deaths[0] < DEATHS_SECONDS

    async def start(self) -> None:
        """Start an engine, with nobody in it.

        Raises
        ------
        SfuError
            If it does not start.
        """
        engine = self._make()
        self._engine, self._applied = engine, {}
        try:
            await within(engine.start(lambda reason: self._died(engine, reason)), START_SECONDS)
        except BaseException:
            if self._engine is engine:
                self._engine = None
                self._deaths.append(time.monotonic())
            await _close(engine)
            raise
        self._alive(engine)

    async def join(self, participant: str, on_event: Callable[[SeatEvent], None]) -> Seat:
        """Give a participant a seat.

        Raises
        ------
        SfuError
            If the engine failed; then it was given up, since nobody knows whom it has a seat for.
        """
        engine = self._alive(self._engine)
        try:
            seat = await within(engine.join(participant, on_event))
        except SfuError as error:
            self._died(engine, str(error))
            raise
        self._alive(engine)
        return seat

    async def apply(self, wanted: policy.Audiences) -> None:
        """Bring the engine to these audiences, taking away before giving.

        Raises
        ------
        SfuError
            If the engine failed; then it was given up, since nobody knows what it still sends to whom.
        """
        engine = self._alive(self._engine)
        narrowed, grown = policy.changes(self._applied, wanted)
        gone = [track for track in self._applied if track not in wanted]
        try:
            await together([self._set(engine, narrowed), *(self._forget(engine, track) for track in gone)])
            await self._set(engine, grown)
        except SfuError as error:
            self._died(engine, str(error))
            raise
        self._alive(engine)

    async def stats(self) -> dict[str, Any]:
        """Return the engine's counters; see `Engine.stats`."""
        return await within(self._alive(self._engine).stats())

    async def close(self) -> None:
        """End the engine."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await _close(engine)
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _set(self, engine: Engine, audiences: Mapping[str, frozenset[str]]) -> None:
        async def one(track: str, who: frozenset[str]) -> None:
            await within(engine.set_audience(track, who))
            self._applied[track] = who

        await together([one(track, who) for track, who in audiences.items()])

    async def _forget(self, engine: Engine, track: str) -> None:
        await within(engine.forget_track(track))
        self._applied.pop(track, None)

    def _alive(self, engine: Engine | None) -> Engine:
        if engine is None or engine is not self._engine:
            raise SfuError("sfu-restarting", "The SFU stopped and is being started again. Wait for 'restarted'.")
        return engine

    def _died(self, engine: Engine, reason: str) -> None:
        if engine is not self._engine:
            return
        self._engine = None
        self._deaths.append(time.monotonic())
        self._closing.add(task := asyncio.ensure_future(_close(engine)))
        task.add_done_callback(self._closing.discard)
        self._on_death(reason)


async def _close(engine: Engine) -> None:
    with contextlib.suppress(SfuError, OSError):
        await within(engine.close())
