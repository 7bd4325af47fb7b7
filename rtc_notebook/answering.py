"""What people in the call ask of this kernel, done in a thread of its own: filters from the menu, and a recording."""

from __future__ import annotations

import contextlib
import contextvars
import queue
import re
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from .errors import FilterError, RtcNotebookError
from .filters.chain import chain
from .filters.remote_controls import described, set_value
from .filters.slot import Slot
from .filters.slots import Slots
from .media.control import ToServer
from .offers import Offers
from .participants import ME
from .protocol import AnswerAsk, Asked, FilterOn, PutFilter, Record, SetControl, TakeOff, fits
from .recording.recording import Recording
from .recording.recordings import Recordings
from .roster import Roster

_WAITING = 64
_MOST_ERROR = 500
_TOO_MUCH = (
    "The filters of this notebook, with their controls, are more than one message takes. Its author can offer fewer, "
    "or with fewer choices."
)
_BUSY = "The kernel has too much to do. Try again in a moment."


class Answering:
    """Answers what the server lets people ask. Who is no host changes only what was put on from the menu.

    Parameters
    ----------
    roster, filters, recordings
        The call's.
    room : str
        Names recordings.
    send : callable
        Sends a command to the worker.
    on_change : callable
        Called when a filter came or went.
    """

    def __init__(
        self,
        roster: Roster,
        filters: Slots,
        recordings: Recordings,
        room: str,
        send: Callable[[ToServer], None],
        on_change: Callable[[], None],
    ) -> None:
        self.offers = Offers()
        self._roster = roster
        self._filters = filters
        self._recordings = recordings
        self._room = room
        self._send = send
        self._on_change = on_change
        self._chosen: dict[Slot, tuple[object, str]] = {}  # what was put on from the menu, by the name chosen there
        self._recording: tuple[Recording, int] | None = None
        self._waiting: queue.Queue[Asked | None] = queue.Queue(_WAITING)
        self._context = contextvars.copy_context()  # by which ipykernel knows the cell that made the call
        self._thread: threading.Thread | None = None
        self._over = False

    def asked(self, asked: Asked) -> None:
        """Have it done, soon; never blocks."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="rtc-notebook answering", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait(asked)
        except queue.Full:
            self._answer(AnswerAsk(id=asked.id, error=_BUSY))

    def recorded(self) -> None:
        """Tell who asked for the recording when it is over, and why if it failed."""
        recording, id = self._recording or (None, 0)
        if recording is not None and recording.state != "recording":
            self._recording = None
            error = recording.message if recording.state == "failed" else ""
            self._answer(AnswerAsk(id=id, error=error, recording=recording.path.name))

    def close(self) -> None:
        """End; what waits is not done any more."""
        self._over = True
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)

    def _run(self) -> None:
        while (asked := self._waiting.get()) is not None and not self._over:
            self._context.copy().run(self._take, asked)

    def _take(self, asked: Asked) -> None:
        recording, error = None, ""
        try:
            recording = self._do(asked)
        except RtcNotebookError as refusal:
            error = str(refusal)
        except Exception as failure:  # a filter's own code
            error = f"{type(failure).__name__}: {failure}"
        if isinstance(asked.ask, Record):
            self._answer(AnswerAsk(id=asked.id, error=error, recording=recording, open=not error and asked.ask.active))
            self.recorded()  # it may have failed before anybody was told of it
            return
        self._answer(AnswerAsk(id=asked.id, error=error, offers=self.offers.described(), on=self._all()))

    def _do(self, asked: Asked) -> str | None:
        ask = asked.ask
        if isinstance(ask, Record):
            return self._record(ask.active, asked.id)
        if isinstance(ask, (PutFilter, TakeOff, SetControl)):
            who, source = self._whom(ask.participant), ask.source
            slot = self._filters.on(who, source)
            if slot is not None and not asked.host and self._locked(slot):
                raise FilterError("The notebook's author put this filter on; a host can change it.")
            if isinstance(ask, PutFilter):
                self._put(who, source, ask.filter)
            elif isinstance(ask, TakeOff):
                self._filters.clear(who, source)
                self._on_change()
            elif slot is None:
                raise FilterError("There is no filter any more.")
            else:
                set_value(slot.controls, ask.control, ask.value)
        return None

    def _put(self, who: str, source: Literal["camera", "screen"], name: str) -> None:
        try:
            steps = chain(self.offers.make(name))
        except KeyError:
            raise FilterError(f"The notebook no longer offers {name!r:.80}. Open the menu again.") from None
        self._filters.set(steps, who, source, steps.on_error)
        slot = self._filters.on(who, source)
        self._chosen = {one: chosen for one, chosen in self._chosen.items() if one in self._filters.slots()}
        if slot is not None:
            self._chosen[slot] = (slot.program, name)
        self._on_change()

    def _record(self, active: bool, id: int) -> str:
        if not active:
            if self._recording is None:
                raise FilterError("A cell of the notebook made this recording; it ends there.")
            recording, _ = self._recording
            recording.stop()
            return recording.path.name
        if self._recording is not None:
            return self._recording[0].path.name
        words = re.sub(r"[^\w.-]+", "-", self._room)
        path = Path(f"{words} {datetime.now():%Y-%m-%d %H.%M.%S}.mkv")
        recording = self._recordings.start(path, layout=None, overwrite=False, raw=False)
        self._recording = (recording, id)
        return recording.path.name

    def _whom(self, participant: str) -> str:
        widget = self._roster.widget
        if widget is not None and widget.id == participant:
            return ME
        if participant not in self._roster.participants:
            raise FilterError("They are not in the room any more.")
        return self._roster.participants[participant].name

    def _name(self, slot: Slot) -> str | None:
        """Return the name by which it was chosen, if it was, and is still the same filter."""
        program, name = self._chosen.get(slot, (None, ""))
        return name if program is slot.program else None

    def _locked(self, slot: Slot) -> bool:
        return self._name(slot) is None

    def _all(self) -> tuple[FilterOn, ...]:
        shown = [slot for slot in self._filters.slots() if slot.key is not None and slot.source != "microphone"]
        return tuple(map(self._on, shown))

    def _on(self, slot: Slot) -> FilterOn:
        assert slot.key is not None
        return FilterOn(
            participant=slot.key.participant,
            label=slot.label,
            source="screen" if slot.source == "screen" else "camera",
            name=self._name(slot) or "",
            locked=self._locked(slot),
            error=slot.program.failures.last[:_MOST_ERROR],
            controls=described(slot.controls),
        )

    def _answer(self, answer: AnswerAsk) -> None:
        answer = msgspec.structs.replace(answer, error=_short(answer.error))
        if not fits(answer):
            answer = AnswerAsk(id=answer.id, error=_TOO_MUCH)
        self._send(ToServer(message=answer))


def _short(error: str) -> str:
    return error if len(error) <= _MOST_ERROR else f"{error[: _MOST_ERROR - 1]}…"
