"""A filter in a process of its own, from the worker's side: the process, its pictures, and its successors."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np

from ..pixels import i420_shape, planes_into
from ..process.spawn import Child
from .control import (
    FilterFigures,
    FilterKind,
    FilterOutput,
    Frame,
    Frames,
    Isolate,
    IsolatedAnswer,
    Result,
    Results,
    SetValues,
    ToServer,
    TrackKey,
)
from .incoming import SOUND_SLOT_BYTES, DecodedPicture, DecodedSound
from .ring import RingWriter

logger = logging.getLogger(__name__)

MODULE = "rtc_notebook.filters.isolated"
SLOTS = 4
SOUND_SLOTS = 50  # a second of it: sound is taken in order
RESTARTS = 3
RESTART_WINDOW_SECONDS = 60.0
SILENCE_SECONDS = 15.0
"""A process speaks twice a second; one that says nothing for so long hangs, and is ended."""

_OUTPUTS_KEPT = 16  # while the kernel does not read
_answers: msgspec.json.Decoder[Any] = msgspec.json.Decoder(IsolatedAnswer)


class _Kernel(Protocol):
    def send(self, message: object) -> None: ...

    def send_latest(self, key: str, message: object) -> None: ...


class IsolatedFilter:
    """Runs the filter of one track until closed; a process that dies is started again, three times a minute at most.

    Parameters
    ----------
    key : TrackKey
        The track.
    directory : str
        Where shared memory is.
    kernel : object
        Is told figures, output, and whether it returns pictures or shapes.
    on_answer : callable
        Called with each `Results`, `Result` and drawing, on the event loop.
    """

    def __init__(
        self, key: TrackKey, directory: str, kernel: _Kernel, on_answer: Callable[[Results | Result | ToServer], None]
    ) -> None:
        self._key = key
        self._directory = directory
        self._kernel = kernel
        self._on_answer = on_answer
        self._command: Isolate | None = None
        self._child: Child | None = None
        self._ring: RingWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._outputs = itertools.count()
        self._heard = 0.0

    def load(self, command: Isolate) -> None:
        """Run this filter from the next picture on."""
        former, self._command = self._command, command
        if former is not None:
            _remove(former.program)
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._run())
        elif self._child is not None:
            self._child.send(command)

    def set_values(self, message: SetValues) -> None:
        """Give the filter's parameters other values."""
        if self._command is not None and self._command.generation == message.generation:
            self._command = msgspec.structs.replace(self._command, values=message.values)
            if self._child is not None:
                self._child.send(message)

    def decoded(self, decoded: DecodedPicture | DecodedSound) -> None:
        """Hand a picture over, of which the newest wins, or a block of sound."""
        child = self._child
        if child is None:
            return
        written = self._sound(child, decoded) if isinstance(decoded, DecodedSound) else self._picture(child, decoded)
        if written:
            child.send(Frame(track=self._key, sequence=decoded.sequence))

    def _picture(self, child: Child, picture: DecodedPicture) -> bool:
        frame = picture.frame
        shape = i420_shape(frame.height, frame.width)
        nbytes = shape[0] * shape[1]
        return self._room_for(child, nbytes, SLOTS, nbytes).fill(
            shape,
            np.uint8,
            lambda slot: planes_into(frame, slot),
            sequence=picture.sequence,
            captured=picture.captured,
            arrived=picture.arrived,
            layout="yuv420p",
            size=(frame.height, frame.width),
        )

    def _sound(self, child: Child, sound: DecodedSound) -> bool:
        ring = self._room_for(child, sound.samples.nbytes, SOUND_SLOTS, SOUND_SLOT_BYTES)
        now = time.time()  # it has come a moment ago
        return ring.write(sound.samples, sequence=sound.sequence, captured=sound.captured, arrived=now)

    def _room_for(self, child: Child, nbytes: int, slots: int, slot_bytes: int) -> RingWriter:
        if self._ring is None or not self._ring.fits(nbytes):
            self._drop_ring()
            self._ring = RingWriter.create(self._directory, slots, slot_bytes)
            child.send(Frames(track=self._key, path=str(self._ring.path)))
        return self._ring

    async def close(self) -> None:
        """End the process; idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._command is not None:
            _remove(self._command.program)

    async def _run(self) -> None:
        deaths: list[float] = []
        while True:
            try:
                code = await self._live()
            except OSError as error:  # the system has no process, or no memory, to give
                self._say(f"cannot go on ({error.strerror or error}): set the filter again to try anew.")
                return
            now = time.monotonic()
            deaths = [death for death in deaths if now - death < RESTART_WINDOW_SECONDS] + [now]
            if len(deaths) > RESTARTS:
                self._say(f"{_how(code)}. It died {len(deaths)} times within a minute: set the filter again to go on.")
                return
            self._say(f"{_how(code)}; it is started again.")

    async def _live(self) -> int:
        """Run one process to its end."""
        child = await Child.spawn(MODULE, self._directory)
        watch = asyncio.ensure_future(self._watch(child))
        try:
            assert self._command is not None
            child.send(self._command)
            self._child, self._heard = child, time.monotonic()
            async for line in child:
                self._heard = time.monotonic()
                self._take(line)
            return await child.wait()
        finally:
            self._child = None
            watch.cancel()
            self._drop_ring()
            await child.close(0.5)

    async def _watch(self, child: Child) -> None:
        while True:
            await asyncio.sleep(1)
            if time.monotonic() - self._heard > SILENCE_SECONDS:
                child.kill()

    def _take(self, line: bytes) -> None:
        try:
            answer = _answers.decode(line)
        except msgspec.MsgspecError:
            logger.exception("A filter's process said something strange")
            return
        if isinstance(answer, FilterFigures):
            self._kernel.send_latest(f"figures {self._key}", answer)
        elif isinstance(answer, FilterOutput):
            self._kernel.send_latest(f"output {self._key} {next(self._outputs) % _OUTPUTS_KEPT}", answer)
        elif isinstance(answer, FilterKind):
            self._kernel.send(answer)
        else:
            self._on_answer(answer)

    def _say(self, text: str) -> None:
        assert self._command is not None
        output = FilterOutput(
            track=self._key,
            generation=self._command.generation,
            stream="stderr",
            text=f"The process of filter {self._command.description} {text}\n",
        )
        self._kernel.send_latest(f"output {self._key} {next(self._outputs) % _OUTPUTS_KEPT}", output)

    def _drop_ring(self) -> None:
        if self._ring is not None:
            self._ring.close()
            self._ring = None


def _remove(path: str) -> None:
    Path(path).unlink(missing_ok=True)


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"
