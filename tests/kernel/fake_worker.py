"""A media worker that is a script: the test says what it says, and sees what it was told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from rtc_notebook.media.control import (
    Ended,
    Frame,
    Frames,
    Join,
    Leave,
    Result,
    Results,
    Room,
    State,
    TrackKey,
    decode_command,
)
from rtc_notebook.media.ring import RingReader, RingWriter
from rtc_notebook.pixels import convert
from rtc_notebook.protocol import ParticipantInfo, TrackInfo

OWN_ID = "k1"
GUEST = TrackKey("p2", "camera")


def person(id: str, name: str, *sources: str, widget_of: str | None = None) -> ParticipantInfo:
    kinds = {"microphone": "audio"}
    tracks = tuple(TrackInfo(id=f"{id}-{s}", kind=kinds.get(s, "video"), source=s) for s in sources)  # type: ignore[arg-type]
    return ParticipantInfo(id=id, name=name, client="browser", widget_of=widget_of, tracks=tracks)


class FakeWorker:
    """Stands where `ThreadedChild` stands."""

    def __init__(self, module: str, on_line: Callable[[bytes], None], on_exit: Callable[[int], None]) -> None:
        self.commands: list[Any] = []
        self.results: dict[TrackKey, RingReader] = {}
        self.rings: dict[TrackKey, RingWriter] = {}
        self.closed = False
        self._on_line, self._on_exit = on_line, on_exit
        self._said = threading.Condition()

    # what the kernel calls
    def send(self, command: Any, droppable: bool = False) -> None:
        command = decode_command(msgspec.json.encode(command))
        if isinstance(command, Results):
            self.results[command.track] = RingReader.open(command.path)
        with self._said:
            self.commands.append(command)
            self._said.notify_all()

    def close(self, timeout: float = 2.0) -> None:
        self.closed = True

    # what the test calls
    def say(self, event: Any) -> None:
        self._on_line(msgspec.json.encode(event))

    def die(self, code: int = -9) -> None:
        self._on_exit(code)

    def connect(self, *others: ParticipantInfo, own_id: str = OWN_ID) -> None:
        self.say(State(phase="connecting", participant=own_id))
        self.room(*others, own_id=own_id)
        self.say(State(phase="connected", participant=own_id))

    def room(self, *others: ParticipantInfo, own_id: str = OWN_ID) -> None:
        own = ParticipantInfo(id=own_id, name="kernel", client="kernel")
        self.say(Room(participants=(own, *others)))

    def frame(self, array: np.ndarray, sequence: int, key: TrackKey = GUEST, captured: float = 1.0) -> None:
        if key not in self.rings or not self.rings[key].fits(array.nbytes):
            self.rings[key] = RingWriter.create(self.join.directory, 4, array.nbytes)
            self.say(Frames(track=key, path=str(self.rings[key].path)))
        self.rings[key].write(array, sequence=sequence, captured=captured, arrived=2.0)
        self.say(Frame(track=key, sequence=sequence))

    def end(self, key: TrackKey = GUEST) -> None:
        self.say(Ended(track=key))

    @property
    def join(self) -> Join:
        return self.sent(Join)[0]

    def sent(self, kind: type) -> list[Any]:
        return [command for command in self.commands if isinstance(command, kind)]

    def wait_for(self, kind: type, count: int = 1, timeout: float = 10.0) -> Any:
        """Wait until ``count`` commands of this kind have come; return the last of them."""
        with self._said:
            assert self._said.wait_for(lambda: len(self.sent(kind)) >= count, timeout), f"{kind} in {self.commands}"
        return self.sent(kind)[count - 1]

    def result(self, key: TrackKey = GUEST, count: int = 1) -> np.ndarray:
        """Wait for the count-th result and return its picture or sound."""
        told = self.wait_for(Result, count)
        assert not told.failed
        if key.kind == "audio":
            block = self.results[key].read(told.sequence)
            assert block is not None
            return block[0]
        found = self.results[key].apply(
            lambda array, info, layout: convert(array, layout, "bgr", info.height, info.width), told.sequence
        )
        assert found is not None
        return found

    @property
    def has_left(self) -> bool:
        return bool(self.sent(Leave))


class Workers(list[FakeWorker]):
    def __call__(self, *args: Any) -> FakeWorker:
        self.append(FakeWorker(*args))
        return self[-1]


def picture(value: int = 0, height: int = 48, width: int = 64) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def eventually(condition: Callable[[], Any], timeout: float = 10.0) -> Any:
    """Wait until ``condition()`` is true, for state that nothing announces."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return value
