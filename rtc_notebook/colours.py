"""Colours as a notebook's author writes them, as CSS ``#rrggbb``. Pure, without I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .errors import OverlayError

Colour = str | Sequence[float]
"""A name, ``"#rrggbb"``, ``"#rgb"``, or (blue, green, red) from 0 to 255 as in OpenCV."""

NAMES = {
    "black": "#000000",
    "white": "#ffffff",
    "grey": "#9e9e9e",
    "gray": "#9e9e9e",
    "red": "#ff3d3d",
    "green": "#00e676",
    "blue": "#448aff",
    "yellow": "#ffea00",
    "orange": "#ff9100",
    "pink": "#ff5fa2",
    "purple": "#b388ff",
    "magenta": "#ff40ff",
    "cyan": "#18ffff",
    "turquoise": "#1de9b6",
    "lime": "#c6ff00",
    "brown": "#a1662f",
}
"""Chosen to be seen on any picture."""

_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})")


def css(colour: Any) -> str:
    """Return a colour as ``#rrggbb``.

    Raises
    ------
    OverlayError
        If it is none.
    """
    if isinstance(colour, str):
        name = colour.strip().lower()
        if name in NAMES:
            return NAMES[name]
        if _HEX.fullmatch(name):
            return name if len(name) == 7 else "#" + "".join(2 * digit for digit in name[1:])
        raise OverlayError(f"{colour[:40]!r} is no colour. Use '#rrggbb', (blue, green, red), or: {', '.join(NAMES)}.")
    try:
        blue, green, red = (round(float(part)) for part in colour)
    except (TypeError, ValueError, OverflowError):
        red = green = blue = -1
    if not all(0 <= part <= 255 for part in (blue, green, red)):
        raise OverlayError(f"{colour!r} is no colour. A tuple is (blue, green, red), each from 0 to 255, as in OpenCV.")
    return f"#{red:02x}{green:02x}{blue:02x}"
