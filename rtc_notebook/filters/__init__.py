"""Filters: ready-made ones to use or to read, and what runs anybody's.

Functions that take a picture and return one, and small classes where something must be remembered from one frame to the
next. All take ``uint8`` arrays ``(height, width, 3)`` in BGR, ``(height, width, 4)`` in BGRA or ``(height, width)`` in
grey, of any size, leave them as they are, and return BGR if they do not say otherwise; so they serve as well on any
picture of your own. Times are for 1280x720 on one core. Each is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .annotation import histogram, text, timestamp
    from .colour import chroma_key, grey, sepia
    from .combine import compare
    from .drawing import cartoon, edges, sketch
    from .geometry import mirror
    from .motion import BackgroundSubtraction, MotionHeatMap, OpticalFlow
    from .privacy import FacePixelation
    from .reading import qr_codes, read_qr_codes
    from .smoothing import blur, pixelate

__all__ = [
    "BackgroundSubtraction",
    "FacePixelation",
    "MotionHeatMap",
    "OpticalFlow",
    "blur",
    "cartoon",
    "chroma_key",
    "compare",
    "edges",
    "grey",
    "histogram",
    "mirror",
    "pixelate",
    "qr_codes",
    "read_qr_codes",
    "sepia",
    "sketch",
    "text",
    "timestamp",
]

_HOME = {
    "BackgroundSubtraction": "motion",
    "FacePixelation": "privacy",
    "MotionHeatMap": "motion",
    "OpticalFlow": "motion",
    "blur": "smoothing",
    "cartoon": "drawing",
    "chroma_key": "colour",
    "compare": "combine",
    "edges": "drawing",
    "grey": "colour",
    "histogram": "annotation",
    "mirror": "geometry",
    "pixelate": "smoothing",
    "qr_codes": "reading",
    "read_qr_codes": "reading",
    "sepia": "colour",
    "sketch": "drawing",
    "text": "annotation",
    "timestamp": "annotation",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
