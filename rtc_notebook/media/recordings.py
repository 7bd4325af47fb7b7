"""The recordings of one call: what goes into which, as the room and the filters change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from .. import protocol
from . import seen
from .control import RecordEvent, RecordingReport, StartRecording, StopRecording, TrackKey
from .happenings import describe, happened
from .receiver import FrameReceiver, ReceivedFrame
from .recorder import Recorded, Recorder
from .selection import Room
from .tap import Encoded, Tap

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 1.5

Command = StartRecording | StopRecording | RecordEvent


class _Parent(Protocol):
    def send(self, message: Any) -> None: ...

    def send_latest(self, key: str, message: Any) -> None: ...


class Recordings:
    """Hands encoded frames and events to each recorder that is to have them.

    Parameters
    ----------
    send : callable
        Sends a message to the server.
    parent : Outbox
        Gets the reports.
    on_change : callable
        Called when `wanted` may have become something else.
    """

    def __init__(
        self, send: Callable[[protocol.ClientMessage], None], parent: _Parent, on_change: Callable[[], None]
    ) -> None:
        self._send = send
        self._parent = parent
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._recorders: dict[int, tuple[Recorder, bool]] = {}
        self._ending: list[Recorder] = []
        self._room: dict[str, protocol.ParticipantInfo] = {}
        self._received: dict[int, dict[str, Recorded]] = {}
        self._sent: dict[Tap, Recorded] = {}

    # --- what the kernel asks --------------------------------------------------------------------------

    def command(self, command: Command) -> None:
        """Do what the kernel asks."""
        if isinstance(command, StartRecording):
            self._start(command)
        elif isinstance(command, StopRecording):
            if command.id in self._recorders:
                recorder, _ = self._recorders.pop(command.id)
                recorder.stop()
                self._ending.append(recorder)
                self._changed()
        else:
            for recorder, _ in self._recorders.values():
                recorder.event(command.event)

    def _start(self, command: StartRecording) -> None:
        def report(report: RecordingReport) -> None:
            self._loop.call_soon_threadsafe(self._report, report)

        try:
            path = Path(command.path)
            recorder = Recorder(path, command.overwrite, path.stem, report, command.id)
        except OSError as error:
            message = f"{command.path} cannot be written: {error.strerror or error}."
            self._parent.send(RecordingReport(id=command.id, state="failed", message=message))
            return
        recorder.event({"event": "recording-started", "created": recorder.created})
        for event in happened({}, self._room):
            recorder.event(event)
        self._recorders[command.id] = (recorder, command.raw)
        self._changed()

    def _report(self, report: RecordingReport) -> None:
        if report.state == "recording":
            self._parent.send_latest(f"recording {report.id}", report)
            return
        self._parent.send(report)
        self._ending = [recorder for recorder in self._ending if not recorder.over]
        if self._recorders.pop(report.id, None) is not None:  # it failed
            self._changed()

    def _changed(self) -> None:
        self.announce()
        self._on_change()

    # --- what the room is ------------------------------------------------------------------------------

    def announce(self) -> None:
        """Say to everybody whether they are being recorded."""
        self._send(protocol.SetRecording(active=bool(self._recorders)))

    @property
    def active(self) -> bool:
        """Whether anything is being recorded."""
        return bool(self._recorders)

    @property
    def wanted(self) -> set[str]:
        """The publications to subscribe to."""
        return {publication for each in self._received.values() for publication in each}

    def update(self, room: Room, me: str | None, filtering: Collection[TrackKey]) -> None:
        """Take the room as it is now; ``filtering``: the tracks that this kernel filters or is about to."""
        now = describe(room.participants)
        events = happened(self._room, now)
        self._room = now
        self._received = {id: seen.received(room, me, filtering, raw) for id, (_, raw) in self._recorders.items()}
        for recorder, _ in self._recorders.values():
            for event in events:
                recorder.event(event)

    def tap(self, taps: Mapping[Tap, Recorded]) -> None:
        """Record what these outgoing tracks' encoders make, whole."""
        for tap in self._sent.keys() - taps.keys():
            tap.on_encoded = None
        self._sent = dict(taps) if self._recorders else {}
        for tap, recorded in taps.items():
            tap.on_encoded = partial(self._encoded, tap, recorded) if self._recorders else None

    # --- frames ----------------------------------------------------------------------------------------

    def received(self, publication: str, receiver: FrameReceiver, frame: ReceivedFrame) -> None:
        """Take an encoded frame that came in."""
        for id, its in self._received.items():
            recorded = its.get(publication)
            if recorded is not None:
                encoded = frame.encoded
                self._recorders[id][0].put(
                    recorded, publication, encoded.data, encoded.keyframe, frame.captured, receiver.wish_keyframe
                )

    def _encoded(self, tap: Tap, recorded: Recorded, encoded: Encoded) -> None:
        """Take an encoded frame that goes out; in its encoder's thread."""
        for recorder, _ in list(self._recorders.values()):
            frame = encoded.frame
            recorder.put(recorded, tap, frame.data, frame.keyframe, encoded.captured, tap.wish_keyframe)

    async def close(self) -> None:
        """Finish every file."""
        recorders = [*self._ending, *(recorder for recorder, _ in self._recorders.values())]
        self._recorders.clear()
        for recorder in recorders:
            recorder.stop()
        for recorder in recorders:
            await asyncio.to_thread(recorder.join, CLOSE_SECONDS)
