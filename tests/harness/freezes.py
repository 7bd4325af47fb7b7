"""How much of the time a picture stood still, as W3C webrtc-stats counts it."""

from __future__ import annotations

import itertools
from collections import deque


def frozen(times: list[float]) -> float:
    """Return the share of the time, from the first picture to the last, that is totalFreezesDuration.

    A gap is a freeze if it is longer than three times the average of the last 30, and than that and 150 ms.

    Parameters
    ----------
    times : list of float
        When pictures were there, seconds.
    """
    last: deque[float] = deque(maxlen=30)
    still = 0.0
    for before, after in itertools.pairwise(times):
        gap = after - before
        usual = sum(last) / len(last) if last else gap
        if gap > max(3 * usual, usual + 0.15):
            still += gap
        last.append(gap)
    return still / max(times[-1] - times[0], 1e-9) if len(times) > 1 else 1.0
