"""When pictures stood still, and when they moved again, from when each of them was presented."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error, Page

RECORDER = (Path(__file__).parent / "recorder.js").read_text()
STAGES = (Path(__file__).parent / "stages.js").read_text()
STEADY_SECONDS = 2.0
STEADY_GAP = 0.7


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
    """What became of one view: its longest gap since the fault began, and when it was steady after its end."""

    key: str
    gap: float
    after: float | None


def steady_since(times: Sequence[float], start: float, now: float) -> float | None:
    """Return the first picture from ``start`` on after which they kept coming; None if there is none yet."""
    later = [one for one in times if one >= start]
    for index, first in enumerate(later):
        run = [*later[index:], now]
        if now - first < STEADY_SECONDS:
            return None
        if all(b - a < STEADY_GAP for a, b in itertools.pairwise(run)):
            return first
    return None


def longest_gap(times: Sequence[float], start: float, end: float) -> float:
    """Return the longest time without a picture that reaches into start..end."""
    before = max((one for one in times if one < start), default=start)
    inside = [before, *(one for one in times if start <= one <= end), end]
    return max(b - a for a, b in itertools.pairwise(inside))


def judge(views: Sequence[View], begun: float, gone: float, patience: float) -> list[Seen]:
    """Wait until every view is steady again, ``patience`` seconds at most, and say how each fared."""
    kept: dict[View, list[float]] = {view: [] for view in views}
    while True:
        now = time.time()
        for view in views:
            kept[view] = sorted({*kept[view], *view.presented()})
        steady = {view: steady_since(kept[view], gone, now) for view in views}
        if all(since is not None for since in steady.values()) or now > gone + patience:
            break
        views[0].page.wait_for_timeout(250)
    return [
        Seen(view.key, longest_gap(kept[view], begun, since or now), None if since is None else since - gone)
        for view, since in steady.items()
    ]
