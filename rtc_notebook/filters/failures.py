"""What a filter raised: shown once for each place where it does, counted otherwise."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType

from ..errors import FilterError, SourceError

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_DISTINCT = 20


class Failures:
    """The errors of one filter function.

    Attributes
    ----------
    count : int
        How many frames it failed on.
    last : str
        The newest error in one line; empty if there was none.
    traceback : str
        Its traceback, from the author's first own frame on.
    """

    def __init__(self) -> None:
        self.count = 0
        self.last = ""
        self.traceback = ""
        self._seen: set[tuple[object, ...]] = set()

    def add(self, error: BaseException) -> bool:
        """Count an error; tell whether it is one that was not seen before and is to be shown."""
        self.count += 1
        frames = _authors(error.__traceback__)
        # The place, not the words: "index 7 is out of bounds" has other words with every frame.
        place = (type(error), *((f.tb_frame.f_code.co_filename, f.tb_lineno) for f in _each(frames)))
        if isinstance(error, (FilterError, SourceError)):
            place = (*place, str(error))
        if place in self._seen:
            return False
        self.last = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()[-1]
        if isinstance(error, (FilterError, SourceError)):  # about what was returned: there is no place to show
            self.last = self.traceback = str(error)
        else:
            self.traceback = "".join(traceback.format_exception(type(error), error, frames)).rstrip()
        if len(self._seen) >= _DISTINCT:
            return False
        self._seen.add(place)
        return True


def _authors(frames: TracebackType | None) -> TracebackType | None:
    first = frames
    while first is not None and first.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        first = first.tb_next
    return first or frames  # a ready-made filter that fails is ours all the way


def _each(frames: TracebackType | None) -> list[TracebackType]:
    found = []
    while frames is not None:
        found.append(frames)
        frames = frames.tb_next
    return found
