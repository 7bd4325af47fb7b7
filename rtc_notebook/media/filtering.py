"""The filters that this kernel has on others: their results, their processes, what the room has said of them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Collection, Iterator
from typing import Any

from .. import protocol
from . import control
from .control import TrackKey
from .filtered import FilteredTrack
from .filtered_sound import FilteredSound
from .isolation import IsolatedFilter
from .ring import RingReader
from .selection import Room
from .tracks import IncomingTracks


class Filtering:
    """Between what the kernel asks for and what the room allows.

    Parameters
    ----------
    send : callable
        Sends a message to the server.
    tracks : IncomingTracks
        Decodes what is filtered.
    directory : str
        Where rings of pictures are made.
    parent : Outbox
        Gets the reports.
    on_command : callable
        Takes what a filter in a process of its own answers, as the kernel's answers are.
    later : callable
        Runs a coroutine to its end.
    """

    def __init__(
        self,
        send: Callable[[protocol.ClientMessage], None],
        tracks: IncomingTracks,
        directory: str,
        parent: Any,
        on_command: Callable[[control.Command], None],
        later: Callable[[Any], None],
    ) -> None:
        self._send = send
        self._tracks = tracks
        self._directory = directory
        self._parent = parent
        self._on_command = on_command
        self._later = later
        self._filters: dict[TrackKey, FilteredTrack | FilteredSound] = {}
        self._results: dict[TrackKey, RingReader] = {}  # kept beyond their filters: the kernel may take one up again
        self._isolated: dict[TrackKey, IsolatedFilter] = {}
        self._asked: dict[TrackKey, int] = {}  # the number of the last asking for each
        self._numbers = itertools.count(1)

    @property
    def keys(self) -> Collection[TrackKey]:
        """The tracks that are filtered, or are about to be."""
        return self._filters.keys()

    def __iter__(self) -> Iterator[FilteredTrack | FilteredSound]:
        return iter(self._filters.values())

    # --- the kernel ------------------------------------------------------------------------------------

    def set(self, command: control.SetFilter) -> None:
        """Put a filter on a track, or change how the one there is treats errors."""
        filtered = self._filters.get(command.track)
        if filtered is None:
            made = FilteredTrack if command.track.kind == "video" else FilteredSound
            filtered = made(command.track, command.on_error, command.label)
            filtered.results = self._results.get(command.track)
            self._filters[command.track] = filtered
            self._listen(command.track)
        filtered.policy.on_error, filtered.label = command.on_error, command.label
        self._ask_for(filtered)

    def clear(self, key: TrackKey) -> None:
        """Take a filter off. The raw picture is given back before the processed one ends: viewers see no gap."""
        self._send(protocol.ClearFilter(participant=key.participant, source=key.source))  # type: ignore[arg-type]
        self._forget(key)

    def isolate(self, command: control.Isolate) -> None:
        """Run a track's filter in a process of its own; without a program, no longer."""
        if not command.program:
            self._end_isolated(command.track)
            return
        isolated = self._isolated.get(command.track)
        if isolated is None:
            isolated = IsolatedFilter(command.track, self._directory, self._parent, self._on_command)
            self._isolated[command.track] = isolated
            self._listen(command.track)
        isolated.load(command)

    def set_values(self, command: control.SetValues) -> None:
        """Hand the controls' values to a filter in a process of its own."""
        if (isolated := self._isolated.get(command.track)) is not None:
            isolated.set_values(command)

    def result(self, command: control.Result) -> None:
        """Take a filter's answer."""
        if (filtered := self._filters.get(command.track)) is not None:
            filtered.result(command.sequence, command.failed)

    def read_from(self, key: TrackKey, results: RingReader) -> None:
        """Read a filter's results there from now on."""
        self._results[key] = results
        if (filtered := self._filters.get(key)) is not None:
            filtered.results = results

    def _listen(self, key: TrackKey) -> None:
        """Take a track's frames while there is a filter, or a process with one that draws over them."""
        needed = key in self._filters or key in self._isolated
        self._tracks.on_decoded(key, (lambda decoded: self._on_decoded(key, decoded)) if needed else None)

    def _on_decoded(self, key: TrackKey, decoded: Any) -> None:
        filtered = self._filters.get(key)
        if isinstance(filtered, FilteredTrack):
            filtered.picture(decoded)
        elif filtered is not None:
            filtered.sound(decoded)
        if (isolated := self._isolated.get(key)) is not None:
            isolated.decoded(decoded)

    # --- the room --------------------------------------------------------------------------------------

    def ask_again(self) -> None:
        """Ask for every filter, as after a new welcome."""
        for filtered in self._filters.values():
            self._ask_for(filtered)

    def update(self, room: Room, present: Collection[str]) -> None:
        """Take note of what the room shows; a filter on somebody who has gone is the server's to keep."""
        for key in [key for key in (*self._filters, *self._isolated) if key.participant not in present]:
            self._end_isolated(key)
            self._forget(key)
        for key in [key for key in self._results if key.participant not in present]:
            self._results.pop(key).close()  # who comes back is another participant, with a ring of its own

    def refused(self, number: int | None) -> TrackKey | None:
        """Forget the filter that was refused and say which; None if it was cleared, or asked for anew, meanwhile."""
        key = next((key for key, asked in self._asked.items() if asked == number), None)
        if key is not None:
            self._forget(key)
        return key

    def report(self, room: Room) -> None:
        """Tell the kernel how each goes."""
        for key, filtered in self._filters.items():
            raw = room.raw(key)
            state = raw.filter.state if raw is not None and raw.filter is not None else "starting"
            self._parent.send_latest(f"report {key}", filtered.report(state))

    async def close(self) -> None:
        """End the processes."""
        await asyncio.gather(*(isolated.close() for isolated in self._isolated.values()))

    def _ask_for(self, filtered: FilteredTrack | FilteredSound) -> None:
        self._asked[filtered.key] = number = next(self._numbers)
        message = protocol.SetFilter(
            participant=filtered.key.participant,
            source=filtered.key.source,  # type: ignore[arg-type]  # the kernel filters cameras and screens alone
            on_error=filtered.policy.on_error,
            label=filtered.label,
            id=number,
        )
        self._send(message)

    def _end_isolated(self, key: TrackKey) -> None:
        if (isolated := self._isolated.pop(key, None)) is not None:
            self._later(isolated.close())
            self._listen(key)

    def _forget(self, key: TrackKey) -> None:
        self._asked.pop(key, None)
        self._filters.pop(key, None)
        self._listen(key)
