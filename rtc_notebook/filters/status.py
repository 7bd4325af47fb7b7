"""How filters go, as objects and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import overload

from ..protocol import OnError


@dataclass(frozen=True)
class FilterStatus:
    """How a filter goes.

    Attributes
    ----------
    participant, source, label : str
        On whom, on what, and what it is called.
    isolated : bool
        Whether it runs in a process of its own.
    state : {"waiting", "starting", "active", "held", "stalled"}
        ``waiting`` while the participant is not in the call, ``stalled`` while it gives no results.
    on_error : {"pass", "hold"}
        What is seen while there is no result: the raw picture, or nothing new.
    fps, ms : float
        Frames a second that go out, and milliseconds that the function takes.
    dropped : int
        How many frames the function did not get to because it was busy with one before.
    errors : int
        How many frames it failed on; ``last_error`` is the newest error, ``traceback`` where it came from.
    """

    participant: str
    source: str
    label: str
    isolated: bool
    state: str
    on_error: OnError
    fps: float
    ms: float
    dropped: int
    errors: int
    last_error: str
    traceback: str

    def __repr__(self) -> str:
        figures = f", {self.fps:.0f} fps, {self.ms:.1f} ms" if self.state == "active" else ""
        failed = f", {self.errors} errors, last: {self.last_error}" if self.errors else ""
        return f"<{self.label} on {self.participant!r} ({self.source}): {self.state}{figures}{failed}>"


class Filters(Sequence[FilterStatus]):
    """The filters of a call, as they were when they were asked for; shows as a table in a notebook."""

    def __init__(self, statuses: Sequence[FilterStatus]) -> None:
        self._statuses = list(statuses)

    @overload
    def __getitem__(self, index: int) -> FilterStatus: ...
    @overload
    def __getitem__(self, index: slice) -> list[FilterStatus]: ...
    def __getitem__(self, index: int | slice) -> FilterStatus | list[FilterStatus]:
        return self._statuses[index]

    def __len__(self) -> int:
        return len(self._statuses)

    def __repr__(self) -> str:
        return "[" + ",\n ".join(map(repr, self._statuses)) + "]"

    def _repr_html_(self) -> str:
        if not self._statuses:
            return "<em>No filter is on.</em>"
        head = "".join(f'<th style="text-align: {_align(name)}">{name}</th>' for name in _COLUMNS)
        rows = "".join(f"<tr>{''.join(map(_cell, _COLUMNS, _row(one)))}</tr>" for one in self._statuses)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


_COLUMNS = ("on", "filter", "state", "fps", "ms", "dropped", "errors", "last error")
_NUMBERS = ("fps", "ms", "dropped", "errors")


def _row(one: FilterStatus) -> tuple[str, ...]:
    whom = one.participant if one.source == "camera" else f"{one.participant}, {one.source}"
    how = ", ".join(["hold"] * (one.on_error == "hold") + ["isolated"] * one.isolated)
    error = escape(one.last_error)
    if one.traceback and one.traceback != one.last_error:
        pre = '<pre style="white-space: pre-wrap">'
        error = (
            f'<details style="min-width: 18em"><summary>{error}</summary>{pre}{escape(one.traceback)}</pre></details>'
        )
    return (
        escape(whom),
        escape(f"{one.label} ({how})" if how else one.label),
        escape(one.state),
        f"{one.fps:.0f}" if one.fps else "",
        f"{one.ms:.1f}" if one.ms else "",
        str(one.dropped),
        str(one.errors),
        error,
    )


def _cell(column: str, html: str) -> str:
    return f'<td style="text-align: {_align(column)}">{html}</td>'


def _align(column: str) -> str:
    return "right" if column in _NUMBERS else "left"
