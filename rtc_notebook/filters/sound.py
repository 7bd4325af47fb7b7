"""The thread that runs a filter on sound, and what such a filter may return."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FilterError
from ..feed import Position, Taken
from ..media.control import Results
from ..media.ring import RingWriter
from .runner import Program, Runner

MAX_BACKLOG = 10
"""Blocks that a filter may be behind, 200 ms; then it goes on with the newest, and what was between is not heard."""

_SLOTS = 50
_SLOT_BYTES = 5760 * 2 * 4  # the longest Opus packet, 120 ms, stereo

Samples = np.ndarray[Any, np.dtype[np.float32]]


def to_block(value: Any, samples: int) -> Samples:
    """Return a filter's result as ``float32 (samples, channels)``, one channel or two, in [-1, 1].

    Raises
    ------
    FilterError
        If it is no block of that length; says what it is and what is accepted.
    """
    accepted = f"float arrays of shape ({samples}, 2), ({samples}, 1) or ({samples},), as long as what came in"
    if not isinstance(value, np.ndarray):
        hint = " Does it end in `return block`?" if value is None else ""
        what = "None" if value is None else f"a {type(value).__name__}"
        raise FilterError(f"The filter returned {what}, which is no sound.{hint} Accepted are {accepted}.")
    shaped = value.reshape(-1, 1) if value.ndim == 1 else value
    if shaped.ndim != 2 or shaped.shape[1] not in (1, 2) or len(shaped) != samples or value.dtype.kind != "f":
        raise FilterError(
            f"The filter returned an array of {value.dtype} with shape {value.shape}. Accepted are {accepted}."
        )
    block: Samples = np.ascontiguousarray(shaped, np.float32)
    if not np.isfinite(block).all():
        raise FilterError("The filter returned NaN or infinite samples (0/0?); mind numpy.nan_to_num.")
    return np.clip(block, -1, 1)


class SoundRunner(Runner):
    """Runs a program on every block of a feed, in order, until stopped."""

    def _results_in(self, directory: Path) -> Any:
        ring = RingWriter.create(directory, _SLOTS, _SLOT_BYTES)
        self._send(Results(track=self._key, path=str(ring.path)))
        return ring

    def _take(self, position: Position) -> Taken | None:
        newest = self._feed.position()
        behind = newest[0] != position[0] or newest[1] - position[1] > MAX_BACKLOG
        return self._feed.latest() if behind else self._feed.following(position)

    def _made(self, program: Program, taken: Taken) -> Any:
        between: Callable[[Any], Samples] = partial(to_block, samples=len(taken.array))
        return between(program.run(taken.array, taken.info, between=between))
