"""One filter of a call: whom it is on, what runs, and how it goes."""

from __future__ import annotations

from typing import Literal

from ..media.control import FilterReport, TrackKey
from ..protocol import OnError
from .controls import Controls
from .drawn import Rate, mentions_shapes
from .remote import Remote
from .runner import Program, Runner
from .status import FilterStatus

Source = Literal["camera", "screen", "microphone"]


def key_of(participant: str, source: Source) -> TrackKey:
    """Return the key of what is filtered of a participant."""
    return TrackKey(participant, source, "audio" if source == "microphone" else "video")


class Slot:
    """A filter, and what there is of it while its participant is there."""

    def __init__(
        self, who: str, source: Source, program: Program, controls: Controls, on_error: OnError, isolated: bool
    ) -> None:
        self.who = who
        self.source: Source = source
        self.program = program
        self.controls = controls
        self.on_error = on_error
        self.isolated = isolated
        self.key: TrackKey | None = None
        self.last: TrackKey | None = None  # the server keeps the filter on who has gone
        self.runner: Runner | Remote | None = None
        self.report: FilterReport | None = None
        # or is it thought to; then nothing is asked
        self.draws = on_error == "pass" and source != "microphone" and mentions_shapes(program.chain)
        self.drawn = Rate()

    @property
    def label(self) -> str:
        """What the filter is called."""
        return self.program.chain.label

    def describe(self) -> str:
        """Say it in a message."""
        return f"{self.label!r} on {self.who!r}"


def status(slot: Slot) -> FilterStatus:
    """Return how a filter goes."""
    failures, report = slot.program.failures, slot.report
    state = "waiting" if slot.key is None else "starting" if report is None else report.state
    fps = _drawn(slot) if slot.draws else 0.0 if report is None else report.fps
    return FilterStatus(
        participant=slot.who,
        source=slot.source,
        label=slot.label,
        isolated=slot.isolated,
        state=_drawing_state(slot) if slot.draws else "stalled" if report is not None and report.stalled else state,
        on_error=slot.on_error,
        fps=fps,
        ms=slot.program.milliseconds,
        dropped=slot.program.dropped,
        errors=failures.count,
        last_error=failures.last,
        traceback=failures.traceback,
    )


def _drawing_state(slot: Slot) -> str:
    if slot.key is None or slot.program.kind is None:
        return "waiting" if slot.key is None else "starting"
    return "active" if _drawn(slot) else "stalled"


def _drawn(slot: Slot) -> float:
    return slot.runner.drawn if isinstance(slot.runner, Remote) else slot.drawn()
