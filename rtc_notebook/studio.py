"""The inside of a call: what the worker says, kept as the state that the public objects show."""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable
from typing import Any

from .answering import Answering
from .chat import ChatMessage
from .errors import CallEnded, CallTimeout, ConnectionFailed, RtcNotebookError
from .filters.slot import key_of
from .filters.slots import Slots
from .house import House
from .listeners import Listeners
from .media.control import (
    Arrival,
    Arrivals,
    ClearFilter,
    Ended,
    Event,
    FilterFigures,
    FilterKind,
    FilterOutput,
    FilterReport,
    Frame,
    Frames,
    FromServer,
    Join,
    Phase,
    PublicationReport,
    RecordingReport,
    Refused,
    Room,
    State,
    TrackKey,
)
from .participants import ME, Participant, live_track
from .protocol import Asked, Data, Filterable, ParticipantInfo, Reaction, Stats
from .publications import Publications
from .reception import Reception, Told
from .recording.recordings import Recordings, preview
from .relay import NOTHING, Relay
from .roster import Roster
from .statistics import SfuCounters
from .tracks import Track
from .worker import Worker

EVENTS = (
    "connected",
    "reconnecting",
    "ended",
    "participant-joined",
    "participant-left",
    "track-published",
    "track-ended",
    "message",
    "chat",
    "reaction",
)
FIRST_CONNECTION_SECONDS = 10.0


class Studio:
    """One call's state. Worker events come in a thread of their own; everything here may be used from any thread.

    Parameters
    ----------
    join : Join
        Where to go.
    on_change : callable
        Called, in any thread, when something changed that a widget may show.
    worker, track : callable
        Make the worker, or what stands in its place, and a track.
    """

    def __init__(
        self,
        join: Join,
        on_change: Callable[[], None],
        worker: Callable[[Join, Callable[[Event], None]], Worker] = Worker,
        track: Callable[..., Track] = live_track,
    ) -> None:
        self.roster = Roster()
        self.listeners = Listeners(EVENTS)
        self.phase: Phase = "connecting"
        self.message = ""
        self.left = False
        self._on_change = on_change
        # one lock for all of it: the worker's events and the author's calls take it in either order
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._context = contextvars.copy_context()  # by which ipykernel knows the cell that made the call
        self._was_connected = False
        self._awaits_widget = False
        self._room_known = False
        self._everybody: tuple[ParticipantInfo, ...] = ()
        self.relay = Relay(self._send)
        self.house = House(self.roster, self._send)
        self.reception = Reception(
            self.roster, self._send, self._lock, track, self.over, lambda key: self.filters.uses(key)
        )
        self.filters = Slots(
            self.roster,
            self.reception.feed,
            self._send,
            lambda: self._worker.directory,
            self._lock,
            lambda keys: self.reception.glance("drawings", keys),
            self.relay.draw,
        )
        self.sfu = SfuCounters(self._send)
        self.arrivals: dict[str, Arrival] = {}
        self.recordings = Recordings(self._send)
        self.answering = Answering(self.roster, self.filters, self.recordings, join.room, self._send, self._on_change)
        self.publications = Publications(self._send, lambda: self._worker.directory, self.over, self.sfu, self._lock)
        with self._changed:  # the first event must not come before `_worker` is there
            self._worker = worker(join, self._on_event)

    # --- for the public objects -----------------------------------------------------------------------

    def over(self) -> CallEnded | None:
        """Return the error that says why the call is over, once it is."""
        if self.left:
            return CallEnded("You have left this call. Make a new one with Call(...).")
        if self.phase == "ended":
            return CallEnded(f"The call has ended. {self.message}".rstrip())
        return None

    def wait_until_connected(self, timeout: float) -> None:
        """Wait for the room to be known; see `Call.wait_until_connected`."""
        with self._changed:
            self._changed.wait_for(lambda: self.phase == "ended" or self.left or self._connected(), timeout)
            over = self.over()
            if over is not None:
                raise over if self.left or self._was_connected else ConnectionFailed(self.message)
            if not self._connected():
                raise CallTimeout(f"The call was not connected within {timeout:g} s. {self.message}".rstrip())

    def first_connected(self) -> None:
        """Wait for the first connection, ten seconds at most; later it is there at once."""
        over = self.over()
        if over is not None:
            raise over if self.left or self._was_connected else ConnectionFailed(self.message)
        if not self._room_known:
            self.wait_until_connected(FIRST_CONNECTION_SECONDS)

    def expect_widget(self) -> None:
        """Take note that a browser has been asked to show this call."""
        self._awaits_widget = True

    def first_me(self) -> None:
        """Wait, once and within reason, for the browser that shows this call, and for its camera.

        All cells of a notebook run at once would otherwise look for it before it is there.
        """
        with self._changed:
            if self._awaits_widget:
                self._changed.wait_for(lambda: self.over() is not None or self._me_is_here(), FIRST_CONNECTION_SECONDS)
                self._awaits_widget = False

    def _me_is_here(self) -> bool:
        widget = self.roster.widget
        return widget is not None and self.roster.track(TrackKey(widget.id, "camera")) is not None

    def everybody(self) -> tuple[ParticipantInfo, ...]:
        """Return who is in the room, this kernel included."""
        return self._everybody

    def close(self) -> None:
        """Leave; idempotent."""
        with self._changed:
            if self.left:
                return
        self.recordings.close()
        with self._changed:
            if self.left:
                return
            self.left = True
            ended_before, self.phase = self.phase == "ended", "ended"
            self.message = self.message if ended_before else "Left."
        self._wind_up()
        self._worker.close()
        if not ended_before:
            self.listeners.emit("ended", self.message)
        self.listeners.close()
        self._on_change()

    # --- from the worker, in its reader's thread ------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Arrivals):
            self.arrivals = {arrival.track: arrival for arrival in event.tracks}
            return
        if isinstance(event, Frame):
            self.reception.feed(event.track).wake()
            return
        with self._changed:
            if self.left:
                return
            tell = self._take(event)
            self._changed.notify_all()
        for name, args in tell:
            self.listeners.emit(name, *args)
        self._on_change()

    def _take(self, event: Event) -> Told:
        if isinstance(event, State):
            return self._state(event)
        if isinstance(event, Room):
            self.house.locked, self.house.waiting = event.locked, event.waiting
            return self._room(event.participants)
        if isinstance(event, Frames):
            self.reception.feed(event.track).open(event.path)
        elif isinstance(event, Ended):
            return [] if self.publications.over(event.track) else self.reception.end(event.track)
        elif isinstance(event, PublicationReport):
            self.publications.report(event.track, event.fps)
        elif isinstance(event, FilterReport):
            self.filters.report(event)
        elif isinstance(event, (FilterFigures, FilterKind, FilterOutput)):
            self.filters.isolated(event)
        elif isinstance(event, FromServer):
            if isinstance(event.message, Data):
                return self._heard(event.message)
            if isinstance(event.message, Stats):
                self.sfu.answered(event.message)
            if isinstance(event.message, Asked):
                self.answering.asked(event.message)
            if isinstance(event.message, Reaction):
                return self._reaction(event.message)
            return [("chat", (ChatMessage.of(line),)) for line in self.house.heard(event.message)]
        elif isinstance(event, RecordingReport):
            self.recordings.report(event)
            self.answering.recorded()
        elif isinstance(event, Refused) and not (
            self.house.refused(event)
            or self.sfu.refused(event)
            or self.filters.refused(event)
            or self._file_refused(event)
        ):
            self._tell(event.message)
        return []

    def _file_refused(self, event: Refused) -> bool:
        return event.track is not None and self.publications.over(event.track, event.message)

    def _state(self, state: State) -> Told:
        before, self.phase, self.message = self.phase, state.phase, state.message
        if state.participant is not None and state.participant != self.roster.own_id:
            # the first place in the room, or another one: nothing is subscribed or filtered there
            self.roster.own_id = state.participant
            self.filters.reset()
            self.house.entered()
            self.publications.reset()
            self.reception.ask()
            self.recordings.worker_is_back()
        if state.code == "worker-died":
            self.roster.own_id = None  # the next one comes to the same place, but knows nothing
            self.recordings.worker_died()
        self._was_connected |= state.phase == "connected"
        if state.phase == "ended":
            self._wind_up()
            if state.message:
                self._tell(state.message)
        if state.phase == before or state.phase == "connecting":
            return []
        return [(state.phase, (state.message,) if state.phase == "ended" else ())]

    def _room(self, everybody: tuple[ParticipantInfo, ...]) -> Told:
        self._room_known = True
        self._everybody = everybody
        change = self.roster.update(everybody)
        own = next((one for one in everybody if one.id == self.roster.own_id), None)
        self.publications.seen(() if own is None else own.tracks)
        tell = self.reception.gone(change)
        tell += [("participant-left", (Participant(self, one),)) for one in change.left]
        tell += [("participant-joined", (Participant(self, one),)) for one in change.joined]
        tell += self.reception.appeared(change)
        self.filters.bind()
        return tell

    def _heard(self, part: Data) -> Told:
        sender = self.roster.participants.get(part.by)
        if sender is None:
            return []
        try:
            value = self.relay.hear(part)
        except RtcNotebookError as error:
            self._tell(f"{sender.name!r} sent a message. {error}")
            return []
        if value is NOTHING:
            return []
        self.recordings.note({"event": "message", "from": sender.name, "message": preview(value)})
        return [("message", (Participant(self, sender), value))]

    def _reaction(self, reaction: Reaction) -> Told:
        by = self.roster.participants.get(reaction.by)
        return [] if by is None else [("reaction", (Participant(self, by), reaction.emoji))]

    # ---------------------------------------------------------------------------------------------------

    def _connected(self) -> bool:
        return self.phase == "connected" and self._room_known

    def unfilter(self, who: str, source: Filterable) -> None:
        """Take off a filter of this kernel's, or ask the server to take off whatever there is."""
        with self._lock:
            if self.filters.clear(who, source):
                return
            id = self._id_of(who)
            track = None if id is None else self.roster.track(key_of(id, source))
            if id is not None and track is not None and track.filter is not None:
                self._send(ClearFilter(track=key_of(id, source)))

    def _id_of(self, who: str) -> str | None:
        info = self.roster.widget if who == ME else self.roster.named(who)
        return None if info is None else info.id

    def _send(self, command: Any) -> None:
        self._worker.send(command)

    def _tell(self, text: str) -> None:
        self._context.copy().run(print, f"rtc-notebook: {text}", file=sys.stderr, flush=True)

    def _wind_up(self) -> None:
        self.answering.close()
        self.filters.close()
        self.recordings.over()
        self.publications.close()
        with self._changed:
            self._changed.notify_all()
        self.reception.close()
