"""Makes docs/images/filters.png: what each ready-made filter makes of the same second of somebody who talks."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from harness.footage import pictures  # noqa: E402

from rtc_notebook import filters  # noqa: E402
from rtc_notebook.filters.result import to_bgr  # noqa: E402

COLUMNS, WIDTH, HEIGHT, TITLE, GAP = 4, 320, 180, 34, 8


def sheet(tiles: list[tuple[str, np.ndarray]]) -> np.ndarray:
    """Return the pictures in rows, each with its name below."""
    rows = -(-len(tiles) // COLUMNS)
    size = (rows * (HEIGHT + TITLE + GAP) + GAP, COLUMNS * (WIDTH + GAP) + GAP, 3)
    result = np.full(size, 255, np.uint8)
    for number, (name, picture) in enumerate(tiles):
        top, left = (number // COLUMNS) * (HEIGHT + TITLE + GAP) + GAP, (number % COLUMNS) * (WIDTH + GAP) + GAP
        scale = min(WIDTH / picture.shape[1], HEIGHT / picture.shape[0])
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = small.shape[:2]
        tile = result[top : top + HEIGHT, left : left + WIDTH]
        tile[:] = 236
        y, x = (HEIGHT - height) // 2, (WIDTH - width) // 2
        tile[y : y + height, x : x + width] = small
        at = (left + 2, top + HEIGHT + 23)
        cv2.putText(result, name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (60, 60, 60), 1, cv2.LINE_AA)
    return result


def with_code(frame: np.ndarray) -> np.ndarray:
    """Return the picture with a QR code held into it."""
    code = cv2.QRCodeEncoder.create().encode("https://jupyter.org")
    code = cv2.resize(code, (250, 250), interpolation=cv2.INTER_NEAREST)
    result = frame.copy()
    result[420:670, 960:1210] = code[..., None]
    return result


def main() -> None:
    """Make it."""
    raw = pictures(frames=60)
    clear = functools.partial(filters.edges, low=15, high=45)  # the footage is old and soft
    subtract = filters.BackgroundSubtraction()
    for frame in raw[:5]:
        subtract(frame)
    window = functools.partial(filters.chroma_key, key="#2f4c7c", tolerance=14, background="white")
    shown: list[tuple[str, Callable[..., Any], list[np.ndarray]]] = [
        ("the picture itself", lambda frame: frame, raw),
        *((name, getattr(filters, name), raw) for name in ("grey", "sepia", "mirror")),
        ("edges", clear, raw),
        *((name, getattr(filters, name), raw) for name in ("cartoon", "sketch", "blur", "pixelate")),
        ("FacePixelation()", filters.FacePixelation(), raw),
        ("chroma_key", window, raw),
        ("MotionHeatMap()", filters.MotionHeatMap(), raw),
        ("OpticalFlow()", filters.OpticalFlow(), raw),
        ("BackgroundSubtraction()", functools.partial(subtract, background="grey", learn=False), raw),
        ("histogram", filters.histogram, raw),
        ("text", functools.partial(filters.text, text="Hello", size=12), raw),
        ("timestamp", functools.partial(filters.timestamp, size=8), raw),
        ("qr_codes", filters.qr_codes, [with_code(frame) for frame in raw]),
        ("compare(cartoon)", filters.compare(filters.cartoon), raw),
        ("compare(sketch, 'split')", filters.compare(filters.sketch, "split"), raw),
    ]
    tiles = []
    for name, function, frames in shown:
        for frame in frames:
            result = to_bgr(function(frame))
        tiles.append((name, result))
    target = ROOT / "docs" / "images" / "filters.png"
    cv2.imwrite(str(target), sheet(tiles), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
