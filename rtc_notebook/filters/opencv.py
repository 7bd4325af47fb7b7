"""OpenCV, loaded when a filter needs it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..errors import MissingDependency


@lru_cache(1)
def cv2() -> Any:
    """Return the cv2 module.

    Raises
    ------
    MissingDependency
        If it cannot be imported, as on slim servers without its system libraries.
    """
    try:
        import cv2 as module
    except ImportError as error:
        raise MissingDependency(
            f"This filter needs OpenCV, which cannot be loaded here ({error}): `apt-get install libgl1 libglib2.0-0`, "
            "or `pip install opencv-python-headless` in place of opencv-python."
        ) from error
    return module
