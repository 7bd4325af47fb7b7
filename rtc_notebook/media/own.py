"""What the kernel publishes itself: pictures and sound that it writes, and files."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol

from ..protocol import Kind, TrackDescription
from . import control
from .control import TrackKey
from .outgoing import OutgoingVideo, clock, from_ring
from .player import Player
from .publishing import Offered, Outgoing
from .ring import RingReader
from .sound import RATE, OutgoingSound, Samples

MAX_WAITING = 4 * RATE


class _Parent(Protocol):
    def send(self, message: Any) -> None: ...

    def send_latest(self, key: str, message: Any) -> None: ...


class OwnPicture:
    """Pictures that the kernel writes: the newest is sent, and again while it stays."""

    def __init__(self) -> None:
        self._outgoing: OutgoingVideo | None = None
        self._results: RingReader | None = None
        self._sequence: int | None = None

    def carry(self, outgoing: OutgoingVideo | None) -> None:
        """Send on this track from now on; None while there is none."""
        if outgoing is not self._outgoing:
            self._outgoing = outgoing
            if outgoing is not None:
                outgoing.repeats = True
            self._send()

    def begin(self) -> None:
        """Begin anew: the last picture stays until the next comes."""

    def read_from(self, results: RingReader) -> None:
        """Read from this ring from now on."""
        self._results, self._sequence = results, None

    def result(self, sequence: int) -> None:
        """Take note of a picture in the ring."""
        self._sequence = sequence
        self._send()

    def close(self) -> None:
        """Nothing is left to end."""

    def _send(self) -> None:
        results, sequence = self._results, self._sequence
        if self._outgoing is None or results is None or sequence is None:
            return

        picture = from_ring(results, sequence)
        if picture is not None:
            self._outgoing.put(picture, clock())


class OwnSound:
    """Sound that the kernel writes, ahead of time: it is sent at its own pace, gapless while there is any."""

    def __init__(self) -> None:
        self._outgoing: OutgoingSound | None = None
        self._results: RingReader | None = None
        self._waiting: deque[Samples] = deque()
        self._length = 0
        self._filled = asyncio.Event()
        self._task = asyncio.ensure_future(self._play())

    def carry(self, outgoing: OutgoingSound | None) -> None:
        """Send on this track from now on; None while there is none."""
        self._outgoing = outgoing

    def begin(self) -> None:
        """Begin anew: what waits is not played any more."""
        self._waiting.clear()
        self._length = 0

    def read_from(self, results: RingReader) -> None:
        """Read from this ring from now on."""
        self._results = results

    def result(self, sequence: int) -> None:
        """Take a block out of the ring."""
        found = None if self._results is None else self._results.read(sequence)
        if found is None or self._length > MAX_WAITING:
            return
        self._waiting.append(found[0])
        self._length += len(found[0])
        self._filled.set()

    def close(self) -> None:
        """Play no more."""
        self._task.cancel()

    async def _play(self) -> None:
        began, position = time.monotonic(), 0
        while True:
            await self._filled.wait()
            self._filled.clear()
            position = max(position, int((time.monotonic() - began) * RATE))  # on after a silence
            while self._waiting:
                block = self._waiting.popleft()
                self._length -= len(block)
                if self._outgoing is not None:
                    self._outgoing.put(block, position)
                position += len(block)
                await asyncio.sleep(began + position / RATE - time.monotonic())


class OwnTracks:
    """All of them, by track.

    Parameters
    ----------
    parent : object
        Is told how they go and when a file has ended.
    on_change : callable
        Called when `offered` has changed.
    """

    def __init__(self, parent: _Parent, on_change: Callable[[], None]) -> None:
        self._parent = parent
        self._on_change = on_change
        self._written: dict[TrackKey, OwnPicture | OwnSound] = {}
        self._played: dict[str, Player] = {}
        self._carried: dict[TrackKey, Outgoing | None] = {}
        self._counts: dict[TrackKey, tuple[Outgoing | None, int]] = {}
        self._reported = time.monotonic()

    def offered(self) -> dict[str, Offered]:
        """Return what is to be published; the names are the tracks'."""
        return {str(key): Offered(key.kind, TrackDescription(source="kernel", label=key.name)) for key in self._keys()}

    def publish(self, key: TrackKey) -> None:
        """Publish what the kernel writes, or begin it anew."""
        self._stop_player(key.name)
        if key not in self._written:
            self._written[key] = OwnPicture() if key.kind == "video" else OwnSound()
        self._written[key].begin()
        self._on_change()

    def play(self, command: control.Play) -> None:
        """Publish a file."""
        self._stop_player(command.name)
        for kind in command.kinds:
            self._forget(TrackKey.own(command.name, kind))
        self._played[command.name] = Player(
            command.path, command.kinds, command.start, lambda error: self._over(command, error)
        )
        self._on_change()

    def unpublish(self, key: TrackKey) -> None:
        """Publish this no more."""
        player = self._played.get(key.name)
        if player is not None and key.kind in player.kinds:
            self._stop_player(key.name)
        self._forget(key)
        self._on_change()

    def read_from(self, key: TrackKey, results: RingReader) -> None:
        """Read what the kernel writes from this ring from now on."""
        if key in self._written:
            self._written[key].read_from(results)

    def result(self, key: TrackKey, sequence: int) -> None:
        """Take note of what the kernel has written."""
        if key in self._written:
            self._written[key].result(sequence)

    def connect(self, track: Callable[[str], Outgoing | None]) -> None:
        """Send on the tracks that ``track`` returns for the names of `offered`."""
        self._carried = {key: track(str(key)) for key in self._keys()}
        for key, outgoing in self._carried.items():
            source = self._written.get(key) or self._played[key.name]
            source.carry(outgoing)  # type: ignore[arg-type]  # of the key's kind, as is the source

    def shown(self, keys: Collection[TrackKey]) -> None:
        """Take note of which the room shows: files begin to play when people can see them."""
        for name, player in self._played.items():
            if all(TrackKey.own(name, kind) in keys for kind in player.kinds):
                player.begin()

    def report(self) -> None:
        """Tell how each goes."""
        now = time.monotonic()
        elapsed, self._reported = now - self._reported, now
        counts = {key: (outgoing, 0 if outgoing is None else outgoing.sent) for key, outgoing in self._carried.items()}
        for key, (outgoing, sent) in counts.items():
            before, sent_before = self._counts.get(key, (None, 0))
            fps = (sent - sent_before) / elapsed if before is outgoing and elapsed > 0 else 0.0
            self._parent.send_latest(f"own {key}", control.PublicationReport(track=key, fps=round(fps, 1)))
        self._counts = counts

    def close(self) -> None:
        """Stop everything."""
        for name in list(self._played):
            self._stop_player(name)
        for source in self._written.values():
            source.close()

    def _keys(self) -> Iterable[TrackKey]:
        yield from self._written
        for name, player in self._played.items():
            for kind in player.kinds:
                yield TrackKey.own(name, kind)

    def _over(self, command: control.Play, error: str) -> None:
        if self._played.get(command.name) is None:
            return
        self._stop_player(command.name)
        kinds: tuple[Kind, ...] = command.kinds
        for kind in kinds:
            key = TrackKey.own(command.name, kind)
            if error:
                self._parent.send(control.Refused(code="bad-file", message=error, track=key))
            else:
                self._parent.send(control.Ended(track=key))
        self._on_change()

    def _stop_player(self, name: str) -> None:
        player = self._played.pop(name, None)
        if player is not None:
            player.close()

    def _forget(self, key: TrackKey) -> None:
        source = self._written.pop(key, None)
        if source is not None:
            source.close()
