"""What each ready-made filter costs: milliseconds of one core for a 1280x720 picture of a talking head."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import cv2
import numpy as np
from harness.footage import pictures

from rtc_notebook import filters


def all_filters() -> dict[str, Callable[..., Any]]:
    """Return each ready-made filter by name; `compare` with the one that costs least."""
    made: dict[str, Callable[..., Any]] = {"compare": filters.compare(filters.grey)}
    for name in filters.__all__:
        if name not in ("compare", "read_qr_codes"):
            found = getattr(filters, name)
            made[name] = found() if isinstance(found, type) else found
    return made


def milliseconds(function: Callable[[Any], Any], frames: list[np.ndarray]) -> tuple[float, float, float]:
    """Return what the first picture took, and the median and the 95th percentile of the others."""
    took = []
    for frame in frames:
        begun = time.thread_time()
        function(frame)
        took.append(1000 * (time.thread_time() - begun))
    return took[0], statistics.median(took[1:]), statistics.quantiles(took[1:], n=20)[-1]


def with_code(frame: np.ndarray) -> np.ndarray:
    """Return the picture with a QR code in it."""
    result = frame.copy()
    code = cv2.resize(cv2.QRCodeEncoder.create().encode("https://jupyter.org"), (240, 240), interpolation=0)
    result[440:680, 1000:1240] = code[..., None]
    return result


def main() -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    frames = pictures(frames=60)
    print("| filter | ms, median | ms, p95 | ms, first |\n| --- | --- | --- | --- |")
    for name, function in sorted(all_filters().items(), key=lambda one: one[0].casefold()):
        first, median, late = milliseconds(function, frames)
        print(f"| {name} | {median:.1f} | {late:.1f} | {first:.1f} |", flush=True)
    first, median, late = milliseconds(filters.qr_codes, [with_code(frame) for frame in frames])
    print(f"| qr_codes, one to read | {median:.1f} | {late:.1f} | {first:.1f} |")


if __name__ == "__main__":
    main()
