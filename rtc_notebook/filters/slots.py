"""The filters of a call: which one is on whom, from setting it to taking it off."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..feed import Feed
from ..media.control import (
    ClearFilter,
    Command,
    FilterFigures,
    FilterKind,
    FilterOutput,
    FilterReport,
    Refused,
    SetFilter,
    ToServer,
    TrackKey,
)
from ..participants import ME
from ..protocol import DrawOverlay, OnError
from ..roster import Roster
from .chain import Chain
from .controls import Controls
from .drawn import Rate
from .remote import Remote, pickled
from .runner import Program, Runner
from .slot import Slot, Source, key_of, status
from .sound import SoundRunner
from .status import FilterStatus


class Slots:
    """The filters by (whom, source). A filter stays with a name: whoever leaves and comes back has it on again.

    Parameters
    ----------
    roster : Roster
        Who is there.
    feed : callable
        Returns the feed of a track.
    send, directory : callable
        Sends a command to the worker; returns where its shared memory is.
    want, draw : callable
        Has the worker hand over the frames of these tracks, all that filters draw over; sends a drawing.
    lock : threading.RLock
        The call's: ``feed`` takes it too.
    """

    def __init__(
        self,
        roster: Roster,
        feed: Callable[[TrackKey], Feed],
        send: Callable[[Command], None],
        directory: Callable[[], Path],
        lock: threading.RLock,
        want: Callable[[tuple[TrackKey, ...]], None],
        draw: Callable[[DrawOverlay], None],
    ) -> None:
        self._roster = roster
        self._cleared: set[TrackKey] = set()  # asked for, and perhaps not done yet
        self._feed = feed
        self._send = send
        self._directory = directory
        self._slots: dict[tuple[str, Source], Slot] = {}
        self.runs = True  # else somebody else runs the `programs`
        self._lock = lock
        self._want = want
        self._draw = draw

    def set(self, chain: Chain, who: str, source: Source, on_error: OnError, isolated: bool = False) -> None:
        """Put a filter on somebody; where there is one already, only the functions change hands."""
        sent = pickled(chain) if isolated else b""  # not under the lock, which every frame waits for: it may be much
        with self._lock:
            slot = self._slots.get((who, source))
            former = None if slot is None else slot.controls
            program, label = Program(chain, controls := Controls(chain, former), sent), chain.label
            controls.listen()
            if slot is None:
                self._slots[who, source] = Slot(who, source, program, controls, on_error, isolated)
                self.bind()
                return
            told = (slot.on_error, slot.label) == (on_error, label)
            slot.controls.close(successor=controls)
            slot.program, slot.controls, slot.on_error = program, controls, on_error
            self._slots[who, source] = self._slots.pop((who, source))  # what was set last stands last
            if slot.runner is not None and slot.isolated == isolated:
                slot.runner.swap(program)
            elif slot.runner is not None and slot.key is not None:
                slot.runner.stop()
                slot.isolated = isolated
                slot.runner = self._runner(slot, slot.key)
            slot.isolated = isolated
            if slot.draws and on_error == "hold":
                slot.draws = told = False  # nothing raw before the first result
            if slot.key is not None and not told and not slot.draws:
                self._send(SetFilter(track=slot.key, on_error=on_error, label=label))
                self._want_drawn_over()

    def clear(self, who: str, source: Source) -> bool:
        """Take a filter off; tell whether there was one."""
        with self._lock:
            slot = self._slots.get((who, source))
            if slot is None:
                return False
            last = slot.key or slot.last
            self._drop(slot)
            if slot.draws:
                self._wipe(last)
            elif last is not None:
                self._clear(last)
            return True

    def bind(self) -> None:
        """Start the filters of who has come; stop those of who has gone or come back as somebody new."""
        with self._lock:
            wanted = {slot: self._key_of(slot) for slot in self._slots.values()}
            holders = {key: slot for slot, key in wanted.items()}
            for slot, key in wanted.items():
                if key is not None and holders[key] is not slot:
                    self._drop(slot)  # two names of one person: what was set last counts
                elif key != slot.key:
                    former = slot.key
                    self._unbind(slot)
                    here = former is not None and former.participant in self._roster.participants
                    if former is not None and former not in holders and here and not slot.draws:
                        self._clear(former)  # "me" is another browser now
                    if key is not None:
                        self._bind(slot, key)
            self._clear_strays()

    def reset(self) -> None:
        """Stop all, to be bound again: there is a new worker, which knows of no filter."""
        with self._lock:
            for slot in self._slots.values():
                self._unbind(slot)
                slot.last = None
            self._cleared.clear()

    def close(self) -> None:
        """Stop all for good."""
        with self._lock:
            self.reset()
            for slot in self._slots.values():
                slot.controls.close()
            self._slots.clear()

    def report(self, report: FilterReport) -> None:
        """Take the worker's report on a filter."""
        for slot in self._of(report.track):
            slot.report = report

    def isolated(self, event: FilterFigures | FilterKind | FilterOutput) -> None:
        """Take what a filter in a process of its own says."""
        for slot in self._of(event.track):
            if isinstance(slot.runner, Remote):
                slot.runner.take(event)

    def refused(self, refusal: Refused) -> bool:
        """Drop the filter that the server refused and say so under its cell; False where it was about none."""
        if refusal.track is None:
            return False
        with self._lock:
            slots = self._of(refusal.track)
            for slot in slots:
                if refusal.code == "no-such-participant":  # gone just now: it waits for the return
                    self._unbind(slot)
                    slot.last = None
                else:
                    self._drop(slot)
        for slot in slots:
            if refusal.code != "no-such-participant":
                slot.program.tell(f"Filter {slot.describe()} was refused: {refusal.message}")
        return bool(slots)

    def controls(self) -> list[Any]:
        """Return the widgets with each filter's parameters."""
        with self._lock:
            slots = list(self._slots.values())
        boxes = [slot.controls.box("" if slot.who == ME else f" on {slot.who}") for slot in slots]
        return [box for box in boxes if box is not None]

    def slots(self) -> list[Slot]:
        """Return what is on whom."""
        with self._lock:
            return list(self._slots.values())

    def on(self, who: str, source: Source) -> Slot | None:
        """Return what is on somebody."""
        return self._slots.get((who, source))

    def programs(self) -> list[tuple[str, Source, Program, OnError]]:
        """Return each filter with whom and what it is on and what is shown when it fails."""
        with self._lock:
            return [(slot.who, slot.source, slot.program, slot.on_error) for slot in self._slots.values()]

    def statuses(self) -> list[FilterStatus]:
        """Return how each filter goes."""
        with self._lock:
            return [status(slot) for slot in self._slots.values()]

    def _bind(self, slot: Slot, key: TrackKey) -> None:
        slot.key = key
        slot.draws &= slot.on_error == "pass"
        if not slot.draws:
            slot.program.kind = None  # nothing raw before the first result
        slot.runner = self._runner(slot, key) if self.runs else None
        if slot.draws:
            self._want_drawn_over()
        else:
            self._send(SetFilter(track=key, on_error=slot.on_error, label=slot.label))

    def _runner(self, slot: Slot, key: TrackKey) -> Runner | Remote:
        described, directory, decided = slot.describe, self._directory(), partial(self._decided, slot)
        if slot.isolated:
            return Remote(key, slot.program, described, directory, self._send, decided)
        runner = SoundRunner if slot.source == "microphone" else Runner
        drawn = partial(self._drawn, slot)
        return runner(key, self._feed(key), slot.program, described, directory, self._send, decided, drawn)

    def _unbind(self, slot: Slot) -> None:
        if slot.runner is not None:
            slot.runner.stop()
        slot.last = None if slot.draws else slot.key or slot.last
        slot.runner = slot.key = slot.report = None
        self._want_drawn_over()

    def _drop(self, slot: Slot) -> None:
        self._unbind(slot)
        slot.controls.close()
        del self._slots[slot.who, slot.source]

    def _clear(self, key: TrackKey) -> None:
        self._cleared.add(key)
        self._send(ClearFilter(track=key))

    # --- filters that return shapes ---------------------------------------------------------------------

    def _decided(self, slot: Slot, program: Program) -> None:
        """Have the original shown, or what the filter makes of it, by what its first result was."""
        with self._lock:
            draws = program.kind == "shapes"
            if slot.program is not program or slot.key is None or slot.draws == draws:
                return
            slot.draws, slot.drawn = draws, Rate()
            if draws:
                self._want_drawn_over()  # first: its frames go on coming when the filter is taken off
                self._clear(slot.key)
                slot.report = None
            else:
                self._cleared.discard(slot.key)
                self._send(SetFilter(track=slot.key, on_error=slot.on_error, label=slot.label))
                self._wipe(slot.key)
                self._want_drawn_over()

    def _want_drawn_over(self) -> None:
        self._want(tuple(one.key for one in self._slots.values() if one.draws and one.key is not None))

    def _drawn(self, slot: Slot, drawing: DrawOverlay) -> None:
        self._draw(drawing)
        slot.drawn.count()

    def _wipe(self, key: TrackKey | None) -> None:
        if key is not None and key.participant in self._roster.participants:
            nothing = DrawOverlay(participant=key.participant, shapes=(), source=key.source, label=key.name)  # type: ignore[arg-type]
            self._send(ToServer(message=nothing))

    def _clear_strays(self) -> None:
        """Give back what the server filters for this kernel, but this kernel does not know of."""
        filtered = self._roster.filtered_here()
        self._cleared &= filtered
        for key in filtered - self._cleared:
            if not self._of(key):
                self._clear(key)

    def _key_of(self, slot: Slot) -> TrackKey | None:
        info = self._roster.widget if slot.who == ME else self._roster.named(slot.who)
        return None if info is None else key_of(info.id, slot.source)

    def uses(self, key: TrackKey) -> bool:
        """Whether a filter takes its pictures from this track."""
        return bool(self._of(key))

    def _of(self, key: TrackKey) -> list[Slot]:
        with self._lock:
            return [slot for slot in self._slots.values() if slot.key == key]
