"""A recording, as a notebook's author has it."""

from __future__ import annotations

import contextvars
import html
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from ..environment import in_kernel
from ..errors import RecordingError
from ..media.control import RecordingReport, RecordingState

MAX_NOTE = 100_000
"""Longest note, characters."""

_SIGNS = {  # drawn by styles: not every machine has a font for such signs
    "recording": "background: #d93a3f; border-radius: 50%",
    "stopped": "background: currentColor; opacity: 0.6; border-radius: 0.1em",
    "failed": "background: #d88a1a; clip-path: polygon(50% 0, 100% 100%, 0 100%)",
}


class Recording:
    """A recording that runs; made by `Call.record`.

    As the value of a cell it shows how long and how large it is, live. ``with`` stops it at the end.

    Attributes
    ----------
    path : Path
        The file.
    state : {"recording", "stopped", "failed"}
    seconds : float
        Its length so far.
    size : int
        Bytes in the file so far.
    tracks : int
        How many pictures and sounds it has.
    dropped : int
        Frames that were left out since the disk was too slow.
    message : str
        Why it failed.
    """

    def __init__(self, path: Path, stop: Callable[[Recording], None], note: Callable[[dict[str, Any]], None]) -> None:
        self.path = path
        self.state: RecordingState = "recording"
        self.seconds, self.size, self.tracks, self.dropped, self.message = 0.0, 0, 0, 0, ""
        self._stop = stop
        self._note = note
        self._changed = threading.Condition()
        self._begun = False
        self._line: Any = None
        self._context = contextvars.copy_context()  # by which ipykernel knows the cell that began it

    def note(self, text: str) -> None:
        """Write a note into the recording's events, with the time.

        Parameters
        ----------
        text : str
            At most 100,000 characters.

        Raises
        ------
        RecordingError
            If the recording is over, or the note longer.
        """
        if self.state != "recording":
            raise RecordingError(f"The recording of {self.path} is over ({self.state}); nothing can be added.")
        note = str(text)
        if len(note) > MAX_NOTE:
            raise RecordingError(f"A note has {MAX_NOTE:,} characters at most, this one has {len(note):,}. Write less.")
        self._note({"event": "note", "text": note})

    def stop(self, timeout: float = 60.0) -> None:
        """Finish the file and wait until that is done, of one picture until all of it is drawn; idempotent.

        Parameters
        ----------
        timeout : float
            Seconds to wait at most.

        Raises
        ------
        RecordingError
            If it is not finished within ``timeout`` seconds: the file is playable, and goes on being finished.
        """
        self._stop(self)
        with self._changed:
            if not self._changed.wait_for(lambda: self.state != "recording", timeout):
                raise RecordingError(f"{self.path} was not finished within {timeout:g} s. It is playable as it is.")

    def report(self, report: RecordingReport) -> None:
        """Take the worker's report."""
        with self._changed:
            if self.state != "recording":
                return
            self._begun = True
            self.state, self.message = report.state, report.message
            if report.seconds or report.bytes:
                self.seconds, self.size, self.tracks = report.seconds, report.bytes, report.tracks
                self.dropped = report.dropped
            self._changed.notify_all()
        self._show()

    def tell(self, text: str) -> None:
        """Write to stderr, under the cell that began the recording."""
        self._context.copy().run(print, f"rtc-notebook: {text}", file=sys.stderr, flush=True)

    def wait_until_begun(self, timeout: float) -> bool:
        """Wait until the file is there, or could not be made."""
        with self._changed:
            return self._changed.wait_for(lambda: self._begun, timeout)

    def goes_on_in(self, path: Path) -> None:
        """Note that it is continued in another file."""
        self.path = path
        self._show()

    def _show(self) -> None:
        if self._line is not None:
            self._line.value = self._html()

    def _html(self) -> str:
        sign = f'<span style="display: inline-block; width: 0.75em; height: 0.75em; {_SIGNS[self.state]}"></span>'
        return f"<code>{sign} {html.escape(self._describe())}</code>"

    def _describe(self) -> str:
        minutes, seconds = divmod(int(self.seconds), 60)
        hours, minutes = divmod(minutes, 60)
        length = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        tracks = f"{self.tracks} track{'' if self.tracks == 1 else 's'}"
        dropped = f", {self.dropped} frames dropped: the disk is slow" if self.dropped else ""
        why = f". {self.message}" if self.message else ""
        return f"{self.path.name}: {self.state}, {length}, {_size(self.size)}, {tracks}{dropped}{why}"

    def __repr__(self) -> str:
        return f"<Recording {self._describe()}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if not in_kernel():
            return {"text/plain": repr(self)}
        if self._line is None:
            from ipywidgets import HTML

            self._line = HTML(self._html())
        return self._line._repr_mimebundle_(**kwargs)

    def __enter__(self) -> Recording:
        if in_kernel():
            from IPython.display import display

            display(self)  # type: ignore[no-untyped-call]
        return self

    def __exit__(
        self, type: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def _size(bytes: int) -> str:
    for unit, worth in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if bytes >= worth:
            return f"{bytes / worth:.1f} {unit}"
    return f"{bytes} bytes"
