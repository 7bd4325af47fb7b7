"""``python -m rtc_notebook.filters.isolated``: runs one filter apart from its kernel; started by the media worker."""

from __future__ import annotations

import io
import linecache
import os
import pickle
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, Literal

import msgspec

from ..feed import Feed
from ..media.control import (
    FilterFigures,
    FilterKind,
    FilterOutput,
    Frame,
    Frames,
    Isolate,
    Isolated,
    SetValues,
    ToServer,
)
from ..process.child import die_with_parent, loaded
from ..protocol import DrawOverlay
from .chain import Values
from .drawn import Rate
from .runner import Program, Runner
from .sound import SoundRunner

FIGURES_SECONDS = 0.5

_messages: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Isolated)


class _Values:
    """The parameters' values as the kernel's controls have them."""

    def __init__(self, pickled: bytes) -> None:
        self.values: list[Values] = pickle.loads(pickled)


class Host:
    """One filter after the other, on one track.

    Parameters
    ----------
    out : binary file
        Where the worker reads.
    directory : Path
        Where results go.
    """

    def __init__(self, out: io.RawIOBase, directory: Path) -> None:
        self._out = out
        self._directory = directory
        self._lock = threading.Lock()
        self._feed = Feed()
        self._runner: Runner | None = None
        self._command: Isolate | None = None
        self._broken = ""
        self._program: Program | None = None
        self._drawn = Rate()

    def take(self, line: bytes) -> None:
        """Do what the worker says."""
        message = _messages.decode(line)
        if isinstance(message, Isolate):
            self._load(message)
        elif isinstance(message, SetValues):
            if self._runner is not None:
                self._runner.program.controls = _Values(message.values)
        elif isinstance(message, Frames):
            self._feed.open(message.path)
        elif isinstance(message, Frame):
            self._feed.wake()

    def say(self, stream: Literal["stdout", "stderr"], text: str) -> None:
        """Have something shown under the filter's cell."""
        command = self._command
        if command is not None:
            self.send(FilterOutput(track=command.track, generation=command.generation, stream=stream, text=text))

    def send(self, message: Any) -> None:
        """Say something to the worker."""
        data = msgspec.json.encode(message) + b"\n"
        with self._lock:
            view = memoryview(data)
            while view:
                view = view[self._out.write(view) or 0 :]

    def report(self) -> None:
        """Say how it goes, again and again; that it is said at all shows that this process is alive."""
        while True:
            command, runner = self._command, self._runner
            if command is not None:
                figures = FilterFigures(track=command.track, generation=command.generation)
                if self._broken:
                    figures = msgspec.structs.replace(
                        figures, errors=1, last_error=self._broken.splitlines()[-1], traceback=self._broken
                    )
                elif runner is not None:
                    figures = _figures(figures, runner.program, self._drawn())
                self.send(figures)
            time.sleep(FIGURES_SECONDS)

    def _load(self, command: Isolate) -> None:
        self._command, self._broken = command, ""
        try:
            program = _program(command)
        except BaseException:
            self._broken = traceback.format_exc().rstrip()
            if self._runner is not None:
                self._runner.stop()
                self._runner = None
            self.say("stderr", f"Filter {command.description} cannot be loaded in its process.\n{self._broken}\n")
            return
        self._program = program
        if self._runner is None:
            runner = SoundRunner if command.track.kind == "audio" else Runner
            self._runner = runner(
                command.track,
                self._feed,
                program,
                self._describe,
                self._directory,
                self.send,
                self._decided,
                self._draw,
            )
        else:
            self._runner.swap(program)

    def _decided(self, program: Program) -> None:
        command = self._command
        if command is not None and program.kind is not None and program is self._program:
            self.send(FilterKind(track=command.track, generation=command.generation, kind=program.kind))

    def _draw(self, drawing: DrawOverlay) -> None:
        self.send(ToServer(message=drawing))
        self._drawn.count()

    def _describe(self) -> str:
        return "" if self._command is None else self._command.description


def _program(command: Isolate) -> Program:
    path, directory, sources, pickled = pickle.loads(Path(command.program).read_bytes())
    sys.path[:] = path
    os.chdir(directory)
    for name, lines in sources.items():
        linecache.cache[name] = (sum(map(len, lines)), None, lines, name)
    return Program(pickle.loads(pickled), _Values(command.values))


def _figures(figures: FilterFigures, program: Program, drawn: float) -> FilterFigures:
    failures = program.failures
    return msgspec.structs.replace(
        figures,
        milliseconds=program.milliseconds,
        dropped=program.dropped,
        errors=failures.count,
        last_error=failures.last,
        traceback=failures.traceback,
        drawn=drawn,
    )


class _Stream(io.TextIOBase):
    """What stands for stdout and stderr: whatever is printed goes under the filter's cell."""

    def __init__(self, host: Host, name: Literal["stdout", "stderr"]) -> None:
        self._host = host
        self._name: Literal["stdout", "stderr"] = name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if text:
            self._host.say(self._name, text)
        return len(text)


def main() -> None:
    """Serve the worker until it closes the pipe or is gone."""
    die_with_parent()
    loaded()
    parent = os.getppid()
    source, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", 0)
    os.dup2(2, 1)  # what libraries write to their stdout must not come between
    with open(os.devnull, "rb") as null:
        os.dup2(null.fileno(), 0)
    host = Host(out, Path(sys.argv[1]))
    sys.stdout, sys.stderr = _Stream(host, "stdout"), _Stream(host, "stderr")
    threading.Thread(target=host.report, name="figures", daemon=True).start()
    try:
        for line in source:
            host.take(line)
            if os.getppid() != parent:
                break
    finally:
        os._exit(0)  # the filter may be in the middle of something, or never end


if __name__ == "__main__":
    main()
