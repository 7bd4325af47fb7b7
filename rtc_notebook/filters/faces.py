"""Finding faces with what a package brings along: nothing is fetched when it runs."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..errors import MissingDependency
from .opencv import cv2
from .picture import Picture, bgr, shrunk

Box = tuple[float, float, float, float]
"""Left, top, width and height in pixels."""

_WINDOW = 24  # pixels on a side: what the cascade was trained on
_STEP = 1.19  # from one size of faces to the next
_LARGE = 7  # sizes that are cheap to look for, in all poses
_OVERVIEW = 320  # pixels across: what all searches begin with
_WIDEST = 182  # pixels in which the smallest faces are looked for
_POSES = (0, -15, 15)  # degrees that a head is tilted
_ALIKE = 0.35  # intersection over union of two hits on one face
_HITS = 2  # that make a face: a single one is as often a pattern on the wall


class CascadeFaces:
    """Finds faces that look at the camera, from an eighth of the picture's width up; about 9 ms at 720p.

    The cascade of local binary patterns that scikit-image ships (Liao et al., 2007). A whole search takes three times
    as long and is spread over five calls: each looks for some sizes and one tilt, and counts what the ones before it
    found. The first call, and the first one after the picture has changed altogether, does it all.

    Raises
    ------
    MissingDependency
        If scikit-image is not installed.
    """

    def __init__(self) -> None:
        try:
            from skimage.data import lbp_frontal_face_cascade_filename
            from skimage.feature import Cascade
        except ImportError as error:
            raise MissingDependency(
                f"Finding faces needs a detector, and scikit-image's cannot be loaded here ({error}): "
                "`pip install rtc-notebook[faces]`, or give one of your own as detector=."
            ) from error
        self._cascade = Cascade(lbp_frontal_face_cascade_filename())  # type: ignore[no-untyped-call]
        self._hits: list[list[Box]] = []  # of each search, when it was last made
        self._next = 0
        self._shape: tuple[int, ...] = ()
        self._outline: Picture | None = None

    def __call__(self, frame: Picture) -> list[Box]:
        """Return the faces found in this picture, as boxes around eyes, nose and mouth."""
        picture = bgr(frame)
        searches = list(_searches(*picture.shape[:2]))
        overview = shrunk(picture, _OVERVIEW)
        afresh = self._changed(picture.shape, overview)
        if afresh:
            self._hits, self._next = [[] for _ in searches], 0
        found: list[Box] = []
        scale = picture.shape[1] / overview.shape[1]
        for _ in range(len(searches) if afresh else min(len(searches), 1)):
            widths, pose = searches[self._next]
            self._hits[self._next] = hits = [
                tuple(side * scale for side in hit) for width in widths for hit in self._search(overview, width, pose)
            ]
            self._next = (self._next + 1) % len(searches)
            found += hits
        return _faces(found, [hit for hits in self._hits for hit in hits])

    def _changed(self, shape: tuple[int, ...], overview: Picture) -> bool:
        cv = cv2()
        outline = cv.resize(overview, (16, 16), interpolation=cv.INTER_AREA)
        former, self._outline = self._outline, outline
        same, self._shape = self._shape == shape, shape
        return former is None or not same or float(cv.norm(outline, former, cv.NORM_L1)) > 30 * outline.size

    def _search(self, picture: Picture, width: int, pose: int) -> Iterator[Box]:
        cv = cv2()
        scale = picture.shape[1] / width
        size = (width, round(picture.shape[0] / scale))
        small = cv.cvtColor(cv.resize(picture, size, interpolation=cv.INTER_AREA), cv.COLOR_BGR2RGB)
        turned = cv.getRotationMatrix2D((size[0] / 2, size[1] / 2), pose, 1)
        back = cv.invertAffineTransform(turned)
        if pose:
            small = cv.warpAffine(small, turned, size, borderMode=cv.BORDER_REPLICATE)
        found = self._cascade.detect_multi_scale(
            img=small,
            scale_factor=_STEP,
            step_ratio=1,
            min_size=(_WINDOW, _WINDOW),
            max_size=(_WINDOW + 1, _WINDOW + 1),
            min_neighbor_number=1,
            intersection_score_threshold=0.9,
        )
        for one in found:
            side = one["width"] * scale
            x, y = back @ (one["c"] + one["width"] / 2, one["r"] + one["height"] / 2, 1) * scale
            yield (float(x - side / 2), float(y - side / 2), side, side)


def _searches(height: int, width: int) -> Iterator[tuple[list[int], int]]:
    """Yield what one call looks for: widths that the picture is brought to, and a tilt."""
    smallest = _WINDOW / min(height / width, 1)
    if smallest > width:
        return
    widths = [math.ceil(smallest * _STEP**step) for step in range(40)]
    widths = [one for one in widths if one <= width and one * one * height / width <= _WIDEST**2 * 9 / 16]
    large, small = widths[:_LARGE], widths[_LARGE:]
    for pose in _POSES:
        yield large, pose
    for one in small:
        yield [one], 0


def _faces(found: list[Box], lately: list[Box]) -> list[Box]:
    """Return one box for each face: the mean of what was found now, where enough was found there lately."""
    groups: list[list[Box]] = []
    for hit in found:
        group = next((one for one in groups if overlap(one[0], hit) > _ALIKE), None)
        if group is None:
            groups.append([hit])
        else:
            group.append(hit)
    means = [tuple(float(side) for side in np.mean(group, axis=0)) for group in groups]
    return [
        (left, top, width, height)
        for left, top, width, height in means
        if sum(overlap((left, top, width, height), hit) > _ALIKE for hit in lately) >= _HITS
    ]


def overlap(one: Box, other: Box) -> float:
    """Return the intersection of two boxes over their union: 0 if they are apart, 1 if they are the same."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    return wide * high / (one[2] * one[3] + other[2] * other[3] - wide * high)
