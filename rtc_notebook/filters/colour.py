"""Ready-made filters that change colours."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from .opencv import cv2
from .picture import COLOURS, Colour, Picture, as_colour, bgr, luma

_SEPIA_TO_BGR = np.array([[0.131, 0.534, 0.272], [0.168, 0.686, 0.349], [0.189, 0.769, 0.393]], np.float32)


def grey(frame: Picture) -> Picture:
    """Return the picture without colour (ITU-R BT.601 luma), ``(height, width)``; under 1 ms at 720p."""
    return luma(frame)


def sepia(frame: Picture, strength: Annotated[float, (0.0, 1.0)] = 1.0) -> Picture:
    """Return the picture in the brown of old prints; about 1 ms at 720p.

    Parameters
    ----------
    frame : ndarray
        The picture.
    strength : float
        0 leaves the picture as it is, 1 leaves nothing of its own colours.
    """
    mix = np.eye(3, dtype=np.float32) * (1 - strength) + _SEPIA_TO_BGR * strength
    return cv2().transform(bgr(frame), mix)  # type: ignore[no-any-return]


def chroma_key(
    frame: Picture,
    key: Annotated[Colour, ["green", "blue", "red", "magenta"]] = "green",
    tolerance: Annotated[int, (0, 128)] = 50,
    background: Annotated[Colour | Picture, list(COLOURS)] = "black",
) -> Picture:
    """Return the picture with another background where it has the key colour (a green screen); about 3 ms at 720p.

    What counts is the hue and its strength (the Cr and Cb of ITU-R BT.601), not how bright it is: shadows on the
    screen go too. All other pixels stay exactly as they are.

    Parameters
    ----------
    frame : ndarray
        The picture.
    key : str or (blue, green, red)
        The screen's colour: a name, ``"#00b140"``, or three numbers.
    tolerance : int
        How far Cr and Cb may be from the key's, each; 0 takes the key colour alone.
    background : str, (blue, green, red) or ndarray
        A colour, or a picture, which is stretched to the frame's size (keep it at that size: stretching costs time).
    """
    cv = cv2()
    picture = bgr(frame)
    _, cr, cb = (int(one) for one in cv.cvtColor(np.array([[as_colour(key)]], np.uint8), cv.COLOR_BGR2YCrCb)[0, 0])
    screen = cv.inRange(
        cv.cvtColor(picture, cv.COLOR_BGR2YCrCb),
        (0, cr - tolerance, cb - tolerance),
        (255, cr + tolerance, cb + tolerance),
    )
    return behind(picture, screen, background)


def behind(picture: Picture, mask: Picture, background: Colour | Picture) -> Picture:
    """Return a picture with a colour or another picture where the mask is not 0."""
    cv = cv2()
    height, width = picture.shape[:2]
    if isinstance(background, np.ndarray):
        other = bgr(background)
        if other.shape != picture.shape:
            other = cv.resize(other, (width, height), interpolation=cv.INTER_LINEAR)
    else:
        other = np.empty_like(picture)
        cv.rectangle(other, (0, 0), (width, height), as_colour(background), cv.FILLED)
    return cv.copyTo(other, mask, picture.copy())  # type: ignore[no-any-return]
