"""What is said of how pictures came."""

from __future__ import annotations

import itertools

from harness.freezes import frozen


def told(times: list[float]) -> dict[str, float]:
    """Return how much of the time they stood still, the longest gap, and how many there were a second.

    Parameters
    ----------
    times : list of float
        When pictures came, seconds; at last, when it was asked.
    """
    gaps = [after - before for before, after in itertools.pairwise(times)]
    return {
        "frozen": frozen(times),
        "longest": max(gaps, default=0.0),
        "fps": (len(gaps) - 1) / sum(gaps) if len(gaps) > 1 else 0.0,
    }
