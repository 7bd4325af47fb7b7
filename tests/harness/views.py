"""When pictures stood still, and when they moved again, from when each of them was presented."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error, Page

RECORDER = (Path(__file__).parent / "recorder.js").read_text()


@dataclass(frozen=True)
class Moving:
    """What counts as a picture that moves: how many in a row, with no longer a halt between them.

    Pictures that were on their way when everything stopped are no such ones, so the row is to take longer than they do;
    what a busy machine halts for a moment is not the fault's.
    """

    pictures: int = 5
    halt: float = 0.7


LOOSELY = Moving()
STRICTLY = Moving(pictures=20, halt=0.3)
"""For a machine that has nothing else to do: a process that is back after half a second was seen to be away."""


@dataclass(frozen=True)
class View:
    """One tile on one page; ``key`` as in ``recorder.js``."""

    page: Page
    key: str

    def presented(self) -> list[float]:
        """Return when its pictures were presented, seconds since the epoch."""
        try:
            times = self.page.evaluate("key => globalThis.presented?.[key] ?? []", self.key)
        except Error:  # the page is on its way somewhere
            return []
        return [one / 1000 for one in times]


@dataclass(frozen=True)
class Seen:
    """What became of one view: its longest gap since the fault began, and when it moved again after its end."""

    key: str
    gap: float
    after: float | None


def moving_since(times: Sequence[float], start: float, moving: Moving = LOOSELY) -> float | None:
    """Return the first picture from ``start`` on that was followed by some without a halt, or None."""
    later = [one for one in times if one >= start]
    for index, first in enumerate(later):
        run = later[index : index + moving.pictures]
        if len(run) == moving.pictures and all(b - a < moving.halt for a, b in itertools.pairwise(run)):
            return first
    return None


def longest_gap(times: Sequence[float], start: float, end: float) -> float:
    """Return the longest time without a picture that reaches into start..end."""
    before = max((one for one in times if one < start), default=start)
    inside = [before, *(one for one in times if start <= one <= end), end]
    return max(b - a for a, b in itertools.pairwise(inside))


def judge(views: Sequence[View], begun: float, gone: float, patience: float, moving: Moving = LOOSELY) -> list[Seen]:
    """Wait until every view moves again, ``patience`` seconds at most, and say how each fared."""
    kept: dict[View, list[float]] = {view: [] for view in views}
    while True:
        now = time.time()
        for view in views:
            kept[view] = sorted({*kept[view], *view.presented()})
        found = {view: moving_since(kept[view], gone, moving) for view in views}
        if all(since is not None for since in found.values()) or now > gone + patience:
            break
        views[0].page.wait_for_timeout(250)
    return [
        Seen(view.key, longest_gap(kept[view], begun, since or now), None if since is None else since - gone)
        for view, since in found.items()
    ]
