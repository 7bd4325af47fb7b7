"""The recordings of one call, on the kernel's side: checked before they begin, continued when a worker dies."""

from __future__ import annotations

import itertools
import os
import reprlib
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import msgspec

from ..errors import RecordingError
from ..media.control import Command, RecordEvent, RecordingReport, StartRecording, StopRecording
from ..paths import whole_path
from .composition import Composition, beside
from .recording import Recording
from .writing import Writing

BEGIN_SECONDS = 10.0

Layout = Literal["grid"]


class Recordings:
    """Starts and stops recordings; may be used from any thread.

    Parameters
    ----------
    send : callable
        Sends a command to the worker.
    """

    def __init__(self, send: Callable[[Command], None]) -> None:
        self._send = send
        self._lock = threading.RLock()
        self._ids = itertools.count(1)
        self._running: dict[int, Recording] = {}
        self._raw: dict[int, bool] = {}
        self._writing: dict[int, Writing] = {}
        self._compositions: dict[int, Composition] = {}
        self._finishing: set[int] = set()  # whose last pictures are being drawn
        self._lost: list[int] = []
        self._stopping: set[int] = set()  # of which the worker has not said yet that they have ended

    def start(self, path: str | os.PathLike[str], *, layout: Layout | None, overwrite: bool, raw: bool) -> Recording:
        """Begin a recording, and wait until its file is there.

        Raises
        ------
        RecordingError
            If there can be no such file; says why.
        """
        target = _file(path)
        if target.is_dir():
            raise RecordingError(f"{target} is a folder. Name a file in it.")
        with self._lock:
            written = _file(self._check_layout(target, layout, raw))
            writing = Writing(target, written)
            try:
                for each in {target, written}:
                    self._check(each, overwrite)
            except RecordingError:
                writing.end()
                raise
            id = next(self._ids)
            recording = Recording(target, self._stop, self.note)
            self._running[id], self._raw[id], self._writing[id] = recording, bool(raw), writing
            if written != target:
                self._compositions[id] = Composition(written, target)
        try:
            self._send(StartRecording(id=id, path=str(written), overwrite=bool(overwrite), raw=bool(raw)))
            if not recording.wait_until_begun(BEGIN_SECONDS):
                raise RecordingError(f"The recording of {target} has not begun: the media worker does not answer.")
        except BaseException:  # a cell that was interrupted, too: nobody has it to stop it
            self._give_up(id, recording)
            raise
        if recording.state == "failed":
            raise RecordingError(recording.message)
        return recording

    def note(self, event: dict[str, Any]) -> None:
        """Write an event into every recording; ``event["event"]`` says what happened."""
        if self._running:
            self._send(RecordEvent(event=event))

    def sent(self, message: Any, to: str | None) -> None:
        """Write into every recording that this kernel sent a message."""
        if self._running:
            self.note({"event": "message", "from": "this kernel", "to": to, "message": preview(message)})

    def report(self, report: RecordingReport) -> None:
        """Take the worker's report."""
        with self._lock:
            recording = self._running.get(report.id)
            composition = None if report.state == "recording" else self._compositions.pop(report.id, None)
            if composition is not None:
                self._finishing.add(report.id)
        if recording is None:
            return
        if composition is not None and report.state == "failed" and not recording.wait_until_begun(0):
            threading.Thread(target=composition.finish, daemon=True).start()  # there is nothing to draw
            composition = None
        if composition is not None:  # may take a while; the thread that reports come in is not to wait
            threading.Thread(target=self._finish, args=(report, recording, composition), daemon=True).start()
        else:
            self._report(report, recording)

    def _finish(self, report: RecordingReport, recording: Recording, composition: Composition) -> None:
        recording.report(msgspec.structs.replace(report, state="recording", message="Its last pictures are drawn."))
        failed = composition.finish()
        if report.state == "stopped" and failed:
            report = msgspec.structs.replace(report, state="failed", message=failed)
        elif report.state == "stopped" and composition.result.exists():
            report = msgspec.structs.replace(report, bytes=composition.result.stat().st_size)
        self._report(report, recording)

    def _finish_alone(self, id: int, composition: Composition) -> None:
        composition.finish()
        self._forget(id)

    def _report(self, report: RecordingReport, recording: Recording) -> None:
        begun = recording.wait_until_begun(0)
        if report.state != "recording":
            self._forget(report.id)  # first: whoever waits for its end may record to this file again
        recording.report(report)
        if report.state == "failed" and begun:  # one that never began is told where it was started
            recording.tell(report.message)

    def worker_died(self) -> None:
        """Note that whoever wrote the files is gone; what was written stays."""
        with self._lock:
            lost = [id for id in self._running if id not in self._finishing]
            self._lost = [id for id in lost if id not in self._stopping]
        for id in self._stopping.intersection(lost):
            self.report(RecordingReport(id=id, state="stopped"))

    def worker_is_back(self) -> None:
        """Go on in new files."""
        with self._lock:
            lost, self._lost = self._lost, []
            for id in lost:
                if (recording := self._running.get(id)) is not None:
                    before = recording.path
                    recording.goes_on_in(_next(before, self._writing[id], id in self._compositions))
                    written = self._compose_anew(id, recording.path)
                    self._send(StartRecording(id=id, path=str(written), raw=self._raw[id]))
                    recording.tell(
                        f"The recording goes on in {recording.path}; {before.name} is kept as far as it came."
                    )

    def _compose_anew(self, id: int, result: Path) -> Path:
        former = self._compositions.get(id)
        if former is None:
            return result
        threading.Thread(target=former.finish, daemon=True).start()
        self._compositions[id] = Composition(beside(result), result)
        return beside(result)

    def close(self, timeout: float = 2.0) -> None:
        """Stop all, and wait for the files within reason."""
        with self._lock:
            running = list(self._running.values())
        for recording in running:
            self._stop(recording)
        for recording in running:
            with recording._changed:
                recording._changed.wait_for(lambda: recording.state != "recording", timeout)  # noqa: B023

    def over(self) -> None:
        """Note that nothing more will be heard of any: the call has ended, and the worker finishes what it wrote."""
        with self._lock:
            running, self._running = self._running, {}
            compositions, self._compositions = self._compositions, {}
        for id, recording in running.items():
            if id in compositions:
                threading.Thread(target=self._finish_alone, args=(id, compositions[id]), daemon=True).start()
            elif id not in self._finishing:
                self._forget(id)
            recording.report(RecordingReport(id=id, state="stopped"))

    def _stop(self, recording: Recording) -> None:
        with self._lock:
            id = next((id for id, running in self._running.items() if running is recording), None)
            if id is None:
                return
            self._stopping.add(id)
            if id not in self._lost:
                self._send(StopRecording(id=id))
                return
            self._lost.remove(id)  # its worker is gone, and the next is not to go on with it
        self.report(RecordingReport(id=id, state="stopped"))

    def _give_up(self, id: int, recording: Recording) -> None:
        self._stop(recording)
        with self._lock:
            composition = self._compositions.pop(id, None)
        if composition is not None:
            threading.Thread(target=composition.finish, daemon=True).start()
        self._forget(id)

    def _forget(self, id: int) -> None:
        with self._lock:
            self._running.pop(id, None)
            self._raw.pop(id, None)
            self._finishing.discard(id)
            self._stopping.discard(id)
            writing = self._writing.pop(id, None)
        if writing is not None:
            writing.end()

    def _check_layout(self, path: Path, layout: Layout | None, raw: bool) -> Path:
        """Return where the worker is to write."""
        film = path.suffix.lower() == ".mp4"
        if layout is None:
            if film:
                raise RecordingError(
                    f'An .mp4 is one picture of everybody: say layout="grid". '
                    f"To keep every track as it came, call the file {path.with_suffix('.mkv').name!r}."
                )
            return path
        if layout != "grid":
            raise RecordingError(f'layout is "grid" (one picture of everybody) or None (every track), not {layout!r}.')
        if not film:
            raise RecordingError(f"One picture of everybody is an .mp4: call it {path.with_suffix('.mp4').name!r}.")
        if raw:
            raise RecordingError("raw=True keeps tracks of their own, which one picture has not. Leave one of the two.")
        return beside(path)

    def _check(self, path: Path, overwrite: bool) -> None:
        if path.suffix.lower() not in (".mkv", ".webm", ".mka", ".mp4"):
            raise RecordingError(f"A recording is a Matroska file: call it {path.with_suffix('.mkv').name!r}.")
        if not path.parent.is_dir():
            raise RecordingError(f"There is no folder {path.parent}. Make it first.")
        if path.exists() and not overwrite:
            raise RecordingError(f"{path} is there already. Name another file, or say overwrite=True.")


def preview(message: Any) -> str:
    """Return what a recording keeps of a message between kernels: its beginning, as text."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = 500
    return short.repr(message)[:2000]


def _file(path: str | os.PathLike[str]) -> Path:
    return whole_path(path, RecordingError, "cannot be written")


def _next(path: Path, writing: Writing, film: bool) -> Path:
    """Take the first of ``name-2.mkv``, ``name-3.mkv`` … that is free; of a film with what lies beside it."""
    for number in itertools.count(2):
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        files = (candidate, beside(candidate)) if film else (candidate,)
        if not any(map(os.path.exists, files)):
            with suppress(RecordingError):
                writing.add(*files)
                return candidate
    raise AssertionError("numbers do not end")
