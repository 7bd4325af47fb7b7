"""Ready-made filters that write on the picture."""

from __future__ import annotations

import time
from typing import Annotated

import numpy as np

from ..frames import FrameInfo
from ..letters import writable
from .opencv import cv2
from .picture import COLOURS, Colour, Picture, as_colour, bgr, shrunk

_POSITIONS = ["bottom left", "bottom right", "top left", "top right", "middle"]


def text(
    frame: Picture,
    text: str = "rtc-notebook",
    position: Annotated[str, _POSITIONS] = "bottom left",
    size: Annotated[float, (1.0, 30.0, 0.5)] = 6.0,
    colour: Annotated[Colour, list(COLOURS)] = "white",
) -> Picture:
    """Return the picture with words on it; about 1 ms at 720p.

    Parameters
    ----------
    frame : ndarray
        The picture.
    text : str
        What to write; a newline begins another line.
    position : str
        ``"bottom left"``, ``"bottom right"``, ``"top left"``, ``"top right"`` or ``"middle"``.
    size : float
        Height of the letters, in percent of the picture's height.
    colour : str or (blue, green, red)
        Their colour; they have a dark outline.
    """
    result = bgr(frame).copy()
    height, width = result.shape[:2]
    lines = str(text).split("\n")
    letters = max(size / 100 * height, 4.0)
    down, across = (str(position).split() * 2)[:2]
    top = {"top": letters / 2, "middle": (height - 1.5 * letters * len(lines)) / 2}.get(
        down, height - 1.5 * letters * len(lines) - letters / 4
    )
    for number, line in enumerate(lines):
        wide = text_width(line, letters)
        left = {"left": letters / 2, "middle": (width - wide) / 2}.get(across, width - wide - letters / 2)
        write(result, line, (left, top + letters * (1 + 1.5 * number)), letters, as_colour(colour))
    return result


def timestamp(
    frame: Picture,
    info: FrameInfo | None = None,
    format: str = "%Y-%m-%d %H:%M:%S",
    position: Annotated[str, _POSITIONS] = "bottom right",
    size: Annotated[float, (1.0, 30.0, 0.5)] = 4.0,
    colour: Annotated[Colour, list(COLOURS)] = "white",
) -> Picture:
    """Return the picture with the time it was taken at, in local time; about 1 ms at 720p.

    Parameters
    ----------
    frame : ndarray
        The picture.
    info : FrameInfo, optional
        When it was taken, which a call knows; without it, now.
    format : str
        As `time.strftime` has it.
    position, size, colour
        See `text`.
    """
    when = time.localtime(None if info is None else info.captured)
    return text(frame, time.strftime(format, when), position, size, colour)


def histogram(
    frame: Picture, position: Annotated[str, _POSITIONS] = "bottom left", size: Annotated[int, (10, 100)] = 33
) -> Picture:
    """Return the picture with the histogram of its three colours on it; about 3 ms at 720p.

    Parameters
    ----------
    frame : ndarray
        The picture.
    position : str
        See `text`.
    size : int
        Of the histogram, in percent of the picture's width and height.
    """
    cv = cv2()
    result = bgr(frame).copy()
    height, width = result.shape[:2]
    tall, wide = max(height * size // 100, 2), max(width * size // 100, 2)
    down, across = (str(position).split() * 2)[:2]
    top = {"top": 0, "middle": (height - tall) // 2}.get(down, height - tall)
    left = {"left": 0, "middle": (width - wide) // 2}.get(across, width - wide)
    small = shrunk(result, 320)
    counts = [cv.calcHist([small], [channel], None, [64], [0, 256]).ravel() for channel in range(3)]
    box = result[top : top + tall, left : left + wide]
    if not box.size:
        return result
    np.copyto(box, cv.addWeighted(box, 0.35, box, 0, 0))
    highest = max(float(np.sort(np.concatenate(counts))[-4]), 1.0)  # black and white borders may stick out
    xs = np.linspace(0, box.shape[1] - 1, 64)
    for channel, values in enumerate(counts):
        ys = (box.shape[0] - 1) * (1 - np.minimum(values / highest, 1))
        points = np.stack([xs + left, ys + top], -1).round().astype(np.int32)
        shade = [80, 80, 80]
        shade[channel] = 255
        cv.polylines(result, [points], False, shade, max(height // 360, 1), cv.LINE_AA)
    return result


def text_width(line: str, letters: float) -> int:
    """Return how many pixels wide a line is."""
    cv = cv2()
    (wide, _), _ = cv.getTextSize(
        writable(line, cv), cv.FONT_HERSHEY_SIMPLEX, letters / 22, max(round(letters / 12), 1)
    )
    return int(wide)


def write(picture: Picture, line: str, at: tuple[float, float], letters: float, colour: tuple[int, int, int]) -> None:
    """Write a line on a picture, from the left end of its base line; ``letters`` is their height in pixels."""
    cv = cv2()
    line, where = writable(line, cv), (round(at[0]), round(at[1]))
    stroke = max(round(letters / 12), 1)
    outline = (0, 0, 0) if sum(colour) > 255 else (255, 255, 255)
    for shade, thickness in ((outline, stroke + max(2 * (stroke // 2), 2)), (colour, stroke)):
        cv.putText(picture, line, where, cv.FONT_HERSHEY_SIMPLEX, letters / 22, shade, thickness, cv.LINE_AA)
