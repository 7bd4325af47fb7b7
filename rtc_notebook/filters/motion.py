"""Ready-made filters about what moves. Each remembers former frames: make one for each picture it is put on.

They look at a copy of about 320 pixels across, and start afresh when the picture's size changes.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from .colour import behind
from .opencv import cv2
from .picture import COLOURS, Colour, Picture, as_colour, bgr, luma, shrunk

_WIDTH = 320
_NOISE = 10  # of 255: a camera's own, and the codec's
_SMALLEST = 16  # pixels: DISOpticalFlow's patches need some


class MotionHeatMap:
    """Colours what moves and lately moved, over the picture; about 7 ms at 720p.

    Attributes
    ----------
    heat : ndarray or None
        ``float32``, 0 (still) to 1, about 320 across: the map of the last frame, to measure with.
    """

    def __init__(self) -> None:
        self.heat: np.ndarray[Any, np.dtype[np.float32]] | None = None
        self._former: Picture | None = None
        self._shape: tuple[int, ...] = ()

    def __call__(
        self,
        frame: Picture,
        memory: Annotated[float, (0.0, 0.99, 0.01)] = 0.9,
        gain: Annotated[float, (0.5, 20.0, 0.5)] = 5.0,
    ) -> Picture:
        """Return the picture, coloured where it moves; the first one as it is.

        Parameters
        ----------
        frame : ndarray
            The picture.
        memory : float
            How much of the heat is left one frame later.
        gain : float
            How much heat a change gives: 1 is for a change from black to white.
        """
        cv = cv2()
        picture = bgr(frame)
        height, width = picture.shape[:2]
        now = cv.blur(luma(shrunk(picture, _WIDTH)), (3, 3))
        former, self._former = (self._former if self._shape == picture.shape else None), now
        self._shape = picture.shape
        if self.heat is None or former is None:
            self.heat = np.zeros(now.shape, np.float32)
            return picture.copy()
        change = cv.subtract(cv.absdiff(now, former), _NOISE).astype(np.float32)
        self.heat = np.minimum(np.maximum(self.heat * np.float32(memory), change * np.float32(gain / 255)), 1)
        share = np.sqrt(self.heat)[..., None]  # of the colours; the picture's own have the rest
        map = cv.applyColorMap(cv.convertScaleAbs(self.heat, alpha=255), cv.COLORMAP_INFERNO)
        colours, rest = (
            cv.resize(one.astype(np.uint8), (width, height), interpolation=cv.INTER_LINEAR)
            for one in (map * share, np.repeat(255 * (1 - share), 3, axis=2))
        )
        return cv.add(cv.multiply(picture, rest, scale=1 / 255), colours)  # type: ignore[no-any-return]


class OpticalFlow:
    """Draws where each part of the picture moves, as arrows (dense inverse search; Kroeger et al., 2016); about 6 ms.

    Attributes
    ----------
    flow : ndarray or None
        ``float32 (rows, columns, 2)``, about 320 across: right and down, in the frame's pixels since the frame before.
    """

    def __init__(self) -> None:
        self.flow: np.ndarray[Any, np.dtype[np.float32]] | None = None
        self._former: Picture | None = None
        self._shape: tuple[int, ...] = ()
        self._search: Any = None

    def __call__(
        self,
        frame: Picture,
        arrows: Annotated[int, (8, 64)] = 24,
        scale: Annotated[float, (0.5, 10.0, 0.5)] = 3.0,
        colour: Annotated[Colour, list(COLOURS)] = "yellow",
    ) -> Picture:
        """Return the picture with arrows where it moves.

        Parameters
        ----------
        frame : ndarray
            The picture.
        arrows : int
            How many across the width.
        scale : float
            An arrow's length, in times of what is moved from frame to frame.
        colour : str or (blue, green, red)
            The arrows' colour.
        """
        cv = cv2()
        picture = bgr(frame)
        height, width = picture.shape[:2]
        result = picture.copy()
        now = luma(shrunk(picture, _WIDTH))
        former, self._former = (self._former if self._shape == picture.shape else None), now
        self._shape = picture.shape
        if former is None or min(now.shape) < _SMALLEST:
            self.flow = None
            return result
        if self._search is None:
            self._search = cv.DISOpticalFlow_create(cv.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        factor = width / now.shape[1]
        self.flow = self._search.calc(former, now, None) * np.float32(factor)
        spacing = max(width / max(arrows, 1), 2.0)
        x, y = np.meshgrid(np.arange(spacing / 2, width, spacing), np.arange(spacing / 2, height, spacing))
        rows, columns = (
            np.minimum((one / factor).astype(int), limit - 1) for one, limit in ((y, now.shape[0]), (x, now.shape[1]))
        )
        moved = np.clip(self.flow[rows, columns] * np.float32(scale), -2 * spacing, 2 * spacing)
        long = np.hypot(moved[..., 0], moved[..., 1]) > spacing / 8
        lines = _arrows(np.stack([x, y], -1)[long], moved[long])
        cv.polylines(result, lines, False, as_colour(colour), max(round(height / 360), 1), cv.LINE_AA)
        return result


def _arrows(start: Picture, moved: Picture) -> list[Picture]:
    """Return each arrow as one line: shaft, one barb, and back by the point to the other."""
    end = start + moved
    across = moved[:, ::-1] * (-1, 1)
    barbs = [end - 0.3 * moved + side * 0.2 * across for side in (-1, 1)]
    return list(np.stack([start, end, barbs[0], end, barbs[1]], 1).round().astype(np.int32))


class BackgroundSubtraction:
    """Shows what is new in the picture and hides what stays (mixture of Gaussians; Zivkovic, 2004); about 7 ms at 720p.

    Leave the picture for some seconds while it learns, untick ``learn``, and come back: only you are seen. Whoever sits
    still while it learns becomes background. Needs a camera that stands still, and hides nobody reliably.
    """

    def __init__(self) -> None:
        self._model: Any = None
        self._shape: tuple[int, ...] = ()

    def __call__(
        self, frame: Picture, background: Annotated[Colour | Picture, list(COLOURS)] = "black", learn: bool = True
    ) -> Picture:
        """Return the picture with another background; the first one wholly foreground.

        Parameters
        ----------
        frame : ndarray
            The picture.
        background : str, (blue, green, red) or ndarray
            A colour, or a picture, which is stretched to the frame's size.
        learn : bool
            Whether what stays becomes background, over some 500 frames.
        """
        cv = cv2()
        picture = bgr(frame)
        height, width = picture.shape[:2]
        small = shrunk(picture, _WIDTH)
        if self._model is None or self._shape != picture.shape:
            self._model, self._shape = cv.createBackgroundSubtractorMOG2(500, 24, False), picture.shape
        foreground = cv.medianBlur(self._model.apply(small, learningRate=-1 if learn else 0), 5)
        full = cv.resize(foreground, (width, height), interpolation=cv.INTER_LINEAR)
        _, hidden = cv.threshold(full, 127, 255, cv.THRESH_BINARY_INV)
        return behind(picture, hidden, background)
