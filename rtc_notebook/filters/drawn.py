"""Filters that return shapes instead of a picture: everybody keeps the original, and browsers draw over it."""

from __future__ import annotations

import inspect
import time
from collections import deque
from typing import Any, Literal

from ..errors import FilterError
from ..feed import Taken
from ..media.control import TrackKey
from ..overlays import SHAPES, Canvas, are_shapes, drawing
from ..protocol import DrawOverlay
from .chain import Chain
from .result import Picture, to_bgr

ResultKind = Literal["picture", "shapes"]

_LEAST_SECONDS = 1.0
_MOST_SECONDS = 10.0
_COUNTED = 31
_NAMES = {shape.__name__: shape for shape in SHAPES}


def outcome(
    value: Any, kind: ResultKind | None, taken: Taken, key: TrackKey, milliseconds: float
) -> Picture | DrawOverlay:
    """Return what a filter's result is to be sent as.

    The first result after a filter is set decides which kind it gives: a mixture would flicker.

    Parameters
    ----------
    value : object
        What it returned for the frame ``taken`` of the track ``key``.
    kind : {"picture", "shapes"} or None
        What it gives, if that is decided.
    milliseconds : float
        What it takes; a slow one's drawings stay until the next comes.

    Raises
    ------
    FilterError, OverlayError
        If it is neither, or of the other kind.
    """
    shapes = are_shapes(value)
    if kind is not None and shapes != (kind == "shapes"):
        before, now = ("a picture", "shapes") if shapes else ("shapes", "something else")
        raise FilterError(
            f"The filter returned {now} after it had returned {before}. It gives either shapes every time (an empty "
            "list where there is nothing to draw) or a picture every time; set it again to change that."
        )
    if not shapes:
        return to_bgr(value)
    seconds = min(_MOST_SECONDS, max(_LEAST_SECONDS, 3 * milliseconds / 1000))
    canvas = Canvas.of((taken.array, taken.info))
    return drawing(key.participant, value, canvas, source=key.source, label=key.name, seconds=seconds)


def mentions_shapes(chain: Chain) -> bool:
    """Whether the last function of a chain looks as if it returned shapes; only a guess about how to begin."""
    function: Any = inspect.unwrap(getattr(chain.steps[-1].function, "func", chain.steps[-1].function))
    function = getattr(function, "__func__", function)
    if not hasattr(function, "__code__"):
        function = type(function).__call__  # what `chain` takes can be called
    code, names = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    used = () if code is None else code.co_names
    return any(names.get(name, _NAMES[name]) is _NAMES[name] for name in used if name in _NAMES)


class Rate:
    """How many a second there were lately."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=_COUNTED)

    def count(self) -> None:
        """Count one."""
        self._times.append(time.monotonic())

    def __call__(self) -> float:
        """Return how many a second; 0 if there was none for two seconds."""
        times = list(self._times)
        if len(times) < 2 or time.monotonic() - times[-1] > 2:
            return 0.0
        return (len(times) - 1) / max(1e-6, times[-1] - times[0])
