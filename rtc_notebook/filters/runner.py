"""The thread that runs a filter on a track: newest frame in, result out."""

from __future__ import annotations

import contextvars
import ctypes
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from ..feed import Feed, Position, Taken
from ..frames import FrameInfo
from ..media.control import Command, Result, Results, TrackKey
from ..media.picture_writer import PictureWriter
from ..protocol import DrawOverlay
from . import output, switch_interval
from .chain import Chain, Values
from .drawn import ResultKind, outcome
from .failures import Failures
from .offspring import Offspring
from .result import to_bgr

_SLOTS = 5
_STUCK_SECONDS = 1.0
_SMOOTHING = 0.1


class HasValues(Protocol):
    """Whatever knows the values of a chain's parameters."""

    @property
    def values(self) -> list[Values]:
        """The values for each step."""


@dataclass
class Program:
    """A filter with the context it was set in, by which ipykernel knows the cell its output belongs to."""

    chain: Chain
    controls: HasValues
    pickled: bytes = b""
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    failures: Failures = field(default_factory=Failures)
    milliseconds: float = 0.0
    dropped: int = 0
    kind: ResultKind | None = None
    throttle: output.Throttle = field(default_factory=output.Throttle)
    offspring: Offspring = field(default_factory=Offspring)

    def run(self, value: Any, info: FrameInfo, between: Callable[[Any], Any]) -> Any:
        """Return what the functions make of a frame or block with the controls as they are now."""
        self.offspring.begin()
        try:
            with output.throttled(self.throttle, time.monotonic):
                return self.context.copy().run(self.chain.run, value, info, self.controls.values, between)
        finally:
            left = self.offspring.end()
            if left:
                self.tell(
                    f"The filter {self.chain.label!r} starts threads faster than they end: {left} are running by now. "
                    "Start them once, outside of the filter."
                )

    def tell(self, text: str) -> None:
        """Write to stderr, under the cell that set the filter."""
        self.say(f"{text}\n", "stderr")

    def say(self, text: str, stream: Literal["stdout", "stderr"]) -> None:
        """Write to a stream, under the cell that set the filter."""
        self.context.copy().run(print, text, end="", file=getattr(sys, stream), flush=True)


class Runner:
    """Runs a program on every newest frame of a feed until stopped.

    Parameters
    ----------
    key : TrackKey
        The track.
    feed : Feed
        Its raw frames.
    program : Program
        What to run; `swap` puts another in its place between two frames.
    describe : callable
        Returns what the filter is called in messages.
    directory : Path
        Where the results' ring is made.
    send : callable
        Sends a command to the worker.
    decided : callable
        Called with a program once its first result has shown what kind it gives, before that is delivered.
    draw : callable
        Delivers a drawing.
    """

    def __init__(
        self,
        key: TrackKey,
        feed: Feed,
        program: Program,
        describe: Callable[[], str],
        directory: Path,
        send: Callable[[Command], None],
        decided: Callable[[Program], None] = lambda program: None,
        draw: Callable[[DrawOverlay], None] = lambda drawing: None,
    ) -> None:
        self.program = program
        self._key = key
        self._feed = feed
        self._describe = describe
        self._send = send
        self._decided = decided
        self._draw = draw
        self._results = self._results_in(directory)
        self._busy_since: float | None = None
        self._stopped = False
        switch_interval.acquire()
        output.acquire()
        self._thread = self._start()

    def _results_in(self, directory: Path) -> Any:
        """Return what results are written to."""
        send, key = self._send, self._key  # and not the runner: a circle would keep the track's memory open
        return PictureWriter(directory, _SLOTS, lambda path: send(Results(track=key, path=path)))

    def _take(self, position: Position) -> Taken | None:
        """Return the frame to run the filter on after the one at ``position``."""
        return self._feed.latest()

    def _made(self, program: Program, taken: Taken) -> Any:
        """Return what the filter makes of a frame, as it is sent."""
        value = program.run(taken.array, taken.info, between=to_bgr)
        return outcome(value, program.kind, taken, self._key, program.milliseconds)

    def swap(self, program: Program) -> None:
        """Run this one from the next frame on, also if the former hangs."""
        self.program = program
        if self._stuck():
            stuck, self._thread = self._thread, self._start()
            _interrupt(stuck)

    def stop(self) -> None:
        """Stop; a result that is still being computed is thrown away. Idempotent."""
        if self._stopped:
            return
        self._stopped = True
        switch_interval.release()
        output.release()
        self._feed.wake()
        if self._stuck():
            _interrupt(self._thread)

    def _start(self) -> threading.Thread:
        begin = self._feed.position()  # what stands there already may be old
        thread = threading.Thread(target=self._run, args=(begin,), name=f"filter {self._describe()}", daemon=True)
        self._busy_since = None
        self._thread = thread
        thread.start()
        return thread

    def _stuck(self) -> bool:
        since = self._busy_since
        return since is not None and time.monotonic() - since > _STUCK_SECONDS

    def _current(self) -> bool:
        return not self._stopped and self._thread is threading.current_thread()

    def _run(self, position: Position) -> None:
        try:
            while self._current():
                if not self._feed.wait(lambda: self._feed.newer(position) or not self._current(), 60.0):  # noqa: B023
                    continue
                taken = self._take(position)
                if taken is not None and taken.position > position:
                    self.program.dropped += _between(position, taken.position)
                    position = taken.position
                    self._one(taken)
        except SystemExit:
            pass  # interrupted, see _interrupt
        finally:
            if self._stopped:
                self._results.close()

    def _one(self, taken: Taken) -> None:
        program, info = self.program, taken.info
        self._busy_since = begun = time.monotonic()
        try:
            result = self._made(program, taken)
        except BaseException as error:
            if self._current():
                self._busy_since = None
                self._failed(program, error)
                self._send(Result(track=self._key, sequence=info.sequence, failed=True))
            return
        if not self._current():
            return
        self._busy_since = None
        took = 1000 * (time.monotonic() - begun)
        program.milliseconds += (took - program.milliseconds) * (_SMOOTHING if program.milliseconds else 1)
        if program.kind is None:
            program.kind = "shapes" if isinstance(result, DrawOverlay) else "picture"
            self._decided(program)
        self._deliver(result, info)

    def _deliver(self, result: Any, info: FrameInfo) -> None:
        """Send on what the filter returned, by its kind."""
        if isinstance(result, DrawOverlay):
            self._draw(result)
            return
        self._results.write(result, sequence=info.sequence, captured=info.captured, arrived=info.arrived)
        self._send(Result(track=self._key, sequence=info.sequence))

    def _failed(self, program: Program, error: BaseException) -> None:
        if program.failures.add(error):
            program.tell(f"Filter {self._describe()} failed; the call goes on.\n{program.failures.traceback}")


def _between(one: Position, other: Position) -> int:
    """How many frames stood between two; a new ring starts its own count."""
    return other[1] - one[1] - 1 if one[0] == other[0] and one[1] > 0 else 0


def _interrupt(thread: threading.Thread) -> None:
    """End a thread whose filter hangs in Python code; one that hangs in C code ends when that returns."""
    if thread.ident is not None and thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
