"""Whether somebody speaks, by the level of the sound. Pure, without I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

BEGIN_DBFS, END_DBFS = -42.0, -50.0
BEGIN_SECONDS, END_SECONDS = 0.04, 0.4
"""Sound above `BEGIN_DBFS` for so long begins it, and below `END_DBFS` for so long ends it: words have pauses."""


def level(block: np.ndarray[Any, Any]) -> float:
    """Return a block's level: the root mean square in dB below full scale, -120 at least."""
    if not block.size:
        return -120.0
    power = float(np.mean(np.square(block, dtype=np.float64)))
    return 10 * float(np.log10(max(power, 1e-12)))


def speaks(blocks: Iterable[np.ndarray[Any, Any]], rate: int = 48_000) -> bool:
    """Return whether somebody speaks at the end of these blocks, float (samples, channels)."""
    speaking, loud, quiet = False, 0.0, 0.0
    for block in blocks:
        seconds, decibels = len(block) / rate, level(block)
        loud = loud + seconds if decibels > BEGIN_DBFS else 0.0
        quiet = quiet + seconds if decibels < END_DBFS else 0.0
        if loud >= BEGIN_SECONDS - 1e-6:
            speaking = True
        elif quiet >= END_SECONDS:
            speaking = False
    return speaking
