"""How much somebody may say, and how many of something there may be at once."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict


def clock() -> float:
    """Return seconds on a clock that never goes back; the limits' only one, so that tests can hold it."""
    return time.monotonic()


class Bucket:
    """A token bucket: ``rate`` a second on average, ``burst`` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._last = clock()

    def take(self, tokens: float = 1.0) -> bool:
        """Take a token, or some; False if there are not so many left."""
        self._fill()
        if self._tokens < tokens:
            return False
        self._tokens -= tokens
        return True

    def wait(self) -> float:
        """Take a token that may still have to come; return in how many seconds it is there."""
        self._fill()
        self._tokens -= 1
        return max(0.0, -self._tokens / self._rate)

    def _fill(self) -> None:
        now = clock()
        self._tokens = min(self._burst, self._tokens + (now - self._last) * self._rate)
        self._last = now


class Buckets:
    """A bucket for each of many, and one for all of them; only those who came last are remembered."""

    def __init__(self, each: tuple[float, float], all: tuple[float, float], most: int = 1024) -> None:
        self._rate, self._burst = each
        self._all = Bucket(*all)
        self._most = most
        self._each: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, who: str) -> bool:
        """Take a token of somebody's, and one of all; False if there is none left."""
        bucket = self._each.pop(who, None) or Bucket(self._rate, self._burst)
        self._each[who] = bucket
        if len(self._each) > self._most:
            self._each.popitem(last=False)
        return bucket.take() and self._all.take()


class Slots:
    """So many at once of each, and so many of all."""

    def __init__(self, each: int, all: int) -> None:
        self._most_each = each
        self._most = all
        self._taken: Counter[str] = Counter()

    def take(self, who: str) -> bool:
        """Take a slot; False if there is none free."""
        if self._taken[who] >= self._most_each or self.taken() >= self._most:
            return False
        self._taken[who] += 1
        return True

    def taken(self) -> int:
        """Return how many are taken."""
        return self._taken.total()

    def free(self, who: str) -> None:
        """Give a slot back."""
        self._taken[who] -= 1
        self._taken += Counter()  # drops who has none
