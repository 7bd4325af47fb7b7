"""The call's statistics over time, as a matplotlib figure that is drawn anew every second."""

from __future__ import annotations

import html
import io
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .environment import in_kernel
from .errors import CallEnded, MissingDependency, RtcNotebookError

if TYPE_CHECKING:
    from .statistics import Statistics

INTERVAL_SECONDS = 1.0
_UNITS = {"bitrate": "Mbps", "loss": "%", "jitter": "ms", "rtt": "ms", "delay": "ms", "filter_ms": "ms"}
_SCALES = {"bitrate": 1e-6, "loss": 100.0}
_METADATA = ("Creator", "Date", "Format", "Type")  # of which none is wanted
_STYLE = (
    "max-width: 100%; height: auto; color: var(--jp-ui-font-color1, currentColor); fill: currentColor; "
    "stroke-linejoin: round; stroke-linecap: butt"
)


class Plot:
    """Values over the last ``seconds``, a line for each track; made by `Statistics.plot`.

    Drawn in a thread of its own with a canvas of its own: pyplot, and whatever the notebook plots, is not touched.
    """

    def __init__(
        self, statistics: Statistics, values: tuple[str, ...], seconds: float, over: Callable[[], CallEnded | None]
    ) -> None:
        try:
            from matplotlib.backends.backend_agg import FigureCanvasAgg
            from matplotlib.figure import Figure
        except ImportError as error:
            raise MissingDependency("A plot needs matplotlib: pip install 'rtc-notebook[plot]'.") from error
        self.figure = Figure(figsize=(8, 1.8 * len(values) + 0.4), layout="constrained")
        FigureCanvasAgg(self.figure)
        self._axes = self.figure.subplots(len(values), 1, sharex=True, squeeze=False)[:, 0]
        self._statistics = statistics
        self._values = values
        self._seconds = seconds
        self._over = over
        self._points: dict[str, deque[tuple[float, dict[str, Any]]]] = {}
        self._stopped = threading.Event()
        self._image: Any = None
        self._drawing = threading.RLock()  # its thread's, or that of a notebook that shows it
        self._message = ""
        self.drawn = 0
        threading.Thread(target=self._run, name="rtc-notebook statistics", daemon=True).start()

    def stop(self) -> None:
        """Draw no more; idempotent."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set() and self._over() is None:
            begun = time.monotonic()
            try:
                self._add(time.time())
                self._message = ""
            except RtcNotebookError as error:
                self._message = str(error)
            with self._drawing:
                self._draw()
            self._stopped.wait(max(0.2, INTERVAL_SECONDS - (time.monotonic() - begun)))

    def _add(self, now: float) -> None:
        for row in self._statistics():
            if row["kind"] == "audio" and not row["bitrate"]:
                continue
            mark = " (filtered)" if row["processed"] else ""
            label = f"{row['participant']} {row['name'] or row['source']}{mark}"
            points = self._points.setdefault(label, deque())
            points.append((now, row))
        for label, points in list(self._points.items()):
            while points and now - points[0][0] > self._seconds:
                points.popleft()
            if not points:
                del self._points[label]

    def _draw(self) -> None:
        now = time.time()
        begun = min((points[0][0] for points in self._points.values()), default=now)
        for axes, value in zip(self._axes, self._values, strict=True):
            axes.clear()
            scale = _SCALES.get(value, 1.0)
            for number, (label, points) in enumerate(self._points.items()):
                known = [(at - now, scale * row[value]) for at, row in points if row[value] is not None]
                if len(known) > 1:
                    axes.plot(*zip(*known, strict=True), label=label, color=f"C{number % 10}", linewidth=1.5)
            axes.set_ylabel(f"{value} [{_UNITS[value]}]" if value in _UNITS else value)
            axes.set_xlim(-min(self._seconds, max(10.0, now - begun)), 0)
            axes.set_ylim(bottom=0)
            axes.grid(color="black", alpha=0.15)
            if not axes.lines:
                axes.text(0.5, 0.5, "collecting data …", transform=axes.transAxes, ha="center", va="center", alpha=0.7)
        self._axes[-1].set_xlabel("seconds ago")
        if self._message:
            self._axes[0].set_title(self._message, fontsize=9)
        handles, labels = self._axes[0].get_legend_handles_labels()
        if handles:
            self._axes[0].legend(handles, labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False)
        self.drawn += 1
        if self._image is not None:
            self._image.value = self._svg()

    def _svg(self) -> str:
        """Return the figure for an HTML page: on the page's own background, in the colour of its text."""
        data = io.StringIO()
        with self._drawing:
            self.figure.savefig(data, format="svg", transparent=True, metadata=dict.fromkeys(_METADATA))
        svg = data.getvalue()
        svg = re.sub(r"<style.*?</style>", "", svg[svg.index("<svg") :], flags=re.DOTALL)  # it is for the whole page
        svg = svg.replace("#000000", "currentColor")
        return f'<svg role="img" aria-label="{html.escape(self._title)}" style="{_STYLE}"{svg.removeprefix("<svg")}'

    def __repr__(self) -> str:
        state = "stopped" if self._stopped.is_set() or self._over() is not None else "live"
        return f"<{self._title}: {state}>"

    @property
    def _title(self) -> str:
        return f"Plot of {', '.join(self._values)}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if not in_kernel():
            return {"text/plain": repr(self)}
        if self._image is None:
            from ipywidgets import HTML

            self._image = HTML(self._svg())
            self._image.add_class("rtc-plot")
        return self._image._repr_mimebundle_(**kwargs)
