"""A filter in a process of its own, from the kernel's side; the process is the media worker's child."""

from __future__ import annotations

import inspect
import itertools
import linecache
import os
import sys
import tempfile
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle

from ..errors import FilterError
from ..media.control import Command, FilterFigures, FilterKind, FilterOutput, Isolate, SetValues, TrackKey
from .chain import Chain, Step
from .controls import Controls
from .runner import Program

_generations = itertools.count(1)


def pickled(chain: Chain) -> bytes:
    """Return a chain as another process of this Python can load it.

    Raises
    ------
    FilterError
        If it cannot be pickled; says why.
    """
    steps = tuple(Step(_without_widgets(step.function), step.label, step.takes_info) for step in chain.steps)
    try:
        inner = cloudpickle.dumps(Chain(steps))
        directory = os.getcwd()
    except Exception as error:
        raise FilterError(
            f"The filter {chain.label!r} cannot run in a process of its own, because it uses something that cannot be "
            f"sent there ({error}). Calls, locks, open files and cameras cannot; make them inside of the function at "
            "its first picture, or run it with isolated=False."
        ) from error
    return bytes(cloudpickle.dumps((sys.path, directory, _sources(chain), inner)))


def _sources(chain: Chain) -> dict[str, list[str]]:
    """Return the cells that the functions stand in, which are no files, so that tracebacks quote them."""
    names = set()
    for step in chain.steps:
        function = inspect.unwrap(step.function)
        code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
        if code is not None and not os.path.exists(code.co_filename):
            names.add(code.co_filename)
    return {name: linecache.getlines(name) for name in names}


def _without_widgets(function: Any) -> Any:
    """Return a function without the controls among its defaults, which belong to this process; others as they are."""
    if not isinstance(function, types.FunctionType):
        return function
    defaults, by_name = function.__defaults__ or (), function.__kwdefaults__ or {}
    if not any(hasattr(one, "observe") for one in (*defaults, *by_name.values())):
        return function
    copy = types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        tuple(map(_value, defaults)),
        function.__closure__,
    )
    copy.__kwdefaults__ = {name: _value(one) for name, one in by_name.items()}
    copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__
    return copy


def _value(default: Any) -> Any:
    return getattr(default, "value", None) if hasattr(default, "observe") else default


class Remote:
    """Stands where a `Runner` stands: has the worker run programs in their own process.

    Parameters
    ----------
    key : TrackKey
        The track.
    program : Program
        What to run; it has `Program.pickled`.
    describe : callable
        Returns what the filter is called in messages.
    directory : Path
        Where the program is left for the process.
    send : callable
        Sends a command to the worker.
    decided : callable
        Called with the program once its first result has shown what kind it gives.
    """

    def __init__(
        self,
        key: TrackKey,
        program: Program,
        describe: Callable[[], str],
        directory: Path,
        send: Callable[[Command], None],
        decided: Callable[[Program], None],
    ) -> None:
        self.program = program
        self._key = key
        self._describe = describe
        self._directory = directory
        self._send = send
        self._decided = decided
        self._generation = 0
        self._drawn = (0.0, 0.0)  # a second, and when that was said
        self._load(program)

    @property
    def drawn(self) -> float:
        """How many drawings a second there are, 0 if nothing was heard for two seconds."""
        drawn, heard = self._drawn
        return drawn if time.monotonic() - heard < 2 else 0.0

    def swap(self, program: Program) -> None:
        """Run this one from the next frame on."""
        self._release()
        self.program = program
        self._load(program)

    def stop(self) -> None:
        """End the process. Idempotent."""
        self._release()
        self._send(Isolate(track=self._key, generation=self._generation))

    def take(self, event: FilterFigures | FilterKind | FilterOutput) -> None:
        """Take what the process says of the program that runs now."""
        program = self.program
        if event.generation != self._generation:
            return
        if isinstance(event, FilterOutput):
            program.say(event.text, event.stream)
            return
        if isinstance(event, FilterKind):
            program.kind = event.kind
            self._decided(program)
            return
        self._drawn = (event.drawn, time.monotonic())
        program.milliseconds, program.dropped = event.milliseconds, event.dropped
        failures = program.failures
        failures.count, failures.last, failures.traceback = event.errors, event.last_error, event.traceback

    def _load(self, program: Program) -> None:
        self._generation = next(_generations)
        descriptor, path = tempfile.mkstemp(".filter", "rtc-notebook-", self._directory)
        with os.fdopen(descriptor, "wb") as file:
            file.write(program.pickled)
        command = Isolate(
            track=self._key,
            generation=self._generation,
            program=path,
            values=cloudpickle.dumps(program.controls.values),
            description=self._describe(),
        )
        self._send(command)
        if isinstance(program.controls, Controls):
            program.controls.on_change = self._changed

    def _changed(self) -> None:
        try:
            values = cloudpickle.dumps(self.program.controls.values)
            self._send(SetValues(track=self._key, generation=self._generation, values=values))
        except Exception as error:
            self.program.tell(f"The values of filter {self._describe()} cannot be sent to its process: {error}")

    def _release(self) -> None:
        if isinstance(self.program.controls, Controls):
            self.program.controls.on_change = lambda: None
