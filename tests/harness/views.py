"""When pictures stood still, and when they moved again, from when each of them was presented."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error, Page

RECORDER = (Path(__file__).parent / "recorder.js").read_text()
IN_A_ROW = 5
HICCUP_SECONDS = 0.7


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


def moving_since(times: Sequence[float], start: float) -> float | None:
    """Return the first picture from ``start`` on that was followed by some without a halt; None if there is none yet.

    Pictures on their way when everything stopped are no such ones; and what a busy machine halts later is not counted.
    """
    later = [one for one in times if one >= start]
    for index, first in enumerate(later):
        run = later[index : index + IN_A_ROW]
        if len(run) == IN_A_ROW and all(b - a < HICCUP_SECONDS for a, b in itertools.pairwise(run)):
            return first
    return None


def longest_gap(times: Sequence[float], start: float, end: float) -> float:
    """Return the longest time without a picture that reaches into start..end."""
    before = max((one for one in times if one < start), default=start)
    inside = [before, *(one for one in times if start <= one <= end), end]
    return max(b - a for a, b in itertools.pairwise(inside))


def judge(views: Sequence[View], begun: float, gone: float, patience: float) -> list[Seen]:
    """Wait until every view moves again, ``patience`` seconds at most, and say how each fared."""
    kept: dict[View, list[float]] = {view: [] for view in views}
    while True:
        now = time.time()
        for view in views:
            kept[view] = sorted({*kept[view], *view.presented()})
        moving = {view: moving_since(kept[view], gone) for view in views}
        if all(since is not None for since in moving.values()) or now > gone + patience:
            break
        views[0].page.wait_for_timeout(250)
    return [
        Seen(view.key, longest_gap(kept[view], begun, since or now), None if since is None else since - gone)
        for view, since in moving.items()
    ]
