"""What kernels have been asked and not answered yet."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from dataclasses import dataclass, field

MAX_OPEN = 256


@dataclass
class OpenAsks:
    """Who waits for which kernel's answer, the newest `MAX_OPEN` of them."""

    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _open: OrderedDict[int, tuple[str, str, int]] = field(default_factory=OrderedDict)

    def add(self, by: str, kernel: str, id: int) -> int:
        """Note that somebody asked a kernel under a number of their own; return the number that the kernel gets."""
        number = next(self._ids)
        self._open[number] = (by, kernel, id)
        while len(self._open) > MAX_OPEN:
            self._open.popitem(last=False)
        return number

    def answered(self, number: int, kernel: str, *, open: bool) -> tuple[str, int] | None:
        """Return who asked this kernel that, and under which number; None if nobody waits."""
        by, whom, id = self._open.get(number, ("", "", 0))
        if whom != kernel:
            return None
        if not open:
            del self._open[number]
        return by, id
