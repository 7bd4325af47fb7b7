"""The process that makes one picture of a recording, on the kernel's side."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


class Composition:
    """Follows a recording that is being written; see `rtc_notebook.recording.composing`.

    Ends by itself when this process does: its stdin closes.

    Parameters
    ----------
    recording : Path
        What the worker writes, or is about to. Removed once the result is whole.
    result : Path
        The film.
    """

    def __init__(self, recording: Path, result: Path) -> None:
        self.recording = recording
        self.result = result
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rtc_notebook.recording.composing", str(recording), str(result)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # an interrupt of the kernel is not meant for it
        )

    def finish(self) -> str:
        """Wait until it has done all there is, and return why it failed; nothing if it did not."""
        _, said = self._process.communicate()
        if self._process.returncode == 0:
            return ""
        lines = said.strip().splitlines()
        why = lines[-1] if lines else f"the process ended with {self._process.returncode}"
        kept = f" Everything is kept in {self.recording}." if self.recording.exists() else ""
        return f"{self.result} is not whole: {why}.{kept}"


def beside(result: Path) -> Path:
    """Return where the recording is written that a film is made of."""
    return result.with_name(result.name + ".mkv")
