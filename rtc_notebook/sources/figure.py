"""A matplotlib figure, drawn anew whenever it changes."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Generator
from typing import Any

import numpy as np

from ..errors import SourceError
from .pictures import Picture, to_picture
from .source import Pace, Source

TRANSIENT_SECONDS = 1.0
"""How long drawing may fail unheard: a cell may be between two steps of a change, as from set_xdata to set_ydata."""


def figure_of(value: Any) -> Any:
    """Return the figure that a matplotlib figure, or axes, are; None for anything else. Imports nothing."""
    module = sys.modules.get("matplotlib.figure")
    if module is None:
        return None
    if isinstance(value, module.Figure):
        return value
    figure = getattr(value, "figure", None)
    return figure if isinstance(figure, module.Figure) else None


def draw(figure: Any) -> Picture:
    """Return a figure as a picture of its own size (inches times dpi), whatever backend shows it elsewhere."""
    from matplotlib.backends.backend_agg import RendererAgg

    width, height = (int(side) for side in figure.bbox.size)
    renderer: Any = RendererAgg(max(1, width), max(1, height), figure.dpi)  # type: ignore[no-untyped-call]
    figure.draw(renderer)
    pixels = np.asarray(renderer.buffer_rgba())
    opaque = pixels[:, :, :3].astype(np.uint16)
    alpha = pixels[:, :, 3:].astype(np.uint16)
    if alpha.min() < 255:  # a transparent figure stands on white, as in a notebook
        opaque = (opaque * alpha + 255 * (255 - alpha)) // 255
    return to_picture(opaque[:, :, ::-1].astype(np.uint8))


def being_saved(figure: Any) -> bool:
    """Whether somebody saves it just now, as inline backends do at the cell's end: meanwhile it has another size."""
    return figure.canvas is not None and bool(figure.canvas.is_saving())


class Figure(Source):
    """A figure. One that pyplot has closed is still drawn: inline backends close each at its cell's end."""

    def __init__(self, figure: Any) -> None:
        self._figure = figure
        self._changed = threading.Event()

    def frames(self, pace: Pace) -> Generator[Picture, None, None]:
        """Yield it as it is, and again after each change."""
        figure, drawing = self._figure, threading.get_ident()
        before = figure.stale_callback

        def stale(artist: Any, value: bool) -> None:
            if threading.get_ident() != drawing:
                self._changed.set()
            if before is not None:
                before(artist, value)

        figure.stale_callback = stale
        failing_since: float | None = None
        try:
            for _ in pace.ticks():
                self._changed.clear()
                if being_saved(figure):
                    self._changed.set()
                    continue
                try:
                    picture = draw(figure)
                except Exception as error:
                    now = time.monotonic()
                    failing_since = failing_since or now
                    if now - failing_since > TRANSIENT_SECONDS:
                        pace.failed(error)
                    continue
                failing_since = None
                if being_saved(figure):
                    self._changed.set()
                    continue
                yield picture
                self._changed.wait()
        finally:
            if figure.stale_callback is stale:
                figure.stale_callback = before

    def wake(self) -> None:
        """End the wait for a change."""
        self._changed.set()


def check(figure: Any) -> None:
    """Make sure that a figure can be drawn.

    Raises
    ------
    SourceError
        If it has no extent.
    """
    if min(figure.bbox.size) < 1:
        raise SourceError("The figure has no size; give it one with figure.set_size_inches(...).")
