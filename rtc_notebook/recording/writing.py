"""Which files this process has written to, so that no file has two writers, of whichever call or replay."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from ..errors import RecordingError

_lock = threading.Lock()
_written: list[str] = []  # where they really are, whatever links lead there


class Writing:
    """Files that are written to, until `end`.

    Raises
    ------
    RecordingError
        If one of them is written to already.
    """

    def __init__(self, *paths: Path) -> None:
        self._real: list[str] = []
        self.add(*paths)

    def add(self, *paths: Path) -> None:
        """Write to these as well. Raises as the constructor does."""
        real = {os.path.realpath(path): path for path in paths}
        with _lock:
            for place, path in real.items():
                if place in _written:
                    raise RecordingError(
                        f"{path} is being recorded to already. Stop that first, which takes a film a moment, or name "
                        "another file."
                    )
            _written.extend(real)
            self._real.extend(real)

    def end(self) -> None:
        """Take note that nothing more is written; idempotent."""
        with _lock:
            for place in self._real:
                _written.remove(place)
            self._real.clear()
